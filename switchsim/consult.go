package switchsim

import (
	"hotpair/callmodel"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// initiate begins a consult call, for a transfer or a conference: the call that it is about is put on hold.
func (r *request) initiate() *refusal {
	from, no := r.extension()
	if no != nil {
		return no
	}
	c, p, no := r.party(r.m.Call, callmodel.PartyEstablished, callmodel.PartyHeld)
	if no != nil {
		return no
	}
	to, code, why := r.s.find(r.m.OtherDN)
	switch {
	case code != 0:
		return refuse(code, "%s", why)
	case c.Find(r.s.lines[to.line].dn) >= 0:
		return refuse(callmodel.ErrWrongState, "%s is in the call already", r.m.OtherDN)
	case p.State == callmodel.PartyHeld && r.s.active(p.DN) != 0:
		return refuse(callmodel.ErrWrongState, "%s has another call that is not on hold", p.DN)
	case r.s.calls.inUse == r.s.calls.size:
		return refuse(callmodel.ErrBusy, "all %d call references are in use", r.s.calls.size)
	}
	if p.State == callmodel.PartyEstablished {
		r.s.emitNext(wire.Message{Kind: wire.CallHeld, Call: r.m.Call, ThisDN: p.DN}, r.out)
	}
	return r.begin(&beginning{from: from, to: to, main: r.m.Call, data: r.m.Data})
}

// complete joins a call and the call in which the other one was asked about it.
func (r *request) complete() *refusal {
	main, _, no := r.party(r.m.Call, callmodel.PartyHeld, callmodel.PartyEstablished)
	if no != nil {
		return no
	}
	consult, mine, no := r.party(r.m.OtherCall)
	if no != nil {
		return no
	}
	transfer := r.m.Of == wire.RequestCompleteTransfer
	switch {
	case consult.Main() != r.m.Call || mine.Role != callmodel.RoleOrigination:
		return refuse(callmodel.ErrWrongState, "%s has not made the second call about the first one", r.m.ThisDN)
	case mine.State == callmodel.PartyBusy || consult.At(1).State == callmodel.PartyBusy:
		return refuse(callmodel.ErrWrongState, "the consulted party is busy")
	case !transfer && consult.Connected() < 2:
		return refuse(callmodel.ErrWrongState, "the consulted party has not answered")
	case main.Len()+consult.Len()-1 > parties.MaxParties:
		return refuse(callmodel.ErrBusy, "a call has at most %d parties", parties.MaxParties)
	case inBoth(main, consult, r.m.ThisDN):
		return refuse(callmodel.ErrWrongState, "another party is in both calls")
	}
	m := wire.Message{Kind: wire.CallsJoined, Call: r.m.Call, OtherCall: r.m.OtherCall, ThisDN: r.m.ThisDN, Cause: callmodel.CauseConferenced}
	if transfer {
		m.Cause = callmodel.CauseTransferred
	}
	r.s.join(m, r)
	return nil
}

func inBoth(a, b *parties.Call, but callmodel.DN) bool {
	for i := range a.Len() {
		if dn := a.At(i).DN; dn != but && b.Find(dn) >= 0 {
			return true
		}
	}
	return false
}

// join carries out what complete has found possible.
func (s *Switch) join(m wire.Message, r *request) {
	left := *s.table.At(m.Call.Ref).At(s.table.At(m.Call.Ref).Find(m.ThisDN))
	was := *s.table.At(m.OtherCall.Ref)
	other := *was.At(was.Find(m.ThisDN))
	waits := s.calls.table[m.OtherCall.Ref].waits
	s.stopWaiting(m.OtherCall.Ref, r.out)
	s.unqueue(m.OtherCall.Ref)
	r.emit(m)
	s.note(m.OtherCall.Ref, s.seq(), "released", r.out)
	s.calls.free(m.OtherCall.Ref)
	s.leave(&other, s.table.At(m.Call.Ref), r.out)
	if m.Cause == callmodel.CauseTransferred {
		s.leave(&left, s.table.At(m.Call.Ref), r.out)
	}
	if waits != 0 || s.table.At(m.Call.Ref).Waiting() >= 0 {
		s.await(m.Call.Ref, r.out) // it rings or waits on, as the other call
	}
}

// unqueue takes a call out of the queue in which it waits.
func (s *Switch) unqueue(ref uint32) {
	c := s.table.At(ref)
	if i := c.Waiting(); i >= 0 && c.At(i).State == callmodel.PartyQueued {
		q := &s.lines[c.At(i).Line]
		kept := q.waiting[:0]
		for _, r := range q.waiting {
			if r != ref {
				kept = append(kept, r)
			}
		}
		q.waiting = kept
	}
}

// singleStep takes one more into a call, in the place of the one who asks (transfer), or beside it.
func (r *request) singleStep() *refusal {
	c, p, no := r.party(r.m.Call, callmodel.PartyEstablished)
	if no != nil {
		return no
	}
	to, no := r.free(c)
	switch {
	case no != nil:
		return no
	case c.Len() == parties.MaxParties:
		return refuse(callmodel.ErrBusy, "a call has at most %d parties", parties.MaxParties)
	case c.Waiting() >= 0:
		return refuse(callmodel.ErrWrongState, "the call rings or waits for somebody already")
	}
	s, id, dest := r.s, r.m.Call, &r.s.lines[to.line]
	dn, cause := p.DN, callmodel.CauseConferenced
	if r.m.Of == wire.RequestSingleStepTransfer {
		cause = callmodel.CauseTransferred
	}
	offered := wire.Message{
		Kind: wire.CallOffered, Call: id, ThisDN: dest.dn, PartyState: to.state, DNType: trunkOnly(dest.typ), ThirdDN: dn, Cause: cause, Data: r.m.Data,
	}
	r.emit(offered)
	s.joined(id.Ref, to.line)
	if cause == callmodel.CauseTransferred {
		r.asking(func() { s.drop(id.Ref, dn, dest.dn, cause, r.out) })
	}
	s.await(id.Ref, r.out)
	return nil
}

func (r *request) deleteFromConference() *refusal {
	c, _, no := r.party(r.m.Call, callmodel.PartyEstablished, callmodel.PartyHeld)
	switch {
	case no != nil:
		return no
	case c.Find(r.m.OtherDN) < 0:
		return refuse(callmodel.ErrForeignCall, "%s is no party of this call", r.m.OtherDN)
	case c.Len() < 3:
		return refuse(callmodel.ErrWrongState, "the call is no conference")
	case r.m.OtherDN == r.m.ThisDN:
		return refuse(callmodel.ErrBadArgument, "%s leaves with RequestReleaseCall", r.m.ThisDN)
	}
	r.asking(func() { r.s.drop(r.m.Call.Ref, r.m.OtherDN, "", 0, r.out) })
	return nil
}

func (r *request) redirectCall() *refusal {
	return r.handOn(callmodel.PartyRinging, callmodel.CauseRedirected)
}

func (r *request) routeCall() *refusal {
	return r.handOn(callmodel.PartyRouting, callmodel.CauseRouted)
}

func (r *request) handOn(state callmodel.PartyState, cause callmodel.Cause) *refusal {
	c, p, no := r.party(r.m.Call, state)
	if no != nil {
		return no
	}
	to, no := r.free(c)
	if no == nil {
		r.s.hand(r.m.Call.Ref, p.DN, to, handing{cause: cause, data: r.m.Data, by: r.by}, r.out)
	}
	return no
}
