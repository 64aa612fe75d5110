package mlayer

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// learn begins the time in which M only listens (X12).
func (l *Layer) learn(out *node.Output) {
	l.oldDone = false
	if l.opt.Without.Has(node.Learning) && l.rec.Named != wire.None {
		return
	}
	l.learning = true
	out.Set(node.Timer{Kind: learnTimer}, l.opt.DisconnectSwitchoverTimeout+l.opt.ConnectTout)
}

// settle does what the rules demand of the state as it is. It ends every step.
func (l *Layer) settle(out *node.Output) {
	l.notePairReady(out)
	if l.learning && !l.endLearning(out) {
		return
	}
	switch {
	case l.broken || l.noStore: // nobody can be named
	case l.rec.Named == wire.None:
		l.coldStart(out)
	default:
		l.follow(out)
		l.switchOver(out)
	}
	l.sendAssignments(out)
	if !l.persisted {
		l.notePairReady(out)
		l.settleAlarms(out)
	}
}

// endLearning: learning ends early when there is nothing more to learn, or when the configured primary is there at a cold start.
func (l *Layer) endLearning(out *node.Output) bool {
	a, b := &l.t[0], &l.t[1]
	if !a.told || (!b.told && l.rec.Named != wire.None) {
		return false
	}
	l.learning = false
	out.Cancel(node.Timer{Kind: learnTimer})
	return true
}

// coldStart (R1): the configured primary is named, or, when it did not show up in time, the one that is there.
func (l *Layer) coldStart(out *node.Output) {
	switch {
	case l.t[0].told:
		l.name(wire.A, false, "cold start", out)
	case l.t[1].told:
		l.name(wire.B, false, "cold start, A did not show up", out)
	}
}

// follow: an epoch above the record's is somebody else's: of two primaries the higher epoch stays (X12). Where it is nobody's,
// the named one is named anew above it, since what is below would be ignored (X6).
func (l *Layer) follow(out *node.Output) {
	if l.opt.Without.Has(node.X6) || l.highestEpoch() == l.rec.Epoch {
		return
	}
	for _, id := range []wire.ID{wire.A, wire.B} {
		if v := l.view(id); v.told && v.role == wire.Primary && v.epoch == l.highestEpoch() {
			l.setRecord(record{Epoch: v.epoch, Named: id, Inc: v.inc}, "it is primary of a higher epoch", out)
			l.stopAwaiting(out)
			l.oldDone = true
			return
		}
	}
	if v := l.view(l.rec.Named); v.told {
		l.name(l.rec.Named, false, "a higher epoch was seen", out)
	}
}

// switchOver (R14): M names the other one when the named one is dead, unreachable, another incarnation, has said goodbye, or has no
// EventLinkConnected in force, and the other has.
func (l *Layer) switchOver(out *node.Output) {
	named, other := l.view(l.rec.Named), l.view(l.rec.Named.Peer())
	another := named.told && named.inc != l.rec.Inc && !l.opt.Without.Has(node.RecordInc)
	if l.opt.Without.Has(node.R14State) && !l.lostNow {
		return
	}
	var why string
	switch {
	case named.waiting: // X11
		return
	case !named.up:
		why = l.rec.Named.String() + " is lost"
	case another:
		why = l.rec.Named.String() + " is another incarnation"
	case named.told && !named.announced:
		why = l.rec.Named.String() + " has no EventLinkConnected in force"
	default:
		return
	}
	switch {
	case other.told && other.announced:
		lost, inc, fence := l.rec.Named, l.rec.Inc, l.opt.Fence == Kick && !named.up
		l.name(l.rec.Named.Peer(), false, why, out)
		if fence {
			out.Note(node.Note{Kind: node.NoteFence, Peer: lost, M: inc})
		}
	case another && named.announced:
		l.name(l.rec.Named, false, why, out)
	}
}

// sendAssignments sends each T-Server the record, once on each link and for each naming, the named one after the old one. One whose role
// and epoch are the record's already (X12) is told as well: it changes nothing, and what M sends does not depend on who was faster.
func (l *Layer) sendAssignments(out *node.Output) {
	if l.rec.Named == wire.None {
		return
	}
	l.settleOld(out)
	for _, id := range []wire.ID{l.rec.Named, l.rec.Named.Peer()} {
		v := l.view(id)
		if v.told && !v.assigned && (l.oldDone || id != l.rec.Named || v.inc != l.rec.Inc) {
			l.assign(id, out)
		}
	}
}

// settleOld: whether the old one still has to be told and waited for.
func (l *Layer) settleOld(out *node.Output) {
	switch {
	case l.oldDone:
	case l.inForce() || !l.view(l.rec.Named.Peer()).up:
		l.stopAwaiting(out)
		l.oldDone = true
	case !l.awaiting:
		l.tellOld(out) // M has returned in the middle of a switchover
	}
}

func (l *Layer) notePairReady(out *node.Output) {
	ready := l.pairReady()
	if ready == l.ready {
		return
	}
	l.ready = ready
	n := node.Note{Kind: node.NotePairReady, Text: "a switchover would change ConnIDs"}
	if ready {
		n.N, n.Text = 1, "synchronized"
	}
	out.Note(n)
}
