package tserver

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/hasync/pairconf"
	"hotpair/internal/canon/canontest"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// rich is a server in which every part of the state is in use.
func rich(t *testing.T) *Server {
	t.Helper()
	s := peerServer(wire.A)
	c1 := wire.Client(1)
	for _, in := range []node.Input{
		{Kind: node.Start, Inc: 3},
		{Kind: node.PortUp, Peer: wire.Switch, Inc: 1},
		{Kind: node.PortUp, Peer: c1, Inc: 2},
	} {
		s.Step(&in, &node.Output{})
	}
	for _, m := range []wire.Message{{Kind: wire.SnapshotBegin, Seq: 5}, {Kind: wire.SnapshotDN, ThisDN: "1001", DNType: callmodel.DNExtension}, {Kind: wire.SnapshotEnd, Seq: 5}} {
		s.Step(&node.Input{Kind: node.Receive, Peer: wire.Switch, Msg: &m}, &node.Output{})
	}
	call := callmodel.CallID{Ref: 1, Born: 6}
	created := wire.Message{Kind: wire.CallCreated, Seq: 6, Call: call, CallType: callmodel.CallInternal, ThisDN: "1001", OtherDN: "1002"}
	s.Step(&node.Input{Kind: node.Receive, Peer: wire.Switch, Msg: &created}, &node.Output{})

	s.dns.list[0] = dn{"1001", callmodel.DNExtension, callmodel.AgentNotReady, callmodel.WorkManualIn, "alice", true, "1002", true, true, 3}
	s.snapshot.begun, s.snapshot.seq, s.snapshot.sub = true, 9, 2
	require.True(t, s.snapshot.addDN(s.dns.list[0]))
	require.True(t, s.snapshot.addCall(snapshotCall{id: call, Call: *s.table.At(1), listed: true}))
	s.clients.add(c1, 2)
	s.clients.register(c1, registration{"1001", callmodel.RegMonitor, false})
	s.absent.begin(wire.Client(2), 4)
	s.absent.register(wire.Client(2), registration{"1002", callmodel.RegPrivate, true})
	s.replies = []reply{{c1, wire.EventRegistered, "1001", callmodel.RegMonitor, 7, 1}}
	s.kpl = keepAlive{3, true, 1}
	s.requests.begin(open{c1, 8, wire.RequestMakeCall, "1001", true})
	s.own = own{
		marked: 2, asked: true, todo: []task{{c1, wire.Message{Kind: wire.RequestAttachUserData}}}, last: number{5, 16},
		ahead: []wire.Message{{Kind: wire.PrimaryEvent, Seq: 12}},
	}
	s.own.remember(c1, 9)
	e := s.journal.at(0)
	*e = event{
		number{6, 0},
		wire.EventDialing, callmodel.CallInternal, call, 7, "1001", "1002", 1, true, callmodel.RoleOrigination, callmodel.RoleDestination,
		callmodel.CauseBusy, c1, 10, "x", 11, &more{"1003", "Q1", 1, 2, callmodel.AgentReady, callmodel.WorkAutoIn, "bob"},
	}
	s.journal.ring = s.journal.ring[:1]
	s.journal.size, s.journal.pending, s.journal.agreed = 1, 1, 4
	s.failover.ports, s.failover.incs = []wire.ID{c1}, []uint64{2}
	s.failover.lic.licenceState = licenceState{true, 5, []string{"voice"}, 2}
	object := pairconf.Object{Name: "dn/1001", Value: "x", Version: pairconf.Version{Epoch: 1, N: 1}}
	s.failover.conf.whole = []pairconf.Object{object}
	s.failover.conf.pending = []pendingChange{{1, "config-set", "dn/1001", "d", object.Version}}
	return s
}

// TestCanonicalHoldsEveryField: every field of a T-Server's state is in its canonical bytes, or follows from what is.
func TestCanonicalHoldsEveryField(t *testing.T) {
	s := rich(t)
	require.Empty(t, canontest.Unseen(s, func() []byte { return s.AppendCanonical(nil) }, []string{
		"self", "opt", "journal.keep", // given when it is made
		"engine", "failover.arb", // have tests of their own
		"table", "snapshot.calls[0].Call", // calls have a test of their own, in parties; that they are there is looked at below
		"source", "failover.storing", "failover.then", "failover.otherwise", // within a step
		"waiting",                                      // follows from the journal after each step
		"dns.index", "snapshot.names", "snapshot.refs", // follow from the lists
		"snapshot.found",                                // within a step
		"clients.registry.any", "clients.registry.byDN", // follow from dns
		"absent.registry.any", "absent.registry.byDN", // the same
		"journal.head",                                    // where the ring begins
		"failover.s", "failover.conf.f", "failover.lic.f", // who it belongs to
		"failover.conf.conf", // as JSON, below
	}))
	for _, change := range []func(){
		func() {
			s.failover.conf.conf.Put(pairconf.Object{Name: "dn/1002", Value: "y", Version: pairconf.Version{Epoch: 2, N: 1}})
		},
		func() { s.table.At(1).Type++ }, func() { s.snapshot.calls[0].Type++ },
	} {
		before := s.AppendCanonical(nil)
		change()
		require.NotEqual(t, before, s.AppendCanonical(nil))
	}
}

// TestRestoredIsTheSame: what a server is made of again says the same as it did.
func TestRestoredIsTheSame(t *testing.T) {
	s := rich(t)
	b := s.AppendCanonical(nil)
	again := peerServer(wire.A)
	require.NoError(t, again.Restore(b))
	require.Equal(t, b, again.AppendCanonical(nil))
	require.Equal(t, s.clients, again.clients)
	require.Equal(t, s.absent, again.absent)
	require.Equal(t, s.replies, again.replies)
	require.Equal(t, s.own, again.own)
	require.Equal(t, s.requests, again.requests)
	require.Equal(t, s.dns, again.dns)
	require.Equal(t, s.kpl, again.kpl)
}
