package simworld

import (
	"fmt"
	"time"

	"hotpair/internal/fault"
	"hotpair/internal/link"
	"hotpair/internal/wire"
)

// path is one direction of a link.
type path struct {
	impairment fault.Impairment
	last       time.Duration // when its last packet arrives: packets keep their order
}

// flights holds the packets under way. Messages are kept apart, since most packets have none.
type flights struct {
	list     []flight
	freeList []int32
	msgs     []wire.Message
	freeMsgs []int32
}

type flight struct {
	from   wire.ID
	header link.Header
	msg    int32 // index + 1; 0: none
}

func (f *flights) add(from wire.ID, h link.Header, m *wire.Message) int32 {
	ref := int32(len(f.list))
	if n := len(f.freeList); n > 0 {
		ref = f.freeList[n-1]
		f.freeList = f.freeList[:n-1]
	} else {
		f.list = append(f.list, flight{})
	}
	f.list[ref] = flight{from: from, header: h}
	if m != nil {
		f.list[ref].msg = f.addMessage(m) + 1
	}
	return ref
}

func (f *flights) addMessage(m *wire.Message) int32 {
	if n := len(f.freeMsgs); n > 0 {
		i := f.freeMsgs[n-1]
		f.freeMsgs = f.freeMsgs[:n-1]
		f.msgs[i] = *m
		return i
	}
	f.msgs = append(f.msgs, *m)
	return int32(len(f.msgs) - 1)
}

// message returns a copy that stays as it is when further packets are sent.
func (f *flights) message(ref int32) *wire.Message {
	i := f.list[ref].msg
	if i == 0 {
		return nil
	}
	return &f.msgs[i-1]
}

func (f *flights) free(ref int32) {
	if i := f.list[ref].msg; i != 0 {
		f.freeMsgs = append(f.freeMsgs, i-1)
	}
	f.freeList = append(f.freeList, ref)
}

// SendPacket implements link.World.
func (h *host) SendPacket(to wire.ID, header link.Header, m *wire.Message) {
	w := h.world
	p := &h.paths[to]
	if m != nil && w.strict {
		if err := m.Validate(h.id, to); err != nil { // real worlds could not read it
			panic(fmt.Sprintf("simworld: %s sends %s what cannot be read: %v", h.id, to, err))
		}
	}
	if !h.linked() || h.conn == "" { // it may not know yet that its connection has ended
		return
	}
	if header.Kind == link.Hello || header.Kind == link.HelloAck {
		header.Conn = h.conn
	}
	if !p.impairment.IsZero() {
		h.sendImpaired(p, to, header, m)
		return
	}
	p.last = max(p.last, w.now+latency)
	h.send(p.last, to, header, m)
}

func (h *host) send(at time.Duration, to wire.ID, header link.Header, m *wire.Message) {
	w := h.world
	w.queue.Push(at, event{kind: evPacket, host: to, ref: w.flights.add(h.id, header, m), gen: w.natsGen})
}

// sendImpaired draws what becomes of a packet.
func (h *host) sendImpaired(p *path, to wire.ID, header link.Header, m *wire.Message) {
	w, i := h.world, &p.impairment
	if i.Cut || w.draws(i.Loss) {
		return
	}
	at := max(p.last, w.now+latency+i.Delay+w.upTo(i.Jitter))
	if w.draws(i.Reorder) {
		at += w.upTo(i.ReorderBy)
	} else {
		p.last = at
	}
	h.send(at, to, header, m)
	if w.draws(i.Duplicate) {
		h.send(at, to, header, m)
	}
}

// draws is true for this share of times.
func (w *World) draws(share float64) bool { return share > 0 && w.rng.Float64() < share }

// upTo draws a time from 0 to most.
func (w *World) upTo(most time.Duration) time.Duration {
	if most == 0 {
		return 0
	}
	return time.Duration(w.rng.Int64N(int64(most) + 1))
}

// Impair sets the state of one direction of a link.
func (w *World) Impair(from, to wire.ID, i fault.Impairment) error {
	h, err := w.host(from)
	if err == nil {
		_, err = w.host(to)
	}
	if err == nil && wire.LinkOf(from, to) == wire.NoLink {
		err = fmt.Errorf("%s and %s have no link", from, to)
	}
	if err != nil {
		return fmt.Errorf("impair %s->%s: %w", from, to, err)
	}
	w.applied(from, to, i.String())
	h.paths[to].impairment = i
	return nil
}

// Isolate cuts a node off from the carrier, or joins it again.
func (w *World) Isolate(id wire.ID, i fault.Isolation) error {
	h, err := w.host(id)
	if err != nil {
		return fmt.Errorf("isolate %s: %w", id, err)
	}
	if i == h.isolation {
		return fmt.Errorf("%s is %s already", id, i)
	}
	w.applied(id, wire.None, i.String())
	wasHole := h.isolation == fault.BlackHoled
	h.isolation = i
	if i == fault.Dropped || wasHole { // a hole keeps what has ended in it to itself
		w.disconnected(h)
	}
	if h.mux == nil {
		return nil
	}
	switch i {
	case fault.Dropped:
		h.carrierDown()
	case fault.BlackHoled:
		w.queue.Push(w.now+w.opt.Config.BlackHole(), event{kind: evHole, host: id, gen: h.gen})
	case fault.Joined:
		if wasHole {
			h.carrierDown() // a connection that has lost bytes is closed
		}
		w.rejoin(h)
	}
	return nil
}

func (w *World) rejoin(h *host) {
	w.queue.Push(w.now+rejoin, event{kind: evCarrierUp, host: h.id, gen: h.gen})
}

// natsDown ends the carrier: every node's own connection is lost, and what is under way with it.
func (w *World) natsDown() {
	w.nats = false
	w.natsGen++
	for _, h := range w.hosts {
		if h != nil && h.mux != nil {
			h.conn = ""
			h.carrierDown()
		}
	}
}

func (w *World) natsUp() {
	w.applied(wire.NATS, wire.None, "boot")
	w.nats = true
	for _, h := range w.hosts {
		if h != nil && h.mux != nil {
			w.rejoin(h)
		}
	}
}
