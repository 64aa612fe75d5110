package switchsim

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// request is a client's request while it is carried out.
type request struct {
	s    *Switch
	m    *wire.Message
	out  *node.Output
	by   asked
	call callmodel.CallID // that it has made
}

// refusal is why a request is not carried out.
type refusal struct {
	code callmodel.ErrorCode
	why  string
}

func refuse(code callmodel.ErrorCode, form string, args ...any) *refusal {
	return &refusal{code, fmt.Sprintf(form, args...)}
}

// executors carry out requests. What is wrong with one is found before anything has happened.
var executors = map[wire.Kind]func(*request) *refusal{
	wire.RequestMakeCall: (*request).makeCall, wire.RequestAnswerCall: (*request).answerCall, wire.RequestReleaseCall: (*request).releaseCall,
	wire.RequestHoldCall: (*request).holdCall, wire.RequestRetrieveCall: (*request).retrieveCall, wire.RequestAlternateCall: (*request).alternateCall,
	wire.RequestInitiateTransfer: (*request).initiate, wire.RequestInitiateConference: (*request).initiate,
	wire.RequestCompleteTransfer: (*request).complete, wire.RequestCompleteConference: (*request).complete,
	wire.RequestSingleStepTransfer: (*request).singleStep, wire.RequestSingleStepConference: (*request).singleStep,
	wire.RequestDeleteFromConference: (*request).deleteFromConference, wire.RequestRedirectCall: (*request).redirectCall,
	wire.RequestRouteCall: (*request).routeCall, wire.RequestAgentLogin: (*request).agentLogin, wire.RequestAgentLogout: (*request).agentLogout,
	wire.RequestAgentReady: (*request).agentReady, wire.RequestAgentNotReady: (*request).agentReady,
	wire.RequestSetDNDOn: (*request).setDND, wire.RequestSetDNDOff: (*request).setDND,
	wire.RequestCallForwardSet: (*request).forward, wire.RequestCallForwardCancel: (*request).forward,
}

// request: X13: a T-Server passes a request on. One of a lower epoch than the switch has seen is refused, and one that was carried out before is answered
// as it was then.
func (s *Switch) request(l *ctiLink, m *wire.Message, out *node.Output) {
	off := s.opt.Without.Has(node.X13)
	if m.Epoch < s.epoch && !off && !s.opt.TwoPrimaries && !s.opt.Without.Has(node.RequestEpoch) {
		s.answerRequest(l, m, &outcome{code: callmodel.ErrStaleEpoch, text: fmt.Sprintf("the switch has heard of epoch %d, and this is %d", s.epoch, m.Epoch)}, out)
		return
	}
	s.epoch = max(s.epoch, m.Epoch)
	forgets := off || s.opt.Without.Has(node.RequestOnce)
	if forgets && m.Of == wire.RequestQueryRequest {
		s.answerRequest(l, m, &outcome{of: m.Of, code: callmodel.ErrVoid, text: "it is not known"}, out)
		return
	}
	if forgets || m.Client == wire.None {
		by := asked{m.Client, m.RefID}
		if off || m.Client == wire.None {
			by = asked{}
		}
		s.answerRequest(l, m, s.carryOut(m, by, out), out)
		return
	}
	known := s.memoryOf(m.Client)
	refID := m.RefID
	if m.Of == wire.RequestQueryRequest {
		refID = m.Num
	}
	o := known.recall(refID)
	switch {
	case o != nil:
	case refID <= known.below || m.Seq != 0 && m.Seq>>counterBits != s.inc: // it may have been made before the switch began
		o = &outcome{code: callmodel.ErrForgotten, text: "the switch does not remember so far back"}
	case m.Of == wire.RequestQueryRequest:
		known.remember(outcome{refID: refID, of: m.Of, code: callmodel.ErrVoid, text: "it was not carried out, and will not be"})
		o = known.recall(refID)
	default:
		o = s.carryOut(m, asked{m.Client, refID}, out)
		known.remember(*o)
	}
	s.answerRequest(l, m, o, out)
}

func (s *Switch) carryOut(m *wire.Message, by asked, out *node.Output) *outcome {
	o := outcome{refID: m.RefID, of: m.Of}
	do, ok := executors[m.Of]
	if !ok {
		o.code, o.text = callmodel.ErrUnsupported, m.Of.String()+" is no request to a switch"
		return &o
	}
	r := request{s: s, m: m, out: out, by: by}
	if no := do(&r); no != nil {
		o.code, o.text = no.code, no.why
	}
	o.call = r.call
	return &o
}

func (s *Switch) answerRequest(l *ctiLink, m *wire.Message, o *outcome, out *node.Output) {
	if m.Client == wire.None {
		return // it is the T-Server's own, which sees by the event what came of it
	}
	l.answer(&wire.Message{Kind: wire.SwitchAnswer, Client: m.Client, RefID: m.RefID, Of: o.of, Code: o.code, Text: o.text, Call: o.call}, out)
}

// markEpoch (X8): a primary that has something to tell of its own gets a number for it.
func (s *Switch) markEpoch(m *wire.Message, out *node.Output) {
	if m.Epoch >= s.epoch || s.opt.Without.Has(node.X13) || s.opt.TwoPrimaries {
		s.tell(wire.Message{Kind: wire.EpochMarked, Seq: s.next(), Epoch: m.Epoch}, out)
	}
}

// asking makes what follows the request's doing.
func (r *request) asking(do func()) {
	r.s.by = r.by
	do()
	r.s.by = asked{}
}

// emit emits an event that the request has caused.
func (r *request) emit(m wire.Message) {
	r.asking(func() { r.s.emitNext(m, r.out) })
}

// extension returns the line of ThisDN, which is to be a telephone.
func (r *request) extension() (int, *refusal) {
	i, ok := r.s.byName[r.m.ThisDN]
	if !ok || r.s.lines[i].typ != callmodel.DNExtension {
		return 0, refuse(callmodel.ErrUnknownDN, "%q is no extension", r.m.ThisDN)
	}
	return i, nil
}

// party returns a call, and ThisDN's part in it, which is to be in one of the states.
func (r *request) party(id callmodel.CallID, states ...callmodel.PartyState) (*parties.Call, *parties.Party, *refusal) {
	if r.s.calls.of(id) == nil {
		return nil, nil, refuse(callmodel.ErrUnknownCall, "there is no such call any more")
	}
	c := r.s.table.At(id.Ref)
	i := c.Find(r.m.ThisDN)
	if i < 0 {
		return nil, nil, refuse(callmodel.ErrForeignCall, "%s is no party of this call", r.m.ThisDN)
	}
	p := c.At(i)
	for _, s := range states {
		if p.State == s {
			return c, p, nil
		}
	}
	if len(states) > 0 {
		return nil, nil, refuse(callmodel.ErrWrongState, "%s is %s in this call, and is to be %s", p.DN, p.State, states[0])
	}
	return c, p, nil
}

// free returns where OtherDN leads, for a call that is to go there and nowhere else.
func (r *request) free(c *parties.Call) (target, *refusal) {
	t, code, why := r.s.find(r.m.OtherDN)
	switch {
	case code != 0:
		return t, refuse(code, "%s", why)
	case c.Find(r.s.lines[t.line].dn) >= 0:
		return t, refuse(callmodel.ErrWrongState, "%s is in the call already", r.m.OtherDN)
	case t.state == callmodel.PartyBusy:
		return t, refuse(callmodel.ErrBusy, "%s is busy, or takes no calls", r.m.OtherDN)
	}
	return t, nil
}

func (r *request) makeCall() *refusal {
	from, no := r.extension()
	if no != nil {
		return no
	}
	if r.s.lines[from].busy {
		return refuse(callmodel.ErrWrongState, "%s has a call already", r.m.ThisDN)
	}
	to, code, why := r.s.find(r.m.OtherDN)
	switch {
	case code != 0:
		return refuse(code, "%s", why)
	case to.line == from:
		return refuse(callmodel.ErrBadArgument, "%s cannot call itself", r.m.ThisDN)
	}
	return r.begin(&beginning{from: from, to: to, data: r.m.Data})
}

func (r *request) begin(b *beginning) *refusal {
	if r.s.calls.inUse == r.s.calls.size {
		return refuse(callmodel.ErrBusy, "all %d call references are in use", r.s.calls.size)
	}
	ref := r.s.calls.next()
	r.call = callmodel.CallID{Ref: ref, Born: r.s.seq() + 1}
	r.asking(func() { r.s.begin(b, r.out) })
	return nil
}

func (r *request) answerCall() *refusal {
	_, _, no := r.party(r.m.Call, callmodel.PartyRinging)
	if no == nil {
		r.asking(func() { r.s.answerAt(r.m.Call.Ref, r.m.ThisDN, r.out) })
	}
	return no
}

func (r *request) releaseCall() *refusal {
	_, p, no := r.party(r.m.Call)
	if no != nil {
		return no
	}
	if p.State == callmodel.PartyQueued || p.State == callmodel.PartyRouting {
		return refuse(callmodel.ErrWrongState, "%s is no telephone", p.DN)
	}
	r.s.hangUp(r.m.Call.Ref, p.DN, r.by, r.out)
	return nil
}

func (r *request) holdCall() *refusal {
	_, p, no := r.party(r.m.Call, callmodel.PartyEstablished)
	if no == nil {
		r.emit(wire.Message{Kind: wire.CallHeld, Call: r.m.Call, ThisDN: p.DN})
	}
	return no
}

func (r *request) retrieveCall() *refusal {
	_, p, no := r.party(r.m.Call, callmodel.PartyHeld)
	switch {
	case no != nil:
		return no
	case r.s.active(p.DN) != 0:
		return refuse(callmodel.ErrWrongState, "%s has another call that is not on hold", p.DN)
	}
	r.emit(wire.Message{Kind: wire.CallRetrieved, Call: r.m.Call, ThisDN: p.DN})
	return nil
}

// active returns the call of a DN that is not on hold, 0 if there is none.
func (s *Switch) active(dn callmodel.DN) uint32 {
	for ref := range s.calls.table {
		if c := s.table.At(uint32(ref)); c != nil {
			if i := c.Find(dn); i >= 0 && c.At(i).State != callmodel.PartyHeld {
				return uint32(ref)
			}
		}
	}
	return 0
}

func (r *request) alternateCall() *refusal {
	_, p, no := r.party(r.m.Call, callmodel.PartyEstablished)
	if no != nil {
		return no
	}
	if _, _, no = r.party(r.m.OtherCall, callmodel.PartyHeld); no != nil {
		return no
	}
	dn := p.DN
	r.emit(wire.Message{Kind: wire.CallHeld, Call: r.m.Call, ThisDN: dn})
	r.s.emitNext(wire.Message{Kind: wire.CallRetrieved, Call: r.m.OtherCall, ThisDN: dn}, r.out)
	return nil
}
