package mlayer

import (
	"encoding/json"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// persist makes the record durable. What M notes because of the new record is noted before: what comes after it is dropped if it is not stored, and
// M would believe that it has said it.
func (l *Layer) persist(out *node.Output) {
	value, err := json.Marshal(l.rec)
	if err != nil {
		panic(err) // numbers and names only
	}
	l.notePairReady(out)
	l.settleAlarms(out)
	l.persisted = true
	out.Persist(value)
	l.alarms.Set(node.StoreFault, false, wire.None, "the store takes what is written", out)
}

// storeFailed: the store is full or read-only. What is stored is the record, as it was: nobody is promoted without a durable epoch (X6). M goes on
// with it, and tries again.
func (l *Layer) storeFailed(in *node.Input, out *node.Output) {
	l.load(in.Value, out)
	l.stopAwaiting(out)
	for _, id := range []wire.ID{wire.A, wire.B} {
		v := l.view(id)
		named := id == l.rec.Named && v.inc == l.rec.Inc
		v.assigned = v.told && v.epoch == l.rec.Epoch && named == (v.role == wire.Primary)
	}
	l.oldDone = l.rec.Named != wire.None && l.view(l.rec.Named.Peer()).assigned
	l.alarms.Set(node.StoreFault, true, wire.None, in.Text, out)
	l.noStore = true
	out.Set(node.Timer{Kind: storeTimer}, l.opt.ConnectTout)
	l.refuseUnstored(in, in.Text, out)
}

// storeTakes: the store takes what is written, if only from another M. If M has noted that in what was dropped, it says it again.
func (l *Layer) storeTakes(out *node.Output) {
	const why = "the store takes what is written"
	if !l.alarms.Raised(node.StoreFault) {
		out.Note(node.AlarmNote(node.StoreFault, false, wire.None, why))
	}
	l.alarms.Set(node.StoreFault, false, wire.None, why, out)
}

// tryStore writes the record that is stored once more. What else M wants to write follows from the state.
func (l *Layer) tryStore(out *node.Output) {
	l.noStore = false
	if l.rec.Named != wire.None {
		l.persist(out)
	}
}

// refuseUnstored answers the command in whose step something was not stored: it was not carried out.
func (l *Layer) refuseUnstored(in *node.Input, why string, out *node.Output) {
	if in.Cmd != nil {
		out.Refuse(in.Cmd, "switchover: it was not stored, so nobody was named: "+why)
	}
}
