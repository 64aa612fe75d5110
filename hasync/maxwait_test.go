package hasync

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// waitingPrimary has answered a Backup Ready with tags for these calls; step makes it settle.
func waitingPrimary(calls int) (e *Engine, step func() *node.Output) {
	o := DefaultOptions()
	o.HASyncMaxWait = time.Minute
	e = New(wire.A, o, quiet{})
	e.inc = 1
	e.role, e.epoch, e.cti, e.carrier = wire.Primary, 1, callmodel.CTISynchronized, true
	e.peer = peer{up: true, inc: 1, told: true, role: wire.Backup, epoch: 1, cti: callmodel.CTISynchronized}
	out := &node.Output{}
	for i := range calls {
		e.Created(callmodel.CallID{Ref: uint32(i + 1), Born: uint64(i + 1)}, "", out)
	}
	e.backupReady(&wire.Message{Kind: wire.BackupReady, Num: 1, Seq: uint64(calls)}, out)
	e.seq = uint64(calls)
	return e, func() *node.Output {
		out := &node.Output{}
		e.Settle(out)
		return out
	}
}

func alarmsOf(out *node.Output) (list []node.Note) {
	for _, n := range out.Notes {
		if n.Kind == node.NoteAlarm {
			list = append(list, n)
		}
	}
	return list
}

// timers returns what the step did with overdueTimer.
func timers(out *node.Output) (list []string) {
	for _, op := range out.Ops {
		if op.Timer == (node.Timer{Kind: overdueTimer}) {
			list = append(list, map[node.OpKind]string{node.OpSet: "set " + op.After.String(), node.OpCancel: "cancel"}[op.Kind])
		}
	}
	return list
}

func TestX9SyncWaits(t *testing.T) {
	e, step := waitingPrimary(7)
	require.Equal(t, []string{"set 1m0s"}, timers(step()))
	require.Empty(t, timers(step()), "its time runs on")
	require.True(t, e.Fired(node.Timer{Kind: overdueTimer}))
	out := step()
	require.Equal(t, []node.Note{{
		Kind: node.NoteAlarm, Alarm: node.SyncWaits, Peer: wire.B, N: 1, Text: "in the way: 1@1, 2@2, 3@3, 4@4, 5@5 and 2 more",
	}}, alarmsOf(out))
	require.Empty(t, timers(out))
	require.Empty(t, alarmsOf(step()), "it is told once")
	for ref := uint32(1); ref <= 7; ref++ {
		e.Released(callmodel.CallID{Ref: ref, Born: uint64(ref)}, out)
	}
	cleared := alarmsOf(step())
	require.Len(t, cleared, 1)
	require.Zero(t, cleared[0].N)
}

func TestX9SyncThatEndsInTimeRaisesNothing(t *testing.T) {
	e, step := waitingPrimary(1)
	step()
	out := &node.Output{}
	e.HADown(node.CauseTimeout, out) // R10
	out = step()
	require.Equal(t, []string{"cancel"}, timers(out))
	require.Empty(t, alarmsOf(out))
}

func TestX9TheSwitchsEventsAreWaitedFor(t *testing.T) {
	e, step := waitingPrimary(0)
	e.primary.watermark = 9
	step()
	e.Fired(node.Timer{Kind: overdueTimer})
	require.Equal(t, "the switch's events up to 9 are waited for", alarmsOf(step())[0].Text)
}
