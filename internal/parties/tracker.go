package parties

import (
	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// Tracker keeps a table for those who only listen to what the switch tells the T-Servers: it tells both the same, and sometimes one of them alone. A call
// that began unheard is learnt from a snapshot. The zero value has no calls.
type Tracker struct {
	Table
	born    map[uint32]uint64 // of the calls, by reference
	last    uint64            // the number of the last event
	reading callmodel.CallID  // the call that is learnt from a snapshot
	listed  bool              // its parties are told one by one
	newer   bool              // the snapshot that is told knows of events that nobody was told of
}

// Hear takes a message of the switch, and tells the sink what follows from it. It reports whether it is a live event that was not heard before.
func (t *Tracker) Hear(m *wire.Message, sink Sink) bool {
	switch m.Kind {
	case wire.SnapshotBegin:
		t.newer = m.Seq > t.last
		t.last = max(t.last, m.Seq)
		return false
	case wire.SnapshotCall, wire.SnapshotParty:
		t.read(m)
		return false
	case wire.CallCreated, wire.CallAnswered, wire.CallReleased, wire.CallHeld, wire.CallRetrieved, wire.CallOffered, wire.CallDiverted, wire.PartyLeft,
		wire.CallsJoined, wire.AgentChanged, wire.DNChanged:
	default:
		return false
	}
	if m.Seq <= t.last {
		return false
	}
	t.last = m.Seq
	if m.Kind == wire.AgentChanged || m.Kind == wire.DNChanged {
		return true
	}
	if t.born == nil {
		t.born = map[uint32]uint64{}
	}
	if m.Kind == wire.CallCreated {
		t.Clear(m.Call.Ref) // its end was reported to nobody
		t.born[m.Call.Ref] = m.Call.Born
	}
	if t.born[m.Call.Ref] == m.Call.Born {
		_ = t.Apply(m, sink) // what makes no sense, since something went unheard, brings nothing
	}
	return true
}

// Restarted: the switch has begun anew, and its calls are gone.
func (t *Tracker) Restarted() { *t = Tracker{last: t.last} }

// read: a call that is known already, is known better, unless the snapshot is newer: while both CTI links were down or silent, the switch told nobody of its events.
func (t *Tracker) read(m *wire.Message) {
	ref := m.Call.Ref
	if m.Kind == wire.SnapshotCall && (t.born[ref] < m.Call.Born || t.newer) {
		var c Call
		c.Read(m)
		t.Set(ref, &c)
		if t.born == nil {
			t.born = map[uint32]uint64{}
		}
		t.born[ref], t.reading, t.listed = m.Call.Born, m.Call, false
		return
	}
	c := t.At(ref)
	switch {
	case m.Kind == wire.SnapshotCall:
		t.reading = callmodel.CallID{}
	case t.reading == m.Call && c != nil:
		if !t.listed {
			t.listed = true
			c.Bare()
		}
		c.Read(m)
	}
}

// With calls yield for each call that a DN is a party of, and the index of that party, in the order of the call references.
func (t *Tracker) With(dn callmodel.DN, yield func(id callmodel.CallID, c *Call, i int)) {
	for ref := range t.calls {
		c := &t.calls[ref]
		if c.n == 0 {
			continue
		}
		if i := c.Find(dn); i >= 0 {
			yield(callmodel.CallID{Ref: uint32(ref), Born: t.born[uint32(ref)]}, c, i)
		}
	}
}
