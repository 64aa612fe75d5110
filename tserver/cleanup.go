package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// cleanupTimer: nothing has happened to a call for cleanup-idle-timeout (X9). Key is the call reference.
const cleanupTimer node.TimerKind = 18

// active (X9): something happens to a call, so its time begins anew.
func (s *Server) active(id callmodel.CallID, out *node.Output) {
	if s.opt.CleanupIdleTimeout > 0 {
		out.Set(node.Timer{Kind: cleanupTimer, Key: id.Ref}, s.opt.CleanupIdleTimeout)
	}
}

// over ends that.
func (s *Server) over(id callmodel.CallID, out *node.Output) {
	if s.opt.CleanupIdleTimeout > 0 {
		out.Cancel(node.Timer{Kind: cleanupTimer, Key: id.Ref})
	}
}

// idle (X9): the switch is asked whether the call still is. If the question or its answer is lost, it is asked again.
func (s *Server) idle(ref uint32, out *node.Output) {
	id := s.engine.HeldAt(ref)
	if id == (callmodel.CallID{}) {
		return
	}
	s.active(id, out)
	s.Doubted(id, out)
}

// Doubted implements hasync.Server: the switch is asked whether it still has the call, if it can be.
func (s *Server) Doubted(id callmodel.CallID, out *node.Output) {
	if s.engine.CTI() == callmodel.CTISynchronized {
		out.Send(wire.Switch, wire.QueryCall).Call = id
	}
}

// callInfo (X9): the switch's answer. A call that it does not know has been released, and the release was lost. What is asked about is an identity: that
// the reference is in use again, or that the call has been released meanwhile, does not matter.
func (s *Server) callInfo(m *wire.Message, out *node.Output) {
	s.engine.NoDoubt(m.Call)
	if m.CallState != 0 || s.engine.CTI() != callmodel.CTISynchronized || !s.engine.Held(m.Call) {
		return
	}
	out.Note(node.Note{Kind: node.NoteCleanedUp, Call: m.Call})
	if s.engine.Role() == wire.Primary {
		s.release(m.Call, s.engine.Seq(), out)
		return
	}
	// The primary finds the same at another time. Whatever it has told clients by then, they are not told again: who changes over gets the state.
	s.sub += parties.Places
	s.journal.resync(number{s.engine.Seq(), s.sub - 1})
	s.forget(m.Call, out)
}
