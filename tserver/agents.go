package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// wrapTimer: one tick of an agent's after-call work is over. Key is the index of its DN.
const wrapTimer node.TimerKind = 20

// wrapTicks is how many ticks wrap-up-time has: a backup that starts late is told how many are left, since there is no clock to tell the time.
const wrapTicks = 8

// noTicks: the after-call work lasts until the agent ends it.
const noTicks = 255

// agentChanged: the switch tells of an agent. It knows no after-call work: the T-Server emulates that where an agent is not ready because of a call.
func (s *Server) agentChanged(m *wire.Message, out *node.Output) {
	d := s.dns.of(m.ThisDN)
	if d == nil {
		s.badInput(m.Call, out, "the switch has no DN "+string(m.ThisDN))
		return
	}
	was := d.mode
	d.agent, d.agentID = m.Agent, m.Text
	if m.WorkMode == callmodel.WorkAutoIn || m.WorkMode == callmodel.WorkManualIn {
		d.mode = m.WorkMode
	}
	s.endAfterCall(d, out)
	e := event{more: &more{agent: m.Agent, mode: m.WorkMode, agentID: m.Text}, kind: m.Of}
	if e.kind == 0 {
		e.kind = agentEvent(m.Agent)
	}
	if m.Agent == callmodel.AgentLoggedOut {
		d.agentID, d.mode = "", 0
		e.more.mode = was
	}
	s.dnEvent(&e, m, out)
	d.due = m.Agent == callmodel.AgentNotReady && m.WorkMode == callmodel.WorkAfterCall
	s.afterCallDue(d)
}

// afterCallDue: the primary is to tell of after-call work.
func (s *Server) afterCallDue(d *dn) {
	if d.due && s.engine.Role() == wire.Primary {
		s.own.todo = append(s.own.todo, task{wire.None, wire.Message{Kind: wire.EventAgentAfterCallWork, ThisDN: d.name}})
	}
}

func agentEvent(s callmodel.AgentState) wire.Kind {
	switch s {
	case callmodel.AgentReady:
		return wire.EventAgentReady
	case callmodel.AgentNotReady:
		return wire.EventAgentNotReady
	}
	return wire.EventAgentLogout
}

func (s *Server) dnChanged(m *wire.Message, out *node.Output) {
	d := s.dns.of(m.ThisDN)
	if d == nil {
		s.badInput(m.Call, out, "the switch has no DN "+string(m.ThisDN))
		return
	}
	d.dnd, d.forward = m.Announced, m.OtherDN
	e := event{kind: m.Of}
	if m.Of == wire.EventForwardSet || m.Of == wire.EventForwardCancel {
		e.otherDN = m.OtherDN
	}
	s.dnEvent(&e, m, out)
}

// dnEvent tells of an event of the switch that concerns a DN and no call.
func (s *Server) dnEvent(e *event, m *wire.Message, out *node.Output) {
	e.number, e.thisDN, e.time = number{m.Seq, 0}, m.ThisDN, m.Time
	if m.RefID != 0 {
		e.client, e.refID = m.Client, m.RefID
		s.answeredByEvent(m.Client, m.RefID)
	}
	s.enter(e, out)
}

// beginAfterCall emulates after-call work, unless the agent has gone on meanwhile.
func (s *Server) beginAfterCall(name callmodel.DN, out *node.Output) {
	d := s.dns.of(name)
	if d == nil || !d.due {
		return
	}
	e := wire.Message{
		Kind: wire.EventAgentAfterCallWork, ThisDN: name, Agent: callmodel.AgentAfterCallWork, WorkMode: callmodel.WorkAfterCall, Text: d.agentID,
	}
	s.afterCall(d, s.allTicks(), out)
	s.make(&e, out)
}

func (s *Server) allTicks() uint64 {
	if s.opt.WrapUpTime == 0 {
		return noTicks
	}
	return wrapTicks
}

// afterCall begins or goes on with the after-call work of an agent.
func (s *Server) afterCall(d *dn, ticks uint64, out *node.Output) {
	d.due, d.afterCall, d.ticks = false, true, uint8(min(ticks, noTicks))
	s.armWrap(d, out)
}

func (s *Server) armWrap(d *dn, out *node.Output) {
	if d.afterCall && d.ticks > 0 && d.ticks != noTicks && s.opt.WrapUpTime > 0 {
		out.Set(node.Timer{Kind: wrapTimer, Key: uint32(s.dns.index[d.name])}, s.opt.WrapUpTime/wrapTicks)
	}
}

func (s *Server) endAfterCall(d *dn, out *node.Output) {
	if !d.afterCall {
		return
	}
	if d.ticks > 0 && d.ticks != noTicks {
		out.Cancel(node.Timer{Kind: wrapTimer, Key: uint32(s.dns.index[d.name])})
	}
	d.afterCall, d.ticks = false, 0
}

// adoptAgent: the primary has told of after-call work (R12).
func (s *Server) adoptAgent(m *wire.Message, out *node.Output) {
	if d := s.dns.of(m.ThisDN); d != nil && m.Agent == callmodel.AgentAfterCallWork && d.agent == callmodel.AgentNotReady {
		ticks := s.allTicks()
		if m.Kind == wire.AgentTold {
			ticks = m.Num
		}
		s.afterCall(d, ticks, out)
	}
}

func (s *Server) wrapTick(key uint32, out *node.Output) {
	if int(key) >= len(s.dns.list) {
		return
	}
	d := &s.dns.list[key]
	if !d.afterCall || d.ticks == 0 || d.ticks == noTicks {
		return
	}
	d.ticks--
	s.armWrap(d, out)
	s.endWrap(d, out)
}

// endWrap: the agent's time is over, and the primary makes it ready again; the switch tells of it.
func (s *Server) endWrap(d *dn, out *node.Output) {
	if d.afterCall && d.ticks == 0 && s.engine.Role() == wire.Primary && s.engine.CTI() == callmodel.CTISynchronized {
		m := out.Send(wire.Switch, wire.SwitchRequest)
		m.Epoch, m.Of, m.ThisDN = s.engine.Epoch(), wire.RequestAgentReady, d.name
	}
}

// wrapOverdue: what a primary that is gone, or a CTI link that was down, has left undone.
func (s *Server) wrapOverdue(out *node.Output) {
	for i := range s.dns.list {
		s.afterCallDue(&s.dns.list[i])
		s.endWrap(&s.dns.list[i], out)
	}
}

// rearmWraps: the switch has been read again.
func (s *Server) rearmWraps(out *node.Output) {
	for i := range s.dns.list {
		s.afterCallDue(&s.dns.list[i])
		s.armWrap(&s.dns.list[i], out)
		s.endWrap(&s.dns.list[i], out)
	}
}
