package hasync

import (
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// batchPause is the pause between two batches of a transfer (X2).
const batchPause = time.Second

// primary is T-Server synchronization as seen by a primary. It holds for one HA session; newSession makes it zero.
type primary struct {
	asked     bool   // Backup Ready num is outstanding
	num       uint64 // of the last Backup Ready
	watermark uint64 // its W (X1)
	sent      bool   // Full Sync Done (synchronized) is sent
	acked     bool   // and acknowledged: readiness is 1 (X10)

	// Transfer (X2): tagged calls with a reference below cursor are sent; while pausing, batchTimer is armed.
	cursor  uint32
	pausing bool

	// R12, counted in this HA session.
	named      uint64 // CallNamed sent
	namedAcked uint64 // acknowledged
}

// backupReady: R5, R7, R8.
func (e *Engine) backupReady(m *wire.Message, out *node.Output) {
	if e.role != wire.Primary {
		return // the backup will learn that this is no primary
	}
	p := &e.primary
	p.asked, p.num, p.watermark, p.sent, p.acked = true, m.Num, m.Seq, false, false
	if e.opt.Without.Has(node.X1) {
		p.watermark = 0
	}
	if e.cti == callmodel.CTISynchronized && !e.opt.Without.Has(node.TagAtBackupReady) {
		p.cursor = 0
		e.names.tagAll()
		e.tellChanges(out)
		e.server.Remember(out)
	}
}

// settlePrimary: R6, R7, R8, R10, X2 and X4.
func (e *Engine) settlePrimary(out *node.Output) bool {
	p := &e.primary
	backupFailed := !e.peer.up || e.peer.cti != callmodel.CTISynchronized
	if e.role != wire.Primary || backupFailed && !e.opt.Without.Has(node.R10Abort) {
		return e.stopSynchronizing(out) // R10
	}
	if !p.asked || !e.peer.up {
		return false
	}
	switch e.cti {
	case callmodel.CTISynchronizing:
		if e.names.tagging || e.opt.Without.Has(node.R7StartUp) {
			return false // R7 is off; or X4 is off, and the CTI link came back before anything was answered
		}
		e.answer(wire.StartUp, out) // R7
	case callmodel.CTIDown:
		if e.names.tagging && e.opt.Without.Has(node.X4) || e.opt.Without.Has(node.R8LinkDown) {
			return false
		}
		e.answer(wire.LinkDown, out) // R8, X4
	default:
		e.transfer(out)
		if e.names.tagged > 0 || e.seq < p.watermark {
			return false
		}
		e.answer(wire.Synchronized, out) // R6
	}
	return true
}

func (e *Engine) answer(reason wire.Reason, out *node.Output) {
	e.stopTransfer(out)
	e.names.untagAll()
	e.primary.asked, e.primary.watermark = false, 0
	e.primary.sent = reason == wire.Synchronized
	e.primary.acked = e.primary.sent && e.opt.Without.Has(node.FullSyncAcked)
	m := e.sendPeer(wire.FullSyncDone, out)
	m.Num, m.Reason, m.Seq = e.primary.num, reason, e.seq
}

// stopSynchronizing: R10: tags cleared, nothing sent; readiness is 0 (X10).
func (e *Engine) stopSynchronizing(out *node.Output) bool {
	p := &e.primary
	if !p.asked && !p.sent && !e.names.tagging {
		return false
	}
	e.stopTransfer(out)
	e.names.untagAll()
	p.asked, p.watermark, p.sent, p.acked = false, 0, false, false
	return true
}

func (e *Engine) fullSyncAck(m *wire.Message) {
	if e.role == wire.Primary && e.primary.sent && m.Num == e.primary.num {
		e.primary.acked = true
	}
}

// transfer: X2: sends the ConnIDs of tagged calls, ha-sync-batch at a time.
func (e *Engine) transfer(out *node.Output) {
	p := &e.primary
	if e.opt.HASyncMethod != Transfer || e.opt.Without.Has(node.X2) || !e.names.tagging {
		return
	}
	for sent := 0; !p.pausing && int(p.cursor) < len(e.names.calls); p.cursor++ {
		c := &e.names.calls[p.cursor]
		if !e.names.isTagged(c) {
			continue
		}
		if sent == e.opt.HASyncBatch {
			p.pausing = true
			out.Set(node.Timer{Kind: batchTimer}, batchPause)
			return
		}
		e.sendName(callmodel.CallID{Ref: p.cursor, Born: c.born}, c, out)
		sent++
	}
}

func (e *Engine) stopTransfer(out *node.Output) {
	if e.primary.pausing {
		out.Cancel(node.Timer{Kind: batchTimer})
	}
	e.primary.pausing, e.primary.cursor = false, 0
}
