package tserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// T-Server synchronization (R3 to R11, R13, X1, X2, X4, X10).

func TestR3PrimaryAnnounces(t *testing.T) {
	r := newRig(t, wire.A, nil)
	r.up(wire.MLayer, wire.Client(1))
	r.read(5)
	require.False(t, r.engine().Announced(), "a backup does not")
	r.appoint(wire.A, 1, false)
	require.True(t, r.engine().Announced())
	r.one(wire.MLayer, wire.EventLinkConnected)
	r.one(wire.Client(1), wire.EventLinkConnected)
	r.down(wire.Switch)
	require.False(t, r.engine().Announced())
	r.one(wire.MLayer, wire.EventLinkDisconnected)
}

func TestR4BackupReady(t *testing.T) {
	r := newRig(t, wire.B, nil)
	r.up(wire.MLayer, wire.A)
	r.one(wire.A, wire.PeerState)
	r.read(5)
	r.none(wire.A, wire.BackupReady)
	r.peer(wire.A, wire.Backup, 0, callmodel.CTISynchronized, false)
	r.none(wire.A, wire.BackupReady) // its peer is no primary
	r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, false)
	m := r.one(wire.A, wire.BackupReady)
	require.Equal(t, uint64(1), m.Num)
	require.Equal(t, uint64(5), m.Seq, "the watermark (X1)")
	require.Equal(t, uint64(1), m.Epoch, "it has followed its primary's epoch")

	// Answered start-up: again when the primary has announced, and not before.
	r.hear(wire.A, fullSyncDone(1, wire.StartUp))
	r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronizing, false)
	r.none(wire.A, wire.BackupReady)
	r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, true)
	require.Equal(t, uint64(2), r.one(wire.A, wire.BackupReady).Num)

	// A new epoch ends the waiting; its primary is asked anew. A new HA session means the same (X5).
	r.peer(wire.A, wire.Primary, 3, callmodel.CTISynchronized, true)
	require.Equal(t, uint64(3), r.one(wire.A, wire.BackupReady).Num)
	r.hear(wire.A, wire.Message{Kind: wire.FullSyncDone, Epoch: 3, Num: 3, Reason: wire.Synchronized})
	r.down(wire.A)
	r.up(wire.A)
	r.peer(wire.A, wire.Primary, 3, callmodel.CTISynchronized, true)
	require.Equal(t, uint64(4), r.one(wire.A, wire.BackupReady).Num)
}

// Call Synchronization Between T-Servers.

func TestR5TagsWhatIsNotAcknowledged(t *testing.T) {
	r := primary(t, nil)
	r.created(call(2, 6))
	named := r.one(wire.B, wire.CallNamed)
	r.hear(wire.B, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: named.Num, Call: named.Call, ConnID: named.ConnID})
	r.hear(wire.B, backupReady(5))
	r.none(wire.B, wire.FullSyncDone)
	r.released(call(2, 6)) // acknowledged, so not tagged
	r.none(wire.B, wire.FullSyncDone)
	r.created(call(3, 8)) // later, so not tagged
	r.released(call(1, 5))
	require.Equal(t, wire.Synchronized, r.one(wire.B, wire.FullSyncDone).Reason)

	// A new incarnation of the backup knows nothing: call 3, which the old one never acknowledged, is tagged.
	r.down(wire.B)
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 2})
	r.peer(wire.B, wire.Backup, 1, callmodel.CTISynchronized, false)
	r.hear(wire.B, backupReady(5))
	r.none(wire.B, wire.FullSyncDone)
}

func TestR6FullSyncDone(t *testing.T) {
	r := primary(t, nil)
	r.released(call(1, 5))
	r.hear(wire.B, backupReady(5))
	m := r.one(wire.B, wire.FullSyncDone) // with nothing tagged, at once
	require.Equal(t, uint64(1), m.Num)
	ready, _ := r.engine().Readiness()
	require.False(t, ready, "not before it is acknowledged (X10)")
	r.hear(wire.B, wire.Message{Kind: wire.FullSyncAck, Epoch: 1, Num: 1})
	ready, _ = r.engine().Readiness()
	require.True(t, ready)
}

// Primary T-Server Still in Start-up Phase.

func TestR7StartUp(t *testing.T) {
	r := newRig(t, wire.A, nil)
	r.up(wire.MLayer, wire.B)
	r.appoint(wire.A, 1, false)
	r.up(wire.Switch)
	r.peer(wire.B, wire.Backup, 1, callmodel.CTISynchronized, false)
	r.hear(wire.B, backupReady(5))
	require.Equal(t, wire.StartUp, r.one(wire.B, wire.FullSyncDone).Reason)
	// "... and vice versa. Once the old primary T-Server finishes switch synchronization, it initiates T-Server synchronization".
	r.appoint(wire.B, 2, false)
	require.Equal(t, wire.Backup, r.engine().Role())
	r.peer(wire.B, wire.Primary, 2, callmodel.CTISynchronized, true)
	r.read(7)
	r.one(wire.B, wire.BackupReady)
}

// Primary T-Server's Link with the Switch is Down.

func TestR8LinkDown(t *testing.T) {
	r := primary(t, nil)
	r.down(wire.Switch)
	r.hear(wire.B, backupReady(5))
	require.Equal(t, wire.LinkDown, r.one(wire.B, wire.FullSyncDone).Reason)
}

func TestR9Announces(t *testing.T) {
	for _, reason := range []wire.Reason{wire.Synchronized, wire.StartUp, wire.LinkDown} {
		r := backup(t, nil)
		require.False(t, r.engine().Announced())
		r.hear(wire.A, fullSyncDone(7, reason))
		require.False(t, r.engine().Announced(), "it answers another Backup Ready")
		r.hear(wire.A, fullSyncDone(1, reason))
		require.True(t, r.engine().Announced())
		require.Equal(t, uint64(1), r.one(wire.A, wire.FullSyncAck).Num)
		r.one(wire.MLayer, wire.EventLinkConnected)
		ready, _ := r.engine().Readiness()
		require.Equal(t, reason == wire.Synchronized, ready, "start-up and link-down are answers, not synchronization")
	}
}

// Backup T-Server Fails During Synchronization.

func TestR10BackupFails(t *testing.T) {
	for name, fails := range map[string]func(*rig){
		"it dies":                func(r *rig) { r.down(wire.B) },
		"it loses the switch":    func(r *rig) { r.peer(wire.B, wire.Backup, 1, callmodel.CTIDown, false) },
		"M says that it is dead": func(r *rig) { r.hear(wire.MLayer, wire.Message{Kind: wire.PeerFailed, Epoch: 1, Node: wire.B, Inc: 1}) },
	} {
		t.Run(name, func(t *testing.T) {
			r := primary(t, nil)
			r.hear(wire.B, backupReady(5))
			fails(r)
			r.none(wire.B, wire.FullSyncDone)
			r.released(call(1, 5))
			r.none(wire.B, wire.FullSyncDone)
		})
	}
}

// Primary T-Server Fails During Synchronization.

func TestR11PrimaryFails(t *testing.T) {
	r := backup(t, nil)
	r.down(wire.A)
	require.True(t, r.engine().Announced(), "at once")
	r.one(wire.MLayer, wire.EventLinkConnected)

	r = backup(t, nil)
	r.hear(wire.MLayer, wire.Message{Kind: wire.PeerFailed, Epoch: 1, Node: wire.A, Inc: 2})
	require.False(t, r.engine().Announced(), "another incarnation than the one it waits for")
	r.hear(wire.MLayer, wire.Message{Kind: wire.PeerFailed, Epoch: 1, Node: wire.A, Inc: 1})
	require.True(t, r.engine().Announced(), "or M says so")

	r = backup(t, nil)
	r.step(node.Input{Kind: node.CarrierDown})
	require.False(t, r.engine().Announced(), "its own carrier is down: no conclusion")

	// Not waiting, and no primary of its epoch reached for connect-tout.
	r = newRig(t, wire.B, nil)
	r.read(5)
	require.False(t, r.engine().Announced())
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: 1}})
	require.True(t, r.engine().Announced())
}

func TestR13AnnouncedAtOnce(t *testing.T) {
	r := backup(t, func(o *tserver.Options) { o.HASyncDlyLnkConn = false })
	require.True(t, r.engine().Announced())
	ready, _ := r.engine().Readiness()
	require.False(t, ready, "tags and readiness run as they do otherwise")
}

// TestX10ABackupIsReadyWhenItsSwitchHasCaughtUp: Full Sync Done says up to which event the primary had come; a call that is over there, and is not here yet,
// may have another ConnID here (S5).
func TestX10ABackupIsReadyWhenItsSwitchHasCaughtUp(t *testing.T) {
	r := newRig(t, wire.B, nil)
	r.up(wire.MLayer, wire.A)
	r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, true)
	r.read(5, call(1, 5))
	r.hear(wire.A, wire.Message{Kind: wire.FullSyncDone, Epoch: 1, Num: 1, Reason: wire.Synchronized, Seq: 6})
	require.True(t, r.engine().Announced(), "R9")
	ready, why := r.engine().Readiness()
	require.False(t, ready)
	require.Contains(t, why, "awaited")
	r.released(call(1, 5))
	ready, _ = r.engine().Readiness()
	require.True(t, ready)
	require.True(t, r.one(wire.MLayer, wire.Status).Ready)
}

// TestX10ABackupAsksAboutWhatThePrimaryMayNotHave: the release of a tagged call may be lost, and found by the primary alone (X9); the backup has another ConnID
// for it (S5).
func TestX10ABackupAsksAboutWhatThePrimaryMayNotHave(t *testing.T) {
	r := newRig(t, wire.B, func(o *tserver.Options) { o.KplInterval = time.Second })
	r.up(wire.MLayer, wire.A)
	r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, true)
	r.read(5, call(1, 4), call(2, 5))
	r.hear(wire.A, wire.Message{Kind: wire.FullSyncDone, Epoch: 1, Num: 1, Reason: wire.Synchronized, Seq: 6})
	r.none(wire.Switch, wire.QueryCall) // they may be released by what is to come
	r.created(call(3, 6))               // the primary has named it, if it has it
	asked := r.sent(wire.Switch, wire.QueryCall)
	require.Len(t, asked, 3)
	require.Equal(t, call(1, 4), asked[0].Call)
	ready, why := r.engine().Readiness()
	require.False(t, ready)
	require.Contains(t, why, "looked up")

	r.hear(wire.Switch, wire.Message{Kind: wire.CallInfo, Call: call(2, 5)}) // it is over
	r.hear(wire.Switch, wire.Message{Kind: wire.CallInfo, Call: call(3, 6), CallState: callmodel.CallRinging})
	require.False(t, r.engine().Held(call(2, 5)))
	ready, _ = r.engine().Readiness()
	require.False(t, ready)
	r.fires(kplTimer, 0)
	r.answersKeepAlive(1, 6)
	require.Equal(t, call(1, 4), r.one(wire.Switch, wire.QueryCall).Call, "the question, or its answer, was lost")
	r.created(call(2, 7)) // after Full Sync Done
	r.released(call(1, 4))
	ready, _ = r.engine().Readiness()
	require.True(t, ready)
	require.True(t, r.one(wire.MLayer, wire.Status).Ready)
	r.none(wire.Switch, wire.QueryCall)
}

func TestX1Watermark(t *testing.T) {
	r := primary(t, nil)
	r.released(call(1, 5))
	r.hear(wire.B, backupReady(r.seq+2)) // the backup has read call 2, of which the primary has not heard
	r.none(wire.B, wire.FullSyncDone)
	r.created(call(2, r.seq+1))
	r.none(wire.B, wire.FullSyncDone)
	m := r.one(wire.B, wire.CallNamed)
	r.created(call(3, r.seq+1)) // the watermark is reached; call 2 counts as tagged
	r.none(wire.B, wire.FullSyncDone)
	r.hear(wire.B, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: m.Num, Call: m.Call, ConnID: m.ConnID})
	r.none(wire.B, wire.FullSyncDone) // and call 3
	r.released(call(3, r.seq))
	r.one(wire.B, wire.FullSyncDone)
}

func TestX2Transfer(t *testing.T) {
	r := primary(t, func(o *tserver.Options) { o.HASyncMethod, o.HASyncBatch = hasync.Transfer, 200 })
	for i := range uint64(299) {
		r.created(call(uint32(2+i), 6+i))
	}
	r.down(wire.B)
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 2})
	r.peer(wire.B, wire.Backup, 1, callmodel.CTISynchronized, false)
	r.hear(wire.B, backupReady(r.seq))
	first := r.sent(wire.B, wire.CallNamed)
	require.Len(t, first, 200)
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: 2}})
	second := r.sent(wire.B, wire.CallNamed)
	require.Len(t, second, 100)
	for i, m := range append(first, second...) {
		r.hear(wire.B, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: m.Num, Call: m.Call, ConnID: m.ConnID})
		if i < 299 {
			r.none(wire.B, wire.FullSyncDone)
		}
	}
	r.one(wire.B, wire.FullSyncDone)
}

func TestX4LinkLostWhileTagging(t *testing.T) {
	r := primary(t, nil)
	r.hear(wire.B, backupReady(5))
	r.down(wire.Switch)
	require.Equal(t, wire.LinkDown, r.one(wire.B, wire.FullSyncDone).Reason)
}
