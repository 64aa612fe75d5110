package tserver

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// publishTimer: the oldest event that waits has waited for ha-publish-timeout (X7).
const publishTimer node.TimerKind = 16

// source is what the events for clients that are being made follow from.
type source struct {
	seq    uint64
	base   uint32        // of their places: 0 for what follows from the switch alone
	m      *wire.Message // the switch's event; nil if the T-Server has found it out itself
	out    *node.Output
	silent bool // nobody is told
}

// apply does to a call what an event of the switch says, and tells clients.
func (s *Server) apply(m *wire.Message, out *node.Output) error {
	s.source = source{seq: m.Seq, m: m, out: out}
	err := s.table.Apply(m, s)
	s.source = source{}
	return err
}

// find does to a call what the T-Server has found out itself (X9, R2). The events take the next places at seq.
func (s *Server) find(m *wire.Message, seq uint64, out *node.Output) {
	s.source = source{seq: seq, base: s.sub, out: out}
	_ = s.table.Apply(m, s) // it was looked at before
	s.source = source{}
}

// Happens implements parties.Sink. Only a primary publishes; a backup keeps what it would have published for the clients that will come over. What is
// found by reading the switch, a backup tells nobody.
func (s *Server) Happens(h *parties.Happening) {
	from := &s.source
	if from.silent || s.engine.CTI() != callmodel.CTISynchronized && s.engine.Role() != wire.Primary {
		return
	}
	e := event{
		number: number{from.seq, from.base + h.Place}, kind: h.Kind, typ: h.Type, call: h.Call, connID: s.engine.ConnID(h.Call),
		thisDN: h.ThisDN, otherDN: h.OtherDN, thisRole: h.ThisRole, otherRole: h.OtherRole, cause: h.Cause, data: s.engine.Data(h.Call),
		need: s.engine.Unreplicated(h.Call), guess: s.engine.Guessed(h.Call),
	}
	if from.base > 0 {
		s.sub = max(s.sub, e.sub+1)
	}
	if m := from.m; m != nil {
		e.time = m.Time
		if m.RefID != 0 && m.ThisDN == h.ThisDN && m.Kind != wire.CallOffered {
			e.client, e.refID = m.Client, m.RefID
			s.answeredByEvent(m.Client, m.RefID)
		}
	}
	if h.ThirdDN != "" || h.Queue != "" || h.Previous.Born != 0 || h.Other.Born != 0 {
		e.more = &more{thirdDN: h.ThirdDN, queue: h.Queue, previous: s.engine.ConnID(h.Previous), transfer: s.engine.ConnID(h.Other)}
	}
	s.enter(&e, from.out)
}

// enter takes an event into the journal, and publishes it unless it has to wait (X7).
func (s *Server) enter(e *event, out *node.Output) {
	if s.journal.full() {
		s.giveUpWaiting(out)
	}
	s.journal.add(e)
	s.publish(out)
}

// publish sends the replies and events that need not wait any more, each in their order, and waits for the acknowledgement that the next event needs.
func (s *Server) publish(out *node.Output) {
	j := &s.journal
	if len(s.replies) > 0 {
		s.sendReplies(out)
	}
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

// message is the event as clients get it, but for whose request has caused it.
func (e *event) message(epoch uint64) wire.Message {
	m := wire.Message{
		Kind: e.kind, Epoch: epoch, Seq: e.seq, Sub: e.sub, Call: e.call, ConnID: e.connID, CallType: e.typ, ThisDN: e.thisDN, OtherDN: e.otherDN,
		ThisRole: e.thisRole, OtherRole: e.otherRole, Cause: e.cause, Data: e.data, Time: e.time,
	}
	if r := e.more; r != nil {
		m.ThirdDN, m.Queue, m.PreviousConnID, m.TransferConnID = r.thirdDN, r.queue, r.previous, r.transfer
		m.Agent, m.WorkMode, m.Text = r.agent, r.mode, r.agentID
	}
	return m
}

func (s *Server) sendEvent(e *event, out *node.Output) {
	if len(s.clients.up) == 0 {
		return
	}
	m := e.message(s.engine.Epoch())
	for _, id := range s.clients.any {
		e.sendTo(id, &m, out)
	}
	for _, id := range s.clients.byDN[m.ThisDN] {
		if _, both := slices.BinarySearch(s.clients.any, id); !both {
			e.sendTo(id, &m, out)
		}
	}
}

// sendTo: only the client whose request has caused the event sees its reference ID.
func (e *event) sendTo(id wire.ID, m *wire.Message, out *node.Output) {
	to := out.Send(id, m.Kind)
	*to = *m
	if id == e.client {
		to.RefID = e.refID
	}
}
