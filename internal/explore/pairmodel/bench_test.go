package pairmodel

import (
	"testing"

	"hotpair/internal/explore"
)

// BenchmarkSearch prints states per second of one worker with the real nodes and monitors: on the configuration orders, where most steps are remembered, and on
// calls, where calls make most nodes new.
func BenchmarkSearch(b *testing.B) {
	for _, c := range []struct {
		name   string
		states uint64
	}{{"orders", 5_000_000}, {"calls", 1_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			config, err := Named(c.name)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				m := New(config.Options)
				r := explore.Search(m, explore.Options{Workers: 1, MaxStates: c.states})
				b.ReportMetric(r.PerSecond(), "states/s")
				b.ReportMetric(float64(r.Generated)/r.Seconds, "generated/s")
				b.ReportMetric(float64(m.steps.Len())/float64(r.Distinct), "computed/state")
			}
		})
	}
}
