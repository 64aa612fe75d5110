package natsworld

import (
	"errors"
	"runtime"
	"time"

	"hotpair/internal/eventq"
	"hotpair/internal/fault"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/status"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

var _ link.World = (*Host)(nil)

// SendPacket implements link.World.
func (h *Host) SendPacket(to wire.ID, header link.Header, m *wire.Message) {
	if header.Kind == link.Hello || header.Kind == link.HelloAck {
		header.Conn = h.conn
	}
	start := len(h.payload)
	var err error
	if h.payload, err = link.Encode(h.payload, header, m); err != nil {
		panic(err) // a packet of ours can be encoded
	}
	h.packets = append(h.packets, packet{h.subjects[to], start, len(h.payload)})
}

// Persist implements link.World: it returns when the value is durable, another incarnation has written, or the store does not take it. The records and packets of the step so
// far leave first: they do not depend on the value. If the host is told to end meanwhile, it does not return: the node was killed in between.
func (h *Host) Persist(value []byte) ([]byte, error) {
	h.flush()
	stored, err := h.store.write(h.ctx, value)
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, errConflict):
		h.askLatest()
		return stored, link.ErrConflict
	case errors.Is(err, fault.ErrStore):
		return stored, err
	}
	runtime.Goexit()
	return nil, nil
}

// Tracing implements link.World: the node's state is told by its records.
func (h *Host) Tracing() bool { return true }

// wanted reports whether records are wanted by anybody else.
func (h *Host) wanted() bool { return h.opt.Records != nil || h.opt.PublishTrace }

// Record implements link.World, and takes up what the Management Layer decides.
func (h *Host) Record(r *trace.Record) {
	if r.Kind == trace.Noted && r.Note.Kind == node.NoteFence {
		h.fence(r.Note.Peer)
	}
	if status.IsCounted(r) {
		h.track(r, 0)
	} else {
		h.track(r, h.opt.Clock.Now())
	}
	if h.opt.Only != nil && !h.opt.Only(r) || !h.wanted() {
		return
	}
	c := *r
	c.At = h.opt.Clock.Now()
	if r.Msg != nil {
		m := *r.Msg
		c.Msg = &m
	}
	if r.Note != nil {
		n := *r.Note
		c.Note = &n
	}
	h.batch = append(h.batch, c)
}

// timers are the node's named timers on the wall clock. A timer that is moved later, as those that wait for a peer's silence are with every packet, keeps
// its place in the queue, and is put behind when its turn comes.
type timers struct {
	queue  eventq.Queue[node.Timer]
	armed  map[node.Timer]armed
	wake   *time.Timer
	wakeAt time.Duration // on the run clock; 0 if wake has fired
	firing time.Duration // when the timer was due that fires now; 0 if none does, or if that is long ago
}

const (
	// maxLate is up to how late, on the wall clock, a timer may fire and those that it sets count from when it was due: traffic then keeps its rate, though each of its
	// timers fires a little late. It is far less than any silence that means something.
	maxLate = 50 * time.Millisecond
	// firedAtOnce is how many timers fire, at most, before messages are looked at.
	firedAtOnce = 64
)

// armed is a timer that has an event, seq, in the queue, at the time queued. If on, it is to fire at due, which is no earlier.
type armed struct {
	on          bool
	due, queued time.Duration
	seq         uint64
}

func (t *timers) init() {
	t.armed = map[node.Timer]armed{}
	t.wake = time.NewTimer(time.Hour)
}

// SetTimer implements link.World.
func (h *Host) SetTimer(name node.Timer, d time.Duration) {
	t := &h.timers
	due := h.opt.Clock.Now() + d
	if t.firing > 0 && name.Kind < node.LinkTimers {
		due = t.firing + d
	}
	a, ok := t.armed[name]
	if !ok || due < a.queued {
		a.queued, a.seq = due, t.queue.Push(due, name)
	}
	a.on, a.due = true, due
	t.armed[name] = a
	h.setWake()
}

// CancelTimer implements link.World.
func (h *Host) CancelTimer(name node.Timer) {
	if a, ok := h.timers.armed[name]; ok {
		a.on = false
		h.timers.armed[name] = a
	}
}

// fireTimers fires what is due, in order, and sets the alarm for the next one. What has arrived is handled first: a process that got no
// processor for a while, or stood still, must not take that for its peers' silence.
func (h *Host) fireTimers() {
	if h.due() {
		for n := len(h.msgs); n > 0; n-- {
			h.receive(<-h.msgs)
		}
	}
	for n := 0; n < firedAtOnce && h.due() && h.ctx.Err() == nil; n++ {
		h.fireNext()
	}
	h.setWake()
}

// fireNext takes the first event off the queue, and fires its timer unless that was moved or cancelled.
func (h *Host) fireNext() {
	t := &h.timers
	e := t.queue.Pop()
	a := t.armed[e.Payload]
	switch {
	case a.seq != e.Seq: // it was moved to an earlier time
	case a.on && a.due > e.At:
		a.queued, a.seq = a.due, t.queue.Push(a.due, e.Payload)
		t.armed[e.Payload] = a
	default:
		delete(t.armed, e.Payload)
		if a.on {
			if h.opt.Clock.Wall(h.opt.Clock.Now()-e.At) <= maxLate {
				t.firing = e.At
			}
			h.mux.Timer(e.Payload)
			t.firing = 0
		}
	}
}

func (h *Host) due() bool {
	return h.timers.queue.Len() > 0 && h.timers.queue.Peek() <= h.opt.Clock.Now()
}

func (h *Host) setWake() {
	t := &h.timers
	if t.queue.Len() == 0 || t.queue.Peek() == t.wakeAt {
		return
	}
	t.wakeAt = t.queue.Peek()
	t.wake.Reset(max(h.opt.Clock.Wall(t.wakeAt-h.opt.Clock.Now()), 0))
}

// Now implements link.Clock.
func (h *Host) Now() time.Duration { return h.opt.Clock.Now() }
