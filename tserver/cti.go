package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

func (s *Server) ctiDown(out *node.Output) {
	s.snapshot.reset()
	s.stopKeepAlive(out)
	s.journal.lose()
	s.engine.CTIDown(out)
	s.switchLost(out)
}

// fromSwitch handles a message of the CTI link.
func (s *Server) fromSwitch(m *wire.Message, out *node.Output) {
	switch m.Kind {
	case wire.SnapshotBegin, wire.SnapshotDN, wire.SnapshotCall, wire.SnapshotParty, wire.SnapshotEnd:
		s.readSnapshot(m, out)
		return
	case wire.KeepAliveAck:
		s.keptAlive(m, out)
		return
	case wire.CallInfo:
		s.callInfo(m, out)
		return
	case wire.SwitchAnswer:
		s.switchAnswered(m, out)
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
	s.sub = parties.Places
	switch m.Kind {
	case wire.CallCreated:
		s.created(m, out)
	case wire.CallAnswered, wire.CallReleased, wire.CallHeld, wire.CallRetrieved, wire.CallOffered, wire.CallDiverted, wire.PartyLeft, wire.CallsJoined:
		s.changed(m, out)
	case wire.AgentChanged:
		s.agentChanged(m, out)
	case wire.DNChanged:
		s.dnChanged(m, out)
	case wire.EpochMarked:
		s.epochMarked(m, out)
	default:
		s.resynchronize(m, out, m.Kind.String()+" does not belong on the CTI link")
		return
	}
	if s.engine.CTI() == callmodel.CTISynchronized {
		s.engine.Reached(m.Seq)
		s.catchUp(out)
	}
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
	data := m.Data
	if m.OtherCall != (callmodel.CallID{}) {
		data = s.engine.Data(m.OtherCall).With(data) // who is consulted sees what is known of the call that it is about
	}
	s.engine.Created(m.Call, data, out)
	s.active(m.Call, out)
	_ = s.apply(m, out) // the reference is free
}

// releaseStuck (X9): a call whose reference the switch uses again is no more. The release is this T-Server's own finding, so it takes the next
// place at the event number before: what follows from the switch alone has the same numbers at both T-Servers (X8).
func (s *Server) releaseStuck(ref uint32, out *node.Output) {
	if old := s.engine.HeldAt(ref); old != (callmodel.CallID{}) {
		s.release(old, s.engine.Seq(), out)
	}
}

// changed: something happens to a call that is held.
func (s *Server) changed(m *wire.Message, out *node.Output) {
	if !s.engine.Held(m.Call) || m.Kind == wire.CallsJoined && !s.engine.Held(m.OtherCall) {
		s.badInput(m.Call, out, m.Kind.String()+": a call that is not held")
		return
	}
	if m.Data != "" {
		s.engine.SetData(m.Call, s.engine.Data(m.Call).With(m.Data)) // it came with the request that has caused this
	}
	if m.Kind == wire.CallsJoined {
		// Its data are those of both; where both have a key, the main call's value counts.
		s.engine.SetData(m.Call, s.engine.Data(m.OtherCall).With(s.engine.Data(m.Call)))
	}
	if err := s.apply(m, out); err != nil {
		// What the T-Server holds is not what the switch holds.
		s.resynchronize(m, out, err.Error())
		return
	}
	switch m.Kind {
	case wire.CallReleased:
		s.forget(m.Call, out)
		return
	case wire.CallsJoined:
		s.joined(m, out)
	}
	s.active(m.Call, out)
}

// joined (R6, R12): two calls have become one, and the backup is told which ConnID survives.
func (s *Server) joined(m *wire.Message, out *node.Output) {
	s.forget(m.OtherCall, out)
	s.engine.Renamed(m.Call, out)
}

// release drops a call that is held, and that the T-Server has found to be no more, and tells clients of it.
func (s *Server) release(id callmodel.CallID, seq uint64, out *node.Output) {
	s.find(&wire.Message{Kind: wire.CallReleased, Seq: seq, Call: id}, seq, out)
	s.forget(id, out)
}

func (s *Server) forget(id callmodel.CallID, out *node.Output) {
	s.engine.Released(id, out)
	s.over(id, out)
	s.table.Clear(id.Ref)
}
