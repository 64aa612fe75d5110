package eventq

import (
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOrder: by time, and among events of the same time as they were pushed.
func TestOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var q Queue[int]
	var want []Event[int]
	for round := range 50 {
		for i := range 40 {
			at := time.Duration(rng.IntN(20)) + time.Duration(round)
			want = append(want, Event[int]{at, q.Push(at, i), i})
		}
		sort.SliceStable(want, func(i, j int) bool { return want[i].before(&want[j]) })
		for range 20 {
			require.Equal(t, want[0].At, q.Peek())
			require.Equal(t, want[0], q.Pop())
			want = want[1:]
		}
		require.Equal(t, len(want), q.Len())
	}
	for len(want) > 0 {
		require.Equal(t, want[0], q.Pop())
		want = want[1:]
	}
	require.Zero(t, q.Len())
}
