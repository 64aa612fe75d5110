package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/nats-io/nats.go"

	"hotpair/internal/access"
	"hotpair/internal/natsworld"
)

// The environment by which a program knows that it is a part of a benchmark: one of the bare NATS programs that run beside the pair.
const (
	partEnv = "HOTPAIR_BENCH_PART"
	urlEnv  = "HOTPAIR_BENCH_NATS"
)

// parts are the bare programs. Each runs until its standard input ends.
var parts = map[string]func(*nats.Conn, *bufio.Scanner) error{
	"victim": victim, "watcher": watcher, "standby": standby,
	"plain-switch": plainSwitch, "plain-primary": plainPrimary, "plain-backup": plainBackup,
}

// Main is the hook: to be called first in main, and in TestMain of tests that run benchmarks, beside procworld.Main. In a process that is a part of a
// benchmark it does not return; elsewhere it does nothing.
func Main() {
	name := os.Getenv(partEnv)
	if name == "" {
		return
	}
	if err := runPart(name); err != nil {
		fmt.Fprintf(os.Stderr, "hotpair: %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runPart(name string) error {
	if name == herdPart {
		return herd()
	}
	part, ok := parts[name]
	if !ok {
		return errors.New("there is no such part of a benchmark")
	}
	in := bufio.NewScanner(os.Stdin)
	if !in.Scan() {
		return errors.New("the first line of its input is missing: the key")
	}
	nc, err := natsworld.Connect(os.Getenv(urlEnv), "bench", &natsworld.Login{Seed: access.Secret(in.Text())}, nats.Name(name))
	if err != nil {
		return err
	}
	defer nc.Close()
	return part(nc, in)
}

// ready tells whoever started this part that it runs.
func ready(nc *nats.Conn) error {
	if err := nc.Flush(); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	fmt.Println("ready")
	return nil
}

// untilEnd waits for the end of the input.
func untilEnd(in *bufio.Scanner) error {
	for in.Scan() {
		continue
	}
	return in.Err()
}

// part is a bare program that runs.
type part struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

// startPart starts a bare program in a process of its own, and waits until it is ready.
func startPart(name string, pair *pair) (*part, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &part{cmd: exec.Command(exe)}
	p.cmd.Env = append(os.Environ(), partEnv+"="+name, urlEnv+"="+pair.NATSURL())
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	_, _ = fmt.Fprintf(p.in, "%s\n", string(pair.Login(access.Admin).Seed)) // what is wrong shows when it is not ready
	line, err := bufio.NewReader(out).ReadString('\n')
	if strings.TrimSpace(line) != "ready" {
		p.kill()
		return nil, fmt.Errorf("%s is not ready: %q, %w; does this program call bench.Main() first in main?", name, line, err)
	}
	return p, nil
}

// kill ends it as kill -9 does.
func (p *part) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// startParts starts several; stop ends them.
func startParts(pair *pair, names ...string) (_ []*part, stop func(), err error) {
	var all []*part
	stop = func() {
		for _, p := range all {
			p.kill()
		}
	}
	for _, name := range names {
		p, err := startPart(name, pair)
		if err != nil {
			stop()
			return nil, nil, err
		}
		all = append(all, p)
	}
	return all, stop, nil
}
