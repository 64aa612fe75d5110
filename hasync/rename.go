package hasync

import (
	"maps"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// Rename renames the numbers of the engine's state; see canon.Renaming.
func (e *Engine) Rename(f canon.Renaming) {
	own, peers := wire.ClassesOf(e.self), wire.ClassesOf(e.self.Peer())
	last := callmodel.NewConnID(uint8(e.self-wire.A), e.inc, 1) - 1 + callmodel.ConnID(e.invented)
	e.inc = f(own.Start, e.inc)
	e.invented = f(canon.Invented, uint64(last)) & callmodel.MaxInvention
	e.epoch = f(canon.Epoch, e.epoch)
	if e.cti == callmodel.CTISynchronized {
		e.seq = f(canon.Reached, e.seq)
	} else {
		e.seq, e.backup.watermark = 0, 0 // what is read from the switch begins anew
	}
	e.handover.epoch = f(canon.Epoch, e.handover.epoch)
	if e.peer.up {
		e.peer.inc = f(peers.Start, e.peer.inc)
		e.peer.epoch = f(canon.Epoch, e.peer.epoch)
	}
	e.backup.watermark = f(canon.Watermark, e.backup.watermark)
	if e.backup.phase == syncDone {
		e.backup.agreed = f(canon.Watermark, e.backup.agreed)
		for i := range e.backup.doubted {
			e.backup.doubted[i].Born = f(canon.Born, e.backup.doubted[i].Born)
		}
	} else {
		e.backup.agreed = 0
	}
	if e.backup.phase == syncAwaiting {
		e.backup.num = f(own.Ready, e.backup.num)
	} else {
		e.backup.num = f(own.LastReady, e.backup.num)
	}
	p := &e.primary
	p.watermark = f(canon.Watermark, p.watermark)
	if p.asked || p.sent {
		p.num = f(peers.Ready, p.num)
	} else {
		p.num = 0 // nothing is answered to it any more
	}
	p.named, p.namedAcked = f(own.Named, p.named), f(own.Named, p.namedAcked)
	e.names.rename(peers.Start, e.peer.up, f)
	for _, ref := range slices.Sorted(maps.Keys(e.names.changed)) {
		if num := e.names.changed[ref]; num != 0 {
			e.names.changed[ref] = f(own.Named, num)
		}
	}
	e.restoreDerived()
}

func (n *names) rename(peers canon.Class, linked bool, f canon.Renaming) {
	matters := linked // whom is it that knows
	for i := range n.calls {
		c := &n.calls[i]
		matters = matters || n.isKnown(c) || c.earlyID != 0 && c.earlyFrom == n.peerInc
	}
	for i := range n.older {
		matters = matters || n.older[i].from == n.peerInc
	}
	was := n.peerInc
	if matters {
		n.peerInc = f(peers, was)
	} else {
		n.peerInc = 0
	}
	n.byConnID = index{}
	for i := range n.calls {
		c := &n.calls[i]
		c.born = f(canon.Born, c.born)
		c.connID = callmodel.ConnID(f(canon.ConnID, uint64(c.connID)))
		c.earlyBorn = f(canon.Born, c.earlyBorn)
		c.earlyID = callmodel.ConnID(f(canon.ConnID, uint64(c.earlyID)))
		c.earlyFrom = only(c.earlyFrom, was, n.peerInc)
		if c.known != n.peer {
			c.known = 0 // what another one knew does not matter
		}
		if c.held() && c.connID != 0 {
			n.byConnID.add(n.calls, uint32(i))
		}
	}
	for i := range n.older {
		n.older[i].rename(was, n.peerInc, f)
	}
	for i := range n.earlyData {
		n.earlyData[i].call.Born = f(canon.Born, n.earlyData[i].call.Born)
	}
}

// rename renames an early ConnID.
func (o *early) rename(was, now uint64, f canon.Renaming) {
	o.call.Born = f(canon.Born, o.call.Born)
	o.connID = callmodel.ConnID(f(canon.ConnID, uint64(o.connID)))
	o.from = only(o.from, was, now)
}

// only returns now for was, and 0 for any other incarnation: what another one knew does not matter.
func only(inc, was, now uint64) uint64 {
	if inc == was {
		return now
	}
	return 0
}
