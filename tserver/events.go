package tserver

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// publishTimer: the oldest event that waits has waited for ha-publish-timeout (X7).
const publishTimer node.TimerKind = 16

// switchPlaces is how many places among the events at s an event of the switch takes (X8). What the T-Server finds itself at s comes behind them.
const switchPlaces = 2

// publishOffered tells of a new call: EventDialing at an extension that calls, EventRinging at the destination.
func (s *Server) publishOffered(id callmodel.CallID, seq uint64, out *node.Output) {
	s.publishBoth(wire.EventDialing, wire.EventRinging, id, seq, out)
}

// publishBoth tells the origin of one event and the destination of another. They take two places among the events at seq
// whether anybody hears of them or not, so that both T-Servers number alike (X8). Only a primary publishes; a backup keeps what it would have
// published for the clients that will come over.
func (s *Server) publishBoth(atOrigin, atDestination wire.Kind, id callmodel.CallID, seq uint64, out *node.Output) {
	if s.engine.CTI() != callmodel.CTISynchronized && s.engine.Role() != wire.Primary {
		return // found by reading the switch
	}
	sub := s.sub
	s.sub += 2
	p := &s.parties[id.Ref]
	e := event{call: id, connID: s.engine.ConnID(id), typ: p.typ, need: s.engine.Unreplicated(id), guess: s.engine.Guessed(id)}
	if p.typ == callmodel.CallInternal { // a trunk has no events
		e.number, e.kind, e.thisDN, e.otherDN = number{seq, sub}, atOrigin, p.from, p.to
		s.enter(&e, out)
	}
	e.number, e.kind, e.thisDN, e.otherDN = number{seq, sub + 1}, atDestination, p.to, p.from
	s.enter(&e, out)
}

// enter takes an event into the journal, and publishes it unless it has to wait (X7).
func (s *Server) enter(e *event, out *node.Output) {
	if s.journal.full() {
		s.giveUpWaiting(out)
	}
	s.journal.add(e)
	s.publish(out)
}

// publish sends the events that need not wait any more, in their order, and waits for the acknowledgement that the next one needs.
func (s *Server) publish(out *node.Output) {
	j := &s.journal
	if j.pending == 0 {
		return
	}
	before := j.pending
	if s.engine.Role() != wire.Primary {
		j.releaseAll()
	}
	for j.pending > 0 && s.engine.MayPublish(j.next().need) {
		s.sendEvent(j.next(), out)
		j.release()
	}
	switch {
	case j.pending == 0 && s.waiting:
		s.waiting = false
		out.Cancel(node.Timer{Kind: publishTimer})
	case j.pending > 0 && (!s.waiting || j.pending < before):
		s.waiting = true
		out.Set(node.Timer{Kind: publishTimer}, s.opt.HAPublishTimeout)
	}
}

// giveUpWaiting: the backup does not answer in time, so the primary goes on without it (X7).
func (s *Server) giveUpWaiting(out *node.Output) {
	s.waiting = false
	s.engine.CloseHA(out)
	s.failover.linkDown(out)
	s.publish(out)
}

// message is the event as clients get it.
func (e *event) message(epoch uint64) wire.Message {
	return wire.Message{
		Kind: e.kind, Epoch: epoch, Seq: e.seq, Sub: e.sub, Call: e.call, ConnID: e.connID, CallType: e.typ, ThisDN: e.thisDN, OtherDN: e.otherDN,
	}
}

func (s *Server) sendEvent(e *event, out *node.Output) {
	if len(s.clients.up) == 0 {
		return
	}
	m := e.message(s.engine.Epoch())
	for _, id := range s.clients.any {
		*out.Send(id, m.Kind) = m
	}
	for _, id := range s.clients.byDN[m.ThisDN] {
		if _, both := slices.BinarySearch(s.clients.any, id); !both {
			*out.Send(id, m.Kind) = m
		}
	}
}
