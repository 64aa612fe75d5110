package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// PeersOptions say how often the active one of each other product is killed.
type PeersOptions struct {
	Kills  int
	Report func(format string, args ...any)
}

// ErrMissing means that a program that is to be measured is not installed, or that this machine does not let it run.
var ErrMissing = errors.New("cannot be measured here")

// Peers measures what other products need to take over when the active one is killed. What cannot be measured here is told in its row.
func Peers(ctx context.Context, o PeersOptions) (*Report, error) {
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	r := &Report{Title: "Other products: from SIGKILL at the active one until the other one is active"}
	for _, peer := range []struct {
		name    string
		note    string
		measure func(context.Context, int, func(time.Duration)) error
	}{
		{"keepalived, advertisements every 1 s", "its default; until it says that it is master", vrrp("1", 3)},
		{"keepalived, advertisements every 10 ms", "VRRP version 3; until it says that it is master", vrrp("0.01", 1)},
		{"Redis Sentinel, down-after 100 ms", "3 sentinels, quorum 2; from the last write to the first one that the replica takes", sentinel},
	} {
		var t Times
		err := peer.measure(ctx, o.Kills, func(d time.Duration) {
			t = append(t, d)
			o.Report("%s: %.1f ms", peer.name, millis(d))
		})
		switch {
		case errors.Is(err, ErrMissing):
			r.add(Row{peer.name, err.Error(), ""})
		case err != nil:
			return r, fmt.Errorf("%s: %w", peer.name, err)
		default:
			r.add(sample(peer.name, t, peer.note))
		}
	}
	return r, nil
}

// need finds programs.
func need(pkg string, programs ...string) error {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("%w: %s is not installed: apt-get install %s, or make bench-peers", ErrMissing, p, pkg)
		}
	}
	return nil
}

// daemon is a program of somebody else, in a process group of its own.
type daemon struct {
	cmd   *exec.Cmd
	lines chan string // of what it says
}

func startDaemon(name string, args ...string) (*daemon, error) {
	d := &daemon{cmd: exec.Command(name, args...), lines: make(chan string, 1<<10)}
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, w := io.Pipe()
	d.cmd.Stdout, d.cmd.Stderr = w, w
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case d.lines <- s.Text():
			default: // nobody reads it
			}
		}
	}()
	go func() {
		_ = d.cmd.Wait()
		_ = w.Close()
	}()
	return d, nil
}

// kill ends it, and the processes that it has started, with SIGKILL.
func (d *daemon) kill() { _ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL) }

// says waits until it says something.
func (d *daemon) says(ctx context.Context, what string) error {
	var heard []string
	alarm := time.After(patience)
	for {
		select {
		case line := <-d.lines:
			if heard = append(heard, line); strings.Contains(line, what) {
				return nil
			}
		case <-alarm:
			return fmt.Errorf("%s did not say %q but %q", d.cmd.Path, what, heard)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// The two hosts are network namespaces, which are made and removed again.
var hosts = [2]string{"hotpair-bench-1", "hotpair-bench-2"}

// makeHosts makes two namespaces with a cable between them.
func makeHosts(ctx context.Context) error {
	removeHosts()
	for _, args := range []string{
		"netns add " + hosts[0], "netns add " + hosts[1],
		"link add v0 netns " + hosts[0] + " type veth peer name v0 netns " + hosts[1],
		"-n " + hosts[0] + " addr add 10.99.0.1/24 dev v0", "-n " + hosts[1] + " addr add 10.99.0.2/24 dev v0",
		"-n " + hosts[0] + " link set v0 up", "-n " + hosts[1] + " link set v0 up",
	} {
		if out, err := exec.CommandContext(ctx, "ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: network namespaces are not permitted: ip %s: %s", ErrMissing, args, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

func removeHosts() {
	for _, h := range hosts {
		_ = exec.Command("ip", "netns", "del", h).Run() // it need not be there
	}
}

const vrrpConfig = `global_defs {
  router_id %s
  vrrp_version 3
}
vrrp_instance bench {
  state BACKUP
  interface v0
  virtual_router_id 51
  priority %d
  advert_int %s
  virtual_ipaddress {
    10.99.0.100/24
  }
}
`

// vrrp measures keepalived; of slow settings only a share of the kills is made.
func vrrp(advert string, share int) func(context.Context, int, func(time.Duration)) error {
	return func(ctx context.Context, kills int, took func(time.Duration)) error {
		if err := need("keepalived iproute2", "keepalived", "ip"); err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "hotpair-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		defer removeHosts()
		if err := makeHosts(ctx); err != nil {
			return err
		}
		backup, err := startVRRP(dir, 1, 90, advert)
		if err != nil {
			return err
		}
		defer backup.kill()
		for range max(kills/share, 1) {
			if err := vrrpKill(ctx, dir, advert, backup, took); err != nil {
				return err
			}
		}
		return nil
	}
}

// vrrpKill starts the master, which preempts the backup, and kills it.
func vrrpKill(ctx context.Context, dir, advert string, backup *daemon, took func(time.Duration)) error {
	master, err := startVRRP(dir, 0, 100, advert)
	if err != nil {
		return err
	}
	defer master.kill()
	if err := master.says(ctx, "MASTER STATE"); err != nil {
		return err
	}
	if err := pause(ctx, 500*time.Millisecond); err != nil {
		return err
	}
	for len(backup.lines) > 0 {
		<-backup.lines
	}
	killed := time.Now()
	master.kill()
	if err := backup.says(ctx, "MASTER STATE"); err != nil {
		return err
	}
	took(time.Since(killed))
	return nil
}

func startVRRP(dir string, host, priority int, advert string) (*daemon, error) {
	path := func(what string) string { return filepath.Join(dir, hosts[host]+"."+what) }
	if err := os.WriteFile(path("conf"), fmt.Appendf(nil, vrrpConfig, hosts[host], priority, advert), 0o600); err != nil {
		return nil, err
	}
	_ = os.Remove(path("pid"))
	_ = os.Remove(path("vrrp.pid"))
	return startDaemon("ip", "netns", "exec", hosts[host], "keepalived", "--dont-fork", "--vrrp", "--log-console", "--use-file="+path("conf"),
		"--pid="+path("pid"), "--vrrp_pid="+path("vrrp.pid"))
}
