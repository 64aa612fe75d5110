package hasync

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// How a call got its ConnID, as notes say it.
const (
	invented = "invented"
	adopted  = "adopted" // by R12
	kept     = "kept"    // told before the switch told of the call (R12)
)

// InRange reports whether a call reference is one that the switch may use.
func (e *Engine) InRange(ref uint32) bool { return ref > 0 && ref <= e.opt.MaxCallRef }

// Held reports whether the call is held.
func (e *Engine) Held(id callmodel.CallID) bool { return e.names.lookup(id, false) != nil }

// HeldAt returns the call that has the reference, the zero CallID if none has.
func (e *Engine) HeldAt(ref uint32) callmodel.CallID {
	if int(ref) >= len(e.names.calls) || !e.names.calls[ref].held() {
		return callmodel.CallID{}
	}
	return callmodel.CallID{Ref: ref, Born: e.names.calls[ref].born}
}

// Refs returns the end of the references that were ever in use.
func (e *Engine) Refs() uint32 { return uint32(len(e.names.calls)) }

// ConnID returns the ConnID of a call that is held, 0 if it has none.
func (e *Engine) ConnID(id callmodel.CallID) callmodel.ConnID {
	if c := e.names.lookup(id, false); c != nil {
		return c.connID
	}
	return 0
}

// Created tells that the switch created a call, whose reference is free and in range, and what data came with it: the primary names it, a backup waits
// to be told (R12).
func (e *Engine) Created(id callmodel.CallID, data callmodel.AttachedData, out *node.Output) {
	c := e.hold(id)
	if data != "" {
		e.names.setData(id.Ref, data)
	}
	switch {
	case e.keepEarly(id, c, out):
	case e.role == wire.Primary:
		e.invent(id, c, out)
	default:
		out.Note(node.Note{Kind: node.NoteHeld, Call: id})
	}
}

// Found tells that a call which is not held was found when the switch was read: a name is invented, by a backup too (R2).
func (e *Engine) Found(id callmodel.CallID, out *node.Output) {
	c := e.hold(id)
	if !e.keepEarly(id, c, out) {
		e.invent(id, c, out)
	}
}

// Released tells that a call which is held is no more.
func (e *Engine) Released(id callmodel.CallID, out *node.Output) {
	c := e.names.lookup(id, false)
	out.Note(node.Note{Kind: node.NoteGone, Call: id, ConnID: c.connID})
	e.names.release(id.Ref, c)
	e.names.forget(id.Ref)
	e.NoDoubt(id)
}

func (e *Engine) hold(id callmodel.CallID) *entry {
	c := e.names.at(id.Ref)
	e.names.hold(c, id.Born, id.Born <= e.primary.watermark)
	return c
}

// keepEarly gives a call the ConnID that this T-Server was told before.
func (e *Engine) keepEarly(id callmodel.CallID, c *entry, out *node.Output) bool {
	told := e.names.takeEarly(id, e.opt.Without.Has(node.X3))
	if told.connID == 0 {
		return false
	}
	e.names.setConnID(id.Ref, c, told.connID)
	e.names.setKnown(c, told.from == e.names.peerInc || e.opt.Without.Has(node.EarlyInc))
	if d, ok := e.names.takeEarlyData(id); ok {
		e.names.setData(id.Ref, d)
	}
	out.Note(node.Note{Kind: node.NoteNamed, Call: id, ConnID: c.connID, Text: kept})
	if e.role == wire.Primary && !e.names.isKnown(c) {
		e.sendName(id, c, out) // who told it is gone; the peer that is there now has not heard of it
	}
	return true
}

func (e *Engine) invent(id callmodel.CallID, c *entry, out *node.Output) {
	e.names.setConnID(id.Ref, c, e.newConnID())
	out.Note(node.Note{Kind: node.NoteNamed, Call: id, ConnID: c.connID, Text: invented})
	if e.role == wire.Primary {
		e.sendName(id, c, out)
	}
}

func (e *Engine) newConnID() callmodel.ConnID {
	e.invented++
	server, start := uint8(e.self-wire.A), e.inc
	if e.opt.Without.Has(node.ServerBit) {
		server = 0
	}
	if e.opt.Without.Has(node.StartNumber) {
		start = 1
	}
	return callmodel.NewConnID(server, start, e.invented)
}

// NameReleased invents the ConnID of a call that was released before it had one: its events are still to be told (X8).
func (e *Engine) NameReleased(id callmodel.CallID, out *node.Output) callmodel.ConnID {
	connID := e.newConnID()
	out.Note(node.Note{Kind: node.NoteNamed, Call: id, ConnID: connID, Text: invented})
	out.Note(node.Note{Kind: node.NoteGone, Call: id, ConnID: connID})
	return connID
}

// nameTheUnnamed: calls that are still unnamed when it becomes primary it names itself (R12).
func (e *Engine) nameTheUnnamed(out *node.Output) {
	for ref := 1; e.names.unnamed > 0 && ref < len(e.names.calls); ref++ {
		if c := &e.names.calls[ref]; c.held() && c.connID == 0 {
			id := callmodel.CallID{Ref: uint32(ref), Born: c.born}
			e.invent(id, c, out)
			e.server.Named(id, c.connID, e.names.data[id.Ref])
		}
	}
}

// sendName tells the peer a call's ConnID (R12, X2).
func (e *Engine) sendName(id callmodel.CallID, c *entry, out *node.Output) {
	if !e.peer.up {
		return
	}
	e.primary.named++
	m := e.sendPeer(wire.CallNamed, out)
	m.Num, m.Call, m.ConnID, m.Data = e.primary.named, id, c.connID, e.names.data[id.Ref]
}

// callNamed: R12 and X2 at the backup: it adopts the ConnID, keeps it for later, or drops it; and acknowledges in any case.
func (e *Engine) callNamed(m *wire.Message, out *node.Output) {
	if e.role != wire.Backup || !e.InRange(m.Call.Ref) {
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: e.self.Peer(), Call: m.Call, Text: "a call that the peer cannot name here"})
		return
	}
	if c := e.names.lookup(m.Call, e.opt.Without.Has(node.X3)); c != nil {
		e.names.setData(m.Call.Ref, m.Data)
		e.adopt(c, m, out)
	} else if e.cti != callmodel.CTISynchronized || m.Call.Born > e.seq {
		e.names.tellEarly(early{m.Call, m.ConnID, e.peer.inc})
		if e.opt.Without.Has(node.EarlyOlder) {
			e.names.older = e.names.older[:0]
		}
		e.names.keepEarlyData(m.Call, m.Data)
	} else {
		e.server.Named(m.Call, m.ConnID, m.Data) // it is over, but clients may still have to be told of it (X8)
	}
	ack := e.sendPeer(wire.CallNamedAck, out)
	ack.Num, ack.Call, ack.ConnID = m.Num, m.Call, m.ConnID
}

func (e *Engine) adopt(c *entry, m *wire.Message, out *node.Output) {
	id := callmodel.CallID{Ref: m.Call.Ref, Born: c.born}
	news := c.connID != m.ConnID
	if news && c.connID != 0 && e.opt.Without.Has(node.Adoption) {
		return
	}
	if news {
		e.names.setConnID(id.Ref, c, m.ConnID)
		out.Note(node.Note{Kind: node.NoteNamed, Call: id, ConnID: m.ConnID, Text: adopted})
	}
	if news || !e.names.isKnown(c) {
		e.names.setKnown(c, true)
		e.server.Named(id, m.ConnID, m.Data)
	}
}

// callNamedAck: the peer's incarnation knows the ConnID now (R5, X2).
func (e *Engine) callNamedAck(m *wire.Message) {
	if m.Num > e.primary.namedAcked && m.Num <= e.primary.named {
		e.primary.namedAcked = m.Num
	}
	c := e.names.lookup(m.Call, e.opt.Without.Has(node.X3))
	if c == nil || c.connID != m.ConnID {
		return
	}
	if told, ok := e.names.changed[m.Call.Ref]; ok {
		if told == 0 || m.Num < told {
			return // it does not know the last change yet
		}
		delete(e.names.changed, m.Call.Ref)
	}
	e.names.setKnown(c, true)
}
