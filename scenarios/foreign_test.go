package scenarios

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"hotpair/internal/natsworld"
)

// TestForeignNATS: a NATS server that is already running serves as well, links are cut in front of it, it is not ours to kill, and
// nothing is left in it.
func TestForeignNATS(t *testing.T) {
	t.Parallel()
	s, err := natsworld.StartServer(natsworld.ServerOptions{StoreDir: t.TempDir()})
	require.NoError(t, err)
	defer s.Shutdown()
	for _, name := range []string{"synchronization", "hand-over-fails"} {
		sc, err := Load("hotstandby/" + name + ".txtar")
		require.NoError(t, err)
		want, _ := play(t, sc, Options{})
		got, _ := play(t, sc, Options{World: NATS, NATSURL: s.URL()})
		require.Equal(t, Held, got.Verdict, got.Text())
		require.Empty(t, Equal(want, got))
	}
	sc, err := Load("hotstandby/nats-dies.txtar")
	require.NoError(t, err)
	res, _ := play(t, sc, Options{World: NATS, NATSURL: s.URL()})
	require.Equal(t, CouldNotTell, res.Verdict)
	require.Contains(t, res.Reason, "it is not ours")

	nc, err := nats.Connect(s.URL())
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	for name := range js.KeyValueStoreNames(context.Background()).Name() {
		t.Errorf("bucket %s is left behind", name)
	}
}
