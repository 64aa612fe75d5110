package tserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

const (
	kplTimer     node.TimerKind = 17
	cleanupTimer node.TimerKind = 18
)

func (r *rig) fires(kind node.TimerKind, key uint32) {
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: kind, Key: key}})
}

// sets returns how long the timer runs that the last step armed, and whether it did.
func (r *rig) sets(kind node.TimerKind, key uint32) (after time.Duration, set bool) {
	for _, op := range r.out.Ops {
		if op.Timer == (node.Timer{Kind: kind, Key: key}) {
			after, set = op.After, op.Kind == node.OpSet
		}
	}
	return after, set
}

// closes reports whether the last step closed the CTI link.
func (r *rig) closesCTI() bool {
	for _, op := range r.out.Ops {
		if op.Kind == node.OpClose && op.Peer == wire.Switch {
			return true
		}
	}
	return false
}

func (r *rig) answersKeepAlive(num, seq uint64) {
	r.hear(wire.Switch, wire.Message{Kind: wire.KeepAliveAck, Num: num, Seq: seq})
}

func TestKeepAliveGivesUpBeyondItsTolerance(t *testing.T) {
	for _, tolerance := range []int{0, 3, 10} {
		r := primary(t, func(o *tserver.Options) { o.KplTolerance = tolerance })
		for range tolerance + 1 {
			r.fires(kplTimer, 0)
			r.one(wire.Switch, wire.KeepAlive)
			require.False(t, r.closesCTI())
			after, _ := r.sets(kplTimer, 0)
			require.Equal(t, 10*time.Second, after)
		}
		r.fires(kplTimer, 0)
		require.True(t, r.closesCTI(), "tolerance %d", tolerance)
		require.Equal(t, callmodel.CTIDown, r.engine().CTI())
		_, set := r.sets(kplTimer, 0)
		require.False(t, set)
	}
}

func TestKeepAliveAnsweredForgetsFailures(t *testing.T) {
	r := primary(t, func(o *tserver.Options) { o.KplTolerance = 1 })
	for num := uint64(1); num < 20; num += 2 {
		r.fires(kplTimer, 0)
		require.Equal(t, num, r.one(wire.Switch, wire.KeepAlive).Num)
		r.fires(kplTimer, 0) // one goes unanswered
		r.answersKeepAlive(num+1, 5)
		require.False(t, r.closesCTI())
	}
}

// TestKeepAliveTellsOfWhatWasNotHeard: the link was silent, and nothing has happened since that would show it.
func TestKeepAliveTellsOfWhatWasNotHeard(t *testing.T) {
	r := primary(t, nil)
	r.fires(kplTimer, 0)
	r.answersKeepAlive(1, 5)
	require.Equal(t, callmodel.CTISynchronized, r.engine().CTI())
	r.fires(kplTimer, 0)
	r.answersKeepAlive(2, 6)
	require.True(t, r.closesCTI())
	require.Equal(t, callmodel.CTIDown, r.engine().CTI())
}

func TestKeepAliveThatNobodyAskedFor(t *testing.T) {
	for _, nums := range [][]uint64{{1}, {0}} {
		r := primary(t, nil)
		r.answersKeepAlive(nums[0], 5)
		require.True(t, r.closesCTI())
	}
}

func TestKeepAliveWhileReading(t *testing.T) {
	r := newRig(t, wire.A, nil)
	r.up(wire.Switch)
	r.fires(kplTimer, 0)
	r.answersKeepAlive(1, 99)
	require.False(t, r.closesCTI(), "what it reads comes behind")
	r.down(wire.Switch)
	r.up(wire.Switch)
	_, set := r.sets(kplTimer, 0)
	require.True(t, set, "it begins anew with the link")
	r.fires(kplTimer, 0)
	require.Equal(t, uint64(1), r.one(wire.Switch, wire.KeepAlive).Num)
}

func TestKeepAliveOff(t *testing.T) {
	r := newRig(t, wire.A, func(o *tserver.Options) { o.KplInterval = 0 })
	r.up(wire.Switch)
	_, set := r.sets(kplTimer, 0)
	require.False(t, set)
}

func cleanup(o *tserver.Options) { o.CleanupIdleTimeout = time.Minute }

func (r *rig) callInfo(c callmodel.CallID, state callmodel.CallState) {
	r.hear(wire.Switch, wire.Message{Kind: wire.CallInfo, Call: c, CallState: state})
}

// TestX9CleansUp: a call whose release was lost.
func TestX9CleansUp(t *testing.T) {
	r := publishing(t, func(o *tserver.Options) { cleanup(o); o.HAPublish = "immediate" })
	r.created(call(2, 7))
	after, _ := r.sets(cleanupTimer, 2)
	require.Equal(t, time.Minute, after)
	r.answered(call(2, 7))
	_, set := r.sets(cleanupTimer, 2)
	require.True(t, set, "its time begins anew")
	r.fires(cleanupTimer, 2)
	require.Equal(t, call(2, 7), r.one(wire.Switch, wire.QueryCall).Call)
	_, set = r.sets(cleanupTimer, 2)
	require.True(t, set, "in case that the answer is lost")
	r.callInfo(call(2, 7), callmodel.CallEstablished)
	require.True(t, r.engine().Held(call(2, 7)))
	r.callInfo(call(2, 7), 0)
	require.False(t, r.engine().Held(call(2, 7)))
	require.Equal(t, [][2]uint64{{8, 16}, {8, 17}}, r.events(), "behind the switch's own event")
	_, set = r.sets(cleanupTimer, 2)
	require.False(t, set)
}

// TestX9AnswersThatCross: the answer is about an identity.
func TestX9AnswersThatCross(t *testing.T) {
	r := publishing(t, func(o *tserver.Options) { cleanup(o); o.HAPublish = "immediate" })
	r.created(call(2, 7))
	r.fires(cleanupTimer, 2)
	r.released(call(2, 7))
	r.created(call(2, 9))
	r.callInfo(call(2, 7), 0)
	require.True(t, r.engine().Held(call(2, 9)))
	r.released(call(2, 9))
	r.callInfo(call(2, 9), 0)
	require.Empty(t, r.events(), "it is released once")
	r.created(call(2, 11))
	r.down(wire.Switch)
	r.fires(cleanupTimer, 2)
	require.Empty(t, r.sent(wire.Switch, wire.QueryCall), "the switch cannot be asked")
	_, set := r.sets(cleanupTimer, 2)
	require.True(t, set)
}

// TestX9FindingsOfABackup: the primary finds the same at another time, or not at all. Clients are told neither twice nor never.
func TestX9FindingsOfABackup(t *testing.T) {
	r := follower(t, cleanup)
	require.True(t, r.engine().Held(call(3, 9)))
	r.callInfo(call(3, 9), 0)
	require.False(t, r.engine().Held(call(3, 9)))
	require.Empty(t, r.events())
	r.appoint(wire.B, 2, false)
	answer := r.resume(9, 1)
	require.False(t, answer.Complete, "it does not know of the release yet")
	require.Len(t, r.sent(client1, wire.EventPartyInfo), 1, "call 1")
}

// TestX9CallsThatAreFound: their time begins as well.
func TestX9CallsThatAreFound(t *testing.T) {
	r := newRig(t, wire.A, cleanup)
	r.read(5, call(1, 5))
	_, set := r.sets(cleanupTimer, 1)
	require.True(t, set)
}

func TestX9Off(t *testing.T) {
	r := publishing(t, nil)
	r.created(call(2, 7))
	_, set := r.sets(cleanupTimer, 2)
	require.False(t, set)
}
