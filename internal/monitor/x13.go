package monitor

import (
	"strings"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// x13: requests. The switch carries out each (client, reference ID) at most once, and none of a lower epoch than it has seen, which counts under a Management
// Layer only; what it says of a request is true for ever. Only a primary passes requests on, those that a client has made. Each request of a client gets one
// answer, or its link ends (see desk). And what the client library says of it, done or not done, is true.
//
// What the switch does is judged by what it tells: an event that is new between a request and its answer is that request's doing, whatever it says itself.
// What it does while its links are silent nobody can see.
type x13 struct {
	epoch uint64 // the highest that the switch has heard of
	seq   uint64 // of its last event
	doing doing
	fates map[ticket]*fate
	old   map[wire.ID][]ticket // of each client, in the order in which they were first heard of
	desks [2]desk
	now   *trace.Record // the last record, for its time
	heal  bool
}

// ticket names a request.
type ticket struct {
	client wire.ID
	refID  uint64
}

// fate is what is known of a request.
type fate struct {
	of     wire.Kind    // 0: it was never seen
	done   trace.Record // the switch has carried it out
	not    trace.Record // somebody who must know has said that it was not carried out, and will not be
	closed trace.Record // the client's user was told of its outcome
	seen   place        // the client's event that answered it, of what the primary does itself
}

// doing is the request that the switch has got last, while it may be at it.
type doing struct {
	ticket  ticket
	request trace.Record // Kind 0: none
	behind  uint64       // the number of the last event before it
	moved   trace.Record // the first new event since
	did     bool         // that was taken for its being carried out
	stale   bool         // it is of a lower epoch than the switch has heard of
}

// maxFates is how many requests of a client are kept: the switch remembers fewer, and refuses what is older.
const maxFates = 1024

func newX13() *x13 {
	return &x13{fates: map[ticket]*fate{}, old: map[wire.ID][]ticket{}}
}

func (m *x13) name() string { return "X13" }

func (m *x13) fate(t ticket) *fate {
	f := m.fates[t]
	if f == nil {
		f = &fate{}
		m.fates[t] = f
		m.old[t.client] = append(m.old[t.client], t)
		if list := m.old[t.client]; len(list) > maxFates {
			delete(m.fates, list[0])
			m.old[t.client] = list[1:]
		}
	}
	return f
}

func (m *x13) record(s *Set, r *trace.Record) {
	m.now = r
	switch {
	case r.Node == wire.Switch:
		m.atSwitch(s, r)
	case r.Node.IsTServer():
		m.passedOn(s, r)
		m.desks[r.Node-wire.A].record(s, r)
	case r.Node.IsClient():
		m.atClient(s, r)
	case r.Kind == trace.Applied && r.Node == wire.World && r.Text == "converge":
		m.heal = true
	}
}

func (m *x13) atSwitch(s *Set, r *trace.Record) {
	if isInput(r) || r.Kind == trace.Started {
		m.doing = doing{}
	}
	switch {
	case r.Kind == trace.Started:
		m.epoch, m.seq = 0, 0
	case r.Kind == trace.Received && r.Msg.Kind == wire.SwitchRequest:
		if t := (ticket{r.Msg.Client, r.Msg.RefID}); t.client != wire.None {
			m.doing = doing{ticket: t, request: keep(r), behind: m.seq, stale: r.Msg.Epoch < m.epoch}
		}
		m.epoch = max(m.epoch, r.Msg.Epoch)
	case r.Kind == trace.Received:
		m.epoch = max(m.epoch, r.Msg.Epoch)
	case r.Kind == trace.Sent && r.Msg.Kind == wire.SwitchAnswer:
		m.answered(s, r)
	case r.Kind == trace.Sent && isSwitchEvent(r.Msg.Kind):
		m.happened(s, r, r.Msg.Seq, ticket{r.Msg.Client, r.Msg.RefID})
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteCall:
		m.happened(s, r, r.Note.N, ticket{})
	}
}

// isSwitchEvent reports whether the switch tells by it that something has changed.
func isSwitchEvent(k wire.Kind) bool {
	switch k {
	case wire.CallCreated, wire.CallAnswered, wire.CallReleased, wire.AgentChanged, wire.CallHeld, wire.CallRetrieved, wire.CallOffered, wire.CallDiverted,
		wire.PartyLeft, wire.CallsJoined, wire.DNChanged:
		return true
	}
	return false
}

// happened: the switch tells of an event, by is whose doing it says that it is. What it has told of already, before the request, is nothing new. A T-Server that
// reads the switch is told later what has happened meanwhile.
func (m *x13) happened(s *Set, r *trace.Record, seq uint64, by ticket) {
	d := &m.doing
	fresh, at := seq > m.seq, d.request.Kind != 0
	m.seq = max(m.seq, seq)
	switch {
	case at && by == d.ticket && seq > d.behind:
		if !d.did {
			m.carriedOut(s, r)
		}
	case by.client != wire.None:
		f := m.fate(by)
		if f.done.Kind == 0 && f.not.Kind != 0 {
			s.report(records(&f.not, r), "the switch has carried out request %d of %s, of which it was said that it will not be (X13)", by.refID, by.client)
		}
		if f.done.Kind == 0 {
			f.done = keep(r)
		}
	case at && fresh && d.moved.Kind == 0:
		d.moved = keep(r)
	}
}

// carriedOut: the switch has done what it was asked for last.
func (m *x13) carriedOut(s *Set, r *trace.Record) {
	d, f := &m.doing, m.fate(m.doing.ticket)
	switch {
	case d.stale && s.pair.config.HasM():
		s.report(records(&d.request, r), "the switch carries out a request of epoch %d, and has heard of epoch %d (X13)", d.request.Msg.Epoch, m.epoch)
	case f.done.Kind != 0:
		s.report(records(&f.done, &d.request, r), "the switch carries out request %d of %s twice (X13)", d.ticket.refID, d.ticket.client)
	case f.not.Kind != 0:
		s.report(records(&f.not, &d.request, r), "the switch carries out request %d of %s, of which it was said that it will not be (X13)", d.ticket.refID, d.ticket.client)
	}
	f.of, f.done, d.did = d.request.Msg.Of, keep(r), true
}

// answered: the switch says what became of a request, or of the earlier one that it is asked about.
func (m *x13) answered(s *Set, r *trace.Record) {
	d, a := &m.doing, r.Msg
	if d.request.Kind == 0 || d.ticket != (ticket{a.Client, a.RefID}) {
		m.doing = doing{}
		return
	}
	asks := d.request.Msg.Of == wire.RequestQueryRequest
	t := d.ticket
	if asks {
		t.refID = d.request.Msg.Num
	}
	f := m.fate(t)
	if !asks && d.moved.Kind != 0 && !d.did {
		m.carriedOut(s, &d.moved)
	}
	switch {
	case a.Code == callmodel.ErrStaleEpoch || a.Code == callmodel.ErrForgotten:
	case a.Code != 0 && f.done.Kind != 0:
		s.report(records(&f.done, r), "the switch says of request %d of %s that it was not carried out, and it was (X13)", t.refID, t.client)
	case a.Code != 0:
		f.not = keep(r)
	case f.not.Kind != 0:
		s.report(records(&f.not, r), "the switch says of request %d of %s that it was carried out, and said that it was not (X13)", t.refID, t.client)
	case f.done.Kind == 0:
		f.of, f.done = a.Of, keep(r)
	}
	m.doing = doing{}
}

// passedOn: only a primary passes requests to the switch, of its own epoch, and those that a client has made here and that are not answered.
func (m *x13) passedOn(s *Set, r *trace.Record) {
	if r.Kind != trace.Sent || r.Msg.Kind != wire.SwitchRequest && r.Msg.Kind != wire.MarkEpoch {
		return
	}
	v := s.pair.of(r.Node)
	if v.role != wire.Primary || v.epoch != r.Msg.Epoch {
		s.report(records(&v.roleNote, r), "%s passes a request of epoch %d to the switch, and is %s of epoch %d (X13)", r.Node, r.Msg.Epoch, v.role, v.epoch)
	}
	t := ticket{r.Msg.Client, r.Msg.RefID}
	if t.client == wire.None {
		return
	}
	if w := m.desks[r.Node-wire.A].waiting[t]; w == nil || w.answer.Kind != 0 {
		s.report(records(r), "%s passes on request %d of %s, which does not wait for an answer here (X13)", r.Node, t.refID, t.client)
	}
}

func (m *x13) atClient(s *Set, r *trace.Record) {
	switch {
	case r.Kind == trace.Sent && r.Msg.Kind.IsRequest() && r.Msg.RefID != 0:
		m.fate(ticket{r.Node, r.Msg.RefID}).of = r.Msg.Kind
	case r.Kind == trace.Received && r.Msg.Kind.IsCallEvent() && r.Msg.RefID != 0:
		f := m.fate(ticket{r.Node, r.Msg.RefID})
		at := place{r.Msg.Seq, r.Msg.Sub}
		if isOwn(f.of) && f.seen.seq != 0 && f.seen != at {
			s.report(records(r), "request %d of %s was carried out as event (%d, %d) already (X13)", r.Msg.RefID, r.Node, f.seen.seq, f.seen.sub)
		}
		f.seen = at
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteAnswered:
		m.outcome(s, r)
	}
}

// isOwn reports whether a primary carries out a request itself.
func isOwn(k wire.Kind) bool {
	return k >= wire.RequestAttachUserData && k <= wire.RequestDeleteUserData
}

// toSwitch reports whether the switch carries out a request.
func toSwitch(k wire.Kind) bool {
	return k >= wire.RequestMakeCall && k <= wire.RequestCallForwardCancel && !isOwn(k)
}

// outcome: the client library says what became of a request.
func (m *x13) outcome(s *Set, r *trace.Record) {
	made := r.Note.N
	first := m.fate(ticket{r.Node, made})
	if first.closed.Kind != 0 {
		s.report(records(&first.closed, r), "%s is told of the outcome of request %d twice (X13)", r.Node, made)
	}
	first.closed = keep(r)
	if r.Note.M != 0 {
		made = r.Note.M
	}
	f := m.fate(ticket{r.Node, made})
	if made != r.Note.N && first.done.Kind != 0 {
		s.report(records(&first.done, r), "request %d of %s was carried out, and made again as %d (X13)", r.Note.N, r.Node, made)
	}
	switch how, _, _ := strings.Cut(r.Note.Text, ":"); {
	case how == "done" && toSwitch(f.of) && f.done.Kind == 0:
		s.report(records(r), "%s is told that request %d is done, and the switch has not carried it out (X13)", r.Node, made)
	case how == "not done" && f.done.Kind != 0:
		s.report(records(&f.done, r), "%s is told that request %d is not done, and the switch has carried it out (X13)", r.Node, made)
	case how == "not done" && f.not.Kind == 0:
		f.not = keep(r)
	}
}

func (m *x13) finish(s *Set) {
	if m.heal {
		for i := range m.desks {
			m.desks[i].finish(s, &s.pair.views[i], m.now)
		}
	}
}
