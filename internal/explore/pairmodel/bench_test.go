package pairmodel

import (
	"testing"

	"hotpair/internal/explore"
)

// BenchmarkSearch prints states per second of one worker with the real nodes and monitors, on the configuration orders.
func BenchmarkSearch(b *testing.B) {
	c, err := Named("orders")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r := explore.Search(New(c.Options), explore.Options{Workers: 1, MaxStates: 5_000_000})
		b.ReportMetric(r.PerSecond(), "states/s")
		b.ReportMetric(float64(r.Generated)/r.Seconds, "generated/s")
	}
}
