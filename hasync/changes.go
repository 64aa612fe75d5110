package hasync

import (
	"maps"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Data returns the data attached to a call that is held.
func (e *Engine) Data(id callmodel.CallID) callmodel.AttachedData {
	if len(e.names.data) == 0 || !e.Held(id) {
		return ""
	}
	return e.names.data[id.Ref]
}

// SetData gives a call that is held the data that came with it from the switch, or that a primary has told of.
func (e *Engine) SetData(id callmodel.CallID, d callmodel.AttachedData) {
	if e.Held(id) {
		e.names.setData(id.Ref, d)
	}
}

// CallOf returns the call that has a ConnID, the zero CallID if there is none. It may be one that this T-Server was told of, and whose switch has not told
// it yet.
func (e *Engine) CallOf(connID callmodel.ConnID) callmodel.CallID {
	if connID == 0 {
		return callmodel.CallID{}
	}
	if ref := e.names.byConnID.find(e.names.calls, connID); ref != 0 {
		return e.HeldAt(ref)
	}
	return e.names.earlyCall(connID)
}

// Changed (R12): the primary changes a call's attached data. The peer is told by the event that follows (Tell), and knows the call again when it has
// acknowledged that; if it cannot be told now, it is when it is ready.
func (e *Engine) Changed(id callmodel.CallID, d callmodel.AttachedData) {
	e.names.setData(id.Ref, d)
	e.names.change(e.names.lookup(id, false), id.Ref)
}

// change: the peer does not know the last change of a call.
func (n *names) change(c *entry, ref uint32) {
	_, before := n.changed[ref]
	if !before && !n.isKnown(c) {
		return // it does not know the call at all, and will be told both, or wait for its end
	}
	if n.changed == nil {
		n.changed = map[uint32]uint64{}
	}
	n.changed[ref] = 0
}

// Renamed (R6, R12): calls have merged: the peer is told which ConnID survives.
func (e *Engine) Renamed(id callmodel.CallID, out *node.Output) {
	c := e.names.lookup(id, false)
	if e.role != wire.Primary || c == nil || !e.peer.up {
		return
	}
	e.names.change(c, id.Ref)
	e.sendName(id, c, out)
	e.told(id.Ref)
}

// told: the peer has been told the last change of a call by the message that was sent last.
func (e *Engine) told(ref uint32) {
	if _, ok := e.names.changed[ref]; ok {
		e.names.changed[ref] = e.primary.named
	}
}

// Tell (R12, X8) tells the peer of an event that this primary makes, and returns the number that it has to acknowledge before the event is published;
// 0 if there is nothing to wait for (X7).
func (e *Engine) Tell(event *wire.Message, out *node.Output) uint64 {
	if !e.peer.up {
		return 0
	}
	e.primary.named++
	m := e.sendPeer(wire.PrimaryEvent, out)
	of, epoch := event.Kind, m.Epoch
	*m = *event
	m.Kind, m.Of, m.Epoch, m.Num = wire.PrimaryEvent, of, epoch, e.primary.named
	e.told(event.Call.Ref)
	if !e.replicating() {
		return 0
	}
	return e.primary.named
}

// TellPeer returns a message to the peer, to be filled in; nil if the HA link is down or this is no primary.
func (e *Engine) TellPeer(kind wire.Kind, out *node.Output) *wire.Message {
	if !e.peer.up || e.role != wire.Primary {
		return nil
	}
	return e.sendPeer(kind, out)
}

// TellRegistration (R12, since version 2) tells the peer that an incarnation of a client has registered a DN, or, without a mode, that it has not any more; without
// a DN, that it has registered nothing any more. It returns the number that the peer has to acknowledge before the client is answered; 0 if there is
// nothing to wait for (X7).
func (e *Engine) TellRegistration(client wire.ID, inc uint64, dn callmodel.DN, mode callmodel.RegMode, out *node.Output) uint64 {
	m := e.RememberRegistration(out)
	if m == nil {
		return 0
	}
	e.primary.named++
	m.Num, m.Client, m.Inc, m.ThisDN, m.Mode = e.primary.named, client, inc, dn, mode
	if !e.replicating() {
		return 0
	}
	return m.Num
}

// RememberRegistration returns a RegistrationTold to the peer, to be filled in; nil if it would not know it, or cannot be told now.
func (e *Engine) RememberRegistration(out *node.Output) *wire.Message {
	if e.spoken() < 2 {
		return nil
	}
	return e.TellPeer(wire.RegistrationTold, out)
}

// registrationTold: R12 at the backup. What belongs to a Backup Ready is acknowledged with Full Sync Done.
func (e *Engine) registrationTold(m *wire.Message, out *node.Output) {
	if e.role != wire.Backup {
		return
	}
	e.server.Remembered(m, out)
	if m.Num > 0 {
		e.sendPeer(wire.CallNamedAck, out).Num = m.Num
	}
}

// tellChanges (R12): the peer knows the calls, and not their last changes, since it could not be told: now it can.
func (e *Engine) tellChanges(out *node.Output) {
	for _, ref := range slices.Sorted(maps.Keys(e.names.changed)) {
		if c := &e.names.calls[ref]; e.names.changed[ref] == 0 && c.held() {
			e.sendName(callmodel.CallID{Ref: ref, Born: c.born}, c, out)
			e.told(ref)
		}
	}
}

// primaryEvent: R12 at the backup.
func (e *Engine) primaryEvent(m *wire.Message, out *node.Output) {
	if e.role != wire.Backup {
		return
	}
	told := *m
	told.Inc = e.peer.inc // it may wait until its peer is another one
	e.server.Told(&told, out)
	if m.ConnID != 0 && e.InRange(m.Call.Ref) {
		e.takeName(m, out)
	}
	ack := e.sendPeer(wire.CallNamedAck, out)
	ack.Num, ack.Call, ack.ConnID = m.Num, m.Call, m.ConnID
}

// takeName: what an event of the primary's says of the call is for its time, which may be to come. Its ConnID is for now: it is acknowledged.
func (e *Engine) takeName(m *wire.Message, out *node.Output) {
	if c := e.names.lookup(m.Call, false); c != nil {
		named := *m
		named.Data = e.names.data[m.Call.Ref]
		e.adopt(c, &named, out)
	} else if e.cti != callmodel.CTISynchronized || m.Call.Born > e.seq {
		e.names.tellEarly(early{m.Call, m.ConnID, e.peer.inc})
	}
}

// Adopt (R12): the backup takes the ConnID and data of a call from an event of the primary's.
func (e *Engine) Adopt(m *wire.Message, out *node.Output) {
	c := e.names.lookup(m.Call, false)
	if c == nil || m.ConnID == 0 {
		return
	}
	known := e.names.isKnown(c)
	e.names.setData(m.Call.Ref, m.Data)
	e.adopt(c, m, out)
	if !known && m.Inc != e.names.peerInc {
		e.names.setKnown(c, false) // who told it is gone; the peer that is there now has not heard of it (R5)
	}
}
