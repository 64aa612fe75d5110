package natsworld

import (
	"errors"
	"fmt"
	"time"

	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/relay"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Driver runs nodes: in this process, or each in a process of its own. Its methods are called by one goroutine.
type Driver interface {
	// Start starts nodes in two phases: when all of them are connected, they begin.
	Start(ids []wire.ID, clock Clock) error
	// Kill and Stop end a node, wait for it, and return which incarnation it was. All its records have been added by then.
	Kill(id wire.ID) (inc uint64, err error)
	Stop(id wire.ID) (inc uint64, err error)
	// Twin starts another process of a node that runs, and waits until the older one has ended because of it; older is its incarnation, and all its
	// records have been added. The later one begins with begin. An error that wraps fault.ErrStore means that the older one is still there.
	Twin(id wire.ID, clock Clock) (older uint64, begin func() error, err error)
	Pause(id wire.ID) error
	Resume(id wire.ID) error
	Do(id wire.ID, cmd *node.Command) error
	// SetOption sets an option of a T-Server from its next start on.
	SetOption(id wire.ID, key, value string) error
	// Outside returns where and as whom somebody who is no node of this world connects: a role's login, and NATS itself for id None, otherwise the relay's door for
	// that node.
	Outside(role string, id wire.ID) (url string, l Login, err error)
	// StartNATS and EndNATS start the carrier again and end it.
	StartNATS() error
	EndNATS(kill bool) error
	// SetStore gives the pair's durable store a fault, or ends it. Meanwhile Start returns an error that wraps fault.ErrStore, and has started nobody.
	SetStore(f fault.Store) error
	// Crashed receives when something ended that was not told to; Forget then drops what the driver knew of a node.
	Crashed() <-chan Crash
	Forget(id wire.ID)
	// Close ends whatever runs.
	Close() error
}

// Crash says that something ended by itself.
type Crash struct {
	ID  wire.ID
	Inc uint64
	Err error
}

// World is a world of real time: what is common to one process and many. It has the methods of a scenario's world, and is used by one goroutine.
type World struct {
	driver   Driver
	pair     string
	tolerant bool
	foreign  bool
	config   config.Config
	clock    Clock
	sink     trace.Sink
	merger   *trace.Merger
	relay    *relay.Relay // nil where there is none

	pending  []trace.Record // taken from the merger, and not delivered yet
	running  map[wire.ID]bool
	paused   map[wire.ID]bool
	isolated map[wire.ID]fault.Isolation
	natsDown bool
	store    fault.Store
	restarts []restart
	broken   error
}

// WorldOptions are what a World is made of.
type WorldOptions struct {
	Config config.Config
	Clock  Clock
	Sink   trace.Sink
	Merger *trace.Merger
	Relay  *relay.Relay
	Driver Driver
	// Pair is the name that stands in the subjects.
	Pair string
	// Foreign: NATS was running before, and is not for this world to end.
	Foreign bool
	// Tolerant worlds take the end of a node that nobody told to end for a fault that somebody injected; others break, since nothing can be told
	// any more. NATS must not end in either.
	Tolerant bool
}

// NewWorldOf makes a world in which nothing runs but NATS.
func NewWorldOf(o WorldOptions) *World {
	return &World{
		pair: o.Pair, tolerant: o.Tolerant, foreign: o.Foreign, driver: o.Driver, config: o.Config, clock: o.Clock, sink: o.Sink, merger: o.Merger, relay: o.Relay,
		running: map[wire.ID]bool{}, paused: map[wire.ID]bool{}, isolated: map[wire.ID]fault.Isolation{},
	}
}

// Now returns the time on the run clock.
func (w *World) Now() time.Duration { return w.clock.Now() }

// Run delivers records until done reports true or the run clock reads until.
func (w *World) Run(until time.Duration, done func() bool) (bool, error) {
	if done != nil && done() {
		return true, nil
	}
	alarm := time.NewTimer(max(w.clock.Wall(until-w.Now()), 0))
	defer alarm.Stop()
	for {
		if w.deliver(done) {
			return true, nil
		}
		if err := w.restart(); err != nil {
			return false, err
		}
		if w.broken != nil {
			return false, w.broken
		}
		select {
		case <-w.merger.Wake():
		case c := <-w.driver.Crashed():
			w.crashed(c)
		case <-alarm.C:
			select {
			case c := <-w.driver.Crashed(): // at the last moment
				w.crashed(c)
			default:
			}
			return w.deliver(done), w.broken
		}
	}
}

// crashed: something ended that was not told to.
func (w *World) crashed(c Crash) {
	if !w.tolerant || !w.running[c.ID] {
		w.broken = c.Err
		return
	}
	w.driver.Forget(c.ID)
	delete(w.running, c.ID)
	delete(w.paused, c.ID)
	w.merger.Add(trace.Record{At: w.Now(), Kind: trace.Ended, Node: c.ID, Inc: c.Inc, Text: "killed"})
}

// deliver hands on records until done reports true; the rest waits for the next time.
func (w *World) deliver(done func() bool) bool {
	w.pending = append(w.pending, w.merger.Take()...)
	for i := range w.pending {
		r := &w.pending[i]
		w.sink.Record(r)
		if r.Kind == trace.Noted && r.Note.Kind == node.NoteRestart {
			w.restarts = append(w.restarts, restart{r.Note.Peer, time.Now().Add(crashTime)})
		}
		if done != nil && done() {
			w.pending = w.pending[i+1:]
			return true
		}
	}
	w.pending = nil
	return false
}

// restart is a decision of the Management Layer (autorestart).
type restart struct {
	id    wire.ID
	until time.Time
}

// crashTime is how long a decision waits for the end of the node's process: the Management Layer may hear of it before this world does.
const crashTime = time.Second

// restart carries out what the Management Layer decided. What runs is not started once more.
func (w *World) restart() error {
	list := w.restarts
	w.restarts = nil
	for _, r := range list {
		switch {
		case w.natsDown:
		case !w.running[r.id]:
			if err := w.Boot(r.id); err != nil && !errors.Is(err, fault.ErrStore) {
				return fmt.Errorf("autorestart: %w", err)
			}
		case time.Now().Before(r.until):
			w.restarts = append(w.restarts, r)
		}
	}
	return nil
}

func (w *World) exists(id wire.ID) error {
	if id.IsClient() && int(id-wire.Client(1)) >= w.config.Clients || id == wire.World || id == wire.None {
		return fmt.Errorf("there is no such node with %d clients", w.config.Clients)
	}
	return nil
}

func (w *World) mustRun(id wire.ID) error {
	switch err := w.exists(id); {
	case w.broken != nil:
		return w.broken
	case err != nil:
		return err
	case id == wire.NATS:
		return fmt.Errorf("NATS is no participant: %w", fault.ErrCannot)
	case !w.running[id]:
		return errors.New("it does not run")
	}
	return nil
}

// Boot starts nodes that do not run, all at once.
func (w *World) Boot(ids ...wire.ID) error {
	var nodes []wire.ID
	for _, id := range ids {
		if id == wire.NATS {
			if err := w.bootNATS(); err != nil {
				return err
			}
			continue
		}
		if err := w.exists(id); err != nil {
			return fmt.Errorf("boot %s: %w", id, err)
		}
		if w.running[id] {
			return fmt.Errorf("boot %s: it runs already", id)
		}
		nodes = append(nodes, id)
	}
	if len(nodes) == 0 {
		return nil
	}
	if w.natsDown {
		return fmt.Errorf("boot %s: NATS is down, boot it first", nodes[0])
	}
	for _, id := range nodes {
		if w.isolated[id] != fault.Joined {
			return fmt.Errorf("boot %s: it is cut off from NATS; heal it first", id)
		}
	}
	for _, id := range nodes {
		w.applied(id, wire.None, "boot")
		w.running[id] = true
	}
	err := w.driver.Start(nodes, w.clock)
	if errors.Is(err, fault.ErrStore) {
		for _, id := range nodes {
			delete(w.running, id)
		}
		return fmt.Errorf("boot: %w", err)
	}
	if err := broke(err); err != nil {
		w.broken = err // some of them run, and some do not
		return err
	}
	return nil
}

func (w *World) bootNATS() error {
	if !w.natsDown {
		return errors.New("boot NATS: it runs already")
	}
	w.applied(wire.NATS, wire.None, "boot")
	w.natsDown = false
	return broke(w.driver.StartNATS())
}

// Store gives the pair's durable store a fault, or ends it.
func (w *World) Store(f fault.Store) error {
	switch {
	case w.broken != nil:
		return w.broken
	case w.natsDown:
		return fmt.Errorf("%s: NATS is down, boot it first", f)
	case w.store == f:
		return fmt.Errorf("%s: it is so already", f)
	}
	w.applied(wire.NATS, wire.None, f.String())
	w.store = f
	return broke(w.driver.SetStore(f))
}

// Kill ends a node as kill -9 does.
func (w *World) Kill(id wire.ID) error { return w.end(id, "kill", "killed", w.driver.Kill) }

// Stop ends a node in an orderly way.
func (w *World) Stop(id wire.ID) error {
	if w.paused[id] {
		return fmt.Errorf("stop %s: it is paused and cannot say goodbye; resume it first", id)
	}
	return w.end(id, "stop", "stopped", w.driver.Stop)
}

// Twin starts another process of a node that runs. The older one ends.
func (w *World) Twin(id wire.ID) error {
	err := w.mustRun(id)
	switch {
	case err != nil:
	case w.natsDown:
		err = errors.New("NATS is down, boot it first")
	case w.isolated[id] != fault.Joined:
		err = errors.New("it is cut off from NATS; heal it first")
	case w.paused[id]:
		err = errors.New("it is paused and does not hear of the other; resume it first")
	}
	if err != nil {
		return fmt.Errorf("twin %s: %w", id, err)
	}
	w.applied(id, wire.None, "twin")
	older, begin, err := w.driver.Twin(id, w.clock)
	if errors.Is(err, fault.ErrStore) {
		return fmt.Errorf("twin: %w", err)
	}
	if err == nil {
		w.merger.Add(trace.Record{At: w.Now(), Kind: trace.Ended, Node: id, Inc: older, Text: "superseded"})
		err = begin()
	}
	if err = broke(err); err != nil {
		w.broken = err
	}
	return err
}

func (w *World) end(id wire.ID, verb, how string, do func(wire.ID) (uint64, error)) error {
	if id == wire.NATS {
		if w.foreign {
			return fmt.Errorf("%s NATS: it is not ours: %w", verb, fault.ErrCannot)
		}
		if w.natsDown {
			return fmt.Errorf("%s NATS: it does not run", verb)
		}
		w.applied(id, wire.None, verb)
		w.natsDown = true
		return broke(w.driver.EndNATS(verb == "kill"))
	}
	if err := w.mustRun(id); err != nil {
		return fmt.Errorf("%s %s: %w", verb, id, err)
	}
	w.applied(id, wire.None, verb)
	inc, err := do(id)
	delete(w.running, id)
	delete(w.paused, id)
	w.merger.Add(trace.Record{At: w.Now(), Kind: trace.Ended, Node: id, Inc: inc, Text: how})
	return broke(err)
}

// broke marks what went wrong in the world and not in the scenario, such as a process that does not start: nothing can be told then.
func broke(err error) error {
	if err == nil || errors.Is(err, fault.ErrCannot) || errors.Is(err, fault.ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: %w", fault.ErrBroken, err)
}

// Pause stops a node as SIGSTOP does.
func (w *World) Pause(id wire.ID) error {
	err := w.mustRun(id)
	if err == nil && w.paused[id] {
		err = errors.New("it is paused already")
	}
	if err != nil {
		return fmt.Errorf("pause %s: %w", id, err)
	}
	w.applied(id, wire.None, "pause")
	w.paused[id] = true
	return broke(w.driver.Pause(id))
}

// Resume lets a paused node go on.
func (w *World) Resume(id wire.ID) error {
	err := w.mustRun(id)
	if err == nil && !w.paused[id] {
		err = errors.New("it is not paused")
	}
	if err != nil {
		return fmt.Errorf("resume %s: %w", id, err)
	}
	w.applied(id, wire.None, "resume")
	delete(w.paused, id)
	return broke(w.driver.Resume(id))
}

// Impair sets the state of one direction of a link. Its times are on the run clock.
func (w *World) Impair(from, to wire.ID, i fault.Impairment) error {
	err := errors.Join(w.exists(from), w.exists(to))
	switch {
	case err != nil:
	case wire.LinkOf(from, to) == wire.NoLink:
		err = fmt.Errorf("%s and %s have no link", from, to)
	case w.relay == nil:
		err = fmt.Errorf("there is no relay in front of NATS: %w", fault.ErrCannot)
	}
	if err != nil {
		return fmt.Errorf("impair %s->%s: %w", from, to, err)
	}
	w.applied(from, to, i.String())
	i.Delay, i.Jitter, i.ReorderBy = w.clock.Wall(i.Delay), w.clock.Wall(i.Jitter), w.clock.Wall(i.ReorderBy)
	w.relay.Impair(from, to, i)
	return nil
}

// Isolate cuts a node off from the carrier, or joins it again.
func (w *World) Isolate(id wire.ID, i fault.Isolation) error {
	err := w.exists(id)
	switch {
	case err != nil:
	case w.isolated[id] == i:
		err = fmt.Errorf("it is %s already", i)
	case w.relay == nil:
		err = fmt.Errorf("there is no relay in front of NATS: %w", fault.ErrCannot)
	}
	if err != nil {
		return fmt.Errorf("isolate %s: %w", id, err)
	}
	w.applied(id, wire.None, i.String())
	w.isolated[id] = i
	w.relay.Isolate(id, i)
	return nil
}

// SetOption sets an option of a T-Server from its next start on.
func (w *World) SetOption(id wire.ID, key, value string) error {
	if err := w.driver.SetOption(id, key, value); err != nil {
		return err
	}
	w.applied(id, wire.None, "option "+key+"="+value)
	return nil
}

// Do hands a running node a command.
func (w *World) Do(id wire.ID, cmd *node.Command) error {
	if err := w.mustRun(id); err != nil {
		return fmt.Errorf("%s at %s: %w", cmd.Verb, id, err)
	}
	w.applied(id, wire.None, "do "+cmd.String())
	return broke(w.driver.Do(id, cmd))
}

// Outside returns where and as whom a program that is no node of this world connects in the place of a node: through the relay, so that the faults of the node's links
// concern it too.
func (w *World) Outside(id wire.ID) (url string, l Login, err error) {
	err = w.exists(id)
	if err == nil && (id == wire.NATS || w.running[id]) {
		err = errors.New("this world runs it itself")
	}
	if err != nil {
		return "", Login{}, fmt.Errorf("in the place of %s: %w", id, err)
	}
	return w.driver.Outside(id.String(), id)
}

// OutsideAs returns where and as whom a program connects that is no node: past the relay.
func (w *World) OutsideAs(role string) (url string, l Login, err error) {
	return w.driver.Outside(role, wire.None)
}

// Pair returns the name that stands in the subjects.
func (w *World) Pair() string { return w.pair }

// Close ends whatever runs, and delivers the records that are left.
func (w *World) Close() error {
	err := w.driver.Close()
	if w.relay != nil {
		w.relay.Close()
	}
	w.deliver(nil)
	if w.broken == nil {
		err = errors.Join(err, w.merger.Close())
	}
	return err
}

func (w *World) applied(id, peer wire.ID, text string) {
	w.merger.Add(trace.Record{At: w.Now(), Kind: trace.Applied, Node: id, Peer: peer, Text: text})
	w.deliver(nil)
}
