package hasync

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// A release that the switch never reports (X9) takes no event number, so that the primary may find it, by reading the switch again or by asking about the
// call, and the backup may not. If the backup knew the call by a ConnID of the primary's, no harm is done. If it had its own, or none yet, the primary sends
// Full Sync Done (synchronized) all the same, since the tagged call is gone (R6); and a backup that took over would show clients the call, which they know by
// the primary's ConnID, under another one (S5). So a backup that has Full Sync Done, and has heard from the switch all that the primary had heard by then, asks the
// switch about every call from before that which is not the primary's by name, and is not ready (X10) before it knows.

// doubt begins that, once, when the switch's events up to the primary's have come.
func (e *Engine) doubt(out *node.Output) {
	b := &e.backup
	if b.looked || b.phase != syncDone || e.role != wire.Backup || e.seq < b.agreed {
		return
	}
	b.looked = true
	if e.names.unknown == 0 || e.opt.Without.Has(node.AskDoubted) {
		return
	}
	for ref := range e.names.calls {
		if c := &e.names.calls[ref]; c.held() && !e.names.isKnown(c) && c.born <= b.agreed {
			b.doubted = append(b.doubted, callmodel.CallID{Ref: uint32(ref), Born: c.born})
		}
	}
	e.AskAgain(out)
}

// AskAgain tells that the switch has answered what it was asked so far: what it was asked about a call, and has not answered, was lost.
func (e *Engine) AskAgain(out *node.Output) {
	if e.backup.phase != syncDone {
		return
	}
	for _, id := range e.backup.doubted {
		e.server.Doubted(id, out)
	}
}

// NoDoubt tells that the call is over, or that the switch has said that it is not.
func (e *Engine) NoDoubt(id callmodel.CallID) {
	if len(e.backup.doubted) > 0 {
		e.backup.doubted = slices.DeleteFunc(e.backup.doubted, func(d callmodel.CallID) bool { return d == id })
	}
}

// believe: Full Sync Done (synchronized) has come from a primary that had heard the switch's events up to seq.
func (b *backup) believe(seq uint64) {
	b.phase, b.agreed, b.looked, b.doubted = syncDone, seq, false, b.doubted[:0]
}

// appendDoubts appends what is doubted; only a backup that has Full Sync Done doubts.
func (b *backup) appendDoubts(to []byte) []byte {
	if b.phase != syncDone {
		return to
	}
	to = canon.Uint(to, len(b.doubted))
	for _, id := range b.doubted {
		to = canon.Uint(to, id.Ref)
		to = canon.Uint(to, id.Born)
	}
	return to
}

func (b *backup) restoreDoubts(r *canon.Reader) {
	b.doubted = nil
	if b.phase != syncDone {
		return
	}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		b.doubted = append(b.doubted, callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)})
	}
}
