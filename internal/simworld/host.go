package simworld

import (
	"fmt"
	"time"

	"hotpair/internal/cast"
	"hotpair/internal/eventq"
	"hotpair/internal/fault"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// host is what a node runs on. It implements link.World.
type host struct {
	world *World
	id    wire.ID
	peers []wire.ID
	paths []path // to peers, by wire.ID

	// What outlives the process.
	inc     uint64
	stored  []byte
	version uint64 // of stored

	// The process; mux is nil while it does not run.
	mux      *link.Mux
	gen      uint32 // so that events of an ended process, or of an earlier connection, are known
	read     uint64 // version that this incarnation read or wrote last
	slots    map[node.Timer]int32
	timers   []timer
	paused   bool
	busy     bool    // the machine has no processor for it (busy.go)
	inbox    []event // while frozen
	commands []*node.Command

	isolation fault.Isolation
	connected bool   // as the node sees it
	conn      string // its connection to the carrier, "" if it has none
}

// timer is a named timer. Moving it to a later time leaves its event in the queue, which is pushed again when it comes up too
// early: links move their idle timers with every packet.
type timer struct {
	name   node.Timer
	armed  bool
	due    time.Duration
	queued uint64 // its event in the queue, 0 if there is none
	at     time.Duration
}

func newHost(w *World, id wire.ID) *host {
	h := &host{world: w, id: id, peers: cast.Peers(id, &w.opt.Config)}
	for _, p := range h.peers {
		for int(p) >= len(h.paths) {
			h.paths = append(h.paths, path{})
		}
	}
	return h
}

func (h *host) boot() {
	h.inc++
	h.gen++
	h.read = h.version
	h.slots, h.timers = map[node.Timer]int32{}, h.timers[:0]
	n := h.world.opt.NewNode(h.id, &h.world.opt.Config)
	h.mux = link.New(h.id, h.inc, h.peers, n, h, h.world.opt.Config.LinkOptions(h.id))
	h.connect()
	h.mux.StartAt(h.stored, h.world.now)
	h.stall()
}

// end forgets the process.
func (h *host) end() {
	h.gen++
	h.mux, h.slots, h.timers = nil, nil, h.timers[:0]
	for _, e := range h.inbox {
		if e.kind == evPacket {
			h.world.flights.free(e.ref)
		}
	}
	h.inbox, h.commands, h.paused, h.busy = nil, nil, false, false
}

// frozen reports whether it does not run at the moment: what comes up waits in the inbox.
func (h *host) frozen() bool { return h.paused || h.busy }

// goOn delivers what has waited, in the order in which it came, now.
func (h *host) goOn() {
	if h.frozen() {
		return
	}
	inbox := h.inbox
	h.inbox = nil
	for _, e := range inbox {
		seq := h.world.queue.Push(h.world.now, e)
		if e.kind == evTimer {
			h.timers[e.ref].queued, h.timers[e.ref].at = seq, h.world.now
		}
	}
}

// commanded: a command was given while the process was paused. It goes with the process.
func (h *host) commanded(e event) {
	switch {
	case h.mux == nil || e.gen != h.gen:
	case h.frozen():
		h.inbox = append(h.inbox, e)
	default:
		h.mux.Do(h.commands[e.ref])
	}
}

// linked reports whether the carrier reaches the host.
func (h *host) linked() bool { return h.world.nats && h.isolation == fault.Joined }

func (h *host) carrierDown() {
	if h.frozen() {
		h.inbox = append(h.inbox, event{kind: evCarrierDown, host: h.id, gen: h.gen})
		return
	}
	if h.connected {
		h.connected = false
		h.mux.CarrierDown()
	}
}

func (h *host) carrierUp(e event) {
	if h.frozen() {
		h.inbox = append(h.inbox, e)
		return
	}
	if !h.connected {
		h.connect()
		h.mux.CarrierUp()
	}
}

// SetTimer implements link.World.
func (h *host) SetTimer(name node.Timer, d time.Duration) {
	slot, ok := h.slots[name]
	if !ok {
		slot = int32(len(h.timers))
		h.timers = append(h.timers, timer{name: name})
		h.slots[name] = slot
	}
	t := &h.timers[slot]
	t.armed, t.due = true, h.world.now+d
	if t.queued == 0 || t.at > t.due {
		h.queueTimer(slot)
	}
}

func (h *host) queueTimer(slot int32) {
	t := &h.timers[slot]
	t.at = t.due
	t.queued = h.world.queue.Push(t.due, event{kind: evTimer, host: h.id, ref: slot, gen: h.gen})
}

// CancelTimer implements link.World.
func (h *host) CancelTimer(name node.Timer) {
	if slot, ok := h.slots[name]; ok {
		h.timers[slot].armed = false
	}
}

// timerDue: a timer's event came up.
func (h *host) timerDue(e eventq.Event[event]) {
	if h.mux == nil || e.Payload.gen != h.gen {
		return
	}
	t := &h.timers[e.Payload.ref]
	switch {
	case t.queued != e.Seq:
	case !t.armed:
		t.queued = 0
	case t.due > e.At:
		h.queueTimer(e.Payload.ref)
	case h.frozen():
		h.inbox = append(h.inbox, e.Payload)
	default:
		t.queued, t.armed = 0, false
		h.world.steps++
		h.mux.Timer(t.name)
	}
}

// Persist implements link.World. Virtual time has one process of a name, so nobody else writes; the check is what a store does.
func (h *host) Persist(value []byte) ([]byte, error) {
	if h.read != h.version {
		h.read = h.version
		return h.stored, link.ErrConflict
	}
	if s := h.world.store; s != fault.StoreWorks {
		return h.stored, fmt.Errorf("%w: %s", fault.ErrStore, s)
	}
	h.stored = append([]byte(nil), value...)
	h.version++
	h.read = h.version
	return nil, nil
}

// Tracing implements link.World.
func (h *host) Tracing() bool { return h.world.opt.Sink != nil }

// Record implements link.World, and carries out what the Management Layer decides.
func (h *host) Record(r *trace.Record) {
	h.world.Record(r)
	if r.Kind != trace.Noted {
		return
	}
	switch r.Note.Kind {
	case node.NoteRestart:
		h.world.queue.Push(h.world.now+restartTime, event{kind: evBoot, host: r.Note.Peer})
	case node.NoteFence:
		h.fence(r.Note.Peer)
	}
}
