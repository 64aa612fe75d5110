package monitor

import (
	"maps"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s5: ConnIDs are unique for ever, across restarts and both T-Servers: a ConnID names one call. With X7 replicated and readiness 1 at both when
// the primary fails, no ConnID that any client has seen changes.
type s5 struct {
	calls map[callmodel.ConnID]naming

	seen map[sight]trace.Record // what clients saw of calls in progress, since a failover was last allowed to change it
	// heir is the T-Server that lived when the primary failed, or stepped down, with readiness 1 at both, and lives still: it has the ConnIDs.
	heir wire.ID
	// dying is the primary that is being killed: in real worlds others hear of its end before the world notes it.
	dying wire.ID
	// fresh is the epoch of the last failover that was allowed to change ConnIDs. What a client hears later of an epoch below it was said by a
	// primary that had been replaced, or says so late, and its successor need not know it.
	fresh uint64
}

// sight is a call as a client sees it.
type sight struct {
	client wire.ID
	call   callmodel.CallID
}

// naming is the call that a ConnID names, and where that was seen first: little, since it is kept for ever.
type naming struct {
	call  callmodel.CallID
	at    time.Duration
	inc   uint64
	index uint64
	node  wire.ID
	kind  trace.Kind
}

func newS5() *s5 {
	return &s5{calls: map[callmodel.ConnID]naming{}, seen: map[sight]trace.Record{}}
}

func (m *s5) name() string { return "S5" }

func (m *s5) record(s *Set, r *trace.Record) {
	m.failover(s, r)
	switch {
	case r.Kind == trace.Started && r.Node.IsClient():
		maps.DeleteFunc(m.seen, func(what sight, _ trace.Record) bool { return what.client == r.Node })
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteActed:
		m.acted(s, r)
	case r.Kind == trace.Sent && r.Msg.ConnID != 0 && r.Msg.Call.Born != 0:
		m.names(s, r, r.Msg.ConnID, r.Msg.Call)
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteNamed:
		m.names(s, r, r.Note.ConnID, r.Note.Call)
		if r.Note.Text == "invented" && wire.A+wire.ID(r.Note.ConnID.Server()) != r.Node {
			s.report(records(r), "%s invents ConnID %s, which has the other T-Server's bit", r.Node, r.Note.ConnID)
		}
	}
}

func (m *s5) names(s *Set, r *trace.Record, connID callmodel.ConnID, call callmodel.CallID) {
	old, known := m.calls[connID]
	switch {
	case !known:
		m.calls[connID] = naming{call, r.At, r.Inc, r.Index, r.Node, r.Kind}
	case old.call != call:
		first := trace.Record{At: old.at, Kind: old.kind, Node: old.node, Inc: old.inc, Index: old.index, Text: "(the first to name it)"}
		s.report(records(&first, r), "ConnID %s names two calls: %s and %s", connID, old.call, call)
	}
}

// failover watches who is primary, and whether readiness was 1 at both when that ended.
func (m *s5) failover(s *Set, r *trace.Record) {
	v := s.pair.of(r.Node)
	if v == nil {
		return
	}
	isRole := r.Kind == trace.Noted && r.Note.Kind == node.NoteRole
	other := s.pair.other(v)
	switch {
	case r.Kind == trace.Applied && r.Text == "kill" && v.running && v.role == wire.Primary:
		m.dying = r.Node
		m.inherits(v, other)
	case r.Kind == trace.Ended && m.dying == r.Node:
		m.dying = wire.None
	case m.dying != wire.None && r.Kind == trace.Noted && r.Note.Kind == node.NoteReady && r.Note.N == 0:
		// Unless it is about the end that is under way, readiness ended before.
		if r.Node == m.dying || r.Note.Text != "the HA link is down" {
			m.heir = wire.None
		}
	case v.running && v.role == wire.Primary && (r.Kind == trace.Ended || isRole && roleNamed(r.Note.Text) == wire.Backup):
		m.inherits(v, other)
	case isRole && roleNamed(r.Note.Text) == wire.Primary && (v.role != wire.Primary || r.Note.N != v.epoch): // also one that never heard of who had replaced it
		// One that takes over from a primary that is neither dead nor has stepped down cannot know what that one still says.
		if m.heir != r.Node || other.running && other.role == wire.Primary && m.dying != other.id {
			clear(m.seen)
			m.fresh = max(m.fresh, r.Note.N)
		}
		m.heir = wire.None
	case r.Kind == trace.Ended && m.heir == r.Node:
		m.heir = wire.None // a second failure
	}
}

// inherits: the primary v fails, or steps down. Who inherits what it has said, if readiness was 1 at both?
func (m *s5) inherits(v, other *view) {
	m.heir = wire.None
	if v.ready && other.ready && v.replicated {
		m.heir = other.id
	}
}

func (m *s5) acted(s *Set, r *trace.Record) {
	if r.Note.N < m.fresh {
		return
	}
	what := sight{r.Node, r.Note.Call}
	before, known := m.seen[what]
	if known && before.Note.ConnID != r.Note.ConnID {
		s.report(records(&before, r), "client %s sees the ConnID of call %s change from %s to %s, and readiness was 1 when the primary failed",
			r.Node, what.call, before.Note.ConnID, r.Note.ConnID)
	}
	if r.Note.Text == wire.EventReleased.String() || r.Note.Text == wire.EventAbandoned.String() {
		delete(m.seen, what)
		return
	}
	m.seen[what] = keep(r)
}

func (m *s5) finish(*Set) {}
