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
	if e.backup.phase == syncDone && e.seq < e.backup.agreed {
		e.backup.agreed = f(canon.Watermark, e.backup.agreed)
	} else { // it was reached
		e.backup.agreed = 0
	}
	if e.cti == callmodel.CTISynchronized {
		e.seq = f(canon.Reached, e.seq)
	} else {
		e.seq, e.backup.watermark = 0, 0 // what is read from the switch begins anew
	}
	e.handover.epoch = f(canon.Epoch, e.handover.epoch)
	if e.peer.up {
		e.peer.inc = f(peers.Start, e.peer.inc)
		if e.peer.role == wire.Primary {
			e.peer.epoch = f(canon.Epoch, e.peer.epoch)
		} else { // what a backup has told of these does not matter to its peer (R4), and it tells anew when it has another role
			e.peer.epoch, e.peer.announced = 0, false
		}
		if e.peer.cti != callmodel.CTISynchronized {
			e.peer.cti = callmodel.CTIDown // rules ask only whether the peer has read the switch
		}
	}
	e.backup.watermark = f(canon.Watermark, e.backup.watermark)
	for i := range e.backup.doubted {
		d := &e.backup.doubted[i]
		d.Born = f(canon.Born.Of(d.Ref), d.Born)
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
	e.names.rename(peers, e.peer.up, f)
	for _, ref := range slices.Sorted(maps.Keys(e.names.changed)) {
		if num := e.names.changed[ref]; num != 0 {
			e.names.changed[ref] = f(own.Named, num)
		}
	}
	e.restoreDerived()
}

func (n *names) rename(peers wire.Classes, linked bool, f canon.Renaming) {
	for i := range n.calls {
		n.calls[i].renameEarly(uint32(i), f)
	}
	n.older = slices.DeleteFunc(n.older, func(o early) bool { return f(canon.Early.Of(o.call.Ref), o.call.Born) == 0 })
	n.earlyData = slices.DeleteFunc(n.earlyData, func(o dataOf) bool { return f(canon.Early.Of(o.call.Ref), o.call.Born) == 0 })
	was := n.peerInc
	n.renamePeer(peers, linked, f)
	n.byConnID = index{}
	for i := range n.calls {
		c := &n.calls[i]
		c.born = f(canon.Born.Of(uint32(i)), c.born)
		c.connID = callmodel.ConnID(f(canon.ConnID, uint64(c.connID)))
		c.earlyID = callmodel.ConnID(f(canon.ConnID, uint64(c.earlyID)))
		c.earlyFrom = only(c.earlyFrom, was, n.peerInc)
		if c.known != n.peer || n.peerInc == 0 {
			c.known = 0 // what another one knew does not matter
		}
		if c.held() && c.connID != 0 {
			n.byConnID.add(n.calls, uint32(i))
		}
	}
	for i := range n.older {
		o := &n.older[i]
		o.call.Born = f(canon.Early.Of(o.call.Ref), o.call.Born)
		o.connID = callmodel.ConnID(f(canon.ConnID, uint64(o.connID)))
		o.from = only(o.from, was, n.peerInc)
	}
	for i := range n.earlyData {
		call := &n.earlyData[i].call
		call.Born = f(canon.Early.Of(call.Ref), call.Born)
	}
}

// renamePeer renames the incarnation of the peer that knows ConnIDs, where one does.
func (n *names) renamePeer(peers wire.Classes, linked bool, f canon.Renaming) {
	knows := false
	for i := range n.calls {
		c := &n.calls[i]
		knows = knows || n.isKnown(c) || c.earlyID != 0 && c.earlyFrom == n.peerInc
	}
	for i := range n.older {
		knows = knows || n.older[i].from == n.peerInc
	}
	switch {
	case linked:
		n.peerInc = f(peers.Start, n.peerInc)
	case knows:
		n.peerInc = f(peers.Known, n.peerInc)
	default:
		n.peerInc = 0
	}
}

// renameEarly renames the call of an early ConnID, and drops it if nothing of that call is to come.
func (c *entry) renameEarly(ref uint32, f canon.Renaming) {
	if c.earlyID == 0 {
		return
	}
	if c.earlyBorn = f(canon.Early.Of(ref), c.earlyBorn); c.earlyBorn == 0 {
		c.dropEarly()
	}
}

// only returns now for was, and 0 for any other incarnation: what another one knew does not matter.
func only(inc, was, now uint64) uint64 {
	if inc == was {
		return now
	}
	return 0
}
