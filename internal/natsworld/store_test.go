package natsworld

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/wire"
)

// openFor makes a store as a host does, and claims the state.
func (b *bench) openFor(id wire.ID) (s *store, claimed []byte, err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	b.t.Cleanup(cancel)
	nc, _ := b.stranger()
	if s, err = openStore(ctx, nc, "pair", id); err != nil {
		return nil, nil, err
	}
	if err = s.nextIncarnation(ctx, id); err != nil {
		return nil, nil, err
	}
	claimed, err = s.claim(ctx)
	return s, claimed, err
}

func (b *bench) kv() jetstream.KeyValue {
	b.t.Helper()
	nc, _ := b.stranger()
	js, err := jetstream.New(nc)
	require.NoError(b.t, err)
	kv, err := js.CreateOrUpdateKeyValue(context.Background(), jetstream.KeyValueConfig{Bucket: access.Bucket("pair"), History: 5})
	require.NoError(b.t, err)
	return kv
}

func TestStateIsKeptPerNode(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	a, claimed, err := b.openFor(wire.A)
	require.NoError(t, err)
	require.Nil(t, claimed)
	for _, value := range []string{"one", "two", ""} {
		_, err = a.write(ctx, []byte(value))
		require.NoError(t, err)
	}
	again, claimed, err := b.openFor(wire.A)
	require.NoError(t, err)
	require.Equal(t, uint64(2), again.inc)
	require.NotNil(t, claimed, "nothing was persisted, and nothing but an empty value, are different")
	require.Empty(t, claimed)
	other, claimed, err := b.openFor(wire.B)
	require.NoError(t, err)
	require.Equal(t, uint64(1), other.inc)
	require.Nil(t, claimed)
}

func TestLaterIncarnationFencesTheEarlier(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	older, _, err := b.openFor(wire.MLayer)
	require.NoError(t, err)
	_, err = older.write(ctx, []byte("same"))
	require.NoError(t, err)
	later, _, err := b.openFor(wire.MLayer)
	require.NoError(t, err)
	stored, err := older.write(ctx, []byte("same"))
	require.ErrorIs(t, err, errConflict, "even if it would write what is there")
	require.Equal(t, "same", string(stored))
	_, err = later.write(ctx, []byte("new"))
	require.NoError(t, err)
	_, err = older.claim(ctx)
	require.NoError(t, err)
	stored, err = older.write(ctx, []byte("old"))
	require.ErrorIs(t, err, errConflict, "it cannot claim what a later one has claimed")
	require.Equal(t, "new", string(stored))
}

// The answer to a write was lost: the write that is tried again conflicts with its own success.
func TestLostAnswerIsNoConflict(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	a, _, err := b.openFor(wire.A)
	require.NoError(t, err)
	before := a.revision
	_, err = a.write(ctx, []byte("x"))
	require.NoError(t, err)
	a.revision = before
	_, err = a.write(ctx, []byte("x"))
	require.NoError(t, err)
	_, err = a.write(ctx, []byte("y"))
	require.NoError(t, err)
}

func TestStoreThatSomebodyElseHasMade(t *testing.T) {
	b := newBench(t)
	kv := b.kv()
	_, _, err := b.openFor(wire.A)
	require.NoError(t, err)
	status, err := kv.Status(context.Background())
	require.NoError(t, err)
	require.Equal(t, int64(5), status.History(), "its settings stay")
}

func TestStoreWithNonsense(t *testing.T) {
	for _, tc := range []struct{ key, value, want string }{
		{"A.inc", "many", `key A.inc holds no start number but "many"`},
		{"A.state", "", `key A.state: its first line is no incarnation number but ""`},
		{"A.state", "0\n", "key A.state: its first line is no incarnation number"},
		{"A.state", "{}", "key A.state: its first line is no incarnation number"},
	} {
		b := newBench(t)
		_, err := b.kv().Put(context.Background(), tc.key, []byte(tc.value))
		require.NoError(t, err)
		_, _, err = b.openFor(wire.A)
		require.ErrorContains(t, err, tc.want)
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add([]byte("3\nx\ny"))
	f.Add([]byte("3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := decodeState(data)
		if err != nil {
			return
		}
		again, err := decodeState(encodeState(st.inc, st.value))
		require.NoError(t, err)
		require.Equal(t, st, again)
	})
}

func TestServerErrors(t *testing.T) {
	b := newBench(t)
	_, err := StartServer(ServerOptions{StoreDir: "/dev/null/store"})
	require.ErrorContains(t, err, "NATS server: its store")
	ended := make(chan struct{})
	go func() {
		b.server.Wait()
		close(ended)
	}()
	b.server.Shutdown()
	select {
	case <-ended:
	case <-time.After(patience):
		require.FailNow(t, "the end of the server is not told")
	}
}
