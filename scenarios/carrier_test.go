package scenarios

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnHourOnATerribleCarrier: whatever seed is drawn, nothing is violated, and there is something that could have been.
func TestAnHourOnATerribleCarrier(t *testing.T) {
	sc, err := Load("virtual/terrible-carrier.txtar")
	require.NoError(t, err)
	for seed := uint64(1); seed <= 100; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			res, err := Run(t.Context(), sc, Options{Seed: seed})
			require.NoError(t, err)
			require.Equal(t, Held, res.Verdict, res.Text())
			require.Greater(t, res.Metrics.Switchovers, uint64(10))
			require.Greater(t, res.Metrics.Calls, uint64(100))
			require.Positive(t, res.Metrics.TimeToRedundancy)
		})
	}
}
