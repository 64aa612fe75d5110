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
