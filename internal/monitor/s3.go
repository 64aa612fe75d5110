package monitor

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s3: after Full Sync Done (synchronized), and once messages in flight have arrived, every call that both T-Servers hold has the same
// ConnID in both.
//
// A call whose ConnIDs differ is excused while the two are not synchronized, or a CallNamed for it is in flight. The records of a step follow
// its input one by one, and those of the other T-Server may stand between them; so a difference counts only when both T-Servers have begun a
// second step since it was last excused.
type s3 struct {
	differ   map[callmodel.CallID]*difference
	inFlight map[callmodel.CallID][]trace.Record // CallNamed, sent and not received
	inputs   [2]uint64                           // that each T-Server got
}

type difference struct {
	excused [2]uint64 // inputs, when it was last excused
	shown   [2]trace.Record
}

func newS3() *s3 {
	return &s3{differ: map[callmodel.CallID]*difference{}, inFlight: map[callmodel.CallID][]trace.Record{}}
}

func (m *s3) name() string { return "S3" }

func (m *s3) record(s *Set, r *trace.Record) {
	v := s.pair.of(r.Node)
	if v == nil {
		return
	}
	if isInput(r) || r.Kind == trace.Started || r.Kind == trace.Ended {
		m.judge(s, r, 2)
		m.inputs[r.Node-wire.A]++
	}
	switch {
	case r.Kind == trace.Started, r.Kind == trace.Ended, r.Kind == trace.Down && r.Peer.IsTServer():
		m.lose(r.Node)
	case r.Kind == trace.Sent && r.Msg.Kind == wire.CallNamed:
		m.inFlight[r.Msg.Call] = append(m.inFlight[r.Msg.Call], keep(r))
	case r.Kind == trace.Received && r.Msg.Kind == wire.CallNamed:
		m.arrived(r)
	case r.Kind == trace.Noted:
		m.note(s, v, r)
	}
}

// lose drops what is in flight to a T-Server whose HA session is over.
func (m *s3) lose(to wire.ID) {
	for call, list := range m.inFlight {
		kept := list[:0]
		for _, sent := range list {
			if sent.Peer != to {
				kept = append(kept, sent)
			}
		}
		m.inFlight[call] = kept
		if len(kept) == 0 {
			delete(m.inFlight, call)
		}
	}
}

// arrived: with it, everything that was sent before it on this link is in flight no more.
func (m *s3) arrived(r *trace.Record) {
	list := m.inFlight[r.Msg.Call]
	for len(list) > 0 && list[0].Index <= r.PeerIndex {
		list = list[1:]
	}
	m.inFlight[r.Msg.Call] = list
	if len(list) == 0 {
		delete(m.inFlight, r.Msg.Call)
	}
}

func (m *s3) note(s *Set, v *view, r *trace.Record) {
	n := r.Note
	switch n.Kind {
	case node.NoteGone:
		delete(m.differ, n.Call)
	case node.NoteHeld, node.NoteNamed:
		other, both := s.pair.other(v).calls[n.Call]
		if !both || (other == n.ConnID && n.ConnID != 0) {
			delete(m.differ, n.Call)
			return
		}
		d := m.differ[n.Call]
		if d == nil {
			d = &difference{excused: m.inputs}
			m.differ[n.Call] = d
		}
		d.shown[r.Node-wire.A] = keep(r)
	}
}

// judge looks at the calls whose ConnIDs differ.
func (m *s3) judge(s *Set, r *trace.Record, steps uint64) {
	if len(m.differ) == 0 {
		return
	}
	inForce := m.synchronized(s)
	for call, d := range m.differ {
		switch {
		case !inForce || len(m.inFlight[call]) > 0:
			d.excused = m.inputs
		case m.inputs[0] >= d.excused[0]+steps && m.inputs[1] >= d.excused[1]+steps:
			a, b := s.pair.views[0].calls[call], s.pair.views[1].calls[call]
			s.report(records(&d.shown[0], &d.shown[1], r), "call %s is %s at A and %s at B, and nothing is in flight that would mend it", call, a, b)
			delete(m.differ, call)
		}
	}
}

// synchronized reports whether one T-Server is primary and the other, its backup, says that it is synchronized.
func (m *s3) synchronized(s *Set) bool {
	a, b := &s.pair.views[0], &s.pair.views[1]
	if b.role == wire.Primary {
		a, b = b, a
	}
	return s.pair.linked() && a.role == wire.Primary && b.role == wire.Backup && a.epoch == b.epoch && b.synced && b.cti == callmodel.CTISynchronized
}

func (m *s3) finish(s *Set) { m.judge(s, nil, 0) }
