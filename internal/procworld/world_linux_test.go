package procworld_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// state returns a process's state and start time as /proc shows them; 0 if there is no such process, or only its remains.
func state(t *testing.T, pid int) (s byte, start string) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, ""
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if s = fields[0][0]; s == 'Z' || s == 'X' {
		return 0, ""
	}
	return s, string(fields[19])
}

func TestPauseIsStateT(t *testing.T) {
	r := newRun(t, "")
	require.NoError(t, r.Boot(wire.Switch, wire.A))
	at := r.await(0, "CTI link", port(wire.Switch, wire.A, trace.Up))
	pid := r.Pid(wire.A)
	require.NoError(t, r.Pause(wire.A))
	s, start := state(t, pid)
	require.Equal(t, "T", string(s))
	require.ErrorContains(t, r.Pause(wire.A), "paused already")
	require.ErrorContains(t, r.Stop(wire.A), "resume it first")
	at = r.await(at, "the switch losing A", port(wire.Switch, wire.A, trace.Down))

	require.NoError(t, r.Resume(wire.A))
	s, again := state(t, pid)
	require.NotEqual(t, "T", string(s))
	require.Equal(t, start, again, "it is the same process")
	require.ErrorContains(t, r.Resume(wire.A), "not paused")
	r.await(at, "the link again", port(wire.Switch, wire.A, trace.Up))

	// A paused process can be killed.
	require.NoError(t, r.Pause(wire.A))
	require.NoError(t, r.Kill(wire.A))
	s, _ = state(t, pid)
	require.Zero(t, s)
	require.NoError(t, r.Boot(wire.A))
	r.close()
	r.requireCausal()
}

// After kill -9 of the runner its children are gone within 2 s, a stopped one included.
func TestKilledRunnerLeavesNothing(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), modeEnv+"=runner", "HOTPAIR_TEST_DIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	pids := pidsOf(t, bufio.NewReader(out))
	require.Len(t, pids, 4)
	starts := map[int]string{}
	stopped := 0
	for _, pid := range pids {
		s, start := state(t, pid)
		require.NotZero(t, s)
		starts[pid] = start
		if s == 'T' {
			stopped++
		}
	}
	require.Equal(t, 1, stopped)

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	deadline := time.Now().Add(2 * time.Second)
	for _, pid := range pids {
		for {
			s, start := state(t, pid)
			if s == 0 || start != starts[pid] {
				break
			}
			require.True(t, time.Now().Before(deadline), "process %d is left, in state %c", pid, s)
			time.Sleep(time.Millisecond)
		}
	}
}
