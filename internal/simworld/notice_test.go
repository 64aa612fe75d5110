package simworld_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/hasync/mlayer"
	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/wire"
)

// notice is how long a disconnect notice takes.
const notice = 2 * time.Millisecond

func noNotices(c *config.Config) { c.DisconnectNotices = false }
func noPolling(c *config.Config) { c.Link.AddpTimeout = 0 }

// TestDetection: what notices and polling each find, and how soon: 2 ms, and at most twice addp-timeout.
func TestDetection(t *testing.T) {
	kill := func(w *world) error { return w.Kill(wire.A) }
	freeze := func(w *world) error { return w.Pause(wire.A) }
	hole := func(w *world) error { return w.Isolate(wire.A, fault.BlackHoled) }
	for name, c := range map[string]struct {
		fault  func(*world) error
		change func(*config.Config)
		within time.Duration // 0: never
		how    string
	}{
		"killed":                      {kill, nil, notice, "gone"},
		"killed, notices only":        {kill, noPolling, notice, "gone"},
		"killed, polling only":        {kill, noNotices, 6 * time.Second, "timeout"},
		"killed, neither":             {kill, func(c *config.Config) { noNotices(c); noPolling(c) }, 0, ""},
		"frozen":                      {freeze, nil, 6 * time.Second, "timeout"},
		"frozen, notices only":        {freeze, noPolling, 0, ""},
		"in a black hole":             {hole, nil, 6 * time.Second, "timeout"},
		"in a black hole, no polling": {hole, noPolling, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := started(t, c.change)
			w.lines = nil
			require.NoError(t, c.fault(w))
			if c.within == 0 {
				require.NotContains(t, w.pass(time.Hour), "M#1 down A")
				return
			}
			require.Contains(t, w.pass(c.within), "M#1 down A "+c.how)
		})
	}
}

// TestTheNoticeOvertakesTheLastMessages: they are of a closed session, and dropped.
func TestTheNoticeOvertakesTheLastMessages(t *testing.T) {
	w := started(t, nil)
	require.NoError(t, w.Impair(wire.A, wire.MLayer, fault.Impairment{Delay: time.Second}))
	require.NoError(t, w.Isolate(wire.B, fault.Dropped)) // A tells M that the HA link is down
	w.pass(10 * time.Millisecond)
	require.NoError(t, w.Kill(wire.A))
	require.Contains(t, w.pass(notice), "M#1 down A gone")
	require.NotContains(t, w.pass(10*time.Second), "M#1 received A")
}

func TestANoticeDoesNotGetOutOfABlackHole(t *testing.T) {
	w := started(t, noPolling)
	require.NoError(t, w.Isolate(wire.A, fault.BlackHoled))
	w.lines = nil
	require.NoError(t, w.Kill(wire.A))
	require.NotContains(t, w.pass(time.Minute), "down A")
	require.NoError(t, w.Isolate(wire.A, fault.Joined))
	require.Contains(t, w.pass(notice), "M#1 down A gone", "now the carrier knows")
}

func TestNATSThatDiesTellsNobody(t *testing.T) {
	w := started(t, nil)
	w.lines = nil
	require.NoError(t, w.Kill(wire.NATS))
	require.NotContains(t, w.pass(time.Minute), "gone")
}

// TestFenceKick: whom the Management Layer takes for lost loses its connection, and hears of its successor when it is back.
func TestFenceKick(t *testing.T) {
	for _, fence := range []mlayer.Fence{mlayer.NoFence, mlayer.Kick} {
		t.Run(fence.String(), func(t *testing.T) {
			w := started(t, func(c *config.Config) { c.M.Fence = fence })
			require.NoError(t, w.Pause(wire.A))
			require.Contains(t, w.pass(10*time.Second), `B#1 noted {"kind":"role","n":2,"text":"primary"}`)
			w.lines = nil
			require.NoError(t, w.Resume(wire.A))
			lines := w.pass(time.Second)
			if fence == mlayer.Kick {
				require.Contains(t, lines, "A#1 carrier-down")
				require.Contains(t, lines, "A#1 carrier-up")
			} else {
				require.NotContains(t, lines, "A#1 carrier-down")
			}
			require.Contains(t, lines, `A#1 noted {"kind":"role","n":2,"text":"backup"}`)
		})
	}
}

// TestAClosedConnectionCarriesNothing: a frozen node whose connection was closed does not know it when it wakes; what it says to those who call it then is
// not carried, and what was sent to it since was not either.
func TestAClosedConnectionCarriesNothing(t *testing.T) {
	w := started(t, func(c *config.Config) { c.M.Fence = mlayer.Kick })
	require.NoError(t, w.Pause(wire.A))
	for !strings.Contains(w.pass(time.Millisecond), "M#1 down A timeout") {
		require.Less(t, w.Now(), time.Minute)
	}
	w.pass(3 * time.Millisecond) // the kick takes 2 ms
	w.lines = nil
	require.NoError(t, w.Resume(wire.A)) // it finds M's call, and answers
	lines := w.pass(time.Second)
	require.Contains(t, lines, "A#1 down M closed")
	require.Less(t, strings.Index(lines, "A#1 carrier-up"), strings.Index(lines, "M#1 up A"))
}
