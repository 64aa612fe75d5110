package status

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/wire"
)

func TestChanges(t *testing.T) {
	a := func(change func(*Status)) Pair {
		s := Status{Node: wire.A, Inc: 1, Carrier: true, TServer: &TServer{Role: "primary", Epoch: 1, CTI: "synchronized", Announced: true, Sync: "done", Ready: true}}
		b := Status{Node: wire.B, Inc: 1, Carrier: true, TServer: &TServer{Role: "backup", Epoch: 1, CTI: "synchronized", Announced: true, Sync: "done", Ready: true}}
		m := Status{Node: wire.MLayer, Inc: 1, Carrier: true, Manager: &Manager{Epoch: 1, Named: wire.A, Ready: true}}
		s.Links = []Link{{Peer: wire.B, Up: true}}
		change(&s)
		return Assemble("pair", []Status{s, b, m}, nil)
	}
	same := a(func(*Status) {})
	require.Empty(t, Changes(&same, &same))
	later := a(func(s *Status) { s.Up, s.Events, s.TServer.For = 9, 9, 9 })
	require.Empty(t, Changes(&same, &later), "times and counters do not count")
	for name, c := range map[string]struct {
		change func(*Status)
		want   []Change
	}{
		"role":  {func(s *Status) { s.TServer.Epoch = 2 }, []Change{{wire.A, "is primary of epoch 2"}}},
		"link":  {func(s *Status) { s.Links = []Link{{Peer: wire.B, Cause: "timeout"}} }, []Change{{wire.A, "link to B is down: timeout"}}},
		"alarm": {func(s *Status) { s.Alarms = []Alarm{{Alarm: "store", Text: "full"}} }, []Change{{wire.A, "ALARM store: full"}}},
		"cti": {func(s *Status) { s.TServer.CTI, s.TServer.Announced = "down", false }, []Change{
			{wire.A, "CTI link is down"}, {wire.A, "EventLinkDisconnected"},
		}},
		"carrier": {func(s *Status) { s.Carrier = false }, []Change{{wire.A, "has lost its connection to NATS"}}},
		"ready": {func(s *Status) {
			s.TServer.Ready, s.TServer.Why, s.TServer.Tagged, s.TServer.Sync = false, "why", 2, "tagging"
		}, []Change{
			{wire.A, "T-Server synchronization: tagging"}, {wire.None, "2 calls are in the way"}, {wire.None, "readiness is 0: A: why"},
		}},
		"start": {func(s *Status) { s.Inc, s.TServer = 2, &TServer{Role: "primary", Epoch: 1, Ready: true} }, []Change{
			{wire.A, "has started again, incarnation 2"}, {wire.A, "is primary of epoch 1"},
		}},
	} {
		p := a(c.change)
		require.Equal(t, c.want, Changes(&same, &p), name)
	}
	raised := a(func(s *Status) { s.Alarms = []Alarm{{Alarm: "store"}} })
	require.Equal(t, []Change{{wire.A, "alarm store is cleared"}}, Changes(&raised, &same))
	gone := Assemble("pair", same.Nodes[1:], []Absent{{wire.A, "gone"}})
	require.Equal(t, []Change{{wire.A, "is absent: gone"}, {wire.None, "readiness is 0: A: gone"}}, Changes(&same, &gone))
	require.Contains(t, Changes(&gone, &same), Change{wire.A, "is there, incarnation 1"})
	m := a(func(*Status) {})
	m.Nodes[2].Manager = &Manager{Epoch: 2, Named: wire.B, Reason: "A is lost", Ready: true}
	require.Equal(t, []Change{{wire.MLayer, "names B, epoch 2: A is lost"}}, Changes(&same, &m))
}
