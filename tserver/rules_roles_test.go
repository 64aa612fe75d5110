package tserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Roles and epochs (R14, X6).

func TestR14Handover(t *testing.T) {
	ready := func() *rig {
		r := primary(t, nil)
		r.hear(wire.B, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: 1, Call: call(1, 5), ConnID: r.engine().ConnID(call(1, 5))})
		r.hear(wire.B, backupReady(5))
		r.hear(wire.B, wire.Message{Kind: wire.FullSyncAck, Epoch: 1, Num: 1})
		return r
	}
	r := ready()
	r.appoint(wire.B, 2, true)
	require.Equal(t, wire.HandedOver, r.one(wire.MLayer, wire.RoleTaken).Outcome, "nothing is outstanding")

	r = ready()
	r.created(call(2, r.seq+1))
	m := r.one(wire.B, wire.CallNamed)
	r.appoint(wire.B, 2, true)
	r.none(wire.MLayer, wire.RoleTaken) // its last HA message is not acknowledged
	require.Equal(t, wire.Backup, r.engine().Role())
	r.hear(wire.B, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: m.Num, Call: m.Call, ConnID: m.ConnID})
	require.Equal(t, wire.HandedOver, r.one(wire.MLayer, wire.RoleTaken).Outcome)
	r.appoint(wire.B, 2, true)
	require.Equal(t, wire.HandedOver, r.one(wire.MLayer, wire.RoleTaken).Outcome, "asked again, the same answer")

	r = ready()
	r.created(call(2, r.seq+1))
	r.appoint(wire.B, 2, true)
	r.down(wire.B)
	require.Equal(t, wire.NotHandedOver, r.one(wire.MLayer, wire.RoleTaken).Outcome)

	r = primary(t, nil)
	r.appoint(wire.B, 2, true)
	require.Equal(t, wire.NotHandedOver, r.one(wire.MLayer, wire.RoleTaken).Outcome, "readiness was 0")

	r = primary(t, nil)
	r.appoint(wire.B, 2, false)
	require.Equal(t, wire.Taken, r.one(wire.MLayer, wire.RoleTaken).Outcome, "in every other case at once")
}

// TestR14HandoverAfterNamesThatWereIgnored: what it named in an epoch that the peer had left behind was ignored, and will never be acknowledged; it is
// nothing to wait for when it hands over in a later epoch of its own.
func TestR14HandoverAfterNamesThatWereIgnored(t *testing.T) {
	r := primary(t, nil) // in epoch 1; it has named a call, which is not acknowledged
	r.appoint(wire.B, 2, false)
	r.appoint(wire.A, 3, false)
	r.released(call(1, 5))
	r.hear(wire.B, wire.Message{Kind: wire.BackupReady, Epoch: 3, Num: 2, Seq: r.seq})
	r.hear(wire.B, wire.Message{Kind: wire.FullSyncAck, Epoch: 3, Num: 2})
	r.appoint(wire.B, 4, true)
	require.Equal(t, wire.HandedOver, r.one(wire.MLayer, wire.RoleTaken).Outcome)
}

func TestX6Epochs(t *testing.T) {
	r := primary(t, nil)
	r.appoint(wire.B, 0, false)
	require.Equal(t, wire.Primary, r.engine().Role(), "an assignment of a lower epoch is ignored")
	r.peer(wire.B, wire.Primary, 2, callmodel.CTISynchronized, true)
	require.Equal(t, wire.Backup, r.engine().Role(), "it hears of a higher one from its peer")
	require.Equal(t, uint64(2), r.engine().Epoch())

	r = primary(t, nil)
	r.up(wire.Client(1))
	r.hear(wire.Client(1), wire.Message{Kind: wire.EpochSeen, Epoch: 9})
	require.Equal(t, wire.Backup, r.engine().Role(), "or from a client")
	require.Equal(t, uint64(9), r.engine().Epoch())

	r = primary(t, nil)
	r.up(wire.Client(1))
	r.hear(wire.Client(1), wire.Message{Kind: wire.EpochSeen, Epoch: wire.MaxEpoch})
	require.Equal(t, wire.Primary, r.engine().Role(), "but not one that is made up: it would use up the numbers")
	require.Equal(t, node.NoteBadInput, r.out.Notes[0].Kind)

	b := backup(t, nil)
	b.appoint(wire.A, 4, false)
	b.hear(wire.A, fullSyncDone(1, wire.Synchronized))
	require.False(t, b.engine().Announced(), "an HA message of a lower epoch is ignored")
	own := b.engine().ConnID(call(1, 5))
	b.hear(wire.A, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 1, Call: call(1, 5), ConnID: 77})
	require.Equal(t, own, b.engine().ConnID(call(1, 5)), "a ConnID of a primary that is none any more is not adopted")
	b.none(wire.A, wire.CallNamedAck)
}
