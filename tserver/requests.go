package tserver

import (
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// requestTimer: the switch has not answered a request for request-timeout. Key is the request's slot.
const requestTimer node.TimerKind = 19

// maxOpen is how many requests of one client may be under way: fewer than the switch remembers.
const maxOpen = 32

// requests are the clients' requests that were passed on to the switch, and are not answered. The T-Server pairs requests and answers by client and
// reference ID, and says when none has come in time; the switch decides.
type requests struct {
	open []open // by slot; a free one has no client
}

type open struct {
	client wire.ID
	refID  uint64
	of     wire.Kind
	thisDN callmodel.DN
	event  bool // an event has told the client already
}

// find returns the slot of a request, -1 if it is not under way.
func (r *requests) find(client wire.ID, refID uint64) int {
	return slices.IndexFunc(r.open, func(o open) bool { return o.client == client && o.refID == refID && client != wire.None })
}

func (r *requests) count(client wire.ID) (n int) {
	for i := range r.open {
		if r.open[i].client == client {
			n++
		}
	}
	return n
}

func (r *requests) begin(o open) (slot int) {
	if slot = slices.IndexFunc(r.open, func(o open) bool { return o.client == wire.None }); slot < 0 {
		r.open = append(r.open, open{})
		slot = len(r.open) - 1
	}
	r.open[slot] = o
	return slot
}

// end frees a slot.
func (r *requests) end(slot int, out *node.Output) open {
	o := r.open[slot]
	r.open[slot] = open{}
	for len(r.open) > 0 && r.open[len(r.open)-1].client == wire.None {
		r.open = r.open[:len(r.open)-1]
	}
	out.Cancel(node.Timer{Kind: requestTimer, Key: uint32(slot)})
	return o
}

func (r *requests) forget(client wire.ID, out *node.Output) {
	for slot := len(r.open) - 1; slot >= 0; slot-- {
		if slot < len(r.open) && r.open[slot].client == client {
			r.end(slot, out)
		}
	}
}

// request handles a request of a client (X13): only a primary takes it. What is wrong with it is told by EventError.
func (s *Server) request(id wire.ID, m *wire.Message, out *node.Output) {
	if s.engine.Role() == wire.Primary && m.RefID != 0 && s.answeredBefore(id, m, out) {
		return
	}
	if code, why := s.wrong(id, m); code != 0 {
		s.refuse(id, m, code, out, why)
		return
	}
	switch m.Kind {
	case wire.RequestQueryServer:
		s.serverInfo(id, out)
		out.Msgs[len(out.Msgs)-1].RefID = m.RefID
		return
	case wire.RequestQueryAddress:
		a := s.addressInfo(id, s.dns.of(m.ThisDN), out)
		a.RefID, a.Num = m.RefID, s.callsAt(m.ThisDN)
		return
	case wire.RequestQueryCall:
		s.partyInfo(id, s.engine.CallOf(m.ConnID), 0, out).RefID = m.RefID
		return
	}
	if s.requests.find(id, m.RefID) >= 0 || s.own.waits(id, m.RefID) {
		return // it is under way, and will be answered once
	}
	if s.requests.count(id)+s.own.count(id) >= maxOpen {
		s.refuse(id, m, callmodel.ErrTooManyRequests, out, fmt.Sprintf("%d requests of this client are not answered yet", maxOpen))
		return
	}
	if isOwn(m.Kind) {
		s.own.todo = append(s.own.todo, task{id, *m})
		return // it is done when this step settles, or when the switch has given this primary a number
	}
	s.passOn(id, m, out)
}

// passOn passes a request on to the switch, which names calls in its own way.
func (s *Server) passOn(id wire.ID, m *wire.Message, out *node.Output) {
	slot := s.requests.begin(open{client: id, refID: m.RefID, of: m.Kind, thisDN: m.ThisDN})
	out.Set(node.Timer{Kind: requestTimer, Key: uint32(slot)}, s.opt.RequestTimeout)
	r := out.Send(wire.Switch, wire.SwitchRequest)
	r.Epoch, r.Of, r.Client, r.RefID, r.Seq = s.engine.Epoch(), m.Kind, id, m.RefID, m.Seq
	r.Call, r.OtherCall = s.engine.CallOf(m.ConnID), s.engine.CallOf(m.TransferConnID)
	r.ThisDN, r.OtherDN, r.Data, r.Text, r.WorkMode, r.Num = m.ThisDN, m.OtherDN, m.Data, m.Text, m.WorkMode, m.Num
}

// answeredByEvent: the switch says of an event whose request has caused it.
func (s *Server) answeredByEvent(client wire.ID, refID uint64) {
	if slot := s.requests.find(client, refID); slot >= 0 {
		s.requests.open[slot].event = true
	}
}

// switchAnswered: a request is carried out, or refused. One that has caused an event is answered by that.
func (s *Server) switchAnswered(m *wire.Message, out *node.Output) {
	slot := s.requests.find(m.Client, m.RefID)
	if slot < 0 {
		return // the client is gone, or was told that nothing is known
	}
	o := s.requests.end(slot, out)
	switch {
	case m.Code != 0:
		s.refuse(o.client, &wire.Message{Kind: o.of, RefID: o.refID, ThisDN: o.thisDN}, m.Code, out, m.Text)
	case !o.event:
		s.acknowledge(o.client, o.refID, m.Of, s.engine.ConnID(m.Call), out)
	}
}

func (s *Server) acknowledge(id wire.ID, refID uint64, of wire.Kind, connID callmodel.ConnID, out *node.Output) {
	m := out.Send(id, wire.EventACK)
	m.Epoch, m.RefID, m.Of, m.ConnID = s.engine.Epoch(), refID, of, connID
}

func (s *Server) requestTimedOut(slot uint32, out *node.Output) {
	s.giveUp(int(slot), fmt.Sprintf("the switch has not answered in %s", s.opt.RequestTimeout), out)
}

// giveUpRequests: nobody will answer what is under way here.
func (s *Server) giveUpRequests(why string, out *node.Output) {
	for slot := len(s.requests.open) - 1; slot >= 0; slot-- {
		if slot < len(s.requests.open) && s.requests.open[slot].client != wire.None {
			s.giveUp(slot, why, out)
		}
	}
}

// giveUp tells a client that nothing is known of its request, unless an event has told it, or is going to (X7), what has become of it.
func (s *Server) giveUp(slot int, why string, out *node.Output) {
	if o := s.requests.end(slot, out); !o.event {
		s.refuse(o.client, &wire.Message{Kind: o.of, RefID: o.refID, ThisDN: o.thisDN}, callmodel.ErrOutcomeUnknown, out, why)
	}
}

// switchLost: the CTI link is down.
func (s *Server) switchLost(out *node.Output) {
	s.giveUpRequests("the link to the switch is lost", out)
	s.own.give(s, callmodel.ErrLinkDown, "the link to the switch is lost", out)
}

// stepDown: this T-Server is a backup from now on: the primary is to be asked.
func (s *Server) stepDown(out *node.Output) {
	s.giveUpRequests(s.self.String()+" is not primary any more", out)
	s.own.give(s, callmodel.ErrNotPrimary, s.self.String()+" is not primary any more", out)
}

func (s *Server) callsAt(name callmodel.DN) (n uint64) {
	for ref := range s.engine.Refs() {
		if c := s.table.At(ref); c != nil && c.Find(name) >= 0 {
			n++
		}
	}
	return n
}

// partyOf returns a call by its ConnID, and the index of ThisDN's party.
func (s *Server) partyOf(m *wire.Message) (callmodel.CallID, *parties.Call, int) {
	id := s.engine.CallOf(m.ConnID)
	c := s.table.At(id.Ref)
	if c == nil {
		return id, nil, -1
	}
	return id, c, c.Find(m.ThisDN)
}

func (r *requests) append(b []byte) []byte {
	b = canon.Uint(b, len(r.open))
	for i := range r.open {
		o := &r.open[i]
		b = canon.Uint(b, o.client)
		b = canon.Uint(b, o.refID)
		b = canon.Uint(b, o.of)
		b = canon.String(b, o.thisDN)
		b = canon.Bool(b, o.event)
	}
	return b
}

func (r *requests) restore(c *canon.Reader) {
	*r = requests{}
	for n := canon.Read[int](c); n > 0 && c.Good(); n-- {
		o := open{client: canon.Read[wire.ID](c), refID: canon.Read[uint64](c), of: canon.Read[wire.Kind](c)}
		o.thisDN, o.event = callmodel.DN(c.String()), c.Bool()
		r.open = append(r.open, o)
	}
}
