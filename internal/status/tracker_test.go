package status

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

type tape struct {
	*Tracker
	id wire.ID
	at time.Duration
}

func (t *tape) record(r trace.Record) {
	r.Node, r.Inc = t.id, 3
	t.Record(&r, t.at)
}

func (t *tape) note(n node.Note) { t.record(trace.Record{Kind: trace.Noted, Note: &n}) }

func started(id wire.ID) *tape {
	t := &tape{New(id), id, time.Second}
	t.record(trace.Record{Kind: trace.Started})
	return t
}

func float(f float64) *float64 { return &f }

func TestTServer(t *testing.T) {
	a := started(wire.A)
	require.Equal(t, &TServer{CTI: "down", Sync: "idle"}, a.Status(time.Second).TServer)
	a.note(node.Note{Kind: node.NoteRole, Text: "primary", N: 4})
	a.note(node.Note{Kind: node.NoteCTI, Text: "synchronized"})
	a.note(node.Note{Kind: node.NoteAnnounced, Text: "R3"})
	a.note(node.Note{Kind: node.NoteReady, Text: "the HA link is down"})
	a.record(trace.Record{Kind: trace.Up, Peer: wire.B})
	a.note(node.Note{Kind: node.NoteSync, Text: "tagging"})
	a.note(node.Note{Kind: node.NoteTagged, N: 4})
	a.at = 3 * time.Second
	a.note(node.Note{Kind: node.NoteTagged, N: 2})
	a.record(trace.Record{Kind: trace.Sent, Peer: wire.Client(1), Msg: &wire.Message{Kind: wire.EventRinging}})
	a.record(trace.Record{Kind: trace.Sent, Peer: wire.B, Msg: &wire.Message{Kind: wire.CallNamed}})
	a.note(node.Note{Kind: node.NoteBadInput})
	s := a.Status(4 * time.Second)
	require.Equal(t, Status{
		Node: wire.A, Inc: 3, Up: 3, Carrier: true, Events: 1, Dropped: 1,
		// 4 calls lived for 2 s, 2 of them for one more: 10 s in all, and two have ended; two are left: 5·(1+1/2)
		TServer: &TServer{
			Role: "primary", Epoch: 4, CTI: "synchronized", Announced: true, Sync: "tagging", Why: "the HA link is down", For: 3, Tagged: 2,
			Forecast: float(7.5),
		},
		Links: []Link{{Peer: wire.B, Up: true, For: 3, Ups: 1}},
	}, s)
	a.note(node.Note{Kind: node.NoteTagged})
	a.note(node.Note{Kind: node.NoteReady, N: 1, Text: "synchronized"})
	a.record(trace.Record{Kind: trace.Down, Peer: wire.B, Text: "timeout"})
	a.note(node.Note{Kind: node.NoteWithdrawn})
	s = a.Status(4 * time.Second)
	require.Equal(t, []Link{{Peer: wire.B, For: 1, Cause: "timeout", Ups: 1, Downs: 1}}, s.Links)
	require.Equal(t, float(2), s.TServer.Redundancy)
	require.Nil(t, s.TServer.Forecast)
	require.True(t, s.TServer.Ready)
	require.False(t, s.TServer.Announced)
	require.Equal(t, map[string]uint64{"timeout": 1}, a.Counts().Downs)
	require.Equal(t, uint64(1), a.Counts().Redundancies)
}

func TestManager(t *testing.T) {
	m := started(wire.MLayer)
	m.note(node.Note{Kind: node.NoteRecord, Peer: wire.A, N: 1, M: 7, Text: "cold start"})
	m.at = 2 * time.Second
	m.note(node.Note{Kind: node.NotePairReady, N: 1, Text: "synchronized"})
	want := &Manager{Epoch: 1, Named: wire.A, NamedInc: 7, Reason: "cold start", Ready: true, Why: "synchronized", For: 1, Switchovers: 1, Redundancy: float(1)}
	require.Equal(t, want, m.Status(3*time.Second).Manager)
	// What it has read from its store shows in what it appoints.
	m.record(trace.Record{Kind: trace.Sent, Peer: wire.A, Msg: &wire.Message{Kind: wire.Appoint, Epoch: 5, Node: wire.B, Inc: 2}})
	s := m.Status(3 * time.Second).Manager
	require.Equal(t, []any{uint64(5), wire.B, uint64(2), ""}, []any{s.Epoch, s.Named, s.NamedInc, s.Reason})
}

func TestAlarms(t *testing.T) {
	m := started(wire.MLayer)
	for _, raised := range []bool{true, true, false} {
		n := node.AlarmNote(node.NoBrain, raised, wire.None, "why")
		m.note(n)
		if raised {
			require.Equal(t, []Alarm{{Alarm: "no-brain", Text: "why", For: 2}}, m.Status(3*time.Second).Alarms)
		}
	}
	require.Empty(t, m.Status(time.Second).Alarms)
	require.Equal(t, uint64(1), m.Counts().Alarms[node.NoBrain])
}

// TestANewIncarnationForgets: a start begins anew, but for what only grows.
func TestANewIncarnationForgets(t *testing.T) {
	a := started(wire.A)
	a.note(node.Note{Kind: node.NoteRole, Text: "primary", N: 4})
	a.record(trace.Record{Kind: trace.Sent, Peer: wire.Client(1), Msg: &wire.Message{Kind: wire.EventRinging}})
	a.note(node.AlarmNote(node.StoreFault, true, wire.None, ""))
	a.record(trace.Record{Kind: trace.Up, Peer: wire.B})
	a.record(trace.Record{Kind: trace.Ended})
	require.False(t, a.Running())
	version := a.Version()
	a.record(trace.Record{Kind: trace.Started})
	require.True(t, a.Running())
	require.Greater(t, a.Version(), version)
	s := a.Status(time.Second)
	require.Equal(t, Status{Node: wire.A, Inc: 3, Carrier: true, Events: 1, TServer: &TServer{CTI: "down", Sync: "idle"}}, s)
	require.Equal(t, uint64(2), a.Counts().Starts)
	other := trace.Record{Kind: trace.Ended, Node: wire.B}
	a.Record(&other, 0)
	require.True(t, a.Running(), "of another node")
}

func TestPairReadiness(t *testing.T) {
	tserver := func(id wire.ID, role string, epoch uint64, ready bool, why string) Status {
		return Status{Node: id, TServer: &TServer{Role: role, Epoch: epoch, Ready: ready, Why: why, Tagged: 2}}
	}
	a, b := tserver(wire.A, "primary", 3, true, ""), tserver(wire.B, "backup", 3, true, "")
	m := Status{Node: wire.MLayer, Manager: &Manager{Ready: true}}
	slow := m
	slow.Manager = &Manager{Why: "slow"}
	for name, c := range map[string]struct {
		nodes  []Status
		absent []Absent
		ready  bool
		why    string
	}{
		"all are ready":           {[]Status{m, b, a}, nil, true, "synchronized"},
		"M is absent":             {[]Status{a, b}, []Absent{{wire.MLayer, "gone"}}, true, "synchronized"},
		"B is absent":             {[]Status{a, m}, []Absent{{wire.B, "gone"}}, false, "B: gone"},
		"the backup is not ready": {[]Status{a, tserver(wire.B, "backup", 3, false, "no")}, nil, false, "B: no"},
		"nobody is primary":       {[]Status{tserver(wire.A, "backup", 3, true, ""), b}, nil, false, "there is no primary"},
		"one is not asked":        {[]Status{a}, nil, false, "nothing is known of B"},
		"M is not yet":            {[]Status{a, b, slow}, nil, false, "M: slow"},
		"of two A":                {[]Status{tserver(wire.B, "primary", 3, false, "b"), tserver(wire.A, "primary", 4, false, "a")}, nil, false, "A: a"},
		"of two the higher epoch": {[]Status{tserver(wire.B, "primary", 4, false, "b"), tserver(wire.A, "primary", 3, false, "a")}, nil, false, "B: b"},
	} {
		p := Assemble("pair", c.nodes, c.absent)
		require.Equal(t, c.ready, p.Ready, name)
		require.Equal(t, c.why, p.Why, name)
	}
	p := Assemble("pair", []Status{m, b, a}, nil)
	require.Equal(t, []any{wire.A, uint64(3), uint64(2)}, []any{p.Primary, p.Epoch, p.Tagged})
	require.True(t, reflect.DeepEqual(&p.Nodes[0], p.Node(wire.A)))
}
