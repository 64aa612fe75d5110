package monitor

import (
	"hotpair/callmodel"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// l1: once faults have stopped and calls are finite, there is one primary with its CTI link up, and a backup that is available and
// synchronized. It is judged at the end of a trace in which everything was healed, which a record of the world says.
type l1 struct {
	healed *trace.Record
}

func (m *l1) name() string { return "L1" }

func (m *l1) record(_ *Set, r *trace.Record) {
	if r.Kind == trace.Applied && r.Node == wire.World && r.Text == "converge" {
		k := keep(r)
		m.healed = &k
	}
}

func (m *l1) finish(s *Set) {
	if m.healed == nil {
		return
	}
	a, b := &s.pair.views[0], &s.pair.views[1]
	if b.role == wire.Primary && (a.role != wire.Primary || b.epoch > a.epoch) {
		a, b = b, a
	}
	shown := records(m.healed, &a.roleNote, &b.roleNote)
	switch {
	case !a.running || a.role != wire.Primary || a.cti != callmodel.CTISynchronized || !a.announced:
		s.report(shown, "at the end no primary is in service: %s", a.describe())
	case !b.running || b.role != wire.Backup || b.epoch != a.epoch || b.cti != callmodel.CTISynchronized || !b.announced || !b.synced:
		s.report(shown, "at the end primary %s has no backup that is available and synchronized: %s", a.id, b.describe())
	}
}
