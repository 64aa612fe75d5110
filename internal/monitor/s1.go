package monitor

import (
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s1: at most one primary per epoch; no client acts on an event of a lower epoch than it has seen.
//
// A T-Server is primary in an epoch when it says so, in a note or to anybody else.
type s1 struct {
	primaries map[uint64]trace.Record
	seen      map[wire.ID]sighting
}

// sighting is the highest epoch that a client's incarnation has seen, and where.
type sighting struct {
	epoch  uint64
	record trace.Record
}

func newS1() *s1 {
	return &s1{primaries: map[uint64]trace.Record{}, seen: map[wire.ID]sighting{}}
}

func (m *s1) name() string { return "S1" }

func (m *s1) record(s *Set, r *trace.Record) {
	switch {
	case r.Kind == trace.Started:
		delete(m.seen, r.Node)
	case r.Kind == trace.Received && r.Node.IsClient():
		m.sees(r, r.Msg.Epoch)
	case r.Kind == trace.Sent && r.Msg.Kind == wire.PeerHandshake && r.Msg.Role == wire.Primary:
		m.primary(s, r, r.Msg.Num) // its Epoch is the highest that it has seen
	case r.Kind == trace.Sent && r.Node.IsTServer() && r.Msg.Role == wire.Primary:
		m.primary(s, r, r.Msg.Epoch)
	case r.Kind != trace.Noted:
	case r.Note.Kind == node.NoteRole && roleNamed(r.Note.Text) == wire.Primary:
		m.primary(s, r, r.Note.N)
	case r.Note.Kind == node.NoteActed:
		if seen := m.seen[r.Node]; r.Note.N < seen.epoch {
			s.report(records(&seen.record, r), "client %s acts on an event of epoch %d after it has seen epoch %d", r.Node, r.Note.N, seen.epoch)
		}
		m.sees(r, r.Note.N)
	}
}

func (m *s1) sees(r *trace.Record, epoch uint64) {
	if epoch > m.seen[r.Node].epoch {
		m.seen[r.Node] = sighting{epoch, keep(r)}
	}
}

func (m *s1) primary(s *Set, r *trace.Record, epoch uint64) {
	first, taken := m.primaries[epoch]
	switch {
	case !taken:
		m.primaries[epoch] = keep(r)
	case first.Node != r.Node || first.Inc != r.Inc:
		s.report(records(&first, r), "epoch %d has two primaries: %s (incarnation %d) and %s (incarnation %d)",
			epoch, first.Node, first.Inc, r.Node, r.Inc)
	}
}

func (m *s1) finish(*Set) {}
