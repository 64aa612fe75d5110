package parties

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// joined: a call and its consult call become one, which keeps the main call's identity. The parties of the consult call come behind those of the main
// one. Who has joined them leaves both (transfer), or stays in the one that remains (conference).
func (e *change) joined() error {
	m, main := e.m, e.c
	consult := e.t.At(m.OtherCall.Ref)
	if consult == nil || consult == main {
		return fmt.Errorf("%s: there is no other call", m.Kind)
	}
	mine, there := main.Find(m.ThisDN), consult.Find(m.ThisDN)
	if mine < 0 || there < 0 || main.Len()+consult.Len()-1 > MaxParties {
		return fmt.Errorf("%s: %s is not in both calls, or there are too many parties", m.Kind, m.ThisDN)
	}
	for i := range consult.Len() {
		if i != there && main.Find(consult.At(i).DN) >= 0 {
			return fmt.Errorf("%s: %s is in both calls", m.Kind, consult.At(i).DN)
		}
	}
	transfer := m.Cause == callmodel.CauseTransferred
	e.leaves(main, consult, mine, there, transfer)
	consult.remove(there)
	old := main.Len()
	for i := range consult.Len() {
		p := *consult.At(i)
		if !transfer {
			p.Role = callmodel.RoleConferenceMember
		}
		if p.State == callmodel.PartyDialing {
			p.State = callmodel.PartyEstablished // it was made by the one that is gone, if by anybody
		}
		main.add(p)
	}
	if transfer {
		main.remove(mine)
		old--
	}
	first := main.At(old)
	for i := range main.Len() {
		e.tellJoined(leavingPlaces+i, i, old, first, transfer)
	}
	e.t.Clear(m.OtherCall.Ref)
	return nil
}

// leavingPlaces is how many places at the switch's event number what leaves tells takes.
const leavingPlaces = 2

// leaves tells the one who joins the calls what becomes of its own parts in them.
func (e *change) leaves(main, consult *Call, mine, there int, transfer bool) {
	m := e.m
	other := consult.At(0)
	if there == 0 {
		other = consult.At(1)
	}
	if transfer {
		e.tellMore(wire.EventReleased, 0, m.Call, main, mine, func(h *Happening) { h.ThirdDN, h.Other = other.DN, m.OtherCall })
		e.tell(wire.EventReleased, 1, m.OtherCall, consult, there)
		return
	}
	e.tell(wire.EventReleased, 0, m.OtherCall, consult, there)
	if p := main.At(mine); p.State == callmodel.PartyHeld {
		p.State = callmodel.PartyEstablished
		e.tellMore(wire.EventRetrieved, 1, m.Call, main, mine, func(h *Happening) { h.Cause = 0 })
	}
}

// tellJoined tells party i of the joined call: those from old on were in the consult call.
func (e *change) tellJoined(place, i, old int, first *Party, transfer bool) {
	m := e.m
	kind := wire.EventPartyChanged
	if !transfer && i < old {
		kind = wire.EventPartyAdded
	}
	e.tellMore(kind, place, m.Call, e.c, i, func(h *Happening) {
		h.ThirdDN, h.Other = m.ThisDN, m.OtherCall
		if i < old {
			h.OtherDN, h.OtherRole = first.DN, first.Role
		} else {
			h.Previous = m.OtherCall
		}
	})
}
