package trace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

func sent(from, to wire.ID, m wire.Message) trace.Record {
	return trace.Record{Kind: trace.Sent, Node: from, Peer: to, Inc: 1, Msg: &m}
}

func applied(id wire.ID, text string) trace.Record {
	return trace.Record{Kind: trace.Applied, Node: id, Text: text}
}

// story has every kind of line that a ladder draws, and what it leaves out.
func story() []trace.Record {
	return []trace.Record{
		applied(wire.A, "boot"),
		sent(wire.MLayer, wire.A, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A, Inc: 1}),
		sent(wire.A, wire.MLayer, wire.Message{Kind: wire.RoleTaken, Epoch: 1, Role: wire.Primary, Outcome: wire.Taken}),
		sent(wire.A, wire.Client(2), wire.Message{Kind: wire.EventLinkConnected, Epoch: 1}),
		sent(wire.A, wire.Client(10), wire.Message{Kind: wire.EventLinkConnected, Epoch: 1}),
		sent(wire.A, wire.B, wire.Message{Kind: wire.PeerState, Epoch: 1, Role: wire.Primary}),
		sent(wire.B, wire.A, wire.Message{Kind: wire.BackupReady, Epoch: 1, Num: 1, Seq: 77}),
		{Kind: trace.Applied, Node: wire.A, Peer: wire.B, Text: "delay=20ms"},
		applied(wire.Switch, "do call from=1001 name=c1 to=1002"),
		applied(wire.Switch, "do link of=A state=down"),
		sent(wire.A, wire.B, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 1}),
		sent(wire.A, wire.B, wire.Message{Kind: wire.FullSyncDone, Epoch: 1, Num: 1, Reason: wire.LinkDown}),
		sent(wire.MLayer, wire.A, wire.Message{Kind: wire.Appoint, Epoch: 2, Node: wire.B, Inc: 1, Normal: true}),
		applied(wire.A, "kill"),
		sent(wire.MLayer, wire.B, wire.Message{Kind: wire.PeerFailed, Epoch: 2, Node: wire.A, Inc: 1}),
		applied(wire.World, "converge"),
		sent(wire.B, wire.MLayer, wire.Message{Kind: wire.EventLinkConnected, Epoch: 2}),
	}
}

const drawn = `C2      C10     M       A       B
|       |       |       |       |  * boot A
|       |       |------>|       |  M->A Appoint epoch=1 primary=A
|       |       |<------|       |  A->M RoleTaken epoch=1 role=primary taken
|<----------------------|       |  A->C2 EventLinkConnected
|       |<--------------|       |  A->C10 EventLinkConnected
|       |       |       |<------|  B->A BackupReady num=1
|       |       |       |       |  * delay=20ms A->B
|       |       |       |       |  * link of=A state=down
|       |       |       |------>|  A->B FullSyncDone num=1 reason=link-down
|       |       |------>|       |  M->A Appoint epoch=2 primary=B normal
|       |       |       |       |  * kill A
|       |       |-------------->|  M->B PeerFailed failed=A
`

func TestLadder(t *testing.T) {
	var l, late trace.Ladder
	for _, r := range story() {
		l.Record(&r)
		r.At = time.Hour
		if r.Msg != nil && r.Msg.Seq > 0 {
			m := *r.Msg
			m.Seq += 1000
			r.Msg = &m
		}
		late.Record(&r)
	}
	require.Equal(t, drawn, l.String())
	require.Equal(t, drawn, late.String(), "nothing in it depends on time, nor on how many events the switch had")
	require.Equal(t, map[string][]string{
		"world": {"boot A", "delay=20ms A->B", "link of=A state=down", "kill A"},
		"M->A":  {"Appoint epoch=1 primary=A", "Appoint epoch=2 primary=B normal"},
		"A->M":  {"RoleTaken epoch=1 role=primary taken"},
		"A->C2": {"EventLinkConnected"}, "A->C10": {"EventLinkConnected"},
		"B->A": {"BackupReady num=1"},
		"A->B": {"FullSyncDone num=1 reason=link-down"},
		"M->B": {"PeerFailed failed=A"},
	}, l.Links())
}

func TestEmptyLadder(t *testing.T) {
	var l trace.Ladder
	require.Empty(t, strings.TrimSpace(l.String()))
	require.Empty(t, l.Links())
	l.Record(&trace.Record{Kind: trace.Applied, Node: wire.A, Text: "boot"})
	require.Equal(t, map[string][]string{"world": {"boot A"}}, l.Links(), "nobody has said anything yet")
}

// Two ladders are the same per link, whatever order messages of different links have.
func TestLadderPerLinkOrder(t *testing.T) {
	one := sent(wire.MLayer, wire.A, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A})
	two := sent(wire.MLayer, wire.B, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A})
	three := sent(wire.MLayer, wire.B, wire.Message{Kind: wire.Appoint, Epoch: 2, Node: wire.B})
	links := func(records ...trace.Record) map[string][]string {
		var l trace.Ladder
		for i := range records {
			l.Record(&records[i])
		}
		return trace.ParseLadder(l.String())
	}
	require.Equal(t, links(one, two, three), links(two, one, three))
	require.NotEqual(t, links(one, two, three), links(one, three, two))
	require.NotEqual(t, links(one, two, three), links(one, two))
}

func TestUnreadableLadderLine(t *testing.T) {
	require.Equal(t, map[string][]string{"unreadable": {"nonsense"}, "A->B": {"FullSyncDone num=1"}},
		trace.ParseLadder("A       B\nnonsense\n|------>|  A->B FullSyncDone num=1\n\n"))
}

func FuzzParseLadder(f *testing.F) {
	f.Add(drawn)
	f.Add("\n  \n* \n  * ")
	f.Fuzz(func(t *testing.T, text string) {
		lines := 0
		for _, list := range trace.ParseLadder(text) {
			lines += len(list)
		}
		require.LessOrEqual(t, lines, strings.Count(text, "\n"), "each line is read once, and the head not at all")
	})
}
