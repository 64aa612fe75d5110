package hasync

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

func (e *Engine) report() report {
	return report{role: e.role, epoch: e.epoch, cti: e.cti, announced: e.announced}
}

// tellPeer tells the other T-Server role, epoch, CTI state and whether it has announced, at opening and at every change (R4).
func (e *Engine) tellPeer(out *node.Output) {
	now := e.report()
	if !e.peer.up || now == e.toldPeer {
		return
	}
	first := e.toldPeer == report{}
	e.toldPeer = now
	m := e.sendPeer(wire.PeerState, out)
	if first {
		m.Text = e.opt.Shared()
	}
	if e.opt.ProtocolVersion > 1 {
		m.Version = e.opt.ProtocolVersion
	}
	if e.spoken() > 2 {
		m.Calls = uint64(e.names.held)
	}
	m.Role, m.CTI, m.Announced = now.role, now.cti, now.announced
}

// tellM tells the Management Layer the same, and the readiness (X10).
func (e *Engine) tellM(out *node.Output) {
	now := e.report()
	now.ready, _ = e.Readiness()
	if !e.control || now == e.toldM {
		return
	}
	e.toldM = now
	m := out.Send(wire.MLayer, wire.Status)
	m.Epoch, m.Role, m.CTI, m.Announced, m.Ready = now.epoch, now.role, now.cti, now.announced, now.ready
}

// Readiness is X10's: whether a switchover would lose nothing, and if not, why.
func (e *Engine) Readiness() (ready bool, why string) {
	switch {
	case !e.peer.up && (e.role == wire.Primary || e.backup.phase != syncDone):
		return false, "the HA link is down"
	case e.role == wire.Backup && e.backup.phase == syncDone && e.seq < e.backup.agreed && !e.opt.Without.Has(node.ReachAgreed):
		return false, "the switch's events up to the primary's are awaited" // calls that it may call otherwise than the primary did are over there
	case e.role == wire.Backup && e.backup.phase == syncDone && len(e.backup.doubted) > 0:
		return false, "calls that the primary may not have are looked up at the switch"
	case e.role == wire.Backup && e.backup.phase == syncDone:
		return true, "synchronized"
	case e.role == wire.Backup && e.cti != callmodel.CTISynchronized:
		return false, ctiReasons[e.cti]
	case e.role == wire.Backup:
		return false, "no Full Sync Done (synchronized)"
	case e.primary.acked:
		return true, "synchronized"
	case e.peer.cti != callmodel.CTISynchronized:
		return false, backupCTIReasons[e.peer.cti]
	}
	return false, "Full Sync Done (synchronized) is not acknowledged"
}

// ctiReasons and backupCTIReasons are why readiness is 0 for a CTI link, by its state.
var ctiReasons, backupCTIReasons = func() (own, backups [callmodel.CTISynchronized + 1]string) {
	for s := range own {
		own[s] = "the CTI link is " + callmodel.CTIState(s).String()
		backups[s] = "the backup's CTI link is " + callmodel.CTIState(s).String()
	}
	return own, backups
}()

// callsInTheWay returns how many tagged calls are in the way of readiness (X10), as far as this T-Server knows: a backup does since version 3.
func (e *Engine) callsInTheWay() uint64 {
	if e.role == wire.Primary {
		return uint64(e.names.tagged)
	}
	return e.backup.inTheWay
}

// noteProgress states what has changed of the synchronization in this step.
func (e *Engine) noteProgress(out *node.Output) {
	if s := e.syncState(); s != e.notedSync {
		e.notedSync = s
		n := e.backup.num
		if e.role == wire.Primary {
			n = e.primary.num
		}
		out.Note(node.Note{Kind: node.NoteSync, Text: s.String(), N: n})
	}
	if e.names.tagged != e.notedTags {
		e.notedTags = e.names.tagged
		out.Note(node.Note{Kind: node.NoteTagged, N: uint64(e.names.tagged)})
		e.tellProgress(out)
	}
	e.settleAlarms(out)
	if ready, why := e.Readiness(); ready != e.notedReady || why != e.notedWhy {
		e.notedReady, e.notedWhy = ready, why
		n := uint64(0)
		if ready {
			n = 1
		}
		out.Note(node.Note{Kind: node.NoteReady, N: n, M: e.callsInTheWay(), Text: why})
	}
}

func (e *Engine) syncState() syncState {
	if e.role == wire.Backup {
		return e.backup.phase
	}
	switch {
	case e.names.tagging:
		return syncTagging
	case e.primary.sent:
		return syncDone
	}
	return syncIdle
}
