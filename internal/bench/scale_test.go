package bench

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWhatARateHasToKeep: latency, every event, and the rate itself.
func TestWhatARateHasToKeep(t *testing.T) {
	right := measured{latency: quantiles{P99: 49}, wanted: 600, arrived: 600, calls: 100}
	require.True(t, right.within(100, 50*time.Millisecond))
	require.True(t, right.within(125, 50*time.Millisecond))
	for name, spoil := range map[string]func(m *measured){
		"late":        func(m *measured) { m.latency.P99 = 51 },
		"one is lost": func(m *measured) { m.arrived-- },
		"not offered": func(m *measured) { m.calls = 79 },
		"nothing":     func(m *measured) { m.wanted, m.arrived = 0, 0 },
	} {
		m := right
		spoil(&m)
		require.False(t, m.within(100, 50*time.Millisecond), name)
	}
}

// TestHighestRate: rates are climbed until one is not carried, and what is between is halved.
func TestHighestRate(t *testing.T) {
	for name, tc := range map[string]struct {
		limit       int // the highest rate that is carried
		tried       []int
		best, least int
	}{
		"between two":       {130, []int{100, 200, 150, 125, 137}, 125, 137},
		"at one":            {200, []int{100, 200, 400, 300, 250, 225, 212}, 200, 212},
		"below the first":   {30, []int{100, 50, 25, 37}, 25, 37},
		"none":              {0, []int{100, 50, 25, 12}, 0, 12},
		"above the highest": {1000, []int{100, 200, 400}, 400, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var tried []int
			best, least, err := highest([]int{100, 200, 400}, 12, func(rate int) (bool, error) {
				tried = append(tried, rate)
				return rate <= tc.limit, nil
			})
			require.NoError(t, err)
			require.Equal(t, tc.tried, tried)
			require.Equal(t, [2]int{tc.best, tc.least}, [2]int{best, least})
		})
	}
	broken := errors.New("it broke")
	for breaks := range 4 {
		n := 0
		_, _, err := highest([]int{100, 200}, 10, func(rate int) (bool, error) {
			if n++; n > breaks {
				return false, broken
			}
			return rate < 180, nil
		})
		require.ErrorIs(t, err, broken)
	}
}
