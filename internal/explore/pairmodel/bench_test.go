//go:build unix

package pairmodel

import (
	"syscall"
	"testing"
	"time"

	"hotpair/internal/explore"
)

// BenchmarkSearch prints what one worker does in a second with the real nodes and monitors: by the clock, and by the processor's time, which other programs
// beside it disturb less. The configuration orders is one where most steps are remembered; in calls-crash-A-crash-B, calls make many nodes new.
func BenchmarkSearch(b *testing.B) {
	for _, c := range []struct {
		name   string
		states uint64
	}{{"orders", 5_000_000}, {"calls-crash-A-crash-B", 1_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			config, err := Named(c.name)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				m := New(config.Options)
				before := processorTime(b)
				r := explore.Search(m, explore.Options{Workers: 1, MaxStates: c.states})
				busy := (processorTime(b) - before).Seconds()
				b.ReportMetric(r.PerSecond(), "states/s")
				b.ReportMetric(float64(r.Generated)/r.Seconds, "generated/s")
				b.ReportMetric(float64(r.Distinct)/busy, "states/cpu-s")
				b.ReportMetric(float64(r.Generated)/busy, "generated/cpu-s")
				b.ReportMetric(float64(m.steps.Len())/float64(r.Distinct), "computed/state")
			}
		})
	}
}

// processorTime is what the process has used so far, the collector of garbage included.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
