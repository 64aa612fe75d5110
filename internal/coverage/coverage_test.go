package coverage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/coverage"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// TestEveryRuleHasAPoint, and points have different names.
func TestEveryRuleHasAPoint(t *testing.T) {
	var c coverage.Counter
	names := map[string]bool{}
	for _, n := range c.Counts() {
		names[n.Group+"/"+n.Point] = true
	}
	require.Len(t, names, len(c.Counts()))
	hasPoint := func(rule string) bool {
		for name := range names {
			if strings.HasPrefix(name, "rules/"+rule+" ") {
				return true
			}
		}
		return false
	}
	for i := range 14 {
		require.True(t, hasPoint(fmt.Sprintf("R%d", i+1)) || i+1 == 10, "R%d", i+1) // R10 is a transition: tagging to idle
	}
	for i := range 13 {
		require.True(t, hasPoint(fmt.Sprintf("X%d", i+1)) || i+1 == 11, "X%d", i+1) // X11 is alarms
	}
	for i := range 12 {
		require.True(t, slices.ContainsFunc(c.Counts(), func(n coverage.Count) bool {
			return n.Group == coverage.Failover && strings.HasPrefix(n.Point, fmt.Sprintf("P%d ", i+2))
		}), "P%d", i+2) // P1 is a link that comes up
	}
}

func times(c *coverage.Counter, point string) uint64 {
	for _, n := range c.Counts() {
		if n.Point == point {
			return n.Times
		}
	}
	panic("no point " + point)
}

func noted(id wire.ID, n node.Note) *trace.Record {
	return &trace.Record{Kind: trace.Noted, Node: id, Inc: 1, Note: &n}
}

// TestPoints that depend on what was before.
func TestPoints(t *testing.T) {
	call := callmodel.CallID{Ref: 1, Born: 5}
	var c coverage.Counter
	for _, r := range []*trace.Record{
		{Kind: trace.Started, Node: wire.A, Inc: 1},
		noted(wire.A, node.Note{Kind: node.NoteRole, Text: "primary", N: 1}),
		noted(wire.A, node.Note{Kind: node.NoteSync, Text: "tagging"}),
		noted(wire.A, node.Note{Kind: node.NoteTagged, N: 1}),
		noted(wire.A, node.Note{Kind: node.NoteNamed, Call: call, Text: "invented"}),
		{Kind: trace.Sent, Node: wire.A, Peer: wire.B, Msg: &wire.Message{Kind: wire.CallNamed, Call: call}},
		noted(wire.A, node.Note{Kind: node.NoteTagged, N: 2}),
		{Kind: trace.Received, Node: wire.A, Peer: wire.B, Msg: &wire.Message{Kind: wire.CallNamed, Call: callmodel.CallID{Ref: 1, Born: 3}}},
		{Kind: trace.Sent, Node: wire.A, Peer: wire.B, Msg: &wire.Message{Kind: wire.FullSyncDone, Reason: wire.LinkDown}},
		noted(wire.MLayer, node.Note{Kind: node.NoteRecord, Text: "A is lost"}),
		noted(wire.MLayer, node.AlarmNote(node.NoBrain, true, wire.None, "")),
	} {
		c.Record(r)
	}
	for _, point := range []string{
		"role: backup to primary", "synchronization: idle to tagging", "R5 calls are tagged", "X1 a call from before the watermark is tagged when it is heard of",
		"R12 the primary names a call, and tells the backup", "X3 a ConnID for a call whose reference another one has", "X6 an HA message of a lower epoch",
		"X4 Full Sync Done (link-down) while calls are tagged", "R14 the named one is lost", "no-brain raised",
	} {
		require.EqualValues(t, 1, times(&c, point), point)
	}
	require.Zero(t, times(&c, "X2 the ConnID of a tagged call is sent"))
	var sum coverage.Counter
	sum.Add(&c)
	sum.AddCounts(c.Counts())
	require.EqualValues(t, 2, times(&sum, "no-brain raised"))
	require.Len(t, sum.Missed(false), sum.Points(false)-11, "what was counted and R2")
	require.Len(t, sum.Counts(), len(sum.Missed(false))+11+failoverPoints(&sum))
}

func failoverPoints(c *coverage.Counter) (n int) {
	for _, count := range c.Counts() {
		if count.Group == coverage.Failover {
			n++
		}
	}
	return n
}

// TestPointsOfClientFailover are told from those of a Management Layer.
func TestPointsOfClientFailover(t *testing.T) {
	var c coverage.Counter
	for _, r := range []*trace.Record{
		noted(wire.A, node.Note{Kind: node.NoteActivity, Text: "active", Why: "P13"}),
		noted(wire.A, node.Note{Kind: node.NoteActivity, Text: "inactive", Why: "P9"}),
		noted(wire.B, node.Note{Kind: node.NoteActivity, Text: "inactive", Why: "P9: the request is withdrawn"}),
		noted(wire.A, node.Note{Kind: node.NoteCensus, Text: "P9"}),
		noted(wire.B, node.Note{Kind: node.NoteLoginRefused, Text: "licence: all 3 seats are taken"}),
		{Kind: trace.Sent, Node: wire.A, Peer: wire.B, Msg: &wire.Message{Kind: wire.HandOver}},
		noted(wire.Client(1), node.Note{Kind: node.NoteAnswered, N: 7, M: 9, Text: "not done: busy: why"}),
	} {
		c.Record(r)
	}
	for _, point := range []string{
		"P13 a new epoch above one that was heard of", "P9 handed over", "P9 the request is withdrawn, and the secondary closes", "P9 the census: a large portion of the clients is lost",
		"P2 a login is refused: no seat", "P11 handed over", "X13 a request is not done", "X13 a request is made again",
	} {
		require.EqualValues(t, 1, times(&c, point), point)
	}
	for _, n := range c.Missed(true) {
		require.NotContains(t, n.Point, "R14")
	}
	for _, n := range c.Missed(false) {
		require.NotEqual(t, coverage.Failover, n.Group)
	}
}
