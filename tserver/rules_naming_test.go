package tserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// ConnIDs (R12, S5).

func TestR12Naming(t *testing.T) {
	r := primary(t, nil)
	r.created(call(2, 6))
	m := r.one(wire.B, wire.CallNamed)
	require.Equal(t, r.engine().ConnID(call(2, 6)), m.ConnID)

	b := backup(t, nil)
	name := func(c callmodel.CallID, connID callmodel.ConnID) {
		b.hear(wire.A, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 1, Call: c, ConnID: connID})
		require.Equal(t, c, b.one(wire.A, wire.CallNamedAck).Call, "it acknowledges in any case")
	}
	name(call(1, 5), 77)
	require.Equal(t, callmodel.ConnID(77), b.engine().ConnID(call(1, 5)), "adopted")
	b.created(call(2, 6))
	require.Zero(t, b.engine().ConnID(call(2, 6)), "it waits to be told")
	name(call(2, 6), 78)
	require.Equal(t, callmodel.ConnID(78), b.engine().ConnID(call(2, 6)))
	name(call(3, 7), 79) // before the call
	b.created(call(3, 7))
	require.Equal(t, callmodel.ConnID(79), b.engine().ConnID(call(3, 7)), "kept, and taken")
	name(call(4, 4), 80) // older than what it has read, and not in it
	require.False(t, b.engine().Held(call(4, 4)))
	b.created(call(4, 8))
	require.Zero(t, b.engine().ConnID(call(4, 8)), "dropped: another call with this reference does not get it (X3)")
	b.appoint(wire.B, 2, false)
	require.NotZero(t, b.engine().ConnID(call(4, 8)), "what is unnamed when it becomes primary it names itself")
	b.one(wire.A, wire.CallNamed)
}

// TestR5R12AnEarlyNameIsKnownToThoseWhoToldIt: a ConnID that a dead incarnation of the primary sent before the call was known is taken, and its
// next incarnation, which has not heard of it, is told; or else its own invention would stay, untagged.
func TestR5R12AnEarlyNameIsKnownToThoseWhoToldIt(t *testing.T) {
	early := func(connID callmodel.ConnID, c callmodel.CallID) *rig {
		r := newRig(t, wire.B, nil)
		r.up(wire.MLayer, wire.A)
		r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, true)
		r.read(4)
		r.hear(wire.A, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 1, Call: c, ConnID: connID})
		return r
	}
	returns := func(r *rig, inc uint64) {
		r.down(wire.A)
		r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: inc})
		r.peer(wire.A, wire.Backup, 2, callmodel.CTISynchronized, false)
	}

	r := early(77, call(1, 5))
	r.appoint(wire.B, 2, false)
	returns(r, 2)
	r.created(call(1, 5))
	require.Equal(t, callmodel.ConnID(77), r.engine().ConnID(call(1, 5)), "clients have seen it")
	require.Equal(t, callmodel.ConnID(77), r.one(wire.A, wire.CallNamed).ConnID, "a fresh incarnation is told (R12)")
	r.hear(wire.A, wire.Message{Kind: wire.BackupReady, Epoch: 2, Num: 1, Seq: 5})
	r.none(wire.A, wire.FullSyncDone) // and has acknowledged nothing (R5)
	r.hear(wire.A, wire.Message{Kind: wire.CallNamedAck, Epoch: 2, Num: 1, Call: call(1, 5), ConnID: 77})
	require.Equal(t, wire.Synchronized, r.one(wire.A, wire.FullSyncDone).Reason)

	r = early(77, call(1, 5))
	r.created(call(1, 5)) // as a backup, between the two incarnations or after
	r.appoint(wire.B, 2, false)
	returns(r, 2)
	r.hear(wire.A, wire.Message{Kind: wire.BackupReady, Epoch: 2, Num: 1, Seq: 5})
	r.none(wire.A, wire.FullSyncDone)

	r = early(77, call(1, 5))
	returns(r, 2)
	r.created(call(1, 5)) // as a backup, after the new incarnation's HA session began
	r.appoint(wire.B, 2, false)
	r.hear(wire.A, wire.Message{Kind: wire.BackupReady, Epoch: 2, Num: 1, Seq: 5})
	r.none(wire.A, wire.FullSyncDone)

	r = early(77, call(1, 5))
	r.appoint(wire.B, 2, false)
	returns(r, 1)
	r.created(call(1, 5))
	r.none(wire.A, wire.CallNamed) // the same incarnation told it itself
	r.hear(wire.A, wire.Message{Kind: wire.BackupReady, Epoch: 2, Num: 1, Seq: 5})
	require.Equal(t, wire.Synchronized, r.one(wire.A, wire.FullSyncDone).Reason)
}

// TestR12EarlyNamesOfOneReference: while this T-Server's switch is behind the primary's, the primary may name several calls of one reference; what it was
// told, and has acknowledged, it keeps for each of them.
func TestR12EarlyNamesOfOneReference(t *testing.T) {
	late := func() *rig {
		r := newRig(t, wire.B, nil)
		r.up(wire.MLayer, wire.A)
		r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, true)
		r.read(4)
		for i, born := range []uint64{5, 7, 9} {
			r.hear(wire.A, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: uint64(i + 1), Call: call(1, born), ConnID: callmodel.ConnID(70 + born)})
		}
		return r
	}
	r := late()
	for _, born := range []uint64{5, 7, 9} {
		r.created(call(1, born))
		require.Equal(t, callmodel.ConnID(70+born), r.engine().ConnID(call(1, born)))
		if born < 9 {
			r.released(call(1, born))
		}
	}
	// What is in a snapshot is the call that had the reference then, which need not be the newest one.
	r = late()
	r.down(wire.Switch)
	r.read(7, call(1, 7))
	require.Equal(t, callmodel.ConnID(77), r.engine().ConnID(call(1, 7)), "not one of its own")
	r.released(call(1, 7))
	r.created(call(1, 9))
	require.Equal(t, callmodel.ConnID(79), r.engine().ConnID(call(1, 9)))
}

// TestS5ConnIDsAreUniqueAcrossStarts: the start number is part of them.
func TestS5ConnIDsAreUniqueAcrossStarts(t *testing.T) {
	seen := map[callmodel.ConnID]bool{}
	for _, id := range []wire.ID{wire.A, wire.B} {
		for start := uint64(1); start <= 3; start++ {
			r := &rig{t: t, id: id, opt: tserver.DefaultOptions(), server: tserver.New(id, tserver.DefaultOptions())}
			r.step(node.Input{Kind: node.Start, Inc: start})
			r.read(5, call(1, 4), call(2, 5))
			for _, c := range []callmodel.CallID{call(1, 4), call(2, 5)} {
				require.False(t, seen[r.engine().ConnID(c)])
				seen[r.engine().ConnID(c)] = true
			}
		}
	}
	r := &rig{t: t, id: wire.A, opt: tserver.DefaultOptions(), server: tserver.New(wire.A, tserver.DefaultOptions())}
	require.PanicsWithValue(t, "hasync: start number 4194304 of A is beyond 4194303: its ConnIDs would not be unique (S5)", func() {
		r.step(node.Input{Kind: node.Start, Inc: callmodel.MaxStart + 1})
	}, "a T-Server that cannot have unique ConnIDs does not start")
}
