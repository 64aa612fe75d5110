package procworld

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// A world that is measured tells when roles and links change, and not what is said.
func TestMarks(t *testing.T) {
	marks := make(chan trace.Record, 1<<12)
	w, err := New(Options{
		Config: config.Default(), Speed: 5, Sink: trace.SinkFunc(func(*trace.Record) {}), Direct: true,
		Marks: func(records ...trace.Record) {
			for _, r := range records {
				marks <- r
			}
		},
	})
	require.NoError(t, err)
	require.NoError(t, w.Boot(wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1)))
	require.Error(t, w.Isolate(wire.A, 1), "there is no relay")
	for deadline := time.After(time.Minute); ; {
		select {
		case r := <-marks:
			require.NotContains(t, []trace.Kind{trace.Sent, trace.Received}, r.Kind)
			if r.Kind == trace.Noted && r.Note.Kind == node.NotePairReady && r.Note.N == 1 {
				require.NoError(t, w.Close())
				return
			}
		case <-deadline:
			require.Fail(t, "the pair is not ready")
		}
	}
}
