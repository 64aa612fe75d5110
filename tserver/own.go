package tserver

import (
	"fmt"
	"maps"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// own is what the primary makes itself (X8): attached data and emulated agent states, which the switch does not know.
//
// The events that tell of it take the primary's current s and the next k. Clients may have seen events of an earlier primary up to an s that this one has
// not reached yet. So, before the first of its own, a primary asks the switch for an event number (MarkEpoch): whatever was told before has a lower one.
type own struct {
	marked uint64               // the epoch for which the switch has given a number
	asked  bool                 // MarkEpoch is sent
	todo   []task               // what waits for that, in its order
	done   map[wire.ID][]uint64 // X13: reference IDs of requests that this primary, or those before it, carried out
	last   number               // of the last event of a primary\'s own
	ahead  []wire.Message       // PrimaryEvents at event numbers that are not reached yet, in their order
}

// task is a request of a client, or what the T-Server itself has to do: then client is None.
type task struct {
	client wire.ID
	m      wire.Message
}

// maxRecollections is how many of a client's requests are remembered.
const maxRecollections = 64

// maxAhead bounds what is kept of the primary's events until their time; what is more loses its place, and changes the state at once.
const maxAhead = 1024

// isOwn reports whether a request is carried out by the primary itself.
func isOwn(k wire.Kind) bool {
	return k == wire.RequestAttachUserData || k == wire.RequestUpdateUserData || k == wire.RequestDeletePair || k == wire.RequestDeleteUserData
}

func (o *own) waits(client wire.ID, refID uint64) bool {
	return slices.ContainsFunc(o.todo, func(t task) bool { return t.client == client && t.m.RefID == refID })
}

func (o *own) count(client wire.ID) (n int) {
	for i := range o.todo {
		if o.todo[i].client == client {
			n++
		}
	}
	return n
}

func (o *own) forget(client wire.ID) {
	o.todo = slices.DeleteFunc(o.todo, func(t task) bool { return t.client == client })
}

// give answers what was not done.
func (o *own) give(s *Server, code callmodel.ErrorCode, why string, out *node.Output) {
	for i := range o.todo {
		if t := &o.todo[i]; t.client != wire.None {
			s.refuse(t.client, &t.m, code, out, why)
		}
	}
	o.todo, o.asked = nil, false
}

func (o *own) remember(client wire.ID, refID uint64) {
	if client == wire.None || refID == 0 {
		return
	}
	if o.done == nil {
		o.done = map[wire.ID][]uint64{}
	}
	list := o.done[client]
	i, known := slices.BinarySearch(list, refID)
	if known {
		return
	}
	list = slices.Insert(list, i, refID)
	if len(list) > maxRecollections {
		list = slices.Delete(list, 0, 1)
	}
	o.done[client] = list
}

// answeredBefore (X13): a request that this primary, or one before it, has carried out itself is acknowledged, and not carried out again.
func (s *Server) answeredBefore(id wire.ID, m *wire.Message, out *node.Output) bool {
	refID, of := m.RefID, m.Kind
	if m.Kind == wire.RequestQueryRequest {
		refID, of = m.Num, 0
	}
	_, known := slices.BinarySearch(s.own.done[id], refID)
	if known {
		s.acknowledge(id, m.RefID, of, 0, out)
	}
	return known
}

// settleOwn does what waits, once the primary may.
func (s *Server) settleOwn(out *node.Output) {
	o := &s.own
	if len(o.todo) == 0 || s.engine.Role() != wire.Primary || s.engine.CTI() != callmodel.CTISynchronized {
		return
	}
	if o.marked != s.engine.Epoch() {
		if !o.asked {
			o.asked = true
			out.Send(wire.Switch, wire.MarkEpoch).Epoch = s.engine.Epoch()
		}
		return
	}
	todo := o.todo
	o.todo = nil
	for i := range todo {
		s.do(&todo[i], out)
	}
}

// epochMarked: the switch has given a primary a number. One of a later epoch is news to an earlier primary (X6: "from anybody").
func (s *Server) epochMarked(m *wire.Message, out *node.Output) {
	s.engine.HeardOfEpoch(wire.Switch, m.Epoch, out)
	if s.engine.Role() == wire.Primary && m.Epoch == s.engine.Epoch() {
		s.own.marked, s.own.asked = m.Epoch, false
	}
}

// do carries out what the primary does itself.
func (s *Server) do(t *task, out *node.Output) {
	m := &t.m
	if t.client == wire.None {
		s.beginAfterCall(m.ThisDN, out)
		return
	}
	id, c, party := s.partyOf(m)
	switch {
	case c == nil:
		s.refuse(t.client, m, callmodel.ErrUnknownCall, out, fmt.Sprintf("there is no call with the ConnID %s", m.ConnID))
		return
	case party < 0:
		s.refuse(t.client, m, callmodel.ErrForeignCall, out, fmt.Sprintf("%s is no party of call %s", m.ThisDN, m.ConnID))
		return
	}
	now := s.engine.Data(id)
	next := now
	switch m.Kind {
	case wire.RequestAttachUserData:
		next = m.Data.With(now)
	case wire.RequestUpdateUserData:
		next = m.Data
	case wire.RequestDeletePair:
		if _, ok := now.Get(m.Text); !ok {
			s.refuse(t.client, m, callmodel.ErrWrongState, out, fmt.Sprintf("the call has no data with the key %q", m.Text))
			return
		}
		next = now.Without(m.Text)
	case wire.RequestDeleteUserData:
		next = ""
	}
	if next.Size() > s.opt.UserDataLimit {
		s.refuse(t.client, m, callmodel.ErrTooMuchData, out, fmt.Sprintf("the data would have %d bytes packed, at most %d are taken", next.Size(), s.opt.UserDataLimit))
		return
	}
	s.engine.Changed(id, next)
	s.own.remember(t.client, m.RefID)
	told := false
	for i := range c.Len() {
		p := c.At(i)
		if p.Silent {
			continue
		}
		e := wire.Message{
			Kind: wire.EventAttachedDataChanged, Call: id, ConnID: s.engine.ConnID(id), CallType: c.Type, ThisDN: p.DN, ThisRole: p.Role, Data: next,
		}
		e.OtherDN, e.OtherRole = c.Other(i)
		if i == party {
			e.Client, e.RefID = t.client, m.RefID
			told = true
		}
		s.make(&e, out)
	}
	if !told {
		s.acknowledge(t.client, m.RefID, m.Kind, m.ConnID, out)
	}
}

// make makes an event of the primary's own: it goes to the backup (R12), and is published when the backup has acknowledged it (X7).
func (s *Server) make(m *wire.Message, out *node.Output) {
	m.Seq, m.Sub = s.engine.Seq(), s.sub
	s.own.last = number{m.Seq, m.Sub}
	s.sub++
	e := madeEvent(m)
	e.need = s.engine.Tell(m, out)
	s.enter(&e, out)
}

// madeEvent is an event as it was told by the primary that has made it.
func madeEvent(m *wire.Message) event {
	e := event{
		number: number{m.Seq, m.Sub}, kind: m.Kind, typ: m.CallType, call: m.Call, connID: m.ConnID, thisDN: m.ThisDN, otherDN: m.OtherDN,
		thisRole: m.ThisRole, otherRole: m.OtherRole, client: m.Client, refID: m.RefID, data: m.Data, time: m.Time,
	}
	if m.Agent != 0 || m.WorkMode != 0 || m.Text != "" {
		e.more = &more{agent: m.Agent, mode: m.WorkMode, agentID: m.Text}
	}
	return e
}

// Told implements hasync.Server (R12): an event of the primary's own has its place behind the events of the switch up to its number. It waits for those.
func (s *Server) Told(m *wire.Message, out *node.Output) {
	s.own.ahead = append(s.own.ahead, *m)
	s.catchUp(out)
	if len(s.own.ahead) > maxAhead {
		first := s.own.ahead[0]
		s.own.ahead = slices.Delete(s.own.ahead, 0, 1)
		s.adopt(&first, out)
	}
}

// catchUp takes up the primary's events whose time has come.
func (s *Server) catchUp(out *node.Output) {
	for len(s.own.ahead) > 0 && s.engine.CTI() == callmodel.CTISynchronized && s.own.ahead[0].Seq <= s.engine.Seq() {
		m := s.own.ahead[0]
		s.own.ahead = slices.Delete(s.own.ahead, 0, 1)
		s.adopt(&m, out)
		e := madeEvent(&m)
		e.kind = m.Of
		s.own.last = e.number
		switch {
		case s.engine.Role() == wire.Primary:
			s.enter(&e, out) // the primary that made it is gone; its events are told as they would have been
		default:
			s.journal.insert(&e)
		}
		if m.Seq == s.engine.Seq() {
			s.sub = max(s.sub, m.Sub+1)
		}
	}
}

// adopt does what an event of the primary's says of the state.
func (s *Server) adopt(m *wire.Message, out *node.Output) {
	s.own.remember(m.Client, m.RefID)
	if m.Of == wire.EventAttachedDataChanged {
		s.engine.Adopt(m, out)
		return
	}
	s.adoptAgent(m, out)
}

// Remember implements hasync.Server: the backup is told what this primary remembers beside calls.
func (s *Server) Remember(out *node.Output) {
	for _, id := range slices.Sorted(maps.Keys(s.own.done)) {
		for _, refID := range s.own.done[id] {
			if m := s.engine.TellPeer(wire.RequestTold, out); m != nil {
				m.Client, m.RefID = id, refID
			}
		}
	}
	if s.own.last.seq > 0 {
		if m := s.engine.TellPeer(wire.RequestTold, out); m != nil {
			m.Seq, m.Sub = s.own.last.seq, s.own.last.sub
		}
	}
	s.rememberRegistrations(out)
	for i := range s.dns.list {
		if d := &s.dns.list[i]; d.afterCall {
			if m := s.engine.TellPeer(wire.AgentTold, out); m != nil {
				m.ThisDN, m.Agent, m.Num = d.name, callmodel.AgentAfterCallWork, uint64(d.ticks)
			}
		}
	}
}

// Remembered implements hasync.Server.
func (s *Server) Remembered(m *wire.Message, out *node.Output) {
	switch {
	case m.Kind == wire.RequestTold && m.Client == wire.None:
		// Clients may have seen what the primary has made itself, and this T-Server was not told.
		if last := (number{m.Seq, m.Sub}); last.after(s.own.last) {
			s.own.last = last
			s.journal.skip(last)
		}
	case m.Kind == wire.RequestTold:
		s.own.remember(m.Client, m.RefID)
	case m.Kind == wire.AgentTold:
		s.adoptAgent(m, out)
	case m.Kind == wire.RegistrationTold:
		s.registrationTold(m, out)
	}
}

func (o *own) append(b []byte) []byte {
	b = canon.Uint(b, o.marked)
	b = canon.Bool(b, o.asked)
	b = canon.Uint(b, len(o.todo))
	for i := range o.todo {
		b = canon.Uint(b, o.todo[i].client)
		b = o.todo[i].m.AppendCanonical(b)
	}
	b = canon.Uint(b, len(o.done))
	for _, id := range slices.Sorted(maps.Keys(o.done)) {
		b = canon.Uint(b, id)
		b = canon.Uint(b, len(o.done[id]))
		for _, refID := range o.done[id] {
			b = canon.Uint(b, refID)
		}
	}
	b = o.last.append(b)
	b = canon.Uint(b, len(o.ahead))
	for i := range o.ahead {
		b = o.ahead[i].AppendCanonical(b)
	}
	return b
}

func (o *own) restore(r *canon.Reader) {
	*o = own{marked: canon.Read[uint64](r), asked: r.Bool()}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		o.todo = append(o.todo, task{canon.Read[wire.ID](r), wire.RestoreMessage(r)})
	}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		id := canon.Read[wire.ID](r)
		for k := canon.Read[int](r); k > 0 && r.Good(); k-- {
			o.remember(id, canon.Read[uint64](r))
		}
	}
	o.last.restore(r)
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		o.ahead = append(o.ahead, wire.RestoreMessage(r))
	}
}
