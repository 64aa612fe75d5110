package peerarb

import (
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// AppendCanonical appends the arbiter's state between two steps.
func (a *Arbiter) AppendCanonical(b []byte) []byte {
	b = a.dur.append(b)
	b = canon.Uint(b, a.highest)
	b = canon.Uint(b, a.state)
	b = appendIDs(b, a.sessions)
	b = canon.Bool(b, a.carrier)
	b = a.link.append(b)
	b = canon.Uint(b, a.request.num)
	b = canon.Bool(b, a.request.outstanding)
	b = a.window.append(b)
	b = canon.Uint(b, a.asked.id)
	b = canon.String(b, a.asked.verb)
	b = canon.Bool(b, a.grace)
	return canon.Bool(b, a.noStore)
}

// Restore is the inverse of AppendCanonical, on an arbiter made with the same options.
func (a *Arbiter) Restore(r *canon.Reader) {
	a.dur.restore(r)
	a.highest = canon.Read[uint64](r)
	a.state = canon.Read[State](r)
	if a.state > Active {
		r.Fail("state of a server")
		a.state = Inactive
	}
	a.sessions = restoreIDs(r)
	a.carrier = r.Bool()
	a.link.restore(r)
	a.request.num = canon.Read[uint64](r)
	a.request.outstanding = r.Bool()
	a.window.restore(r)
	a.asked.id = canon.Read[uint64](r)
	a.asked.verb = r.String()
	a.grace = r.Bool()
	a.noStore = r.Bool()
	a.notedOff = a.dur.Off // after Settle
}

func (d *Durable) append(b []byte) []byte {
	b = canon.Uint(b, d.Own)
	b = canon.Uint(b, d.Highest)
	b = canon.Uint(b, d.Last)
	return canon.Bool(b, d.Off)
}

func (d *Durable) restore(r *canon.Reader) {
	d.Own, d.Highest = canon.Read[uint64](r), canon.Read[uint64](r)
	d.Last, d.Off = canon.Read[wire.ID](r), r.Bool()
}

func appendIDs(b []byte, ids []wire.ID) []byte {
	b = canon.Uint(b, len(ids))
	for _, id := range ids {
		b = canon.Uint(b, id)
	}
	return b
}

func restoreIDs(r *canon.Reader) (ids []wire.ID) {
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		ids = append(ids, canon.Read[wire.ID](r))
	}
	return ids
}

func (l *link) append(b []byte) []byte {
	b = canon.Bool(b, l.up)
	b = canon.Bool(b, l.sent.active)
	b = canon.Uint(b, l.sent.own)
	b = canon.Uint(b, l.sent.highest)
	b = canon.Uint(b, l.sent.sessions)
	b = canon.Bool(b, l.sent.off)
	b = canon.Bool(b, l.told)
	b = canon.Uint(b, l.holder)
	b = canon.Bool(b, l.peerOff)
	return canon.Bool(b, l.wanted)
}

func (l *link) restore(r *canon.Reader) {
	l.up = r.Bool()
	l.sent.active = r.Bool()
	l.sent.own = canon.Read[uint64](r)
	l.sent.highest = canon.Read[uint64](r)
	l.sent.sessions = canon.Read[uint64](r)
	l.sent.off = r.Bool()
	l.told = r.Bool()
	l.holder = canon.Read[wire.ID](r)
	l.peerOff = r.Bool()
	l.wanted = r.Bool()
}

func (w *window) append(b []byte) []byte {
	b = canon.Bool(b, w.open)
	b = canon.Uint(b, w.base)
	b = appendIDs(b, w.noted)
	b = canon.Bool(b, w.link)
	b = canon.Bool(b, w.asked)
	return canon.Bool(b, w.expired)
}

func (w *window) restore(r *canon.Reader) {
	w.open = r.Bool()
	w.base = canon.Read[int](r)
	w.noted = restoreIDs(r)
	w.link = r.Bool()
	w.asked = r.Bool()
	w.expired = r.Bool()
}
