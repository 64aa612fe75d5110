package procworld

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/relay"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Options say how the world is made.
type Options struct {
	Config config.Config
	Speed  float64
	Seed   uint64
	Sink   trace.Sink
	// Dir is the run's folder, for NATS's store; "" makes one that is removed again.
	Dir string
	// Port of NATS on loopback; 0 takes any that is free.
	Port int
	// KeysDir is a folder where the keys of NATS's users are kept; "" keeps them in memory only.
	KeysDir string
	// Log takes what the processes write to standard error; nil discards it.
	Log io.Writer
	// Tolerant takes a node that somebody else killed for a fault; otherwise the world breaks, since nothing can be told any more.
	Tolerant bool
	// Tester: NATS has a user for a tester, who drives the pair (access.Tester).
	Tester bool
	// Marks, if it is set, makes a world that is measured and not judged: nodes write only the records that IsMark names, and Marks takes them as
	// they come, called by several goroutines. Sink gets what the world does.
	Marks func(...trace.Record)
	// MarkCalls wants the switch's notes of its calls as well.
	MarkCalls bool
	// Direct leaves out the relay in front of NATS: a hop less, and no link can be impaired.
	Direct bool
}

// IsMark reports whether a record tells of roles and links, and not of each message or call, unless calls are wanted: what measurements need, at
// a price that does not disturb them.
func IsMark(r *trace.Record, calls bool) bool {
	switch r.Kind {
	case trace.Sent, trace.Received:
		return false
	case trace.Noted:
		switch r.Note.Kind {
		case node.NoteCall:
			return calls
		case node.NoteActed, node.NoteNamed, node.NoteGone, node.NoteHeld, node.NoteTagged, node.NoteIgnored:
			return false
		}
	}
	return true
}

// driver runs each node in a process of its own, and NATS in another.
type driver struct {
	opt      Options
	merger   *trace.Merger
	relay    *relay.Relay
	spawner  *spawner
	ownDir   bool
	nats     *process
	natsPort int
	keys     access.Keys
	nodes    map[wire.ID]*process
	crashes  chan natsworld.Crash
}

// World is the world of processes.
type World struct {
	*natsworld.World
	d *driver
}

const pairName = "pair"

// New starts NATS in a process of its own, and nothing else.
func New(o Options) (*World, error) {
	if os.Getenv(childEnv) != "" {
		return nil, errors.New("this program was started as a node, and did not call procworld.Main() first in main, or in TestMain")
	}
	if err := natsworld.CheckSpeed(&o.Config, o.Speed); err != nil {
		return nil, err
	}
	d := &driver{
		opt: o, merger: trace.NewMerger(), spawner: newSpawner(), natsPort: o.Port,
		nodes: map[wire.ID]*process{}, crashes: make(chan natsworld.Crash, 16),
	}
	if err := d.open(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	w := natsworld.NewWorldOf(natsworld.WorldOptions{
		Config: o.Config, Clock: natsworld.NewClock(o.Speed), Sink: o.Sink, Merger: d.merger, Relay: d.relay, Driver: d,
		Tolerant: o.Tolerant, Pair: pairName,
	})
	return &World{w, d}, nil
}

func (d *driver) open() error {
	if d.opt.Dir == "" {
		dir, err := os.MkdirTemp("", "hotpair-run-")
		if err != nil {
			return fmt.Errorf("run folder: %w", err)
		}
		d.opt.Dir, d.ownDir = dir, true
	}
	var err error
	if d.opt.KeysDir == "" {
		d.keys, err = access.NewKeys(d.access())
	} else {
		d.keys, err = access.KeepKeys(d.opt.KeysDir, d.access())
	}
	if err != nil {
		return err
	}
	if err := d.StartNATS(); err != nil {
		return err
	}
	if !d.opt.Direct {
		d.relay = relay.New(relay.Options{Upstream: fmt.Sprintf("127.0.0.1:%d", d.natsPort), Seed: d.opt.Seed})
	}
	return nil
}

// Pid returns the process of a node, or of NATS; 0 if it does not run.
func (w *World) Pid(id wire.ID) int {
	p := w.d.nodes[id]
	if id == wire.NATS {
		p = w.d.nats
	}
	if p == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// NATSURL returns where NATS is reached without a relay.
func (w *World) NATSURL() string { return fmt.Sprintf("nats://127.0.0.1:%d", w.d.natsPort) }

// Login returns as whom a role connects to NATS.
func (w *World) Login(role string) natsworld.Login { return natsworld.LoginOf(w.d.keys, role) }

func (d *driver) access() access.Options {
	return access.Options{Pair: pairName, Clients: d.opt.Config.Clients, Tester: d.opt.Tester}
}

// watch reports the end of a process that was not told to end.
func (d *driver) watch(id wire.ID, p *process) {
	go func() {
		<-p.gone
		if !p.wasTold() {
			err := fmt.Errorf("process %s (pid %d) ended by itself: %w", p.name, p.cmd.Process.Pid, p.err)
			d.crashes <- natsworld.Crash{ID: id, Inc: p.incarnation(), Err: err}
		}
	}()
}

// StartNATS implements natsworld.Driver.
func (d *driver) StartNATS() error {
	p, err := d.start("NATS", d.merger.Add)
	if err != nil {
		return err
	}
	d.nats = p
	spec := natsSpec{
		Port: d.natsPort, StoreDir: filepath.Join(d.opt.Dir, "jetstream"), Config: access.ServerConfig(d.access(), d.keys, access.ServerOptions{}),
	}
	if err := p.line.send(down{NATS: &spec}); err != nil {
		return err
	}
	u, err := p.awaitReady()
	if err != nil {
		return err
	}
	d.natsPort = u.Port
	d.watch(wire.NATS, p)
	return nil
}

// EndNATS implements natsworld.Driver.
func (d *driver) EndNATS(kill bool) error {
	p := d.nats
	d.nats = nil
	if kill {
		p.kill()
		return nil
	}
	return p.stop()
}

// Start implements natsworld.Driver.
func (d *driver) Start(ids []wire.ID, clock natsworld.Clock) error {
	for _, id := range ids {
		p, err := d.startNode(id, clock)
		if err != nil {
			return err
		}
		d.nodes[id] = p
	}
	for _, id := range ids {
		if _, err := d.nodes[id].awaitReady(); err != nil {
			d.abandon(ids)
			return err
		}
	}
	for _, id := range ids {
		if err := d.begin(id); err != nil {
			return err
		}
	}
	return nil
}

// startNode starts the process of a node, which connects.
func (d *driver) startNode(id wire.ID, clock natsworld.Clock) (*process, error) {
	addr, err := d.listen(id)
	if err != nil {
		return nil, err
	}
	add := d.merger.Add
	if d.opt.Marks != nil {
		add = d.opt.Marks
	}
	p, err := d.start(id.String(), add)
	if err != nil {
		return nil, err
	}
	spec := nodeSpec{
		ID: id, Config: d.opt.Config, URL: "nats://" + addr, Pair: pairName, Clock: clock, Marks: d.opt.Marks != nil, MarkCalls: d.opt.MarkCalls,
		Login: natsworld.LoginOf(d.keys, id.String()),
	}
	if id == wire.MLayer {
		spec.System = natsworld.LoginOf(d.keys, access.System)
	}
	return p, p.line.send(down{Node: &spec})
}

func (d *driver) begin(id wire.ID) error {
	if err := d.nodes[id].line.send(down{Go: true}); err != nil {
		return err
	}
	d.watch(id, d.nodes[id])
	return nil
}

// Twin implements natsworld.Driver.
func (d *driver) Twin(id wire.ID, clock natsworld.Clock) (uint64, func() error, error) {
	older := d.nodes[id]
	older.expected()
	later, err := d.startNode(id, clock)
	if err == nil {
		_, err = later.awaitReady()
	}
	if err != nil {
		older.unexpected()
		return 0, nil, err
	}
	d.nodes[id] = later
	select {
	case <-older.gone:
	case <-time.After(stopTime):
		older.kill()
		return 0, nil, fmt.Errorf("process %s (pid %d) did not end within %s", older.name, older.cmd.Process.Pid, stopTime)
	}
	if !strings.Contains(older.err.Error(), natsworld.ErrSuperseded.Error()) {
		return 0, nil, fmt.Errorf("process %s (pid %d) ended by itself: %w", older.name, older.cmd.Process.Pid, older.err)
	}
	return older.incarnation(), func() error { return d.begin(id) }, nil
}

// abandon ends those that have not begun.
func (d *driver) abandon(ids []wire.ID) {
	for _, id := range ids {
		d.take(id).kill()
	}
}

// SetStore implements natsworld.Driver.
func (d *driver) SetStore(f fault.Store) error {
	admin := natsworld.LoginOf(d.keys, access.Admin)
	return natsworld.SetStore(fmt.Sprintf("nats://127.0.0.1:%d", d.natsPort), pairName, &admin, f)
}

// listen returns where a node reaches NATS.
func (d *driver) listen(id wire.ID) (string, error) {
	if d.relay == nil {
		return fmt.Sprintf("127.0.0.1:%d", d.natsPort), nil
	}
	return d.relay.Listen(id)
}

// Outside implements natsworld.Driver.
func (d *driver) Outside(role string, id wire.ID) (string, natsworld.Login, error) {
	addr := fmt.Sprintf("127.0.0.1:%d", d.natsPort)
	var err error
	if id != wire.None {
		addr, err = d.listen(id)
	}
	return "nats://" + addr, natsworld.LoginOf(d.keys, role), err
}

// Kill implements natsworld.Driver.
func (d *driver) Kill(id wire.ID) (uint64, error) {
	p := d.take(id)
	p.kill()
	return p.incarnation(), nil
}

// Stop implements natsworld.Driver.
func (d *driver) Stop(id wire.ID) (uint64, error) {
	p := d.take(id)
	err := p.stop()
	return p.incarnation(), err
}

func (d *driver) take(id wire.ID) *process {
	p := d.nodes[id]
	delete(d.nodes, id)
	return p
}

// Pause implements natsworld.Driver.
func (d *driver) Pause(id wire.ID) error { return d.nodes[id].signal(syscall.SIGSTOP, true) }

// Resume implements natsworld.Driver.
func (d *driver) Resume(id wire.ID) error { return d.nodes[id].signal(syscall.SIGCONT, false) }

// Do implements natsworld.Driver.
func (d *driver) Do(id wire.ID, cmd *node.Command) error {
	return d.nodes[id].line.send(down{Do: cmd})
}

// SetOption implements natsworld.Driver.
func (d *driver) SetOption(id wire.ID, key, value string) error {
	return natsworld.SetOption(&d.opt.Config, d.opt.Speed, id, key, value)
}

// Crashed implements natsworld.Driver.
func (d *driver) Crashed() <-chan natsworld.Crash { return d.crashes }

// Forget implements natsworld.Driver.
func (d *driver) Forget(id wire.ID) { delete(d.nodes, id) }

// Close implements natsworld.Driver. What ended by itself and was not noticed before is an error.
func (d *driver) Close() error {
	all := slices.Collect(maps.Values(d.nodes))
	if d.nats != nil {
		all = append(all, d.nats)
	}
	var err error
	for _, p := range all {
		if !d.opt.Tolerant {
			err = errors.Join(err, p.endedByItself())
		}
		p.expected()
	}
	// Nobody shall notice that the others are gone: while NATS stands still, nobody is told; and then all end at once.
	if d.nats != nil {
		_ = d.nats.signal(syscall.SIGSTOP, true) // an error means that it has ended
	}
	for _, p := range all {
		_ = p.cmd.Process.Kill()
	}
	for _, p := range all {
		p.kill()
	}
	d.spawner.close()
	if d.ownDir {
		if e := os.RemoveAll(d.opt.Dir); e != nil {
			err = errors.Join(err, fmt.Errorf("run folder: %w", e))
		}
	}
	return err
}
