package monitor

import (
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s5: ConnIDs are unique for ever, across restarts and both T-Servers: a ConnID names one call.
type s5 struct {
	calls map[callmodel.ConnID]naming
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

func newS5() *s5 { return &s5{calls: map[callmodel.ConnID]naming{}} }

func (m *s5) name() string { return "S5" }

func (m *s5) record(s *Set, r *trace.Record) {
	switch {
	case r.Kind == trace.Sent && r.Msg.ConnID != 0:
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

func (m *s5) finish(*Set) {}
