package bench

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/procworld"
)

func TestMain(m *testing.M) {
	Main()
	procworld.Main()
	os.Exit(m.Run())
}

// S5, S6, X7, X8: whatever becomes of primaries, a client that follows the rules misses nothing. hotpair bench continuity does it at length.
func TestContinuity(t *testing.T) {
	r, loss, err := Continuity(context.Background(), ContinuityOptions{Kills: 6, Calls: 200, Hold: time.Second, Seed: 1, Report: t.Logf})
	require.NoError(t, err)
	_ = r.Write(t.Output(), false)
	require.Equal(t, Loss{}, loss)
}
