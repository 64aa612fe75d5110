package parties

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// Happening is one event for clients, at one DN.
type Happening struct {
	Kind    wire.Kind
	Place   uint32
	Call    callmodel.CallID // as it is called from now on
	Type    callmodel.CallType
	ThisDN  callmodel.DN
	OtherDN callmodel.DN
	ThirdDN callmodel.DN
	Queue   callmodel.DN

	ThisRole, OtherRole callmodel.PartyRole
	Cause               callmodel.Cause
	Previous            callmodel.CallID // what the party's call was before, if it was another
	Other               callmodel.CallID // the other call of a consultation
}

// Sink is told what happens, before it has happened to the table. It keeps nothing of it.
type Sink interface {
	Happens(h *Happening)
}

// Nobody is a sink for those who only keep the table.
type Nobody struct{}

// Happens implements Sink.
func (Nobody) Happens(*Happening) {}

// Apply does to the table what an event of the switch says, and tells the sink of the events for clients that follow. An error says why the event makes no
// sense here; then nothing has happened. The reference is in range.
func (t *Table) Apply(m *wire.Message, sink Sink) error {
	if m.Kind == wire.CallCreated {
		return t.created(m, sink)
	}
	c := t.At(m.Call.Ref)
	if c == nil {
		return fmt.Errorf("%s: there is no such call", m.Kind)
	}
	e := change{t, c, m, sink}
	switch m.Kind {
	case wire.CallAnswered:
		return e.answered()
	case wire.CallReleased:
		e.released()
		return nil
	case wire.CallHeld:
		return e.turned(callmodel.PartyEstablished, callmodel.PartyHeld, wire.EventHeld)
	case wire.CallRetrieved:
		return e.turned(callmodel.PartyHeld, callmodel.PartyEstablished, wire.EventRetrieved)
	case wire.CallOffered:
		return e.offered()
	case wire.CallDiverted:
		return e.diverted()
	case wire.PartyLeft:
		return e.left()
	case wire.CallsJoined:
		return e.joined()
	}
	return fmt.Errorf("%s is no change of a call", m.Kind)
}

// change is one event of the switch for a call that there is.
type change struct {
	t    *Table
	c    *Call
	m    *wire.Message
	sink Sink
}

// tell tells of an event at party i of a call, unless the party is silent.
func (e *change) tell(kind wire.Kind, place int, call callmodel.CallID, c *Call, i int) {
	e.tellMore(kind, place, call, c, i, nil)
}

// tellMore is tell with what is not usual about the event.
func (e *change) tellMore(kind wire.Kind, place int, call callmodel.CallID, c *Call, i int, more func(h *Happening)) {
	p := c.At(i)
	if p.Silent {
		return
	}
	h := &e.t.what
	*h = Happening{Kind: kind, Place: uint32(place), Call: call, Type: c.Type, ThisDN: p.DN, ThisRole: p.Role, Cause: e.m.Cause, Queue: c.Queue()}
	h.OtherDN, h.OtherRole = c.Other(i)
	if main := c.Main(); main != (callmodel.CallID{}) {
		h.Other = main
	}
	if more != nil {
		more(h)
	}
	e.sink.Happens(h)
}

func (t *Table) created(m *wire.Message, sink Sink) error {
	if t.At(m.Call.Ref) != nil {
		return fmt.Errorf("%s: the call reference is in use", m.Kind)
	}
	c := t.room(m.Call.Ref)
	*c = MakePlain(m.CallType, m.ThisDN, m.OtherDN, callmodel.CallRinging)
	if m.DNType == callmodel.DNTrunk {
		c.two[1].Silent = true
	}
	if m.PartyState != 0 {
		c.two[1].State = m.PartyState
	}
	if m.PartyState == callmodel.PartyBusy {
		c.two[1].Silent = true
	}
	if m.OtherCall != (callmodel.CallID{}) {
		c.extra().main = m.OtherCall
	}
	e := change{t, c, m, sink}
	e.tell(wire.EventDialing, 0, m.Call, c, 0)
	if m.PartyState == callmodel.PartyBusy {
		e.tell(wire.EventDestinationBusy, 1, m.Call, c, 0)
		return nil
	}
	if m.ThirdDN == "" {
		e.tell(arrival(c.two[1].State), 1, m.Call, c, 1)
		return nil
	}
	e.tellMore(arrival(c.two[1].State), 1, m.Call, c, 1, func(h *Happening) { h.ThirdDN = m.ThirdDN })
	return nil
}

// arrival is the event at a DN that a call comes to.
func arrival(s callmodel.PartyState) wire.Kind {
	switch s {
	case callmodel.PartyQueued:
		return wire.EventQueued
	case callmodel.PartyRouting:
		return wire.EventRouteRequest
	}
	return wire.EventRinging
}

// answered: the one that answers, and the one that has called, are established; those that talk already learn of a member more.
func (e *change) answered() error {
	who := e.c.Waiting()
	if e.m.ThisDN != "" {
		who = e.c.Find(e.m.ThisDN)
	}
	if who < 0 || e.c.At(who).State != callmodel.PartyRinging {
		return fmt.Errorf("%s: the call does not ring there", e.m.Kind)
	}
	member := e.c.Connected() >= 2
	e.c.At(who).State = callmodel.PartyEstablished
	if member {
		e.c.At(who).Role = callmodel.RoleConferenceMember
	}
	for i := range e.c.Len() {
		switch p := e.c.At(i); {
		case i == who:
			e.tell(wire.EventEstablished, i, e.m.Call, e.c, i)
		case p.State == callmodel.PartyDialing:
			p.State = callmodel.PartyEstablished
			e.tell(wire.EventEstablished, i, e.m.Call, e.c, i)
		case member && p.State != callmodel.PartyRinging:
			e.tellMore(wire.EventPartyAdded, i, e.m.Call, e.c, i, func(h *Happening) {
				h.OtherDN, h.OtherRole = e.c.At(who).DN, e.c.At(who).Role
			})
		}
	}
	return nil
}

func (e *change) released() {
	for i := range e.c.Len() {
		kind := wire.EventReleased
		switch e.c.At(i).State {
		case callmodel.PartyRinging, callmodel.PartyQueued, callmodel.PartyRouting:
			kind = wire.EventAbandoned
		}
		e.tell(kind, i, e.m.Call, e.c, i)
	}
	e.t.Clear(e.m.Call.Ref)
}

// turned: the party at ThisDN goes from one state to another.
func (e *change) turned(from, to callmodel.PartyState, kind wire.Kind) error {
	i := e.c.Find(e.m.ThisDN)
	if i < 0 || e.c.At(i).State != from {
		return fmt.Errorf("%s: %s is not %s in this call", e.m.Kind, e.m.ThisDN, from)
	}
	e.c.At(i).State = to
	e.tell(kind, 0, e.m.Call, e.c, i)
	return nil
}

func (e *change) offered() error {
	if e.c.Find(e.m.ThisDN) >= 0 || e.c.Len() >= MaxParties {
		return fmt.Errorf("%s: %s is a party of the call already, or there are %d", e.m.Kind, e.m.ThisDN, MaxParties)
	}
	if e.m.Queue != "" {
		e.c.extra().queue = e.m.Queue
	}
	p := Party{DN: e.m.ThisDN, State: callmodel.PartyRinging, Role: callmodel.RoleDestination, Silent: e.m.DNType == callmodel.DNTrunk}
	if e.m.PartyState != 0 {
		p.State = e.m.PartyState
	}
	e.c.add(p)
	e.tellMore(arrival(p.State), 0, e.m.Call, e.c, e.c.Len()-1, func(h *Happening) { h.ThirdDN = e.m.ThirdDN })
	return nil
}

// diverted: the call has gone elsewhere. A queue or routing point is told so, a telephone that rang is released.
func (e *change) diverted() error {
	i := e.c.Find(e.m.ThisDN)
	if i < 0 || e.c.Len() == 1 {
		return fmt.Errorf("%s: %s is no party of the call, or the only one", e.m.Kind, e.m.ThisDN)
	}
	kind := wire.EventDiverted
	if e.c.At(i).State == callmodel.PartyRinging {
		kind = wire.EventReleased
	} else {
		e.c.extra().queue = e.m.ThisDN
	}
	e.tellMore(kind, 0, e.m.Call, e.c, i, func(h *Happening) { h.ThirdDN = e.m.ThirdDN })
	e.c.remove(i)
	return nil
}

func (e *change) left() error {
	i := e.c.Find(e.m.ThisDN)
	if i < 0 || e.c.Len() < 3 {
		return fmt.Errorf("%s: %s is no party of the call, or not enough would stay", e.m.Kind, e.m.ThisDN)
	}
	e.tellMore(wire.EventReleased, 0, e.m.Call, e.c, i, func(h *Happening) { h.ThirdDN = e.m.OtherDN })
	e.c.remove(i)
	for k := range e.c.Len() {
		p := e.c.At(k)
		if p.State != callmodel.PartyEstablished && p.State != callmodel.PartyHeld || p.DN == e.m.OtherDN {
			continue
		}
		kind := wire.EventPartyDeleted
		if e.m.OtherDN != "" {
			kind = wire.EventPartyChanged
		}
		e.tellMore(kind, 1+k, e.m.Call, e.c, k, func(h *Happening) {
			h.ThirdDN = e.m.ThisDN
			if new := e.c.Find(e.m.OtherDN); new >= 0 {
				h.OtherDN, h.OtherRole = e.m.OtherDN, e.c.At(new).Role
			}
		})
	}
	return nil
}
