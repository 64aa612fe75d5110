package tserver

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// resume tells a client what it has missed since the event that it saw last (X8), or, if that is not known any more, so, and the current state.
// Events that wait (X7) follow in their turn.
func (s *Server) resume(id wire.ID, last number, out *node.Output) {
	if s.engine.Role() != wire.Primary {
		s.refuse(id, &wire.Message{Kind: wire.ResumeEvents}, callmodel.ErrNotPrimary, out, fmt.Sprintf("%s is not primary: it has published nothing that could be resumed", s.self))
		return
	}
	j := &s.journal
	first, complete := j.behind(last)
	answer := out.Send(id, wire.EventResumed)
	answer.Epoch, answer.Complete, answer.Seq, answer.Sub = s.engine.Epoch(), complete, j.told.seq, j.told.sub
	at, count := len(out.Msgs)-1, len(out.Msgs)
	if complete {
		for i := first; i < j.size-j.pending; i++ {
			if e := j.at(i); s.clients.wants(id, e.thisDN) {
				m := e.message(s.engine.Epoch())
				e.sendTo(id, &m, out)
			}
		}
	} else {
		s.tellState(id, out)
	}
	out.Msgs[at].Num = uint64(len(out.Msgs) - count)
}

// tellState tells a client of every call in progress at its DNs, and of the agents there. A call that it may not see yet (X7) follows as an event.
func (s *Server) tellState(id wire.ID, out *node.Output) {
	for ref := range s.engine.Refs() {
		call := s.engine.HeldAt(ref)
		if call == (callmodel.CallID{}) || s.engine.Unreplicated(call) > 0 {
			continue
		}
		c := s.table.At(ref)
		if _, plain := c.Plain(); plain {
			if s.wantsParty(id, c, 0) || s.wantsParty(id, c, 1) {
				s.partyInfo(id, call, 0, out)
			}
			continue
		}
		for i := range c.Len() {
			if s.wantsParty(id, c, i) {
				m := s.partyInfo(id, call, i, out)
				m.PartyState, m.ThisRole = c.At(i).State, c.At(i).Role
			}
		}
	}
	for i := range s.dns.list {
		if d := &s.dns.list[i]; (d.agentID != "" || d.dnd || d.forward != "") && s.clients.wants(id, d.name) {
			s.addressInfo(id, d, out)
		}
	}
}

func (s *Server) wantsParty(id wire.ID, c *parties.Call, i int) bool {
	return !c.At(i).Silent && s.clients.wants(id, c.At(i).DN)
}

// partyInfo tells a client of a call as a party of it sees it.
func (s *Server) partyInfo(id wire.ID, call callmodel.CallID, i int, out *node.Output) *wire.Message {
	c := s.table.At(call.Ref)
	m := out.Send(id, wire.EventPartyInfo)
	m.Epoch, m.Call, m.ConnID, m.CallType, m.CallState = s.engine.Epoch(), call, s.engine.ConnID(call), c.Type, c.State()
	m.ThisDN, m.Data = c.At(i).DN, s.engine.Data(call)
	m.OtherDN, _ = c.Other(i)
	return m
}

func (s *Server) addressInfo(id wire.ID, d *dn, out *node.Output) *wire.Message {
	m := out.Send(id, wire.EventAddressInfo)
	m.Epoch, m.ThisDN, m.DNType, m.Agent, m.WorkMode, m.Text = s.engine.Epoch(), d.name, d.typ, d.state(), d.mode, d.agentID
	m.Announced, m.OtherDN = d.dnd, d.forward
	return m
}

// Named implements hasync.Server: the events of a call that were kept before it had its ConnID get it.
func (s *Server) Named(call callmodel.CallID, connID callmodel.ConnID, data callmodel.AttachedData) {
	s.journal.rename(call, connID, data)
}

// Agreed implements hasync.Server.
func (s *Server) Agreed(seq uint64) { s.journal.agreed = seq }

// nameReleased gives the calls a ConnID that ended before they had one, and whose events clients may ask for: what the old primary called
// them, nobody has heard (X7).
func (s *Server) nameReleased(out *node.Output) {
	s.journal.distrust(s.engine.Held)
	for i := range s.journal.size {
		e := s.journal.at(i)
		if e.connID == 0 && e.call.Born != 0 && e.after(s.journal.base) && !s.engine.Held(e.call) {
			s.journal.rename(e.call, s.engine.NameReleased(e.call, out), e.data)
		}
		e.guess = false // it is what the primary calls it, now
	}
}
