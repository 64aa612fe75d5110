package natsworld

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/fault"
	"hotpair/internal/wire"
)

// TestAStoreThatTakesNothing: on a real JetStream. Nothing is written, whatever its size, what is stored can be read, no node starts (S5), and all is
// well afterwards.
func TestAStoreThatTakesNothing(t *testing.T) {
	for f, why := range map[fault.Store]string{fault.StoreFull: "the store is full", fault.StoreReadOnly: "the store is read-only"} {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			s, _, err := b.openFor(wire.MLayer)
			require.NoError(t, err)
			_, err = s.write(ctx, []byte("a record"))
			require.NoError(t, err)
			require.NoError(t, SetStore(b.server.URL(), "pair", &Login{}, f))
			for _, value := range []string{"", "another!", "a much longer record"} {
				stored, err := s.write(ctx, []byte(value))
				require.ErrorIs(t, err, fault.ErrStore, value)
				require.ErrorContains(t, err, why)
				require.Equal(t, "a record", string(stored))
			}
			for _, id := range []wire.ID{wire.MLayer, wire.A} { // one that has a start number, and one that has none
				_, _, err = b.openFor(id)
				require.ErrorIs(t, err, fault.ErrStore)
				require.ErrorContains(t, err, "its start number cannot be made durable")
			}
			st, err := s.read(ctx)
			require.NoError(t, err)
			require.Equal(t, "a record", string(st.value))

			require.NoError(t, SetStore(b.server.URL(), "pair", &Login{}, fault.StoreWorks))
			_, err = s.write(ctx, []byte("a much longer record"))
			require.NoError(t, err)
			again, claimed, err := b.openFor(wire.MLayer)
			require.NoError(t, err)
			require.Equal(t, "a much longer record", string(claimed))
			require.Equal(t, uint64(2), again.inc)
		})
	}
}
