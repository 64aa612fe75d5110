package monitor

import (
	"cmp"
	"maps"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s3: after Full Sync Done (synchronized), and once messages in flight have arrived, every call that both T-Servers hold has the same
// ConnID in both.
//
// A call whose ConnIDs differ is excused while the two are not synchronized, or a CallNamed for it is in flight. The records of a step follow
// its input one by one, and those of the other T-Server may stand between them; so a difference counts only when both T-Servers have begun
// another step since the one that brought it about or was to mend it.
type s3 struct {
	differ   map[callmodel.CallID]*difference
	inFlight map[callmodel.CallID][]trace.Record // CallNamed, sent and not received
	steps    [2]uint64                           // that each T-Server has begun
}

type difference struct {
	step  [2]uint64 // of each T-Server, that brought it about or was to mend it
	shown [2]trace.Record
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
		m.steps[r.Node-wire.A]++
		m.judge(s, r, 1)
	}
	switch {
	case r.Kind == trace.Started, r.Kind == trace.Ended, r.Kind == trace.Down && r.Peer.IsTServer():
		m.lose(func(sent *trace.Record) bool { return sent.Peer == r.Node })
	case r.Kind == trace.Up && r.Peer.IsTServer(): // what it sent in the session before will not arrive
		m.lose(func(sent *trace.Record) bool { return sent.Node == r.Node })
	case r.Kind == trace.Sent && tellsConnID(r.Msg):
		m.inFlight[r.Msg.Call] = append(m.inFlight[r.Msg.Call], keep(r))
	case r.Kind == trace.Received && tellsConnID(r.Msg):
		m.arrived(r)
		if d := m.differ[r.Msg.Call]; d != nil {
			d.step[r.Node-wire.A] = m.steps[r.Node-wire.A]
		}
	case r.Kind == trace.Noted:
		m.note(s, v, r)
	}
}

// lose drops what is in flight in an HA session that is over.
func (m *s3) lose(lost func(sent *trace.Record) bool) {
	for call := range m.inFlight {
		m.drop(call, lost)
	}
}

func (m *s3) drop(call callmodel.CallID, lost func(sent *trace.Record) bool) {
	kept := slices.DeleteFunc(m.inFlight[call], func(sent trace.Record) bool { return lost(&sent) })
	m.inFlight[call] = kept
	if len(kept) == 0 {
		delete(m.inFlight, call)
	}
}

// arrived: with it, everything that was sent before it on this link is in flight no more.
func (m *s3) arrived(r *trace.Record) {
	m.drop(r.Msg.Call, func(sent *trace.Record) bool { return sent.Node == r.Peer && sent.Index <= r.PeerIndex })
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
			d = &difference{}
			m.differ[n.Call] = d
		}
		d.step[r.Node-wire.A] = m.steps[r.Node-wire.A]
		d.shown[r.Node-wire.A] = keep(r)
	}
}

// judge looks at the calls whose ConnIDs differ.
func (m *s3) judge(s *Set, r *trace.Record, steps uint64) {
	if len(m.differ) == 0 || !m.synchronized(s) {
		return
	}
	for _, call := range m.calls() {
		d := m.differ[call]
		switch {
		case !m.stillDiffers(s, call): // one of the two has started anew since
			delete(m.differ, call)
		case len(m.inFlight[call]) > 0:
		case m.steps[0] >= d.step[0]+steps && m.steps[1] >= d.step[1]+steps:
			a, b := s.pair.views[0].calls[call], s.pair.views[1].calls[call]
			s.report(records(&d.shown[0], &d.shown[1], r), "call %s is %s at A and %s at B, and nothing is in flight that would mend it", call, a, b)
			delete(m.differ, call)
		}
	}
}

// calls returns the calls whose ConnIDs differ, in an order that is the same in every run.
func (m *s3) calls() []callmodel.CallID {
	return slices.SortedFunc(maps.Keys(m.differ), func(a, b callmodel.CallID) int {
		return cmp.Or(cmp.Compare(a.Born, b.Born), cmp.Compare(a.Ref, b.Ref))
	})
}

func (m *s3) stillDiffers(s *Set, call callmodel.CallID) bool {
	a, atA := s.pair.views[0].calls[call]
	b, atB := s.pair.views[1].calls[call]
	return atA && atB && (a != b || a == 0)
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
