package switchsim

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// consult lets the called party put the call on hold and call an idle extension about it: the first step of two. The consult call is of no load, but goes as this one does.
func (s *Switch) consult(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	l, p := &s.loads[c.load-1], s.table.At(ref)
	c.grows = c.stage == consultsGrows
	if to := s.anyIdle(l); to >= 0 && p.Len() >= 2 {
		m := wire.Message{Kind: wire.SwitchRequest, Of: wire.RequestInitiateTransfer, Call: s.id(ref), ThisDN: p.At(1).DN, OtherDN: s.lines[to].dn}
		if o := s.carryOut(&m, asked{}, out); o.code == 0 {
			c = &s.calls.table[ref] // the table may have grown
			c.consult, c.stage = o.call, consulted
			out.Set(node.Timer{Kind: callTimer, Key: ref}, max(l.ring, 1))
			return
		}
	}
	s.rest(ref, out)
}

// beAdvised: the consulted party answers, and is talked with for half of the time that is left.
func (s *Switch) beAdvised(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	if p := s.table.At(c.consult.Ref); s.calls.of(c.consult) == nil || p.Waiting() < 0 || p.At(p.Waiting()).State != callmodel.PartyRinging {
		s.unadvised(ref, out)
		return
	}
	s.answerAt(c.consult.Ref, "", out)
	c.stage = advised
	talk := c.rest / 2
	c.rest -= talk
	out.Set(node.Timer{Kind: callTimer, Key: ref}, max(talk, 1))
}

// joinConsulted: the second step.
func (s *Switch) joinConsulted(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	if s.calls.of(c.consult) == nil {
		s.unadvised(ref, out)
		return
	}
	m := wire.Message{
		Kind: wire.SwitchRequest, Of: wire.RequestCompleteTransfer, Call: s.id(ref), OtherCall: c.consult, ThisDN: s.table.At(c.consult.Ref).At(0).DN,
	}
	if c.grows {
		m.Of = wire.RequestCompleteConference
	}
	if s.carryOut(&m, asked{}, out).code != 0 {
		s.unadvised(ref, out)
		return
	}
	c.consult = callmodel.CallID{}
	s.rest(ref, out)
}

// unadvised: a client has done something else with one of the calls. What is left of the consult call ends, and the call goes on.
func (s *Switch) unadvised(ref uint32, out *node.Output) {
	s.endConsult(ref, out)
	p := s.table.At(ref)
	for i := range p.Len() {
		if p.At(i).State == callmodel.PartyHeld {
			s.carryOut(&wire.Message{Kind: wire.SwitchRequest, Of: wire.RequestRetrieveCall, Call: s.id(ref), ThisDN: p.At(i).DN}, asked{}, out)
			break
		}
	}
	s.rest(ref, out)
}

// endConsult ends the consult call of a load's call, if there is one.
func (s *Switch) endConsult(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	consult := c.consult
	c.consult = callmodel.CallID{}
	s.releaseConsult(consult, out)
}
