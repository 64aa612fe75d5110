package monitor

import (
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s8: configurations with the same version are equal; an acknowledged change is in the current configuration or in a conflict record (P3). A change that
// was replaced by a later one of somebody who had it is in the current configuration as much as that one is. While the link is up a change is
// acknowledged when the other server has it, too.
type s8 struct {
	up      [2]bool                        // each server's port to the other
	digests map[configVersion]trace.Record // of the configuration of a version
	acked   []trace.Record                 // acknowledged changes, NoteConfigChanged
	latest  map[change]configVersion       // the version of the last acknowledged change that a server made of an object
	kept    map[versioned]bool             // in a conflict record
	had     [2]map[versioned]bool          // values that a server had, by object and version
	now     [2]map[string]configVersion    // at each server: by object, the version of its value
	current [2]trace.Record                // at each server: the last note of its version
	undone  [2]bool                        // in its present step it could not store something
}

type configVersion struct{ epoch, n uint64 }

func (v configVersion) below(w configVersion) bool {
	return v.epoch < w.epoch || v.epoch == w.epoch && v.n < w.n
}

// change is what a server changes.
type change struct {
	by     wire.ID
	object string
}

// versioned is an object in a version.
type versioned struct {
	object  string
	version configVersion
}

func newS8() *s8 {
	return &s8{
		digests: map[configVersion]trace.Record{}, latest: map[change]configVersion{}, kept: map[versioned]bool{},
		had: [2]map[versioned]bool{{}, {}}, now: [2]map[string]configVersion{{}, {}},
	}
}

func (m *s8) name() string { return "S8" }

func (m *s8) record(s *Set, r *trace.Record) {
	if !r.Node.IsTServer() {
		return
	}
	at := r.Node - wire.A
	if isInput(r) {
		m.undone[at] = false
	}
	switch {
	case r.Kind == trace.Started:
		m.up[at] = false
	case r.Kind == trace.Up && r.Peer == r.Node.Peer(), r.Kind == trace.Down && r.Peer == r.Node.Peer():
		m.up[at] = r.Kind == trace.Up
	case r.Kind == trace.Noted:
		m.noted(s, r)
	}
}

func (m *s8) noted(s *Set, r *trace.Record) {
	n, at := r.Note, r.Node-wire.A
	v := configVersion{n.N, n.M}
	switch n.Kind {
	case node.NoteAlarm:
		m.undone[at] = m.undone[at] || n.Alarm == node.StoreFault && n.N == 1
	case node.NoteConfig:
		if c := m.current[at].Note; c != nil && v.below(configVersion{c.N, c.M}) && !m.undone[at] {
			s.report(records(&m.current[at], r), "%s goes back from version %d.%d to %d.%d: the higher version wins", r.Node, c.N, c.M, n.N, n.M)
		}
		m.current[at] = keep(r)
		first, known := m.digests[v]
		switch {
		case !known:
			m.digests[v] = keep(r)
		case first.Note.Text != n.Text:
			s.report(records(&first, r), "two configurations have version %d.%d and are not equal", n.N, n.M)
		}
	case node.NoteConfigObject:
		m.now[at][n.Text] = v
		m.had[at][versioned{n.Text, v}] = true
	case node.NoteConfigChanged:
		m.acked = append(m.acked, keep(r))
		m.latest[change{r.Node, n.Text}] = v
		if other := at ^ 1; m.up[at] && !m.kept[versioned{n.Text, v}] && m.now[other][n.Text].below(v) {
			s.report(records(r), "a change of %s, version %d.%d, is acknowledged, and %s does not have it, with the link up", n.Text, v.epoch, v.n, r.Node.Peer())
		}
	case node.NoteConflict:
		m.kept[versioned{n.Text, v}] = true
	}
}

func (m *s8) finish(s *Set) {
	for i := range m.acked {
		r := &m.acked[i]
		object, v := r.Note.Text, configVersion{r.Note.N, r.Note.M}
		other := r.Node.Peer() - wire.A
		switch {
		case m.kept[versioned{object, v}], v.below(m.latest[change{r.Node, object}]):
		case !m.now[r.Node-wire.A][object].below(v) && (m.had[other][versioned{object, v}] || m.now[r.Node-wire.A][object] == v):
		default:
			s.report(records(r), "an acknowledged change of %s, version %d.%d, is in no conflict record, and %s does not have it any more", object, v.epoch, v.n, r.Node)
		}
	}
}
