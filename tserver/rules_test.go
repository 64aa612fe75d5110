package tserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// rig drives one T-Server by hand. What it does in a step is checked by take and none.
type rig struct {
	t      *testing.T
	id     wire.ID
	opt    tserver.Options
	server *tserver.Server
	in     node.Input
	out    node.Output
	seq    uint64
}

func newRig(t *testing.T, id wire.ID, change func(*tserver.Options)) *rig {
	o := tserver.DefaultOptions()
	if change != nil {
		change(&o)
	}
	require.NoError(t, o.Validate())
	r := &rig{t: t, id: id, opt: o, server: tserver.New(id, o)}
	r.step(node.Input{Kind: node.Start, Inc: 1})
	return r
}

func (r *rig) step(in node.Input) {
	r.in = in
	r.out.Reset()
	r.server.Step(&r.in, &r.out)
	r.restored()
}

// restored goes on with a T-Server that was made of the canonical bytes of the other one: every test is also one of Restore.
func (r *rig) restored() {
	b := r.server.AppendCanonical(nil)
	r.server = tserver.New(r.id, r.opt)
	require.NoError(r.t, r.server.Restore(b))
	require.Equal(r.t, b, r.server.AppendCanonical(nil))
}

func (r *rig) up(peers ...wire.ID) {
	for _, p := range peers {
		r.step(node.Input{Kind: node.PortUp, Peer: p, Inc: 1})
	}
}

func (r *rig) down(peer wire.ID) {
	r.step(node.Input{Kind: node.PortDown, Peer: peer, Cause: node.CauseTimeout})
}

func (r *rig) hear(from wire.ID, m wire.Message) {
	r.step(node.Input{Kind: node.Receive, Peer: from, Msg: &m})
}

// peer lets the other T-Server tell its state.
func (r *rig) peer(id wire.ID, role wire.Role, epoch uint64, cti callmodel.CTIState, announced bool) {
	r.hear(id, wire.Message{Kind: wire.PeerState, Role: role, Epoch: epoch, CTI: cti, Announced: announced})
}

func (r *rig) appoint(named wire.ID, epoch uint64, normal bool) {
	r.hear(wire.MLayer, wire.Message{Kind: wire.Appoint, Epoch: epoch, Node: named, Inc: 1, Normal: normal})
}

// read lets the T-Server read a switch that has these calls.
func (r *rig) read(seq uint64, calls ...callmodel.CallID) {
	r.up(wire.Switch)
	r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotBegin, Seq: seq})
	for _, c := range calls {
		r.hear(wire.Switch, wire.Message{
			Kind: wire.SnapshotCall, Call: c, CallType: callmodel.CallInternal, CallState: callmodel.CallRinging, ThisDN: "1001", OtherDN: "1002",
		})
	}
	r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotEnd, Seq: seq})
	r.seq = seq
}

func (r *rig) created(c callmodel.CallID) {
	r.seq++
	r.hear(wire.Switch, wire.Message{
		Kind: wire.CallCreated, Seq: r.seq, Call: c, CallType: callmodel.CallInternal, ThisDN: "1001", OtherDN: "1002",
	})
}

func (r *rig) released(c callmodel.CallID) {
	r.seq++
	r.hear(wire.Switch, wire.Message{Kind: wire.CallReleased, Seq: r.seq, Call: c})
}

// sent returns the messages of a kind that the last step sent to a peer.
func (r *rig) sent(to wire.ID, kind wire.Kind) (list []wire.Message) {
	for _, op := range r.out.Ops {
		if op.Kind == node.OpSend && op.Peer == to && r.out.Msgs[op.Index].Kind == kind {
			list = append(list, r.out.Msgs[op.Index])
		}
	}
	return list
}

func (r *rig) one(to wire.ID, kind wire.Kind) wire.Message {
	r.t.Helper()
	list := r.sent(to, kind)
	require.Len(r.t, list, 1, "%s to %s", kind, to)
	return list[0]
}

func (r *rig) none(to wire.ID, kind wire.Kind) {
	r.t.Helper()
	require.Empty(r.t, r.sent(to, kind))
}

func (r *rig) engine() *hasync.Engine { return r.server.Engine() }

func call(ref uint32, born uint64) callmodel.CallID { return callmodel.CallID{Ref: ref, Born: born} }

// primary is A, synchronized, primary of epoch 1, with a backup that has read the switch; it holds call 1@5.
func primary(t *testing.T, change func(*tserver.Options)) *rig {
	r := newRig(t, wire.A, change)
	r.up(wire.MLayer, wire.B)
	r.appoint(wire.A, 1, false)
	r.read(5, call(1, 5))
	r.peer(wire.B, wire.Backup, 1, callmodel.CTISynchronized, false)
	return r
}

// backup is B, synchronized at event 5 with call 1@5, whose HA link is up to primary A of epoch 1: it waits for Full Sync Done.
func backup(t *testing.T, change func(*tserver.Options)) *rig {
	r := newRig(t, wire.B, change)
	r.up(wire.MLayer, wire.A)
	r.peer(wire.A, wire.Primary, 1, callmodel.CTISynchronized, true)
	r.read(5, call(1, 5))
	return r
}

func backupReady(w uint64) wire.Message {
	return wire.Message{Kind: wire.BackupReady, Epoch: 1, Num: 1, Seq: w}
}

func fullSyncDone(num uint64, reason wire.Reason) wire.Message {
	return wire.Message{Kind: wire.FullSyncDone, Epoch: 1, Num: num, Reason: reason}
}

// Hot-Standby HA.

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

func TestR13AnnouncedAtOnce(t *testing.T) {
	r := backup(t, func(o *tserver.Options) { o.HASyncDlyLnkConn = false })
	require.True(t, r.engine().Announced())
	ready, _ := r.engine().Readiness()
	require.False(t, ready, "tags and readiness run as they do otherwise")
}

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
