package hasync

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// syncState is the state of T-Server synchronization (protocol.md, section 2).
type syncState uint8

const (
	syncIdle syncState = iota + 1
	// A backup's.
	syncAwaiting // Backup Ready is sent, Full Sync Done awaited
	syncAnswered // answered start-up or link-down: an answer, not synchronization
	// A primary's.
	syncTagging
	// Either's: Full Sync Done (synchronized).
	syncDone
)

func (s syncState) String() string {
	return [...]string{syncIdle: "idle", syncAwaiting: "awaiting", syncAnswered: "answered", syncTagging: "tagging", syncDone: "done"}[s]
}

// backup is T-Server synchronization as seen by a backup.
type backup struct {
	phase     syncState // never syncTagging
	num       uint64    // of the last Backup Ready, in this incarnation
	inTheWay  uint64    // tagged calls, as the primary has told while syncAwaiting (since version 3); 0 if unknown
	agreed    uint64    // the switch's event number that the primary had reached when it sent Full Sync Done (synchronized)
	watermark uint64    // W: the event number at which what was read from the switch is consistent (X1)

	// With syncDone: whether the switch's events up to agreed have come, and the calls about which the switch was asked then, and has not answered.
	looked  bool
	doubted []callmodel.CallID
}

// hasPrimary: the HA link is up to a primary of this T-Server's epoch.
func (e *Engine) hasPrimary() bool {
	return e.peer.up && e.peer.told && e.peer.role == wire.Primary && e.peer.epoch == e.epoch
}

// settleBackup: R4.
func (e *Engine) settleBackup(out *node.Output) bool {
	b := &e.backup
	if e.role != wire.Backup || e.cti != callmodel.CTISynchronized || !e.hasPrimary() {
		// With X5 off, what was done in an earlier HA session is kept until the peer says what it is.
		kept := b.phase == syncDone && e.role == wire.Backup && e.cti == callmodel.CTISynchronized && !e.peer.told
		if b.phase == syncIdle || kept {
			return false
		}
		b.phase = syncIdle
		return true
	}
	if b.phase != syncIdle && (b.phase != syncAnswered || !e.peer.announced) || e.opt.Without.Has(node.R4State) && !e.readNow {
		return false
	}
	b.num++
	b.phase, b.inTheWay = syncAwaiting, 0
	m := e.sendPeer(wire.BackupReady, out)
	m.Num, m.Seq = b.num, b.watermark
	return true
}

// fullSyncDone: R9.
func (e *Engine) fullSyncDone(m *wire.Message, out *node.Output) {
	if e.role != wire.Backup || e.backup.phase != syncAwaiting || m.Num != e.backup.num && !e.opt.Without.Has(node.FullSyncNum) {
		return // of a Backup Ready that is withdrawn
	}
	e.backup.phase, e.backup.inTheWay = syncAnswered, 0
	if m.Reason == wire.Synchronized {
		e.backup.believe(m.Seq)
		e.server.Agreed(m.Seq)
	}
	e.sendPeer(wire.FullSyncAck, out).Num = m.Num
	e.announce("R9", out)
}

// peerFailed: R11, its first sentence. R10 follows from the end of the HA session.
func (e *Engine) peerFailed(out *node.Output) {
	if e.role == wire.Backup && e.backup.phase == syncAwaiting {
		e.backup.phase = syncIdle
		if e.opt.Without.Has(node.R11AtOnce) {
			return
		}
		e.announce("R11", out)
	}
}

// watchForPrimary: R11, its second sentence: how long no primary of this epoch was reached.
func (e *Engine) watchForPrimary(out *node.Output) {
	want := e.role == wire.Backup && e.carrier && !e.hasPrimary() && !e.opt.Without.Has(node.R11Alone)
	if !want {
		e.alone = false
	}
	want = want && !e.alone
	switch {
	case want && !e.waiting:
		out.Set(node.Timer{Kind: aloneTimer}, e.opt.ConnectTout)
	case !want && e.waiting:
		out.Cancel(node.Timer{Kind: aloneTimer})
	}
	e.waiting = want
}
