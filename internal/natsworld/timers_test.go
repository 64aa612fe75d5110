package natsworld

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/cast"
	"hotpair/internal/config"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// firing is a node that writes down which timers fire.
type firing struct {
	node.Node
	fired []uint32
}

func (f *firing) Step(in *node.Input, _ *node.Output) {
	if in.Kind == node.Fired {
		f.fired = append(f.fired, in.Timer.Key)
	}
}

// A timer may be moved and cancelled as often as its user likes: it fires when it was last told to, and its events in the queue stay few.
func TestTimers(t *testing.T) {
	c := config.Default()
	f := &firing{}
	h := &Host{opt: HostOptions{ID: wire.A, Config: c, Clock: NewClock(1)}, ctx: context.Background()}
	h.mux = link.New(wire.A, 1, cast.Peers(wire.A, &c), f, h, c.Link)
	h.timers.init()
	timer := func(key uint32) node.Timer { return node.Timer{Kind: 1, Key: key} }
	pass := func(d time.Duration) {
		h.opt.Clock.Base -= int64(d)
		h.fireTimers()
	}

	for range 1000 {
		h.SetTimer(timer(1), time.Hour)
		h.SetTimer(timer(2), 2*time.Hour)
		h.CancelTimer(timer(2))
		h.CancelTimer(timer(3))
	}
	require.Equal(t, 2, h.timers.queue.Len())

	h.SetTimer(timer(4), 30*time.Minute)
	h.SetTimer(timer(4), 90*time.Minute) // later
	h.SetTimer(timer(5), 90*time.Minute)
	h.SetTimer(timer(5), 30*time.Minute) // earlier
	pass(40 * time.Minute)
	require.Equal(t, []uint32{5}, f.fired)
	pass(40 * time.Minute)
	require.Equal(t, []uint32{5, 1}, f.fired)
	pass(20 * time.Minute)
	require.Equal(t, []uint32{5, 1, 4}, f.fired)
	h.SetTimer(timer(2), time.Minute) // after it was cancelled
	pass(2 * time.Minute)
	pass(100 * time.Hour)
	require.Equal(t, []uint32{5, 1, 4, 2}, f.fired)
	require.Zero(t, h.timers.queue.Len())
	require.Empty(t, h.timers.armed)
}

// ticking is a node whose timer sets itself again, as the next arrival of traffic does.
type ticking struct {
	node.Node
	fired int
}

func (k *ticking) Step(in *node.Input, out *node.Output) {
	if in.Kind == node.Fired {
		k.fired++
		out.Set(in.Timer, time.Millisecond)
	}
}

// TestTimersKeepTheirRate: though each fires late, a timer that sets itself again fires as often as it should; after a stand-still it does not catch up, and a flood of
// timers lets messages through.
func TestTimersKeepTheirRate(t *testing.T) {
	c := config.Default()
	k := &ticking{}
	h := &Host{opt: HostOptions{ID: wire.A, Config: c, Clock: NewClock(1)}, ctx: context.Background()}
	h.mux = link.New(wire.A, 1, cast.Peers(wire.A, &c), k, h, c.Link)
	h.timers.init()
	pass := func(d time.Duration) {
		h.opt.Clock.Base -= int64(d)
		h.fireTimers()
	}
	h.SetTimer(node.Timer{Kind: 1}, time.Millisecond)
	for range 100 {
		pass(7 * time.Millisecond)
	}
	require.InDelta(t, 700, k.fired, 5)
	before := k.fired
	pass(time.Minute)
	require.LessOrEqual(t, k.fired-before, 5)
	before = k.fired
	for range 5 {
		pass(40 * time.Millisecond)
		require.LessOrEqual(t, k.fired-before, 5*firedAtOnce)
	}
	h.SetTimer(node.Timer{Kind: node.LinkTimers}, time.Hour)
	require.Zero(t, h.timers.firing)
}

// Go's clock, by which a process tells the time, is the system's, by which processes of one machine understand each other.
func TestClockOfTheSystem(t *testing.T) {
	before := systemClock()
	now := monotonic()
	after := systemClock()
	require.GreaterOrEqual(t, now, before-int64(time.Millisecond))
	require.LessOrEqual(t, now, after+int64(time.Millisecond))
}
