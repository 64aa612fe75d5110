package mlayer

import (
	"encoding/json"

	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// Rename renames the numbers of M's state; see canon.Renaming.
func (l *Layer) Rename(f canon.Renaming) {
	l.rec.rename(f)
	for i := range l.t {
		v := &l.t[i]
		if v.up || v.waiting {
			v.inc = f(wire.ClassesOf(wire.A+wire.ID(i)).Start, v.inc)
		}
		v.epoch = f(canon.Epoch, v.epoch)
		if v.ready {
			v.ready = f(canon.Offer, 1) == 1
		}
	}
	if l.opt.HaflipDetectTimeout == 0 {
		l.office = wire.None // nobody looks for flapping
	}
}

func (r *record) rename(f canon.Renaming) {
	r.Epoch = f(canon.Naming, r.Epoch)
	if r.Named.IsTServer() {
		r.Inc = f(wire.ClassesOf(r.Named).Start, r.Inc)
	}
}

// RenameStored renames the numbers of M's durable state. What cannot be read stays as it is.
func RenameStored(value []byte, f canon.Renaming) []byte {
	var r record
	if value == nil || json.Unmarshal(value, &r) != nil {
		return value
	}
	r.rename(f)
	value, err := json.Marshal(r)
	if err != nil {
		panic(err) // numbers and names only
	}
	return value
}
