package tserver

import (
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// resume tells a client what it has missed since the event that it saw last (X8), or, if that is not known any more, so, and the current state.
// Events that wait (X7) follow in their turn.
func (s *Server) resume(id wire.ID, last number, out *node.Output) {
	if s.engine.Role() != wire.Primary {
		s.refuse(id, "", out, fmt.Sprintf("%s is not primary: it has published nothing that could be resumed", s.self))
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
				*out.Send(id, e.kind) = e.message(s.engine.Epoch())
			}
		}
	} else {
		s.tellState(id, out)
	}
	out.Msgs[at].Num = uint64(len(out.Msgs) - count)
}

// tellState tells a client of every call in progress at its DNs. A call that it may not see yet (X7) follows as an event.
func (s *Server) tellState(id wire.ID, out *node.Output) {
	for ref := range s.parties {
		call, p := s.engine.HeldAt(uint32(ref)), &s.parties[ref]
		if call == (callmodel.CallID{}) || s.engine.Unreplicated(call) > 0 {
			continue
		}
		if !s.clients.wants(id, p.to) && (p.typ != callmodel.CallInternal || !s.clients.wants(id, p.from)) {
			continue
		}
		m := out.Send(id, wire.EventPartyInfo)
		m.Epoch, m.Call, m.ConnID, m.CallType, m.CallState = s.engine.Epoch(), call, s.engine.ConnID(call), p.typ, p.state
		m.ThisDN, m.OtherDN = p.from, p.to
	}
}

// wants reports whether a client gets the events of a DN.
func (c *clients) wants(id wire.ID, name callmodel.DN) bool {
	if _, any := slices.BinarySearch(c.any, id); any {
		return true
	}
	_, one := slices.BinarySearch(c.byDN[name], id)
	return one
}

// Named implements hasync.Server: the events of a call that were kept before it had its ConnID get it.
func (s *Server) Named(call callmodel.CallID, connID callmodel.ConnID) {
	s.journal.rename(call, connID)
}

// Agreed implements hasync.Server.
func (s *Server) Agreed(seq uint64) { s.journal.agreed = seq }

// nameReleased gives the calls a ConnID that ended before they had one, and whose events clients may ask for: what the old primary called
// them, nobody has heard (X7).
func (s *Server) nameReleased(out *node.Output) {
	s.journal.distrust(s.engine.Held)
	for i := range s.journal.size {
		e := s.journal.at(i)
		if e.connID == 0 && e.after(s.journal.base) && !s.engine.Held(e.call) {
			s.journal.rename(e.call, s.engine.NameReleased(e.call, out))
		}
		e.guess = false // it is what the primary calls it, now
	}
}
