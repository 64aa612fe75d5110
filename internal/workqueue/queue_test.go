package workqueue

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/natsworld"
)

// patience is how long a test waits for what should come at once.
const patience = time.Minute

func server(t *testing.T) Options {
	t.Helper()
	s, err := natsworld.StartServer(natsworld.ServerOptions{StoreDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(s.Shutdown)
	return Options{URL: s.URL(), Name: "test", AckWait: time.Second}
}

func made(ctx context.Context, t *testing.T, o Options, pieces int) *Queue {
	t.Helper()
	q, err := Make(ctx, o)
	require.NoError(t, err)
	t.Cleanup(q.Close)
	for i := range pieces {
		require.NoError(t, q.Put(ctx, strconv.Itoa(i), []byte("piece")))
	}
	return q
}

func joined(ctx context.Context, t *testing.T, o Options) *Queue {
	t.Helper()
	q, err := Join(ctx, o)
	require.NoError(t, err)
	t.Cleanup(q.Close)
	return q
}

// TestAPieceThatWasDoneTwiceCountsOnce: its first worker dies between its result and the acknowledgement, and another one does it again.
func TestAPieceThatWasDoneTwiceCountsOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o := server(t)
	owner := made(ctx, t, o, 3)
	dying := joined(ctx, t, o)
	died := errors.New("died")
	err := dying.Work(ctx, func(ctx context.Context, _ []byte) ([]byte, error) {
		_, err := dying.js.Publish(ctx, dying.subject("result", "0"), []byte("first"))
		require.NoError(t, err)
		return nil, died
	})
	require.ErrorIs(t, err, died)

	worker := joined(ctx, t, o)
	ended := make(chan error)
	all := make(chan struct{}) // of the three pieces: what was begun and not acknowledged comes again, whenever the server hands it out
	done := 0
	go func() {
		ended <- worker.Work(ctx, func(context.Context, []byte) ([]byte, error) {
			if done++; done == 3 {
				close(all)
			}
			return []byte("second"), nil
		})
	}()
	results := map[string][]string{}
	require.NoError(t, owner.Collect(ctx, func(key string, data []byte) bool {
		results[key] = append(results[key], string(data))
		return len(results) == 3
	}))
	require.Equal(t, map[string][]string{"0": {"first"}, "1": {"second"}, "2": {"second"}}, results)
	select {
	case <-all:
	case <-ctx.Done():
		require.Fail(t, "the piece was not done again")
	}
	require.NoError(t, owner.End(ctx))
	require.NoError(t, <-ended, "the queue is gone, and the refusal of the first piece's result is no error")
}

// TestAWorkerThatIsSlowKeepsItsPiece: it says that it is at it, again and again.
func TestAWorkerThatIsSlowKeepsItsPiece(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o := server(t)
	owner := made(ctx, t, o, 1)
	worker := joined(ctx, t, o)
	acks, err := owner.nc.SubscribeSync("$JS.ACK.>")
	require.NoError(t, err)
	require.NoError(t, owner.nc.Flush())
	stop := make(chan struct{})
	go func() {
		_ = worker.Work(ctx, func(context.Context, []byte) ([]byte, error) {
			<-stop
			return []byte("slow"), nil
		})
	}()
	for range 3 {
		msg, err := acks.NextMsgWithContext(ctx)
		require.NoError(t, err)
		require.Equal(t, "+WPI", string(msg.Data), "work in progress")
	}
	close(stop)
	require.NoError(t, owner.Collect(ctx, func(_ string, data []byte) bool {
		require.Equal(t, "slow", string(data))
		return true
	}))
}

// TestQueueNames: a name is part of subjects, and of streams.
func TestQueueNames(t *testing.T) {
	o := server(t)
	for _, name := range []string{"", "a.b", "a b", "*", strings.Repeat("x", 41)} {
		o.Name = name
		_, err := Make(t.Context(), o)
		require.ErrorContains(t, err, "a name has letters, digits and hyphens", "%q", name)
	}
	o.Name, o.URL = "x", "nats://127.0.0.1:1"
	_, err := Make(t.Context(), o)
	require.ErrorContains(t, err, "NATS at nats://127.0.0.1:1")
}
