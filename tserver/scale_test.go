package tserver_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// million is how many calls a big site is said to have in progress.
const million = 1_000_000

// newBusy is a primary with so many established two-party calls and no backup. As from a decoder, each message brings strings of its own.
func newBusy(calls int) *steady {
	o := tserver.DefaultOptions()
	o.MaxCallRef = 1 << 22
	s := &steady{server: tserver.New(wire.A, o)}
	s.step(node.Input{Kind: node.Start, Inc: 1})
	for _, peer := range []wire.ID{wire.MLayer, wire.Switch} {
		s.step(node.Input{Kind: node.PortUp, Peer: peer, Inc: 1})
	}
	s.receive(wire.MLayer, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A, Inc: 1})
	s.receive(wire.Switch, wire.Message{Kind: wire.SnapshotBegin})
	s.receive(wire.Switch, wire.Message{Kind: wire.SnapshotEnd})
	s.add(calls)
	return s
}

func (s *steady) add(calls int) {
	for i := range calls {
		id := callmodel.CallID{Ref: uint32(i + 1), Born: s.seq + 1}
		from, to := strconv.Itoa(2_000_000+i), strconv.Itoa(5_000_000+i)
		s.receive(wire.Switch, wire.Message{
			Kind: wire.CallCreated, Seq: s.seq + 1, Call: id, CallType: callmodel.CallInternal,
			ThisDN: callmodel.DN(strings.Clone(from)), OtherDN: callmodel.DN(strings.Clone(to)),
		})
		s.receive(wire.Switch, wire.Message{Kind: wire.CallAnswered, Seq: s.seq + 2, Call: id})
		s.seq += 2
	}
}

// heap is how many bytes are in use after a collection.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one had to finalize
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// bytesPerCall returns what a two-party call costs in a T-Server, indices included.
func bytesPerCall(calls int) float64 {
	empty := newBusy(0)
	before := heap()
	s := newBusy(calls)
	after := heap()
	runtime.KeepAlive(s)
	runtime.KeepAlive(empty)
	return float64(after-before) / float64(calls)
}

// TestBytesPerCall: a two-party call without attached data costs a T-Server at most 200 bytes of heap, all tables and indices included.
func TestBytesPerCall(t *testing.T) {
	require.LessOrEqual(t, bytesPerCall(200_000), 200.0)
}

// BenchmarkMillionCalls reports what a call costs in a T-Server with a million of them.
func BenchmarkMillionCalls(b *testing.B) {
	var bytes float64
	for b.Loop() {
		bytes = bytesPerCall(million)
	}
	b.ReportMetric(bytes, "B/call")
}

// BenchmarkTagging reports how long a primary takes to tag all its calls: from Backup Ready to the end of the step that tags them (R5).
func BenchmarkTagging(b *testing.B) {
	for _, calls := range []int{1000, 100_000, million} {
		b.Run(strconv.Itoa(calls), func(b *testing.B) {
			s := newBusy(calls)
			const num = 1
			inc := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				// A backup that the primary has not heard of before has acknowledged nothing.
				s.step(node.Input{Kind: node.PortDown, Peer: wire.B, Cause: node.CauseGone})
				inc++
				s.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: inc})
				s.receive(wire.B, wire.Message{Kind: wire.PeerState, Epoch: 1, Role: wire.Backup, CTI: callmodel.CTISynchronized})
				b.StartTimer()
				s.receive(wire.B, wire.Message{Kind: wire.BackupReady, Epoch: 1, Num: num, Seq: s.seq})
			}
			_, tagged := s.server.Engine().Counts()
			require.Equal(b, calls, tagged)
		})
	}
}
