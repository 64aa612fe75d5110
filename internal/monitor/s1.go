package monitor

import (
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s1: at most one primary per epoch; no client acts on an event of a lower epoch than it has seen.
type s1 struct {
	primaries map[uint64]trace.Record
	seen      map[wire.ID]trace.Record // the record with the highest epoch that a client's incarnation has seen
}

func newS1() *s1 {
	return &s1{primaries: map[uint64]trace.Record{}, seen: map[wire.ID]trace.Record{}}
}

func (m *s1) name() string { return "S1" }

func (m *s1) record(s *Set, r *trace.Record) {
	switch {
	case r.Kind == trace.Started:
		delete(m.seen, r.Node)
	case r.Kind == trace.Received && r.Node.IsClient():
		if seen, ok := m.seen[r.Node]; !ok || r.Msg.Epoch > epochOf(&seen) {
			m.seen[r.Node] = keep(r)
		}
	case r.Kind != trace.Noted:
	case r.Note.Kind == node.NoteRole && roleNamed(r.Note.Text) == wire.Primary:
		m.primary(s, r)
	case r.Note.Kind == node.NoteActed:
		if seen := m.seen[r.Node]; seen.Msg != nil && r.Note.N < epochOf(&seen) {
			s.report(records(&seen, r), "client %s acts on an event of epoch %d after it has seen epoch %d", r.Node, r.Note.N, epochOf(&seen))
		}
	}
}

func epochOf(r *trace.Record) uint64 { return r.Msg.Epoch }

func (m *s1) primary(s *Set, r *trace.Record) {
	first, taken := m.primaries[r.Note.N]
	switch {
	case !taken:
		m.primaries[r.Note.N] = keep(r)
	case first.Node != r.Node || first.Inc != r.Inc:
		s.report(records(&first, r), "epoch %d has two primaries: %s (incarnation %d) and %s (incarnation %d)",
			r.Note.N, first.Node, first.Inc, r.Node, r.Inc)
	}
}

func (m *s1) finish(*Set) {}
