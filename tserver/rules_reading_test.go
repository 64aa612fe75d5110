package tserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Reading the switch (R2).

func TestR2Reconcile(t *testing.T) {
	r := primary(t, nil)
	kept := r.engine().ConnID(call(1, 5))
	r.created(call(2, 6))
	r.down(wire.Switch)
	require.Equal(t, callmodel.CTIDown, r.engine().CTI())
	require.True(t, r.engine().Held(call(2, 6)), "calls are kept while the switch cannot be heard")
	r.read(9, call(1, 5), call(3, 8))
	require.Equal(t, kept, r.engine().ConnID(call(1, 5)), "what both hold keeps its ConnID")
	require.False(t, r.engine().Held(call(2, 6)), "what the switch does not hold is released")
	require.NotZero(t, r.engine().ConnID(call(3, 8)), "what is new gets an invented one")

	b := backup(t, nil)
	require.NotEqual(t, r.engine().ConnID(call(1, 5)), b.engine().ConnID(call(1, 5)), "a backup's inventions differ")
}

func TestR2NothingCountsBeforeTheSnapshotIsComplete(t *testing.T) {
	r := newRig(t, wire.A, nil)
	r.up(wire.Switch)
	require.Len(t, r.sent(wire.Switch, wire.SnapshotRequest), 1)
	r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotBegin, Seq: 5})
	r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotCall, Call: call(1, 5), CallType: callmodel.CallInternal, CallState: callmodel.CallRinging})
	require.False(t, r.engine().Held(call(1, 5)))
	r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotEnd, Seq: 5})
	require.True(t, r.engine().Held(call(1, 5)))
}

// TestWhatTheSwitchSays is checked: an event number out of order, or what does not belong there, makes the T-Server read the switch again; what
// names an unknown call is noted and dropped.
func TestWhatTheSwitchSays(t *testing.T) {
	for name, m := range map[string]wire.Message{
		"a hole":               {Kind: wire.CallCreated, Seq: 8, Call: call(2, 8), CallType: callmodel.CallInternal},
		"a repetition":         {Kind: wire.CallReleased, Seq: 5, Call: call(1, 5)},
		"a reference":          {Kind: wire.CallCreated, Seq: 6, Call: call(1<<30, 6), CallType: callmodel.CallInternal},
		"a snapshot's end":     {Kind: wire.SnapshotEnd, Seq: 6},
		"not the switch's":     {Kind: wire.BackupReady, Seq: 6, Num: 1},
		"a call without birth": {Kind: wire.CallCreated, Seq: 6, Call: call(2, 0), CallType: callmodel.CallInternal},
	} {
		t.Run(name, func(t *testing.T) {
			r := primary(t, nil)
			r.hear(wire.Switch, m)
			require.Equal(t, callmodel.CTIDown, r.engine().CTI())
			require.Contains(t, r.out.Ops, node.Op{Kind: node.OpClose, Peer: wire.Switch})
			r.read(9, call(1, 5))
			require.True(t, r.engine().Announced())
		})
	}
	r := primary(t, nil)
	r.released(call(7, 3))
	require.Equal(t, callmodel.CTISynchronized, r.engine().CTI())
	require.Equal(t, node.NoteBadInput, r.out.Notes[0].Kind)
}

// TestX6SnapshotRequestCarriesTheEpoch: every message carries its sender's epoch.
func TestX6SnapshotRequestCarriesTheEpoch(t *testing.T) {
	r := newRig(t, wire.A, nil)
	r.up(wire.MLayer)
	r.appoint(wire.A, 3, false)
	r.up(wire.Switch)
	require.Equal(t, uint64(3), r.one(wire.Switch, wire.SnapshotRequest).Epoch)
}

// TestASnapshotThatMakesNoSense: two calls cannot have one reference, and two DNs not one name. Such a snapshot is given up with the CTI link, so that
// what is kept of it is bounded and no call is counted twice.
func TestASnapshotThatMakesNoSense(t *testing.T) {
	aCall := func(ref uint32, born uint64) wire.Message {
		return wire.Message{
			Kind: wire.SnapshotCall, Call: call(ref, born), CallType: callmodel.CallInternal, CallState: callmodel.CallRinging, ThisDN: "1001", OtherDN: "1002",
		}
	}
	aDN := wire.Message{Kind: wire.SnapshotDN, ThisDN: "1001", DNType: callmodel.DNExtension}
	for name, said := range map[string][]wire.Message{
		"one call twice":              {aCall(1, 3), aCall(1, 3)},
		"two calls of one reference":  {aCall(1, 3), aCall(2, 4), aCall(1, 5)},
		"one DN twice":                {aDN, aCall(1, 3), aDN},
		"a call from the future":      {aCall(1, 10)},
		"a reference that is too big": {aCall(1<<20, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, wire.A, nil)
			r.up(wire.Switch)
			r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotBegin, Seq: 9})
			for _, m := range said[:len(said)-1] {
				r.hear(wire.Switch, m)
				require.Equal(t, callmodel.CTISynchronizing, r.engine().CTI())
			}
			r.hear(wire.Switch, said[len(said)-1])
			require.Equal(t, callmodel.CTIDown, r.engine().CTI())
			r.read(9, call(1, 3), call(2, 4)) // once more, and well
			require.Equal(t, callmodel.CTISynchronized, r.engine().CTI())
		})
	}
}

// TestACallThatWasCreatedAtAnotherNumber: its identity (X3) and the watermark (X1) hang on the number.
func TestACallThatWasCreatedAtAnotherNumber(t *testing.T) {
	r := newRig(t, wire.A, nil)
	r.read(5)
	r.created(call(1, 4))
	require.Equal(t, callmodel.CTIDown, r.engine().CTI())
	require.False(t, r.engine().Held(call(1, 4)))
}
