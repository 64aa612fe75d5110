package hasync

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// AppendCanonical appends the engine's state between two steps. What follows from the rest, such as what the others were
// told, is left out; so is what a dead incarnation of the peer knew.
func (e *Engine) AppendCanonical(b []byte) []byte {
	b = canon.Uint(b, e.inc)
	b = canon.Uint(b, e.invented)
	b = canon.Uint(b, e.role)
	b = canon.Uint(b, e.epoch)
	b = canon.Uint(b, e.cti)
	b = canon.Uint(b, e.seq)
	b = canon.Bool(b, e.announced)
	b = canon.Bool(b, e.carrier)
	b = canon.Bool(b, e.control)
	b = canon.Bool(b, e.alone)
	b = canon.Uint(b, e.handover.state)
	b = canon.Uint(b, e.handover.epoch)
	b = e.peer.append(b)
	b = canon.Uint(b, e.backup.phase)
	b = canon.Uint(b, e.backup.num)
	b = canon.Uint(b, e.backup.inTheWay)
	b = canon.Uint(b, e.backup.agreed)
	b = canon.Uint(b, e.backup.watermark)
	b = e.backup.appendDoubts(b)
	b = e.primary.append(b)
	b = canon.Bool(b, e.overdue.is)
	return e.names.append(b)
}

// Restore is the inverse of AppendCanonical, on an engine made with the same options.
func (e *Engine) Restore(r *canon.Reader) {
	e.inc = canon.Read[uint64](r)
	e.invented = canon.Read[uint64](r)
	e.role = canon.Read[wire.Role](r)
	e.epoch = canon.Read[uint64](r)
	e.cti = canon.Read[callmodel.CTIState](r)
	e.seq = canon.Read[uint64](r)
	e.announced = r.Bool()
	e.carrier = r.Bool()
	e.control = r.Bool()
	e.alone = r.Bool()
	e.handover.state = canon.Read[handoverState](r)
	e.handover.epoch = canon.Read[uint64](r)
	e.peer.restore(r)
	e.backup.phase = canon.Read[syncState](r)
	e.backup.num = canon.Read[uint64](r)
	e.backup.inTheWay = canon.Read[uint64](r)
	e.backup.agreed = canon.Read[uint64](r)
	e.backup.watermark = canon.Read[uint64](r)
	e.backup.restoreDoubts(r)
	e.primary.restore(r)
	e.overdue.is = r.Bool()
	e.names.restore(r)
	e.restoreDerived()
}

// restoreDerived: after Settle, the others have been told what there is to tell.
func (e *Engine) restoreDerived() {
	e.overdue.raised = e.overdue.is
	e.overdue.armed = e.primary.asked && e.opt.HASyncMaxWait > 0 && !e.overdue.is
	e.backup.looked = e.backup.phase == syncDone && e.seq >= e.backup.agreed
	e.waiting = e.role == wire.Backup && e.carrier && !e.hasPrimary() && !e.alone
	e.toldPeer, e.toldM = report{}, report{}
	if e.peer.up {
		e.toldPeer = e.report()
	}
	ready, why := e.Readiness()
	if e.control {
		e.toldM = e.report()
		e.toldM.ready = ready
	}
	e.notedDiffers, e.notedVersion = e.peer.differs, e.peer.version
	e.notedWhy = why
	e.notedReady, e.notedSync, e.notedTags = ready, e.syncState(), e.names.tagged
}

func (p *peer) append(b []byte) []byte {
	b = canon.Bool(b, p.up)
	if !p.up {
		return b
	}
	b = canon.Uint(b, p.inc)
	b = canon.Bool(b, p.told)
	b = canon.Uint(b, p.role)
	b = canon.Uint(b, p.epoch)
	b = canon.Uint(b, p.cti)
	b = canon.Bool(b, p.announced)
	b = canon.Uint(b, p.version)
	return canon.String(b, p.differs)
}

func (p *peer) restore(r *canon.Reader) {
	*p = peer{up: r.Bool()}
	if !p.up {
		return
	}
	p.inc = canon.Read[uint64](r)
	p.told = r.Bool()
	p.role = canon.Read[wire.Role](r)
	p.epoch = canon.Read[uint64](r)
	p.cti = canon.Read[callmodel.CTIState](r)
	p.announced = r.Bool()
	p.version = canon.Read[uint32](r)
	p.differs = r.String()
}

func (p *primary) append(b []byte) []byte {
	b = canon.Bool(b, p.asked)
	b = canon.Uint(b, p.num)
	b = canon.Uint(b, p.watermark)
	b = canon.Bool(b, p.sent)
	b = canon.Bool(b, p.acked)
	b = canon.Uint(b, p.cursor)
	b = canon.Bool(b, p.pausing)
	b = canon.Uint(b, p.named)
	return canon.Uint(b, p.namedAcked)
}

func (p *primary) restore(r *canon.Reader) {
	p.asked = r.Bool()
	p.num = canon.Read[uint64](r)
	p.watermark = canon.Read[uint64](r)
	p.sent = r.Bool()
	p.acked = r.Bool()
	p.cursor = canon.Read[uint32](r)
	p.pausing = r.Bool()
	p.named = canon.Read[uint64](r)
	p.namedAcked = canon.Read[uint64](r)
}

// append writes the calls in the order of their references; a generation is told as tagged or not.
func (n *names) append(b []byte) []byte {
	b = canon.Uint(b, n.peerInc)
	b = canon.Bool(b, n.tagging)
	for ref := range n.calls {
		c := &n.calls[ref]
		if !c.held() && c.earlyID == 0 {
			continue
		}
		b = canon.Uint(b, uint32(ref))
		b = canon.Uint(b, c.born)
		b = canon.Uint(b, uint64(c.connID))
		b = canon.Bool(b, n.isKnown(c))
		b = canon.Bool(b, n.isTagged(c))
		b = canon.Uint(b, c.earlyBorn)
		b = canon.Uint(b, uint64(c.earlyID))
		b = canon.Bool(b, c.earlyFrom == n.peerInc)
		b = canon.String(b, n.data[uint32(ref)])
		told, changed := n.changed[uint32(ref)]
		b = canon.Bool(b, changed)
		b = canon.Uint(b, told)
	}
	b = canon.Uint(b, uint32(0))
	return n.appendOlder(b)
}

func (n *names) restore(r *canon.Reader) {
	*n = names{maxRef: n.maxRef, peerInc: canon.Read[uint64](r), tagging: r.Bool(), gen: 1}
	if n.peerInc != 0 {
		n.peer = 1
	}
	for ref := canon.Read[uint32](r); ref != 0 && ref <= n.maxRef; ref = canon.Read[uint32](r) {
		c := n.at(ref)
		c.born = canon.Read[uint64](r)
		c.connID = callmodel.ConnID(canon.Read[uint64](r))
		known, tagged := r.Bool(), r.Bool()
		c.gen = n.gen
		c.earlyBorn = canon.Read[uint64](r)
		c.earlyID = callmodel.ConnID(canon.Read[uint64](r))
		if r.Bool() {
			c.earlyFrom = n.peerInc
		}
		n.setData(ref, callmodel.AttachedData(r.String()))
		changed, told := r.Bool(), canon.Read[uint64](r)
		if changed {
			if n.changed == nil {
				n.changed = map[uint32]uint64{}
			}
			n.changed[ref] = told
		}
		if !c.held() {
			continue
		}
		n.held++
		if c.connID == 0 {
			n.unnamed++
		} else {
			n.byConnID.add(n.calls, ref)
		}
		if known {
			c.known = n.peer
		} else {
			n.unknown++
		}
		if tagged {
			c.gen--
			n.tagged++
		}
	}
	n.restoreOlder(r)
}
