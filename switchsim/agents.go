package switchsim

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// setAgent changes the state of the agent at an extension, and tells of it. An agent that becomes ready may get a call at once.
func (s *Switch) setAgent(at int, state callmodel.AgentState, mode callmodel.WorkMode, out *node.Output) {
	l := &s.lines[at]
	of := wire.EventAgentReady
	switch {
	case state == callmodel.AgentLoggedOut:
		of = wire.EventAgentLogout
	case l.agent == callmodel.AgentLoggedOut && state == callmodel.AgentNotReady:
		of = wire.EventAgentLogin
	case state == callmodel.AgentNotReady:
		of = wire.EventAgentNotReady
	}
	s.tell(wire.Message{Kind: wire.AgentChanged, Seq: s.next(), ThisDN: l.dn, Agent: state, WorkMode: mode, Text: l.agentID, Of: of}, out)
	if l.agent != state {
		l.idle = s.events
	}
	l.agent = state
	switch {
	case state == callmodel.AgentLoggedOut:
		l.agentID, l.mode = "", 0
	case of == wire.EventAgentLogin || state == callmodel.AgentReady && mode != 0:
		l.mode = mode
	}
	if state == callmodel.AgentReady {
		s.distribute(out)
	}
}

// agent returns the line of ThisDN, whose agent is to be logged in, or not.
func (r *request) agent(in bool) (int, *refusal) {
	at, no := r.extension()
	if no != nil {
		return 0, no
	}
	if is := r.s.lines[at].agent != callmodel.AgentLoggedOut; is != in {
		return 0, refuse(callmodel.ErrWrongState, "the agent at %s is %s", r.m.ThisDN, r.s.lines[at].agent)
	}
	return at, nil
}

func (r *request) agentLogin() *refusal {
	at, no := r.agent(false)
	if no != nil {
		return no
	}
	for i := range r.s.opt.Extensions {
		if r.s.lines[i].agentID == r.m.Text {
			return refuse(callmodel.ErrWrongState, "agent %q is logged in at %s", r.m.Text, r.s.lines[i].dn)
		}
	}
	r.s.lines[at].agentID = r.m.Text
	mode := r.m.WorkMode
	if mode == 0 {
		mode = callmodel.WorkAutoIn
	}
	r.asking(func() { r.s.setAgent(at, callmodel.AgentNotReady, mode, r.out) })
	return nil
}

func (r *request) agentLogout() *refusal {
	at, no := r.agent(true)
	if no == nil {
		r.asking(func() { r.s.setAgent(at, callmodel.AgentLoggedOut, 0, r.out) })
	}
	return no
}

func (r *request) agentReady() *refusal {
	at, no := r.agent(true)
	if no != nil {
		return no
	}
	state, mode := callmodel.AgentReady, r.m.WorkMode
	if r.m.Of == wire.RequestAgentNotReady {
		state = callmodel.AgentNotReady
		if mode == 0 {
			mode = callmodel.WorkAux
		}
	}
	r.asking(func() { r.s.setAgent(at, state, mode, r.out) })
	return nil
}

func (r *request) setDND() *refusal {
	at, no := r.extension()
	if no != nil {
		return no
	}
	on, of := true, wire.EventDNDOn
	if r.m.Of == wire.RequestSetDNDOff {
		on, of = false, wire.EventDNDOff
	}
	r.s.lines[at].dnd = on
	r.asking(func() {
		r.s.tell(wire.Message{Kind: wire.DNChanged, Seq: r.s.next(), ThisDN: r.m.ThisDN, Of: of, Announced: on, OtherDN: r.s.lines[at].forward}, r.out)
	})
	r.s.distribute(r.out)
	return nil
}

func (r *request) forward() *refusal {
	at, no := r.extension()
	if no != nil {
		return no
	}
	to, of := callmodel.DN(""), wire.EventForwardCancel
	if r.m.Of == wire.RequestCallForwardSet {
		to, of = r.m.OtherDN, wire.EventForwardSet
		if _, ok := r.s.byName[to]; !ok {
			return refuse(callmodel.ErrUnknownDN, "the switch has no DN %q", to)
		}
		if to == r.m.ThisDN {
			return refuse(callmodel.ErrBadArgument, "%s cannot be forwarded to itself", to)
		}
	}
	r.s.lines[at].forward = to
	r.asking(func() {
		r.s.tell(wire.Message{Kind: wire.DNChanged, Seq: r.s.next(), ThisDN: r.m.ThisDN, Of: of, Announced: r.s.lines[at].dnd, OtherDN: to}, r.out)
	})
	return nil
}
