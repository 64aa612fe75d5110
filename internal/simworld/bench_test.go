package simworld_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/eventq"
	"hotpair/internal/node"
	"hotpair/internal/simworld"
	"hotpair/internal/wire"
)

// busyPair is a pair in steady state: 20 erlangs, polling every 100 ms on all links, no trace.
func busyPair(tb testing.TB) *simworld.World {
	c := config.Default()
	c.Link.AddpTimeout = 100 * time.Millisecond
	w := simworld.New(simworld.Options{Config: c, Seed: 1})
	require.NoError(tb, w.Boot(wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1)))
	run(tb, w, 5*time.Second)
	args := map[string]string{"erlangs": "20", "hold": "exp:180s", "seed": "7"}
	require.NoError(tb, w.Do(wire.Switch, &node.Command{Verb: "load", Args: args}))
	run(tb, w, time.Hour)
	return w
}

func run(tb testing.TB, w *simworld.World, d time.Duration) {
	_, err := w.Run(w.Now()+d, nil)
	require.NoError(tb, err)
}

// BenchmarkVirtualTime runs a busy pair and, beside it, a bare event loop with as many events pending: a heap of timed events that
// does nothing. The ratio of their speeds is what the protocol costs.
func BenchmarkVirtualTime(b *testing.B) {
	w := busyPair(b)
	pending := w.Pending()
	var q eventq.Queue[[2]uint64]
	for i := range pending {
		q.Push(time.Duration(i)*time.Millisecond, [2]uint64{})
	}
	var simulated, pairTime, bareTime time.Duration
	steps, bare := uint64(0), uint64(0)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		before, began, from := w.Steps(), time.Now(), w.Now()
		run(b, w, 10*time.Minute)
		pairTime += time.Since(began)
		steps += w.Steps() - before
		simulated += w.Now() - from

		b.StopTimer()
		began = time.Now()
		for range 200_000 {
			e := q.Pop()
			q.Push(e.At+time.Duration(pending)*time.Millisecond, e.Payload)
		}
		bareTime += time.Since(began)
		bare += 200_000
		b.StartTimer()
	}
	perSecond := float64(steps) / pairTime.Seconds()
	b.ReportMetric(simulated.Seconds()/pairTime.Seconds(), "sim-s/s")
	b.ReportMetric(perSecond, "steps/s")
	b.ReportMetric(perSecond/(float64(bare)/bareTime.Seconds()), "of-bare-loop")
	b.ReportMetric(float64(pending), "pending")
}
