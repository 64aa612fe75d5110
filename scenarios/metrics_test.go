package scenarios

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestX10ForecastOfARun: what is forecast when half of some 500 calls have ended is near to what comes, and the result tells both.
func TestX10ForecastOfARun(t *testing.T) {
	sc, err := Load("virtual/five-hundred-calls.txtar")
	require.NoError(t, err)
	res, err := Run(context.Background(), sc, Options{World: Sim})
	require.NoError(t, err)
	require.Equal(t, Held, res.Verdict, res.Reason)
	require.Len(t, res.Metrics.Synchronizations, 1)
	s := res.Metrics.Synchronizations[0]
	require.Greater(t, s.Tagged, uint64(400))
	require.Equal(t, res.Metrics.TimeToRedundancy, s.Took)
	require.Greater(t, s.Took, s.Remained)
	require.InDelta(t, 1, s.Forecast.Seconds()/s.Remained.Seconds(), 0.5, "forecast %s, remained %s", s.Forecast, s.Remained)
}
