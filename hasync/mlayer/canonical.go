package mlayer

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// AppendCanonical implements node.Node.
func (l *Layer) AppendCanonical(b []byte) []byte {
	b = canon.Uint(b, l.rec.Epoch)
	b = canon.Uint(b, l.rec.Named)
	b = canon.Uint(b, l.rec.Inc)
	b = canon.Bool(b, l.rec.Normal)
	for i := range l.t {
		b = l.t[i].append(b)
	}
	b = canon.Bool(b, l.learning)
	b = canon.Bool(b, l.oldDone)
	b = canon.Bool(b, l.awaiting)
	b = canon.Bool(b, l.broken)
	b = canon.Bool(b, l.noStore)
	b = canon.Uint(b, l.alarms)
	b = canon.Uint(b, l.office)
	return canon.Bool(b, l.changed)
}

// Restore implements node.Node.
func (l *Layer) Restore(b []byte) error {
	r := canon.NewReader(b)
	l.rec = record{
		Epoch: canon.Read[uint64](r), Named: canon.Read[wire.ID](r), Inc: canon.Read[uint64](r), Normal: r.Bool(),
	}
	for i := range l.t {
		l.t[i].restore(r)
	}
	l.learning, l.oldDone, l.awaiting, l.broken = r.Bool(), r.Bool(), r.Bool(), r.Bool()
	l.noStore, l.alarms, l.office, l.changed = r.Bool(), canon.Read[node.Alarms](r), canon.Read[wire.ID](r), r.Bool()
	l.ready = l.pairReady()
	return r.Err()
}

func (v *view) append(b []byte) []byte {
	b = canon.Bool(b, v.up)
	b = canon.Bool(b, v.waiting)
	if !v.up && !v.waiting {
		return b
	}
	b = canon.Uint(b, v.inc)
	if !v.up {
		return b
	}
	b = canon.Bool(b, v.told)
	b = canon.Uint(b, v.role)
	b = canon.Uint(b, v.epoch)
	b = canon.Uint(b, v.cti)
	b = canon.Bool(b, v.announced)
	b = canon.Bool(b, v.ready)
	return canon.Bool(b, v.assigned)
}

func (v *view) restore(r *canon.Reader) {
	*v = view{up: r.Bool(), waiting: r.Bool()}
	if !v.up && !v.waiting {
		return
	}
	v.inc = canon.Read[uint64](r)
	if !v.up {
		return
	}
	v.told = r.Bool()
	v.role = canon.Read[wire.Role](r)
	v.epoch = canon.Read[uint64](r)
	v.cti = canon.Read[callmodel.CTIState](r)
	v.announced, v.ready, v.assigned = r.Bool(), r.Bool(), r.Bool()
}
