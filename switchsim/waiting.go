package switchsim

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// target is where a call goes.
type target struct {
	line      int
	state     callmodel.PartyState // 0: it rings there
	forwarded callmodel.DN         // from there
}

// maxForwards bounds how often a call is forwarded.
const maxForwards = 5

// find says where a call to a DN goes. A telephone that is busy, or takes no calls, makes the target's state busy.
func (s *Switch) find(dn callmodel.DN) (t target, code callmodel.ErrorCode, why string) {
	i, ok := s.byName[dn]
	if !ok {
		return t, callmodel.ErrUnknownDN, fmt.Sprintf("the switch has no DN %q", dn)
	}
	t.line = i
	for hops := 0; s.lines[t.line].forward != ""; hops++ {
		if hops == maxForwards {
			t.state = callmodel.PartyBusy
			return t, 0, ""
		}
		t.forwarded = s.lines[t.line].dn
		t.line = s.byName[s.lines[t.line].forward]
	}
	switch l := &s.lines[t.line]; {
	case l.typ == callmodel.DNQueue:
		t.state = callmodel.PartyQueued
	case l.typ == callmodel.DNRoutingPoint:
		t.state = callmodel.PartyRouting
	case l.busy || l.dnd:
		t.state = callmodel.PartyBusy
	}
	return t, 0, ""
}

// await arms the timer of a call that has come to where it rings or waits, and sees whether somebody is there for it.
func (s *Switch) await(ref uint32, out *node.Output) {
	c := s.table.At(ref)
	i := c.Waiting()
	if i < 0 {
		return
	}
	p := c.At(i)
	kind, after := noAnswerTimer, s.opt.NoAnswerTime
	switch p.State {
	case callmodel.PartyQueued:
		kind, after = patienceTimer, s.opt.QueuePatience
		q := &s.lines[p.Line]
		q.waiting = append(q.waiting, ref)
	case callmodel.PartyRouting:
		kind, after = routeTimer, s.opt.RouteTimeout
	}
	if after > 0 {
		s.calls.table[ref].waits = kind
		out.Set(node.Timer{Kind: kind, Key: ref}, after)
	}
	if p.State == callmodel.PartyQueued {
		s.distribute(out)
	}
}

func (s *Switch) stopWaiting(ref uint32, out *node.Output) {
	if c := &s.calls.table[ref]; c.waits != 0 {
		out.Cancel(node.Timer{Kind: c.waits, Key: ref})
		c.waits = 0
	}
}

// waited: a call has rung, or waited, for as long as may be.
func (s *Switch) waited(ref uint32, out *node.Output) {
	s.calls.table[ref].waits = 0
	c := s.table.At(ref)
	i := c.Waiting()
	p := *c.At(i)
	switch {
	case p.State == callmodel.PartyQueued:
		s.end(ref, ending{cause: callmodel.CauseAbandoned}, out)
	case p.State == callmodel.PartyRouting:
		s.routeByDefault(ref, p.DN, out)
	case c.Queue() != "" && s.lines[s.byName[c.Queue()]].typ == callmodel.DNQueue:
		// The agent is not there: the call goes back to its queue, and the agent gets no more.
		s.setAgent(int(p.Line), callmodel.AgentNotReady, callmodel.WorkAux, out)
		s.hand(ref, p.DN, target{line: s.byName[c.Queue()], state: callmodel.PartyQueued}, handing{cause: callmodel.CauseNoAnswer}, out)
	case c.Len() > 2 && c.Connected() >= 2:
		s.drop(ref, p.DN, "", callmodel.CauseNoAnswer, out)
	default:
		s.end(ref, ending{cause: callmodel.CauseNoAnswer}, out)
	}
}

func (s *Switch) routeByDefault(ref uint32, at callmodel.DN, out *node.Output) {
	dn := callmodel.DN(s.opt.DefaultRoute)
	if dn == "" && s.opt.Queues > 0 {
		dn = "Q1"
	} else if dn == "" {
		dn = s.lines[0].dn
	}
	to, _, _ := s.find(dn)
	if to.state == callmodel.PartyBusy || s.table.At(ref).Find(s.lines[to.line].dn) >= 0 {
		s.end(ref, ending{cause: callmodel.CauseBusy}, out)
		return
	}
	s.hand(ref, at, to, handing{cause: callmodel.CauseDefaultRouted}, out)
}

// handing is how a call is handed on.
type handing struct {
	cause callmodel.Cause
	data  callmodel.AttachedData
	by    asked // who has asked for it; the event at the DN that it leaves tells so
}

// hand takes a call from a DN where it rings or waits to another, in the order of the option ringing-first.
func (s *Switch) hand(ref uint32, from callmodel.DN, to target, how handing, out *node.Output) {
	s.stopWaiting(ref, out)
	s.unqueue(ref)
	c := s.table.At(ref)
	old := *c.At(c.Find(from))
	queue := callmodel.DN("")
	if old.State != callmodel.PartyRinging {
		queue = old.DN
	}
	id, dest := s.id(ref), &s.lines[to.line]
	offered := wire.Message{
		Kind: wire.CallOffered, Call: id, ThisDN: dest.dn, PartyState: to.state, DNType: trunkOnly(dest.typ), ThirdDN: from, Queue: queue, Cause: how.cause, Data: how.data,
	}
	diverted := wire.Message{Kind: wire.CallDiverted, Call: id, ThisDN: from, ThirdDN: dest.dn, Cause: how.cause}
	divert := func() {
		s.by = how.by
		s.emitNext(diverted, out)
		s.by = asked{}
	}
	if !s.opt.RingingFirst {
		divert()
	}
	s.emitNext(offered, out)
	s.joined(ref, to.line)
	if s.opt.RingingFirst {
		divert()
	}
	s.leave(&old, s.table.At(ref), out)
	s.awaitLoad(ref, out)
	s.await(ref, out)
}

func trunkOnly(t callmodel.DNType) callmodel.DNType {
	if t == callmodel.DNTrunk {
		return t
	}
	return 0
}

// joined: a party has come to a call last, on a line.
func (s *Switch) joined(ref uint32, line int) {
	c := s.table.At(ref)
	c.At(c.Len() - 1).Line = int32(line)
	s.occupy(int32(line))
}

// drop takes a party out of a call that goes on.
func (s *Switch) drop(ref uint32, dn, to callmodel.DN, cause callmodel.Cause, out *node.Output) {
	c := s.table.At(ref)
	old := *c.At(c.Find(dn))
	if old.State == callmodel.PartyRinging {
		s.stopWaiting(ref, out)
	}
	s.emitNext(wire.Message{Kind: wire.PartyLeft, Call: s.id(ref), ThisDN: dn, OtherDN: to, Cause: cause}, out)
	s.leave(&old, s.table.At(ref), out)
}

// leave frees the line of a party that has left a call, which may be over.
func (s *Switch) leave(p *parties.Party, c *parties.Call, out *node.Output) {
	l := &s.lines[p.Line]
	if !l.carries() || p.State == callmodel.PartyBusy {
		return
	}
	l.calls--
	l.busy = l.calls > 0
	if l.busy || l.agent != callmodel.AgentReady {
		return
	}
	l.idle = s.events
	answered := p.State == callmodel.PartyEstablished || p.State == callmodel.PartyHeld
	if l.mode == callmodel.WorkManualIn && answered && c.Queue() != "" {
		s.setAgent(int(p.Line), callmodel.AgentNotReady, callmodel.WorkAfterCall, out)
		return
	}
	s.distribute(out)
}

// distribute gives the calls that wait in queues, the oldest first, to the agents that are ready, the one that has been idle longest first.
func (s *Switch) distribute(out *node.Output) {
	for {
		ref, queue := s.oldestWaiting()
		if ref == 0 {
			return
		}
		agent := s.longestIdle()
		if agent < 0 {
			return
		}
		s.hand(ref, s.lines[queue].dn, target{line: agent}, handing{}, out)
	}
}

func (s *Switch) oldestWaiting() (ref uint32, queue int) {
	first := s.opt.Extensions + s.opt.Trunks
	for i := first; i < first+s.opt.Queues; i++ {
		for _, r := range s.lines[i].waiting {
			if ref == 0 || s.calls.table[r].born < s.calls.table[ref].born {
				ref, queue = r, i
			}
		}
	}
	return ref, queue
}

func (s *Switch) longestIdle() int {
	best := -1
	for i := range s.opt.Extensions {
		l := &s.lines[i]
		if l.agent == callmodel.AgentReady && !l.busy && !l.dnd && (best < 0 || l.idle < s.lines[best].idle) {
			best = i
		}
	}
	return best
}
