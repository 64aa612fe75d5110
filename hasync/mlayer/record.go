package mlayer

import (
	"encoding/json"
	"fmt"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// record is M's intent (R14). It is stored as JSON, so that an operator can read it.
type record struct {
	Epoch  uint64  `json:"epoch"`
	Named  wire.ID `json:"named"`
	Inc    uint64  `json:"inc"`
	Normal bool    `json:"normal"`
}

// load takes over the stored record. One that cannot be read is left alone, and M does not act: a guess could name a second
// primary in an epoch that is taken.
func (l *Layer) load(value []byte, out *node.Output) {
	l.rec, l.broken = record{}, false
	l.t[0].assigned, l.t[1].assigned = false, false
	if value == nil {
		return
	}
	err := json.Unmarshal(value, &l.rec)
	if err == nil && (!l.rec.Named.IsTServer() || l.rec.Inc == 0) {
		err = fmt.Errorf("it names %q, incarnation %d", l.rec.Named, l.rec.Inc)
	}
	if err != nil {
		l.rec, l.broken = record{}, true
		why := fmt.Sprintf("the stored record cannot be read, so no primary is named until it is mended: %v", err)
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: wire.MLayer, Text: why})
	}
}

// name makes id, in its present incarnation, the named one: a new epoch, durable before anything is sent (X6).
func (l *Layer) name(id wire.ID, normal bool, why string, out *node.Output) {
	cold := l.rec.Named == wire.None
	rec := record{Epoch: l.rec.Epoch, Named: id, Inc: l.view(id).inc, Normal: normal}
	if !l.opt.Without.Has(node.X6) {
		rec.Epoch = l.highestEpoch() + 1
		if l.opt.Without.Has(node.HighestEpoch) {
			rec.Epoch = l.rec.Epoch + 1
		}
	}
	l.setRecord(rec, why, out)
	l.stopAwaiting(out)
	l.oldDone = cold || !l.view(id.Peer()).up || l.opt.Without.Has(node.OldFirst)
	l.tellOld(out)
}

func (l *Layer) setRecord(rec record, why string, out *node.Output) {
	l.rec = rec
	if l.opt.Without.Has(node.PersistFirst) && l.view(rec.Named).up {
		l.assign(rec.Named, out)
	}
	l.persist(out)
	out.Note(node.Note{Kind: node.NoteRecord, Peer: rec.Named, N: rec.Epoch, M: rec.Inc, Text: why})
	l.t[0].assigned, l.t[1].assigned = false, false
}

func (l *Layer) highestEpoch() uint64 {
	highest := l.rec.Epoch
	for i := range l.t {
		if v := &l.t[i]; v.told {
			highest = max(highest, v.epoch)
		}
	}
	return highest
}

// tellOld tells the other T-Server first, and waits for its answer.
func (l *Layer) tellOld(out *node.Output) {
	if l.oldDone {
		return
	}
	l.assign(l.rec.Named.Peer(), out)
	if l.opt.Without.Has(node.OldAnswer) {
		l.oldDone = true
		return
	}
	l.awaiting = true
	out.Set(node.Timer{Kind: oldTimer}, l.opt.ConnectTout)
}

func (l *Layer) stopAwaiting(out *node.Output) {
	if l.awaiting {
		l.awaiting = false
		out.Cancel(node.Timer{Kind: oldTimer})
	}
}

// assign sends a T-Server the record.
func (l *Layer) assign(to wire.ID, out *node.Output) {
	l.view(to).assigned = true
	m := out.Send(to, wire.Appoint)
	m.Epoch, m.Node, m.Inc, m.Normal = l.rec.Epoch, l.rec.Named, l.rec.Inc, l.rec.Normal
}

// roleTaken is the answer of the old primary. If it could not hand over what it named, it is named again (R14).
func (l *Layer) roleTaken(from wire.ID, m *wire.Message, out *node.Output) {
	if !l.awaiting || from != l.rec.Named.Peer() || m.Epoch != l.rec.Epoch {
		return
	}
	l.stopAwaiting(out)
	l.oldDone = true
	if m.Outcome == wire.NotHandedOver && l.rec.Normal && l.view(from).announced {
		l.name(from, false, "it could not hand over", out)
	}
}
