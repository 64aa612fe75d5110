package twophase

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/explore"
)

// TestNumbersOfTheLiterature: the numbers of states, generated and distinct, are those that TLC prints for the specification.
func TestNumbersOfTheLiterature(t *testing.T) {
	for _, c := range []struct {
		rms, depth          int
		distinct, generated uint64
	}{
		{3, 10, 288, 1146},
		{5, 16, 8832, 0},
		{6, 19, 50816, 0},
	} {
		for _, workers := range []int{1, 2} {
			for range 2 {
				r := explore.Search(Model{RMs: c.rms}, explore.Options{Workers: workers})
				require.Empty(t, r.Wrong)
				require.True(t, r.Complete)
				require.Equal(t, c.distinct, r.Distinct)
				require.Equal(t, c.depth, r.Depth)
				if c.generated > 0 {
					require.Equal(t, c.generated, r.Generated)
				}
			}
		}
	}
}

// TestTheShortestPath: what is wrong is found by the shortest path, and the same one whatever the number of workers.
func TestTheShortestPath(t *testing.T) {
	one := explore.Search(Model{RMs: 3, Careless: true}, explore.Options{Workers: 1})
	two := explore.Search(Model{RMs: 3, Careless: true}, explore.Options{Workers: 2})
	require.Contains(t, one.Wrong, "TCConsistent")
	require.False(t, one.Complete)
	// Three prepare, the transaction manager hears of it and commits, one gives up, and another one receives Commit.
	require.Len(t, one.Path, 3+3+1+2)
	require.Len(t, one.States, len(one.Path)+1)
	require.Equal(t, one.Path, two.Path)
	require.Equal(t, one.States, two.States)
}
