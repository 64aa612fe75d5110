package natsworld

import (
	"errors"
	"runtime"
	"time"

	"hotpair/internal/eventq"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

var _ link.World = (*Host)(nil)

// SendPacket implements link.World.
func (h *Host) SendPacket(to wire.ID, header link.Header, m *wire.Message) {
	data, err := link.Encode(nil, header, m)
	if err != nil {
		panic(err) // a packet of ours can be encoded
	}
	h.packets = append(h.packets, packet{Subject(h.opt.Pair, h.opt.ID, to), data})
}

// Persist implements link.World: it returns when the value is durable, or another incarnation has written. The records and packets of the step so
// far leave first: they do not depend on the value. If the host is told to end meanwhile, it does not return: the node was killed in between.
func (h *Host) Persist(value []byte) ([]byte, error) {
	h.flush()
	stored, err := h.store.write(h.ctx, value)
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, errConflict):
		return stored, link.ErrConflict
	}
	runtime.Goexit()
	return nil, nil
}

// Tracing implements link.World.
func (h *Host) Tracing() bool { return h.opt.Records != nil || h.opt.PublishTrace }

// Record implements link.World.
func (h *Host) Record(r *trace.Record) {
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

// timers are the node's named timers on the wall clock.
type timers struct {
	queue eventq.Queue[node.Timer]
	armed map[node.Timer]uint64 // the event in the queue that counts
	wake  *time.Timer
}

func (t *timers) init() {
	t.armed = map[node.Timer]uint64{}
	t.wake = time.NewTimer(time.Hour)
}

// SetTimer implements link.World.
func (h *Host) SetTimer(name node.Timer, d time.Duration) {
	h.timers.armed[name] = h.timers.queue.Push(h.opt.Clock.Now()+d, name)
	h.setWake()
}

// CancelTimer implements link.World.
func (h *Host) CancelTimer(name node.Timer) { delete(h.timers.armed, name) }

// fireTimers fires what is due, in order, and sets the alarm for the next one. What has arrived is handled first: a process that got no
// processor for a while, or stood still, must not take that for its peers' silence.
func (h *Host) fireTimers() {
	t := &h.timers
	if h.due() {
		for n := len(h.msgs); n > 0; n-- {
			h.receive(<-h.msgs)
		}
	}
	for h.due() && h.ctx.Err() == nil {
		e := t.queue.Pop()
		if t.armed[e.Payload] == e.Seq {
			delete(t.armed, e.Payload)
			h.mux.Timer(e.Payload)
		}
	}
	h.setWake()
}

func (h *Host) due() bool {
	return h.timers.queue.Len() > 0 && h.timers.queue.Peek() <= h.opt.Clock.Now()
}

func (h *Host) setWake() {
	if q := &h.timers.queue; q.Len() > 0 {
		h.timers.wake.Reset(max(h.opt.Clock.Wall(q.Peek()-h.opt.Clock.Now()), 0))
	}
}
