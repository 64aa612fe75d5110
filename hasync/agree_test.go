package hasync

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

func TestDifferences(t *testing.T) {
	for _, tc := range []struct{ own, peers, want string }{
		{"a=1 b=2", "b=2 a=1", ""},
		{"a=1 b=2", "a=1 b=3", "b is 2, and the peer's 3"},
		{"a=1 b=2", "a=2 b=3", "a is 1, and the peer's 2; b is 2, and the peer's 3"},
		{"a=1 b=2", "a=1 c=3", ""}, // what only one of them knows
		{"a=1", "", ""},
		{"a=1", "a", "a is 1, and the peer's "},
		{"a=1", "= == a=1 x", ""},
	} {
		require.Equal(t, tc.want, differences(tc.own, tc.peers), "%q %q", tc.own, tc.peers)
	}
	one, other := DefaultOptions(), DefaultOptions()
	require.Equal(t, one.Shared(), other.Shared())
	other.HASyncMethod, other.ProtocolVersion = Transfer, 2
	require.Equal(t, "ha-sync-method is drain, and the peer's transfer", differences(one.Shared(), other.Shared()), "a version is told by itself")
	require.Less(t, len(one.Shared()), 512, "there is room for more in a message's text")
}

// pairOf is an engine of this version whose HA link is up to a peer that has told version and options.
func pairOf(own, peers uint32, role wire.Role) (*Engine, *node.Output) {
	o := DefaultOptions()
	o.ProtocolVersion = own
	e, out := New(wire.A, o, quiet{}), &node.Output{}
	e.Start(1, out)
	e.ControlUp(out)
	e.CTISynchronized(7, out)
	appointed := wire.A
	if role == wire.Backup {
		appointed = wire.B
	}
	e.appoint(&wire.Message{Epoch: 1, Node: appointed, Inc: 1}, out)
	e.HAUp(1, out)
	told := &wire.Message{Kind: wire.PeerState, Epoch: 1, Role: 3 - role, CTI: callmodel.CTISynchronized, Text: o.Shared()}
	if peers > 1 {
		told.Version = peers
	}
	e.Receive(told, out)
	e.Settle(out)
	return e, out
}

func alarmsTold(out *node.Output) (list []string) {
	for _, n := range out.Notes {
		if n.Kind == node.NoteAlarm {
			list = append(list, n.Alarm.String()+" "+n.Peer.String()+[]string{" cleared", " raised"}[n.N]+": "+n.Text)
		}
	}
	out.Reset()
	return list
}

func TestAlarmsTellWhatDiffers(t *testing.T) {
	_, out := pairOf(1, 1, wire.Primary)
	require.Empty(t, alarmsTold(out))
	e, out := pairOf(1, 2, wire.Primary)
	require.Equal(t, []string{"versions-differ B raised: protocol-version is 1, and the peer's 2"}, alarmsTold(out))

	// The options come with the first state of a session, however low its epoch is, and are not told again.
	say := func(epoch uint64, version uint32, text string) {
		e.Receive(&wire.Message{Kind: wire.PeerState, Epoch: epoch, Role: wire.Backup, CTI: callmodel.CTISynchronized, Version: version, Text: text}, out)
		e.Settle(out)
	}
	other := DefaultOptions()
	other.HASyncBatch = 200
	say(0, 2, other.Shared())
	require.Equal(t, []string{"options-differ B raised: ha-sync-batch is 500, and the peer's 200"}, alarmsTold(out))
	say(1, 2, "")
	require.Empty(t, alarmsTold(out))
	state := e.AppendCanonical(nil)

	e.HADown(node.CauseTimeout, out)
	e.Settle(out)
	require.Equal(t, []string{"options-differ B cleared: ", "versions-differ B cleared: "}, alarmsTold(out))
	e.HAUp(2, out)
	say(1, 0, e.opt.Shared())
	require.Empty(t, alarmsTold(out))

	require.NotEqual(t, state, e.AppendCanonical(nil))
}

// A T-Server says nothing of a later version than its peer's, and uses what both know.
func TestTheLesserVersionIsSpoken(t *testing.T) {
	for _, tc := range []struct{ own, peers, want uint32 }{{1, 1, 1}, {1, 2, 1}, {2, 1, 1}, {2, 2, 2}, {2, 3, 2}, {3, 2, 2}, {3, 3, 3}, {3, 4, 3}} {
		e, out := pairOf(tc.own, tc.peers, wire.Primary)
		require.Equal(t, tc.want, e.spoken())
		e.Created(callmodel.CallID{Ref: 1, Born: 8}, "", out)
		e.Receive(&wire.Message{Kind: wire.BackupReady, Epoch: 1, Num: 1, Seq: 9}, out)
		e.RememberRegistration(out)
		e.Settle(out)
		newest := uint32(1)
		var kinds []string
		for i := range out.Msgs {
			newest = max(newest, out.Msgs[i].Needs())
			kinds = append(kinds, out.Msgs[i].Kind.String())
		}
		require.Equal(t, tc.want, newest, strings.Join(kinds, " "))
		require.Equal(t, tc.own > 1, versionTold(out) == tc.own, "the version is told to everybody")
	}
	e, _ := pairOf(2, 2, wire.Primary)
	e.HADown(node.CauseTimeout, &node.Output{})
	e.HAUp(2, &node.Output{})
	require.Equal(t, uint32(1), e.spoken(), "until the peer has told its own")
}

func versionTold(out *node.Output) (version uint32) {
	for i := range out.Msgs {
		version = max(version, out.Msgs[i].Version)
	}
	return version
}

// X10: the readiness that a T-Server publishes says why, and how many calls are in the way.
func TestX10ReasonAndCallsInTheWay(t *testing.T) {
	e, out := pairOf(3, 3, wire.Backup)
	require.Equal(t, syncAwaiting, e.backup.phase)
	for _, tc := range []struct {
		num, calls, want uint64
	}{{1, 12, 12}, {9, 3, 12}, {1, 4, 4}} {
		e.Receive(&wire.Message{Kind: wire.SyncProgress, Epoch: 1, Num: tc.num, Calls: tc.calls}, out)
		e.Settle(out)
		require.Equal(t, tc.want, e.callsInTheWay())
	}
	last := func() (n node.Note) {
		for _, x := range out.Notes {
			if x.Kind == node.NoteReady {
				n = x
			}
		}
		return n
	}
	require.Equal(t, node.Note{Kind: node.NoteReady, Text: "no Full Sync Done (synchronized)"}, last())
	e.Receive(&wire.Message{Kind: wire.FullSyncDone, Epoch: 1, Num: 1, Reason: wire.Synchronized}, out)
	e.Settle(out)
	require.Equal(t, node.Note{Kind: node.NoteReady, N: 1, Text: "synchronized"}, last())
	require.Zero(t, e.callsInTheWay())
	e.CTIDown(out)
	e.Settle(out)
	require.Equal(t, node.Note{Kind: node.NoteReady, Text: "the CTI link is down"}, last())
	e.HADown(node.CauseTimeout, out)
	e.Settle(out)
	require.Equal(t, "the HA link is down", last().Text)
}
