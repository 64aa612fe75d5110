package procworld_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/procworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// modeEnv makes this test binary another program: see TestMain.
const modeEnv = "HOTPAIR_TEST_MODE"

func TestMain(m *testing.M) {
	if os.Getenv(modeEnv) == "no-hook" {
		withoutHook()
	}
	procworld.Main()
	if os.Getenv(modeEnv) == "runner" {
		runner()
	}
	os.Exit(m.Run())
}

// patience bounds the wait for something that must happen, on the run clock; it is no measure of speed.
const (
	speed    = 20
	patience = 60 * time.Second * speed
)

// run is a world with the records that it has delivered.
type run struct {
	*procworld.World
	t       *testing.T
	records []trace.Record
}

func newRun(t *testing.T, yaml string) *run {
	t.Helper()
	cfg, err := config.Parse([]byte(yaml))
	require.NoError(t, err)
	cfg.Slacken(speed * time.Second)
	r := &run{t: t}
	r.World, err = procworld.New(procworld.Options{Config: cfg, Speed: speed, Seed: 1, Sink: trace.SinkFunc(r.record)})
	require.NoError(t, err)
	return r
}

// slackened is the configuration without options, for a world at the speed of these tests.
func slackened() config.Config {
	cfg := config.Default()
	cfg.Slacken(speed * time.Second)
	return cfg
}

// close ends the world as a run ends that went well.
func (r *run) close() {
	r.t.Helper()
	require.NoError(r.t, r.Close())
}

func (r *run) record(rec *trace.Record) {
	c := *rec
	if rec.Note != nil {
		n := *rec.Note
		c.Note = &n
	}
	if rec.Msg != nil {
		m := *rec.Msg
		c.Msg = &m
	}
	r.records = append(r.records, c)
}

// await waits for a record from index from on, and returns the index behind it.
func (r *run) await(from int, what string, match func(*trace.Record) bool) int {
	r.t.Helper()
	at := -1
	ok, err := r.Run(r.Now()+patience, func() bool {
		for ; from < len(r.records); from++ {
			if match(&r.records[from]) {
				at = from + 1
				return true
			}
		}
		return false
	})
	require.NoError(r.t, err)
	require.True(r.t, ok, "no record of %s", what)
	return at
}

func started(id wire.ID, inc uint64) func(*trace.Record) bool {
	return func(r *trace.Record) bool { return r.Kind == trace.Started && r.Node == id && r.Inc == inc }
}

func noted(id wire.ID, kind node.NoteKind) func(*trace.Record) bool {
	return func(r *trace.Record) bool { return r.Kind == trace.Noted && r.Node == id && r.Note.Kind == kind }
}

func port(id, peer wire.ID, kind trace.Kind) func(*trace.Record) bool {
	return func(r *trace.Record) bool { return r.Kind == kind && r.Node == id && r.Peer == peer }
}

// requireCausal holds the records to what a trace promises.
func (r *run) requireCausal() {
	r.t.Helper()
	type inc struct {
		id wire.ID
		n  uint64
	}
	last := map[inc]uint64{}
	newest := map[wire.ID]uint64{}
	ended := map[inc]bool{}
	for i := range r.records {
		rec := &r.records[i]
		self := inc{rec.Node, rec.Inc}
		if rec.Kind == trace.Ended {
			require.False(r.t, ended[self], "%s ended twice", rec)
			ended[self] = true
		}
		if rec.Index == 0 {
			continue
		}
		require.False(r.t, ended[self], "%s: after its end", rec)
		require.Equal(r.t, last[self]+1, rec.Index, "%s: a hole", rec)
		require.GreaterOrEqual(r.t, rec.Inc, newest[rec.Node], "%s: an earlier incarnation", rec)
		last[self], newest[rec.Node] = rec.Index, rec.Inc
		if rec.Kind == trace.Received {
			require.GreaterOrEqual(r.t, last[inc{rec.Peer, rec.PeerInc}], rec.PeerIndex, "%s: before its send", rec)
		}
	}
}

func TestPairOfProcesses(t *testing.T) {
	r := newRun(t, "clients: 1\n")
	ids := []wire.ID{wire.Switch, wire.A, wire.MLayer, wire.Client(1)}
	require.NoError(t, r.Boot(ids...))
	at := r.await(0, "A announcing", noted(wire.A, node.NoteAnnounced))
	require.NoError(t, r.Boot(wire.B))
	r.await(at, "B announcing", noted(wire.B, node.NoteAnnounced))

	pids := map[int]wire.ID{os.Getpid(): wire.World}
	for _, id := range append(ids, wire.B, wire.NATS) {
		pid := r.Pid(id)
		require.NoError(t, syscall.Kill(pid, 0), "%s is a process", id)
		require.NotContains(t, pids, pid, "%s has a process of its own", id)
		group, err := syscall.Getpgid(pid)
		require.NoError(t, err)
		require.Equal(t, pid, group, "Ctrl-C is not for %s", id)
		pids[pid] = id
	}
	require.ErrorContains(t, r.Boot(wire.A), "it runs already")
	require.ErrorContains(t, r.Boot(wire.Client(2)), "no such node")

	// One way of the HA link is cut: both ends lose it, by polling.
	from := len(r.records)
	require.NoError(t, r.Impair(wire.A, wire.B, fault.Impairment{Cut: true}))
	r.await(from, "A losing B", port(wire.A, wire.B, trace.Down))
	r.await(from, "B losing A", port(wire.B, wire.A, trace.Down))
	from = len(r.records)
	require.NoError(t, r.Impair(wire.A, wire.B, fault.Impairment{}))
	r.await(from, "the HA link", port(wire.B, wire.A, trace.Up))
	r.close()
	r.requireCausal()
}

func TestKillRestartStop(t *testing.T) {
	r := newRun(t, "")
	require.NoError(t, r.Boot(wire.Switch, wire.A))
	at := r.await(0, "CTI link", port(wire.Switch, wire.A, trace.Up))
	pid := r.Pid(wire.A)
	require.NoError(t, r.Kill(wire.A))
	require.Zero(t, r.Pid(wire.A))
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "the process is gone and was waited for")
	require.ErrorContains(t, r.Kill(wire.A), "it does not run")
	require.NoError(t, r.Boot(wire.A))
	killed := func(x *trace.Record) bool {
		return x.Kind == trace.Ended && x.Node == wire.A && x.Inc == 1 && x.Text == "killed"
	}
	at = r.await(at, "A's end", killed)
	at = r.await(at, "A's second incarnation", started(wire.A, 2))
	at = r.await(at, "CTI link again", port(wire.Switch, wire.A, trace.Up))

	require.NoError(t, r.Stop(wire.A))
	at = r.await(at, "the goodbye", func(x *trace.Record) bool { return port(wire.Switch, wire.A, trace.Down)(x) && x.Text == "goodbye" })
	require.NotZero(t, at)
	r.close()
	r.requireCausal()
}

func TestNATSKilledAndBack(t *testing.T) {
	r := newRun(t, "")
	require.NoError(t, r.Boot(wire.Switch, wire.A))
	at := r.await(0, "CTI link", port(wire.Switch, wire.A, trace.Up))
	url := r.NATSURL()
	require.NoError(t, r.Kill(wire.NATS))
	require.ErrorContains(t, r.Boot(wire.B), "NATS is down")
	for _, id := range []wire.ID{wire.Switch, wire.A} {
		r.await(at, "carrier down", func(x *trace.Record) bool { return x.Kind == trace.CarrierDown && x.Node == id })
	}
	from := len(r.records)
	require.NoError(t, r.Boot(wire.NATS))
	require.Equal(t, url, r.NATSURL(), "the same port")
	r.await(from, "CTI link again", port(wire.Switch, wire.A, trace.Up))
	// Its store has survived: incarnations go on.
	require.NoError(t, r.Kill(wire.A))
	from = len(r.records)
	require.NoError(t, r.Boot(wire.A))
	r.await(from, "A's second incarnation", started(wire.A, 2))
	r.close()
	r.requireCausal()
}

func TestAutorestart(t *testing.T) {
	r := newRun(t, "autorestart: true\nclients: 0\n")
	require.NoError(t, r.Boot(wire.Switch, wire.A, wire.MLayer, wire.B))
	at := r.await(0, "B announcing", noted(wire.B, node.NoteAnnounced))
	require.NoError(t, r.Kill(wire.B))
	r.await(at, "B's end", func(x *trace.Record) bool { return x.Kind == trace.Ended && x.Node == wire.B })
	// M may hear of it sooner than B's end is recorded.
	at = r.await(at, "M's decision", func(x *trace.Record) bool { return noted(wire.MLayer, node.NoteRestart)(x) && x.Note.Peer == wire.B })
	at = r.await(at, "the boot", func(x *trace.Record) bool { return x.Kind == trace.Applied && x.Node == wire.B && x.Text == "boot" })
	r.await(at, "B's second incarnation", started(wire.B, 2))
	r.close()
	r.requireCausal()
}

// Who kills a process behind the world's back gets no verdict.
func TestUnexpectedDeathBreaksTheWorld(t *testing.T) {
	for _, id := range []wire.ID{wire.A, wire.NATS} {
		t.Run(id.String(), func(t *testing.T) {
			r := newRun(t, "")
			require.NoError(t, r.Boot(wire.Switch, wire.A))
			r.await(0, "CTI link", port(wire.Switch, wire.A, trace.Up))
			pid := r.Pid(id)
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			_, err := r.Run(r.Now()+patience, func() bool { return false })
			require.ErrorContains(t, err, fmt.Sprintf("process %s (pid %d) ended by itself", id, pid))
			require.ErrorContains(t, err, "signal: killed")
			_, err = r.Run(r.Now()+patience, func() bool { return false })
			require.Error(t, err, "and it stays broken")
			_ = r.Close()
		})
	}
}

// What ends by itself between two acts is not overlooked, and is no failure of the scenario.
func TestUnexpectedDeathIsNotOverlooked(t *testing.T) {
	for _, id := range []wire.ID{wire.A, wire.NATS} {
		t.Run(id.String(), func(t *testing.T) {
			r := newRun(t, "")
			require.NoError(t, r.Boot(wire.Switch, wire.A))
			r.await(0, "CTI link", port(wire.Switch, wire.A, trace.Up))
			pid := r.Pid(id)
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			require.Eventually(t, func() bool { return syscall.Kill(pid, 0) != nil }, time.Minute, time.Millisecond)
			if id != wire.NATS {
				require.ErrorIs(t, r.Do(id, &node.Command{ID: 1, Verb: "x"}), fault.ErrBroken)
				require.ErrorIs(t, r.Pause(id), fault.ErrBroken)
			}
			require.ErrorContains(t, r.Close(), fmt.Sprintf("process %s (pid %d) ended by itself", id, pid))
		})
	}
}

// A program that does not call the hook is told so, and does not run itself for ever.
func TestWithoutHook(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), modeEnv+"=no-hook")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "procworld.Main() first in main, or in TestMain")
	require.Equal(t, 1, strings.Count(string(out), "no hook:"), "its child ended without starting another: %s", out)
}

func withoutHook() {
	w, err := procworld.New(procworld.Options{Config: config.Default(), Speed: 1})
	if err == nil {
		_ = w.Close()
		os.Exit(1)
	}
	if os.Getenv("HOTPAIR_CHILD") != "" {
		os.Exit(2) // a child: the runner sees that it ended at once
	}
	fmt.Println("no hook:", err)
	os.Exit(0)
}

// runner is the process that TestKilledRunnerLeavesNothing kills: it boots nodes, pauses one, says which processes there are, and waits.
func runner() {
	w, err := procworld.New(procworld.Options{Config: slackened(), Speed: speed, Sink: trace.SinkFunc(func(*trace.Record) {}), Dir: os.Getenv("HOTPAIR_TEST_DIR")})
	ids := []wire.ID{wire.Switch, wire.A, wire.MLayer}
	if err == nil {
		err = w.Boot(ids...)
	}
	if err == nil {
		err = w.Pause(wire.A)
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	var b bytes.Buffer
	for _, id := range append(ids, wire.NATS) {
		fmt.Fprint(&b, w.Pid(id), " ")
	}
	fmt.Println(b.String())
	for {
		_, _ = w.Run(w.Now()+time.Hour, func() bool { return false })
	}
}

// pidsOf reads what runner says.
func pidsOf(t *testing.T, out *bufio.Reader) (pids []int) {
	t.Helper()
	text, err := out.ReadString('\n')
	require.NoError(t, err, text)
	for _, f := range strings.Fields(text) {
		pid, err := strconv.Atoi(f)
		require.NoError(t, err, text)
		pids = append(pids, pid)
	}
	return pids
}
