package parties

import (
	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// Update makes a call what a snapshot says that it is, and tells what is new: who has come, who has gone, who talks, who has put it on hold. Several
// events may have the same cause; what happened in between is not known any more.
func (t *Table) Update(id callmodel.CallID, now *Call, sink Sink) {
	old := Call{}
	if c := t.At(id.Ref); c != nil {
		old = *c
	}
	t.Set(id.Ref, now)
	c := t.At(id.Ref)
	e := change{t, c, &wire.Message{Call: id}, sink}
	place := 0
	tell := func(kind wire.Kind, in *Call, i int) {
		e.tell(kind, place, id, in, i)
		place++
	}
	for i := range old.Len() {
		if c.Find(old.At(i).DN) < 0 {
			tell(gone(old.At(i).State), &old, i)
		}
	}
	for i := range c.Len() {
		was := callmodel.PartyState(0)
		if k := old.Find(c.At(i).DN); k >= 0 {
			was = old.At(k).State
		}
		if kind := arrived(c.At(i)); was == 0 && kind != 0 {
			tell(kind, c, i)
		}
	}
	for i := range c.Len() {
		was := callmodel.PartyState(0)
		if k := old.Find(c.At(i).DN); k >= 0 {
			was = old.At(k).State
		}
		switch now := c.At(i).State; {
		case now == callmodel.PartyEstablished && was == callmodel.PartyHeld:
			tell(wire.EventRetrieved, c, i)
		case now == callmodel.PartyEstablished && was != now, now == callmodel.PartyHeld && was != now && was != callmodel.PartyEstablished:
			tell(wire.EventEstablished, c, i)
		}
		if c.At(i).State == callmodel.PartyHeld && was != callmodel.PartyHeld {
			tell(wire.EventHeld, c, i)
		}
	}
}

func gone(s callmodel.PartyState) wire.Kind {
	switch s {
	case callmodel.PartyQueued, callmodel.PartyRouting:
		return wire.EventDiverted
	case callmodel.PartyRinging:
		return wire.EventAbandoned
	}
	return wire.EventReleased
}

// arrived is how a party that is new learns of its call; 0 if not by an event of its own.
func arrived(p *Party) wire.Kind {
	if p.Role == callmodel.RoleOrigination {
		return wire.EventDialing
	}
	return arrival(p.State)
}
