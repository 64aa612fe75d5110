package arbmodel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/explore"
)

// TestEverythingHolds: four clients in two groups: a cold start in every order, the link cut and healed, a group cut off, and crashes.
func TestEverythingHolds(t *testing.T) {
	for name, o := range map[string]Options{
		"cold start":  {Clients: 4, Cold: true},
		"split":       {Clients: 4, Faults: 1, Kinds: Split, Commands: 1},
		"a group":     {Clients: 4, Faults: 1, Kinds: Group},
		"crash, flap": {Clients: 2, Faults: 2, Kinds: Crash | Flap},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first explore.Result
			for _, workers := range []int{1, 2} {
				r := explore.Search(New(o), explore.Options{Workers: workers, Cycles: true})
				require.Empty(t, r.Wrong, r.Path)
				require.True(t, r.Complete)
				if workers == 1 {
					first = r
				}
				require.Equal(t, []uint64{first.Distinct, first.Generated, uint64(first.Depth)}, []uint64{r.Distinct, r.Generated, uint64(r.Depth)})
			}
			t.Log(first.Distinct, first.Generated, first.Depth)
		})
	}
}
