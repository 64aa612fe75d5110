package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// HerdOptions say what is measured of client failover.
type HerdOptions struct {
	Kills     int                              // of the primary
	Clients   int                              // each with a connection of its own
	Processes int                              // in which they run
	Report    func(format string, args ...any) // of progress; may be nil
}

// herdPart is the name of the program that is many clients.
const herdPart = "herd"

// herdSpec is what such a program is told, on one line.
type herdSpec struct {
	URL, Pair string
	Config    config.Config
	Seeds     map[wire.ID]string
}

// login is what it tells: a client has a session, or none.
type login struct {
	Client wire.ID       `json:"client"`
	Server wire.ID       `json:"server"`
	In     bool          `json:"in"`
	At     time.Duration `json:"at"` // on monotonic
}

// monotonic is a clock that all processes of a machine share.
var monotonic = natsworld.Clock{Base: 0, Speed: 1}

// herd is many clients in one process. Each is a host of its own, with its own connection, as a client process is.
func herd() error {
	const longest = 1 << 22
	var spec herdSpec
	reader := bufio.NewReaderSize(os.Stdin, longest)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("herd: %w", err)
	}
	if err := json.Unmarshal(line, &spec); err != nil {
		return fmt.Errorf("herd: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	tell := func(records []trace.Record) error {
		for i := range records {
			r := &records[i]
			if r.Kind != trace.Noted || r.Note.Kind != node.NoteSession || r.Note.N == 0 && r.Note.Text == "" {
				continue
			}
			mu.Lock()
			err := out.Encode(login{r.Node, r.Note.Peer, r.Note.N == 1, r.At})
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, id := range slices.Sorted(keysOf(spec.Seeds)) {
		h, err := natsworld.NewHost(ctx, natsworld.HostOptions{
			ID: id, Config: spec.Config, URL: spec.URL, Pair: spec.Pair, Clock: monotonic, Records: tell,
			Login: natsworld.Login{Role: id.String(), Seed: access.Secret(spec.Seeds[id])},
			Only:  func(r *trace.Record) bool { return r.Kind == trace.Noted && r.Note.Kind == node.NoteSession },
		})
		if err != nil {
			return fmt.Errorf("herd: %s: %w", id, err)
		}
		h.Go()
	}
	_, _ = reader.ReadBytes('\n') // until the input ends
	return nil
}

func keysOf[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// crowd is all clients of a measurement, in their processes.
type crowd struct {
	cmds []*exec.Cmd

	mu       sync.Mutex
	at       map[wire.ID]login // the last of each client
	arrivals []login           // logins since the last reset
	err      error
	changed  chan struct{}
}

func startCrowd(p *pair, c config.Config, o *HerdOptions) (*crowd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("clients: %w", err)
	}
	k := &crowd{at: map[wire.ID]login{}, changed: make(chan struct{}, 1)}
	for i := range o.Processes {
		spec := herdSpec{URL: p.NATSURL(), Pair: p.Pair(), Config: c, Seeds: map[wire.ID]string{}}
		for n := i + 1; n <= o.Clients; n += o.Processes {
			id := wire.Client(n)
			spec.Seeds[id] = string(p.Login(id.String()).Seed)
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), partEnv+"="+herdPart, urlEnv+"="+p.NATSURL())
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return k, fmt.Errorf("clients: %w", err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return k, fmt.Errorf("clients: %w", err)
		}
		if err := cmd.Start(); err != nil {
			return k, fmt.Errorf("clients: %w", err)
		}
		k.cmds = append(k.cmds, cmd)
		go k.follow(bufio.NewScanner(out))
		if err := json.NewEncoder(in).Encode(spec); err != nil {
			return k, fmt.Errorf("clients: %w", err)
		}
	}
	return k, nil
}

func (k *crowd) follow(lines *bufio.Scanner) {
	for lines.Scan() {
		var a login
		err := json.Unmarshal(lines.Bytes(), &a)
		k.mu.Lock()
		if err != nil {
			k.err = fmt.Errorf("clients: %q: %w", lines.Text(), err)
		}
		k.at[a.Client] = a
		if a.In {
			k.arrivals = append(k.arrivals, a)
		}
		k.mu.Unlock()
		select {
		case k.changed <- struct{}{}:
		default:
		}
	}
}

func (k *crowd) stop() {
	for _, cmd := range k.cmds {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

func (k *crowd) reset() {
	k.mu.Lock()
	k.arrivals = nil
	k.mu.Unlock()
}

// await waits until n clients have a session at a server, and returns the logins since the last reset.
func (k *crowd) await(ctx context.Context, n int, at wire.ID) ([]login, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		k.mu.Lock()
		have := 0
		for _, a := range k.at {
			if a.In && a.Server == at {
				have++
			}
		}
		list, err := slices.Clone(k.arrivals), k.err
		k.mu.Unlock()
		switch {
		case err != nil:
			return nil, err
		case have == n:
			return list, nil
		}
		select {
		case <-k.changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("%d of %d clients are logged in at %s after %s: %w", have, n, at, patience, ctx.Err())
		}
	}
}

// Herd measures client failover: the primary is killed, and all clients log in at the secondary; then the activity is switched back.
func Herd(ctx context.Context, o HerdOptions) (*Report, error) {
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	if o.Clients < 1 || o.Clients > wire.MaxClients || o.Processes < 1 || o.Kills < 1 {
		return nil, fmt.Errorf("clients are from 1 to %d, kills and processes above 0", wire.MaxClients)
	}
	r := &Report{Title: fmt.Sprintf("Client failover: %d clients, each with its own connection, in %d processes; kill -9 of the primary", o.Clients, o.Processes)}
	for _, way := range []struct {
		name    string
		backoff time.Duration
		jitter  bool
	}{
		{"login-backoff 500ms, drawn (default)", 500 * time.Millisecond, true},
		{"login-backoff 100ms, drawn", 100 * time.Millisecond, true},
		{"login-backoff 20ms, not drawn", 20 * time.Millisecond, false},
	} {
		if err := herdOnce(ctx, r, &o, way.name, way.backoff, way.jitter); err != nil {
			return r, fmt.Errorf("%s: %w", way.name, err)
		}
	}
	return r, nil
}

// peakTime is over which time logins are counted for the peak.
const peakTime = 100 * time.Millisecond

func herdOnce(ctx context.Context, r *Report, o *HerdOptions, name string, backoff time.Duration, jitter bool) error {
	c := realTime()
	c.Clients = o.Clients
	c.Login.Backoff, c.Login.Jitter = backoff, jitter
	if err := c.SetPeer(); err != nil {
		return err
	}
	p, err := startPair(options{Config: c})
	if err != nil {
		return err
	}
	defer p.close()
	seen := p.seen()
	if err := p.Boot(wire.Switch, wire.A); err != nil {
		return err
	}
	if _, err := p.await(ctx, seen, "an active primary", active(wire.A)); err != nil {
		return err
	}
	if err := p.Boot(wire.B); err != nil {
		return err
	}
	k, err := startCrowd(p, c, o)
	defer k.stop()
	if err != nil {
		return err
	}
	var first, all Times
	var each Times
	peak := 0.0
	for n := range o.Kills {
		if _, err := k.await(ctx, o.Clients, wire.A); err != nil {
			return err
		}
		if _, err := p.await(ctx, 0, "a synchronized secondary", noted(wire.B, node.NoteReady, func(x *node.Note) bool { return x.N == 1 })); err != nil {
			return err
		}
		k.reset()
		killed := monotonic.Now()
		if err := p.Kill(wire.A); err != nil {
			return err
		}
		list, err := k.await(ctx, o.Clients, wire.B)
		if err != nil {
			return err
		}
		var times Times
		for _, a := range list {
			times = append(times, a.At-killed)
		}
		first, all, each = append(first, times.Quantile(0)), append(all, times.Quantile(1)), append(each, times...)
		peak = max(peak, peakRate(times))
		o.Report("%s: kill %d of %d: all %d clients after %.0f ms", name, n+1, o.Kills, o.Clients, millis(times.Quantile(1)))
		if err := switchBack(ctx, p); err != nil {
			return err
		}
	}
	r.add(Row{name, "", ""}, sample("  until all are logged in", all, ""), sample("  until the first is", first, ""), sample("  until one is", each, ""),
		Row{"  at the peak", fmt.Sprintf("%.0f logins/s", peak), fmt.Sprintf("over %s", peakTime)})
	return nil
}

// switchBack starts the primary again, and gives it the activity.
func switchBack(ctx context.Context, p *pair) error {
	from := p.seen()
	if err := p.Boot(wire.A); err != nil {
		return err
	}
	if _, err := p.await(ctx, from, "readiness", noted(wire.A, node.NoteReady, func(x *node.Note) bool { return x.N == 1 })); err != nil {
		return err
	}
	from = p.seen()
	if err := p.Do(wire.A, &node.Command{ID: 1, Verb: "switchback"}); err != nil {
		return err
	}
	_, err := p.await(ctx, from, "switching back", active(wire.A))
	if err != nil {
		return err
	}
	_, err = p.await(ctx, from, "readiness", noted(wire.B, node.NoteReady, func(x *node.Note) bool { return x.N == 1 }))
	return err
}

func active(id wire.ID) func(*trace.Record) bool {
	return noted(id, node.NoteActivity, func(n *node.Note) bool { return n.Text == "active" })
}

// peakRate is the greatest number of logins in peakTime, as logins a second.
func peakRate(t Times) float64 {
	sorted := slices.Sorted(slices.Values(t))
	most, from := 0, 0
	for to := range sorted {
		for sorted[to]-sorted[from] > peakTime {
			from++
		}
		most = max(most, to-from+1)
	}
	return float64(most) / peakTime.Seconds()
}
