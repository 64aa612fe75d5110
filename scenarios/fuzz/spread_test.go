package fuzz_test

import (
	"context"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/natsworld"
	"hotpair/internal/workqueue"
	"hotpair/scenarios/fuzz"
)

// workerVar makes the test binary a worker of the queue at the server that it names.
const workerVar = "HOTPAIR_FUZZ_WORKER"

func workerMain() {
	url := os.Getenv(workerVar)
	if url == "" {
		return
	}
	ctx := context.Background()
	q, err := workqueue.Join(ctx, workqueue.Options{URL: url, Name: "test"})
	if err == nil {
		err = fuzz.Serve(ctx, q)
	}
	if err != nil {
		println("worker:", err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

func startWorker(t *testing.T, url string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerVar+"="+url)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// TestWorkersAreKilled: a campaign is shared among processes on a real NATS server, and they are killed as they work, one after the other, until one is left
// alone: no seed is lost, none counts twice, and what fails is what fails in one process.
func TestWorkersAreKilled(t *testing.T) {
	server, err := natsworld.StartServer(natsworld.ServerOptions{StoreDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(server.Shutdown)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	q, err := workqueue.Make(ctx, workqueue.Options{URL: server.URL(), Name: "test", AckWait: time.Second})
	require.NoError(t, err)
	_, err = workqueue.Make(ctx, workqueue.Options{URL: server.URL(), Name: "test"})
	require.ErrorContains(t, err, "there is one called test already")

	profile := fuzz.Profile{Length: 2 * time.Minute, Kinds: []fuzz.Kind{fuzz.Cut, fuzz.Call}}
	c := fuzz.Campaign{Profile: profile, First: 1, Last: 120, Jobs: 2, Keep: 1000, Without: without(t, "X5")}
	alone, err := c.Run(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, alone.Found)

	workers := []*exec.Cmd{startWorker(t, server.URL()), startWorker(t, server.URL()), startWorker(t, server.URL())}
	var seen atomic.Uint64
	c.Progress = func(s *fuzz.Summary) {
		if n := seen.Add(1); n <= 2 { // whoever is killed is in the middle of a piece, or between its result and its acknowledgement
			require.NoError(t, workers[n-1].Process.Kill())
		}
	}
	together, err := c.Spread(ctx, q, 5)
	require.NoError(t, err)
	require.NoError(t, ctx.Err(), "of %d seeds", together.Seeds)
	require.Equal(t, alone.Seeds, together.Seeds)
	require.Equal(t, alone.Simulated, together.Simulated)
	require.Equal(t, alone.Calls, together.Calls)
	require.Equal(t, alone.Coverage.Counts(), together.Coverage.Counts())
	require.Equal(t, len(alone.Found), len(together.Found))
	for i := range alone.Found {
		require.Equal(t, alone.Found[i], together.Found[i])
	}
	require.EqualValues(t, 24, seen.Load(), "each piece once")

	require.NoError(t, q.End(ctx))
	require.NoError(t, workers[2].Wait(), "the last worker sees that the campaign has ended")
}
