package simworld

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"hotpair/internal/cast"
	"hotpair/internal/config"
	"hotpair/internal/eventq"
	"hotpair/internal/fault"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

const (
	// latency is what a packet takes on a healthy link.
	latency = time.Millisecond
	// rejoin is how long a node takes to connect again when its carrier is back.
	rejoin = 100 * time.Millisecond
	// restartTime is how long a restart takes that the Management Layer decided (autorestart).
	restartTime = 500 * time.Millisecond
)

// Options says what a world is made of.
type Options struct {
	Config config.Config
	// Seed of what the world draws: jitter and loss.
	Seed uint64
	// Busy is how long, at most, the machine keeps a node from running, again and again; 0: it never does, so that a node takes no time.
	Busy time.Duration
	// Sink takes the records; nil means that no trace is wanted, which is faster.
	Sink trace.Sink
	// NewNode makes the nodes; nil means cast.New.
	NewNode func(id wire.ID, c *config.Config) node.Node
}

// World is the world of virtual time. It has the methods of a scenario's world, and is used by one goroutine.
type World struct {
	opt     Options
	rng     *rand.Rand
	now     time.Duration
	queue   eventq.Queue[event]
	hosts   []*host // by wire.ID; nil where no node of that name can be
	flights flights
	nats    bool
	store   fault.Store
	natsGen uint32 // the carrier's incarnation: what is under way does not survive it
	conns   uint64 // connections there ever were
	notices []string
	steps   uint64
	// strict: what real worlds could not read is not carried here either. A rule that is switched off may lead to that, and then it is for the monitors to notice.
	strict  bool
	rec     trace.Record
	written bool // a record was written since this was last reset
}

// event is what the queue holds.
type event struct {
	kind eventKind
	host wire.ID
	ref  int32 // timer slot, or flight
	gen  uint32
}

type eventKind uint8

const (
	evTimer       eventKind = iota + 1
	evPacket                // ref is a flight
	evCarrierUp             // of host
	evHole                  // of host, which fell into a black hole and notices it
	evCarrierDown           // of host, which was frozen when its connection ended
	evNotice                // ref is the name of a connection that has ended
	evKick                  // of host: ref is the name of the connection that is closed
	evBoot                  // of host: restart decided by the Management Layer
	evCommand               // to a host that was frozen when it was given
	evStall                 // of host: the machine has no processor for it
	evWake                  // of host: it has again
)

// New makes a world in which nothing runs but the carrier.
func New(o Options) *World {
	if o.NewNode == nil {
		o.NewNode = cast.New
	}
	w := &World{opt: o, rng: rand.New(rand.NewPCG(o.Seed, 0x686f7470616972)), nats: true, strict: o.Config.Without.None()}
	ids := []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer}
	for i := range o.Config.Clients {
		ids = append(ids, wire.Client(i+1))
	}
	w.hosts = make([]*host, ids[len(ids)-1]+1)
	for _, id := range ids {
		w.hosts[id] = newHost(w, id)
	}
	return w
}

// Now returns the virtual time since the world was made.
func (w *World) Now() time.Duration { return w.now }

// Steps returns how many events were handled: timers that fired and packets that arrived.
func (w *World) Steps() uint64 { return w.steps }

// Pending returns how many events are pending.
func (w *World) Pending() int { return w.queue.Len() }

// Close ends the world. Nothing is left behind in virtual time.
func (w *World) Close() error { return nil }

// Run handles events until done reports true or the time is until.
func (w *World) Run(until time.Duration, done func() bool) (bool, error) {
	if done != nil && done() {
		return true, nil
	}
	for w.queue.Len() > 0 && w.queue.Peek() <= until {
		e := w.queue.Pop()
		w.now = e.At
		w.written = false
		w.handle(e)
		if done != nil && w.written && done() {
			return true, nil
		}
	}
	w.now = max(w.now, until)
	return false, nil
}

func (w *World) handle(e eventq.Event[event]) {
	h := w.hosts[e.Payload.host]
	switch e.Payload.kind {
	case evTimer:
		h.timerDue(e)
	case evPacket:
		w.arrive(h, e.Payload)
	case evCarrierUp:
		if h.mux != nil && h.linked() && e.Payload.gen == h.gen {
			h.carrierUp(e.Payload)
		}
	case evHole:
		if h.mux != nil && h.isolation == fault.BlackHoled && e.Payload.gen == h.gen {
			h.carrierDown()
		}
	case evCarrierDown:
		if h.mux != nil && e.Payload.gen == h.gen {
			h.carrierDown()
		}
	case evNotice:
		w.noticed(h, e.Payload)
	case evKick:
		w.kick(h, e.Payload)
	case evBoot:
		if h.mux == nil && h.linked() {
			_ = w.boot(h) // a store that takes nothing lets nothing start
		}
	case evStall:
		if h.mux != nil && e.Payload.gen == h.gen {
			h.stall()
		}
	case evWake:
		if h.mux != nil && e.Payload.gen == h.gen {
			h.wake()
		}
	case evCommand:
		h.commanded(e.Payload)
	}
}

// arrive ends a flight.
func (w *World) arrive(h *host, e event) {
	f := &w.flights.list[e.ref]
	switch {
	case h.mux == nil || !h.linked() || e.gen != w.natsGen || h.frozen() && h.conn == "":
		w.flights.free(e.ref)
	case h.frozen():
		h.inbox = append(h.inbox, e)
	default:
		w.steps++
		from, hdr := f.from, f.header
		msg := w.flights.message(e.ref)
		h.mux.Packet(from, hdr, msg)
		w.flights.free(e.ref)
	}
}

// Boot starts nodes that do not run.
func (w *World) Boot(ids ...wire.ID) error {
	var refused error
	for _, id := range ids {
		if id == wire.NATS {
			if w.nats {
				return errors.New("boot NATS: it runs already")
			}
			w.natsUp()
			continue
		}
		h, err := w.host(id)
		if err != nil {
			return fmt.Errorf("boot %s: %w", id, err)
		}
		if h.mux != nil {
			return fmt.Errorf("boot %s: it runs already", id)
		}
		if !w.nats {
			return fmt.Errorf("boot %s: NATS is down, boot it first", id)
		}
		if h.isolation != fault.Joined {
			return fmt.Errorf("boot %s: it is cut off from NATS; heal it first", id)
		}
		refused = errors.Join(refused, w.boot(h))
	}
	return refused
}

func (w *World) boot(h *host) error {
	w.applied(h.id, wire.None, "boot")
	if w.store != fault.StoreWorks {
		return fmt.Errorf("boot %s: %w: its start number cannot be made durable: %s", h.id, fault.ErrStore, w.store)
	}
	h.boot()
	return nil
}

// Store gives the durable store a fault, or ends it.
func (w *World) Store(f fault.Store) error {
	switch {
	case !w.nats:
		return fmt.Errorf("%s: NATS is down, boot it first", f)
	case w.store == f:
		return fmt.Errorf("%s: it is so already", f)
	}
	w.applied(wire.NATS, wire.None, f.String())
	w.store = f
	return nil
}

// Kill ends a node as kill -9 does.
func (w *World) Kill(id wire.ID) error { return w.end(id, "kill", "killed") }

// Stop ends a node in an orderly way.
func (w *World) Stop(id wire.ID) error { return w.end(id, "stop", "stopped") }

// Twin starts another process of a node that runs. The older one hears of it, and ends, before the later one begins.
func (w *World) Twin(id wire.ID) error {
	h, err := w.running(id)
	switch {
	case err != nil:
	case !w.nats:
		err = errors.New("NATS is down, boot it first")
	case h.isolation != fault.Joined:
		err = errors.New("it is cut off from NATS; heal it first")
	case h.paused:
		err = errors.New("it is paused and does not hear of the other; resume it first")
	}
	if err != nil {
		return fmt.Errorf("twin %s: %w", id, err)
	}
	w.applied(id, wire.None, "twin")
	if w.store != fault.StoreWorks {
		return fmt.Errorf("twin %s: %w: its start number cannot be made durable: %s", id, fault.ErrStore, w.store)
	}
	older := h.inc
	h.mux.Superseded(older + 1)
	w.disconnected(h)
	h.end()
	w.Record(&trace.Record{Kind: trace.Ended, Node: id, Inc: older, Text: "superseded"})
	h.boot()
	h.mux.StartedTwice(older)
	return nil
}

func (w *World) end(id wire.ID, verb, how string) error {
	if id == wire.NATS {
		if !w.nats {
			return fmt.Errorf("%s NATS: it does not run", verb)
		}
		w.applied(id, wire.None, verb)
		w.natsDown()
		return nil
	}
	h, err := w.running(id)
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, id, err)
	}
	if h.paused && verb == "stop" {
		return fmt.Errorf("stop %s: it is paused and cannot say goodbye; resume it first", id)
	}
	w.applied(id, wire.None, verb)
	if verb == "stop" {
		h.mux.Stop()
	}
	inc := h.inc
	if h.isolation == fault.Joined { // nobody hears of it through a black hole
		w.disconnected(h)
	}
	h.end()
	w.Record(&trace.Record{Kind: trace.Ended, Node: id, Inc: inc, Text: how})
	return nil
}

// Pause stops a node as SIGSTOP does: what happens to it meanwhile waits.
func (w *World) Pause(id wire.ID) error {
	h, err := w.running(id)
	if err == nil && h.paused {
		err = errors.New("it is paused already")
	}
	if err != nil {
		return fmt.Errorf("pause %s: %w", id, err)
	}
	w.applied(id, wire.None, "pause")
	h.paused = true
	return nil
}

// Resume lets a paused node go on, as SIGCONT does.
func (w *World) Resume(id wire.ID) error {
	h, err := w.running(id)
	if err == nil && !h.paused {
		err = errors.New("it is not paused")
	}
	if err != nil {
		return fmt.Errorf("resume %s: %w", id, err)
	}
	w.applied(id, wire.None, "resume")
	h.paused = false
	h.goOn()
	return nil
}

// SetOption sets an option of a T-Server from its next start on.
func (w *World) SetOption(id wire.ID, key, value string) error {
	if err := w.opt.Config.SetOption(id, key, value); err != nil {
		return err
	}
	w.applied(id, wire.None, "option "+key+"="+value)
	return nil
}

// Do hands a running node a command.
func (w *World) Do(id wire.ID, cmd *node.Command) error {
	h, err := w.running(id)
	if err != nil {
		return fmt.Errorf("%s at %s: %w", cmd.Verb, id, err)
	}
	w.applied(id, wire.None, "do "+cmd.String())
	if h.frozen() {
		h.commands = append(h.commands, cmd)
		h.inbox = append(h.inbox, event{kind: evCommand, host: id, ref: int32(len(h.commands) - 1), gen: h.gen})
		return nil
	}
	h.mux.Do(cmd)
	return nil
}

func (w *World) host(id wire.ID) (*host, error) {
	if int(id) >= len(w.hosts) || w.hosts[id] == nil {
		return nil, fmt.Errorf("there is no such node with %d clients", w.opt.Config.Clients)
	}
	return w.hosts[id], nil
}

func (w *World) running(id wire.ID) (*host, error) {
	if id == wire.NATS {
		return nil, fmt.Errorf("NATS is no participant: %w", fault.ErrCannot)
	}
	h, err := w.host(id)
	if err == nil && h.mux == nil {
		err = errors.New("it does not run")
	}
	return h, err
}

func (w *World) applied(id, peer wire.ID, text string) {
	w.Record(&trace.Record{Kind: trace.Applied, Node: id, Peer: peer, Text: text})
}

// Record stamps a record and hands it on.
func (w *World) Record(r *trace.Record) {
	if w.opt.Sink == nil {
		return
	}
	w.rec = *r
	w.rec.At = w.now
	w.written = true
	w.opt.Sink.Record(&w.rec)
}

var _ link.World = (*host)(nil)
