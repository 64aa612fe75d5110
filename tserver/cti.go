package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

func (s *Server) ctiDown(out *node.Output) {
	s.snapshot.reset()
	s.stopKeepAlive(out)
	s.journal.lose()
	s.engine.CTIDown(out)
}

// fromSwitch handles a message of the CTI link.
func (s *Server) fromSwitch(m *wire.Message, out *node.Output) {
	switch m.Kind {
	case wire.SnapshotBegin, wire.SnapshotDN, wire.SnapshotCall, wire.SnapshotEnd:
		s.readSnapshot(m, out)
		return
	case wire.KeepAliveAck:
		s.keptAlive(m, out)
		return
	case wire.CallInfo:
		s.callInfo(m, out)
		return
	}
	// Live events follow each other without a hole. A hole means that the switch was silent towards this T-Server: what it
	// holds may be wrong, so the switch is read again.
	gap := m.Seq != s.engine.Seq()+1 && !s.opt.Without.Has(node.CTIGap)
	if s.engine.CTI() != callmodel.CTISynchronized || gap {
		s.resynchronize(m, out, "event number out of order")
		return
	}
	if m.Kind == wire.CallCreated {
		s.releaseStuck(m.Call.Ref, out)
	}
	s.sub = 0
	switch m.Kind {
	case wire.CallCreated:
		s.created(m, out)
	case wire.CallAnswered:
		s.answered(m, out)
	case wire.CallReleased:
		if !s.engine.Held(m.Call) {
			s.badInput(m.Call, out, "a call that is not held cannot be released")
			break
		}
		s.release(m.Call, m.Seq, out)
	case wire.AgentChanged:
		if !s.dns.setAgent(m.ThisDN, m.Agent) {
			s.badInput(m.Call, out, "the switch has no DN "+string(m.ThisDN))
		}
	default:
		s.resynchronize(m, out, m.Kind.String()+" does not belong on the CTI link")
		return
	}
	s.engine.Reached(m.Seq)
}

// resynchronize gives up the CTI link, so that it comes up again and the switch is read anew.
func (s *Server) resynchronize(m *wire.Message, out *node.Output, why string) {
	s.giveUpSwitch(m.Call, out, why)
}

func (s *Server) giveUpSwitch(call callmodel.CallID, out *node.Output, why string) {
	s.badInput(call, out, why)
	out.Close(wire.Switch)
	s.ctiDown(out)
}

func (s *Server) created(m *wire.Message, out *node.Output) {
	if !s.engine.InRange(m.Call.Ref) || m.Call.Born != m.Seq {
		s.resynchronize(m, out, "call reference out of range, or a call that was not created at this event number")
		return
	}
	s.engine.Created(m.Call, out)
	s.setParty(m.Call.Ref, party{from: m.ThisDN, to: m.OtherDN, typ: m.CallType, state: callmodel.CallRinging})
	s.active(m.Call, out)
	s.publishOffered(m.Call, m.Seq, out)
}

// releaseStuck (X9): a call whose reference the switch uses again is no more. The release is this T-Server's own finding, so it takes the next
// place at the event number before: what follows from the switch alone has the same numbers at both T-Servers (X8).
func (s *Server) releaseStuck(ref uint32, out *node.Output) {
	if old := s.engine.HeldAt(ref); old != (callmodel.CallID{}) {
		s.release(old, s.engine.Seq(), out)
	}
}

func (s *Server) answered(m *wire.Message, out *node.Output) {
	if !s.engine.Held(m.Call) {
		s.badInput(m.Call, out, "a call that is not held cannot be answered")
		return
	}
	s.parties[m.Call.Ref].state = callmodel.CallEstablished
	s.active(m.Call, out)
	s.publishBoth(wire.EventEstablished, wire.EventEstablished, m.Call, m.Seq, out)
}

// release drops a call that is held, and tells clients of it.
func (s *Server) release(id callmodel.CallID, seq uint64, out *node.Output) {
	atDestination := wire.EventReleased
	if s.parties[id.Ref].state == callmodel.CallRinging {
		atDestination = wire.EventAbandoned
	}
	s.publishBoth(wire.EventReleased, atDestination, id, seq, out)
	s.forget(id, out)
}

func (s *Server) forget(id callmodel.CallID, out *node.Output) {
	s.engine.Released(id, out)
	s.over(id, out)
	s.parties[id.Ref] = party{}
}

func (s *Server) setParty(ref uint32, p party) {
	if int(ref) >= len(s.parties) {
		s.parties = append(s.parties, make([]party, int(s.engine.Refs())-len(s.parties))...)
	}
	s.parties[ref] = p
}
