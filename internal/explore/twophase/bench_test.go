package twophase

import (
	"testing"

	"hotpair/internal/explore"
)

// BenchmarkSearch prints distinct states per second of one worker, on two-phase commit with 8 resource managers.
func BenchmarkSearch(b *testing.B) {
	for b.Loop() {
		r := explore.Search(Model{RMs: 8}, explore.Options{Workers: 1})
		b.ReportMetric(r.PerSecond(), "states/s")
		b.ReportMetric(float64(r.Generated)/r.Seconds, "generated/s")
	}
}
