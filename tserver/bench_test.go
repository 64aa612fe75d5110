package tserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// steady is a synchronized primary with a client and a synchronized backup, in steady state, and how one call passes through it.
type steady struct {
	server *tserver.Server
	in     node.Input
	msg    wire.Message
	out    node.Output
	seq    uint64
}

func newSteady() *steady {
	s := &steady{server: tserver.New(wire.A, tserver.DefaultOptions())}
	s.step(node.Input{Kind: node.Start, Inc: 1})
	for _, peer := range []wire.ID{wire.MLayer, wire.B, wire.Client(1), wire.Switch} {
		s.step(node.Input{Kind: node.PortUp, Peer: peer, Inc: 1})
	}
	s.receive(wire.Client(1), wire.Message{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN})
	s.receive(wire.MLayer, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A, Inc: 1})
	s.receive(wire.Switch, wire.Message{Kind: wire.SnapshotBegin})
	s.receive(wire.Switch, wire.Message{Kind: wire.SnapshotEnd})
	s.receive(wire.B, wire.Message{Kind: wire.PeerState, Epoch: 1, Role: wire.Backup, CTI: callmodel.CTISynchronized})
	s.receive(wire.B, wire.Message{Kind: wire.BackupReady, Epoch: 1, Num: 1})
	s.receive(wire.B, wire.Message{Kind: wire.FullSyncAck, Epoch: 1, Num: 1})
	return s
}

func (s *steady) step(in node.Input) {
	s.in = in
	s.out.Reset()
	s.server.Step(&s.in, &s.out)
}

func (s *steady) receive(from wire.ID, m wire.Message) {
	s.msg = m
	s.step(node.Input{Kind: node.Receive, Peer: from, Msg: &s.msg})
}

// call is a call's whole life: created, named to the backup and acknowledged, answered, released.
func (s *steady) call() {
	id := callmodel.CallID{Ref: 1, Born: s.seq + 1}
	s.receive(wire.Switch, wire.Message{
		Kind: wire.CallCreated, Seq: s.seq + 1, Call: id, CallType: callmodel.CallInternal, ThisDN: "1001", OtherDN: "1002",
	})
	s.receive(wire.B, wire.Message{
		Kind: wire.CallNamedAck, Epoch: 1, Num: s.seq/3 + 1, Call: id, ConnID: s.server.Engine().ConnID(id),
	})
	s.receive(wire.Switch, wire.Message{Kind: wire.CallAnswered, Seq: s.seq + 2, Call: id})
	s.receive(wire.Switch, wire.Message{Kind: wire.CallReleased, Seq: s.seq + 3, Call: id})
	s.seq += 3
}

// TestSteadyStateAllocatesNothing: no allocation per call event.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	s := newSteady()
	ready, why := s.server.Engine().Readiness()
	require.True(t, ready, why)
	s.call()
	require.Zero(t, testing.AllocsPerRun(100, s.call))
	require.Equal(t, s.seq, s.server.Engine().Seq(), "every call event was processed")
}

// BenchmarkCallEvents reports call events of the switch per second: created, answered, released.
func BenchmarkCallEvents(b *testing.B) {
	s := newSteady()
	b.ReportAllocs()
	for b.Loop() {
		s.call()
	}
	b.ReportMetric(3*float64(b.N)/b.Elapsed().Seconds(), "call-events/s")
}
