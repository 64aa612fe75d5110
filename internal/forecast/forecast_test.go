package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestX10Forecast(t *testing.T) {
	var r Redundancy
	in := func(now time.Duration) time.Duration {
		d, known := r.In(now)
		require.True(t, known)
		return d
	}
	require.Zero(t, in(0))
	require.Equal(t, "no tagged call is in the way", r.String())
	r.Tagged(10*time.Second, 3)
	_, known := r.In(20 * time.Second)
	require.False(t, known, "none has ended")
	require.Equal(t, "in the way: 3 tagged calls, none of which has ended yet", r.String())

	// Three calls have lived 4 s each: one has ended in 12 s. Of two, the last lives 1.5 times as long.
	r.Tagged(14*time.Second, 2)
	require.Equal(t, 18*time.Second, in(14*time.Second))
	require.Equal(t, "in the way: 2 tagged calls; forecast: 18s", r.String())
	require.Equal(t, 24*time.Second, in(16*time.Second), "the longer nothing ends, the longer it will take")
	r.Tagged(16*time.Second, 1)
	require.Equal(t, 8*time.Second, in(16*time.Second), "two have ended in 16 s")
	require.Equal(t, uint64(1), r.Left())
	r.Tagged(17*time.Second, 0)
	require.Zero(t, in(17*time.Second))

	// Another synchronization.
	r.Tagged(20*time.Second, 5)
	_, known = r.In(21 * time.Second)
	require.False(t, known)
}

// TestX10ForecastOfCalls: what is said when half of the calls have ended agrees with what comes, on average over 2,000 synchronizations.
func TestX10ForecastOfCalls(t *testing.T) {
	const mean, calls, runs = 180 * time.Second, 40, 2000
	rnd := rand.New(rand.NewPCG(1, 2))
	var said, came time.Duration
	for range runs {
		var r Redundancy
		lives := make([]time.Duration, calls)
		for i := range lives {
			lives[i] = time.Duration(rnd.ExpFloat64() * float64(mean))
		}
		slices.Sort(lives)
		r.Tagged(0, calls)
		for i, at := range lives[:calls/2] {
			r.Tagged(at, uint64(calls-1-i))
		}
		now := lives[calls/2-1]
		d, known := r.In(now)
		require.True(t, known)
		said, came = said+d, came+lives[calls-1]-now
	}
	require.Less(t, math.Abs(said.Seconds()/came.Seconds()-1), 0.1, "said %s, came %s", said/runs, came/runs)
}
