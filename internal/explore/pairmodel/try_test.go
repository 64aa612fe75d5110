package pairmodel

import (
	"fmt"
	"os"
	"testing"
	"time"

	"hotpair/internal/explore"
)

func TestTry(t *testing.T) {
	for _, c := range []struct {
		name string
		b    Budget
		lag  int
	}{
		{"crash a 1 call", Budget{Calls: 1, Refs: 1, Each: Faults(CrashA)}, 0},
		{"crash a 1 call", Budget{Calls: 1, Refs: 1, Each: Faults(CrashA)}, 1},
		{"crash a 2 call", Budget{Calls: 2, Refs: 1, Each: Faults(CrashA)}, 0},
		{"crash a 2 call", Budget{Calls: 2, Refs: 1, Each: Faults(CrashA)}, 1},
		{"crash a crash b", Budget{Calls: 0, Refs: 1, Each: Faults(CrashA, CrashB)}, 0},
		{"any 2", Budget{Calls: 0, Refs: 1, Each: AnyOf(2), Any: 2}, 0},
		{"any 1, 2 calls", Budget{Calls: 2, Refs: 1, Each: AnyOf(1), Any: 1}, 0},
		{"any 1, 2 calls", Budget{Calls: 2, Refs: 1, Each: AnyOf(1), Any: 1}, 2},
		{"any 1, 3 calls", Budget{Calls: 3, Refs: 2, Each: AnyOf(1), Any: 1}, 2},
	} {
		for _, fast := range []bool{false, true} {
			m := New(Options{Budget: c.b, Reports: true, HA: fast, Lag: c.lag})
			r := explore.Search(m, explore.Options{Workers: 1, For: 15 * time.Second, Cycles: os.Getenv("CYC") != ""})
			fmt.Printf("%-15s fast %5t %9d distinct %10d generated depth %d %.2fs %.0f/s %.0f gen/s %d MB complete %t %s wrong %q nodes %d links %d watches %d ren %d\n", c.name, fast, r.Distinct, r.Generated, r.Depth, r.Seconds, r.PerSecond(), float64(r.Generated)/r.Seconds, r.Memory>>20, r.Complete, r.Bound, r.Wrong, m.nodes.len(), m.links.len(), m.watches.len(), len(m.renamings))
			for i, p := range r.Path {
				fmt.Println(i+1, p)
			}
		}
	}
}
