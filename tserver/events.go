package tserver

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// publishOffered tells of a new call: EventDialing at an extension that calls, EventRinging at the destination.
func (s *Server) publishOffered(id callmodel.CallID, seq uint64, out *node.Output) {
	s.publishBoth(wire.EventDialing, wire.EventRinging, id, seq, out)
}

// publishBoth tells the origin of one event and the destination of another. They take two places among the events at seq
// whether anybody hears of them or not, so that both T-Servers number alike (X8). Only a primary publishes.
func (s *Server) publishBoth(atOrigin, atDestination wire.Kind, id callmodel.CallID, seq uint64, out *node.Output) {
	sub := s.sub
	s.sub += 2
	if s.engine.Role() != wire.Primary {
		return
	}
	p := &s.parties[id.Ref]
	e := wire.Message{
		Epoch: s.engine.Epoch(), Seq: seq, Sub: sub, Call: id, ConnID: s.engine.ConnID(id), CallType: p.typ,
	}
	if p.typ == callmodel.CallInternal { // a trunk has no events
		e.Kind, e.ThisDN, e.OtherDN = atOrigin, p.from, p.to
		s.publish(&e, out)
	}
	e.Kind, e.Sub, e.ThisDN, e.OtherDN = atDestination, sub+1, p.to, p.from
	s.publish(&e, out)
}

func (s *Server) publish(e *wire.Message, out *node.Output) {
	for _, id := range s.clients.any {
		*out.Send(id, e.Kind) = *e
	}
	for _, id := range s.clients.byDN[e.ThisDN] {
		if _, both := slices.BinarySearch(s.clients.any, id); !both {
			*out.Send(id, e.Kind) = *e
		}
	}
}
