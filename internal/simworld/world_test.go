package simworld_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/cast"
	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/simworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// world is a world with what its records say, one string each.
type world struct {
	*simworld.World
	t     *testing.T
	lines []string
}

func newWorld(t *testing.T, change func(*config.Config)) *world {
	c := config.Default()
	if change != nil {
		change(&c)
	}
	w := &world{t: t}
	w.World = simworld.New(simworld.Options{Config: c, Seed: 1, Sink: trace.SinkFunc(func(r *trace.Record) {
		w.lines = append(w.lines, r.String())
	})})
	return w
}

// pass lets d go by, and returns what was recorded meanwhile.
func (w *world) pass(d time.Duration) string {
	w.lines = nil
	_, err := w.Run(w.Now()+d, nil)
	require.NoError(w.t, err)
	return strings.Join(w.lines, "\n")
}

func started(t *testing.T, change func(*config.Config)) *world {
	w := newWorld(t, change)
	require.NoError(t, w.Boot(wire.Switch, wire.A, wire.MLayer))
	w.pass(5 * time.Second)
	require.NoError(t, w.Boot(wire.B))
	require.Contains(t, w.pass(5*time.Second), `"kind":"pair-ready","n":1`)
	return w
}

func TestKillAndRestart(t *testing.T) {
	w := started(t, nil)
	w.lines = nil
	require.NoError(t, w.Kill(wire.B))
	require.Contains(t, strings.Join(w.lines, "\n"), "B#1 ended killed")
	require.ErrorContains(t, w.Kill(wire.B), "it does not run")
	require.Contains(t, w.pass(2*time.Millisecond), "A#1 down B gone", "nobody says goodbye")
	require.NoError(t, w.Boot(wire.B))
	require.ErrorContains(t, w.Boot(wire.B), "it runs already")
	require.Contains(t, w.pass(10*time.Second), `B#2 noted {"kind":"sync","n":1,"text":"done"}`, "another incarnation")
	require.NoError(t, w.Stop(wire.B))
	require.Contains(t, w.pass(10*time.Millisecond), "A#1 down B goodbye")
}

func TestPause(t *testing.T) {
	w := started(t, nil)
	require.NoError(t, w.Pause(wire.B))
	require.ErrorContains(t, w.Pause(wire.B), "it is paused already")
	require.ErrorContains(t, w.Stop(wire.B), "resume it first")
	require.NoError(t, w.Do(wire.Switch, &node.Command{ID: 1, Verb: "call", Args: map[string]string{"name": "c", "from": "1001", "to": "1002"}}))
	require.NotContains(t, w.pass(time.Second), "B#1", "it stands still")
	require.NoError(t, w.Resume(wire.B))
	require.ErrorContains(t, w.Resume(wire.B), "it is not paused")
	require.Contains(t, w.pass(time.Millisecond), `B#1 received S {"kind":"CallCreated"`, "what waited is delivered")
	// Too long: the others have given it up when it wakes.
	require.NoError(t, w.Pause(wire.B))
	require.Contains(t, w.pass(10*time.Second), "A#1 down B")
	require.NoError(t, w.Resume(wire.B))
	require.Contains(t, w.pass(10*time.Second), "B#1 up A")
	// A paused node can be killed.
	require.NoError(t, w.Pause(wire.B))
	require.NoError(t, w.Kill(wire.B))
	require.NoError(t, w.Boot(wire.B))
	require.Contains(t, w.pass(10*time.Second), `B#2 noted {"kind":"sync","n":1,"text":"awaiting"}`)
}

// mumbler is a node that says what its kind of node does not say.
type mumbler struct{ node.Node }

func (m mumbler) Step(in *node.Input, out *node.Output) {
	if in.Kind == node.PortUp && in.Peer == wire.MLayer {
		out.Send(wire.MLayer, wire.ConfigAck)
		return
	}
	m.Node.Step(in, out)
}

// TestWhatCannotBeRead is not carried in virtual time either: real worlds would drop it, and break the link.
func TestWhatCannotBeRead(t *testing.T) {
	c := config.Default()
	w := simworld.New(simworld.Options{Config: c, Seed: 1, NewNode: func(id wire.ID, c *config.Config) node.Node {
		if id == wire.A {
			return mumbler{cast.New(id, c)}
		}
		return cast.New(id, c)
	}})
	require.NoError(t, w.Boot(wire.Switch, wire.A, wire.MLayer))
	require.PanicsWithValue(t, "simworld: A sends M what cannot be read: ConfigAck is not what A sends M; that is one of Status, RoleTaken, EventLinkConnected, EventLinkDisconnected", func() {
		_, _ = w.Run(10*time.Second, nil)
	})
}

// TestACommandOfAPausedProcess is carried out when it goes on, and goes with the process. (The world fell over when it was handed a command of an ended one.)
func TestACommandOfAPausedProcess(t *testing.T) {
	w := started(t, nil)
	call := func(name string) {
		require.NoError(t, w.Do(wire.Switch, &node.Command{ID: 1, Verb: "call", Args: map[string]string{"name": name, "from": "1001", "to": "1002"}}))
	}
	created := func() bool { return strings.Contains(w.pass(time.Second), `A#1 received S {"kind":"CallCreated"`) }
	require.NoError(t, w.Pause(wire.Switch))
	call("c1")
	require.False(t, created())
	require.NoError(t, w.Resume(wire.Switch))
	require.NoError(t, w.Pause(wire.Switch)) // before it was handed what has waited
	require.False(t, created())
	require.NoError(t, w.Resume(wire.Switch))
	require.True(t, created())
	require.NoError(t, w.Pause(wire.Switch))
	call("c2")
	require.NoError(t, w.Resume(wire.Switch))
	require.NoError(t, w.Kill(wire.Switch))
	require.False(t, created())
}

func TestLinks(t *testing.T) {
	w := started(t, nil)
	require.ErrorContains(t, w.Impair(wire.Switch, wire.MLayer, fault.Impairment{Cut: true}), "S and M have no link")
	require.ErrorContains(t, w.Impair(wire.A, wire.Client(9), fault.Impairment{Cut: true}), "no such node")
	require.NoError(t, w.Impair(wire.A, wire.B, fault.Impairment{Cut: true}))
	lines := w.pass(20 * time.Second)
	require.Contains(t, lines, "B#1 down A timeout", "one way is enough")
	require.Contains(t, lines, "A#1 down B")
	require.NotContains(t, lines, "down M", "other links are not touched")
	require.NoError(t, w.Impair(wire.A, wire.B, fault.Impairment{}))
	require.Contains(t, w.pass(10*time.Second), "B#1 up A")

	require.NoError(t, w.Impair(wire.Switch, wire.A, fault.Impairment{Delay: time.Second}))
	require.NoError(t, w.Do(wire.Switch, &node.Command{ID: 1, Verb: "call", Args: map[string]string{"name": "c", "from": "1001", "to": "1002"}}))
	require.NotContains(t, w.pass(time.Second), "A#1 received S")
	require.Contains(t, w.pass(10*time.Millisecond), "A#1 received S")
}

func TestDelayedPacketsKeepTheirOrder(t *testing.T) {
	w := started(t, nil)
	require.NoError(t, w.Impair(wire.Switch, wire.A, fault.Impairment{Jitter: 2 * time.Second}))
	for i := range 20 {
		args := map[string]string{"dn": "1001", "state": []string{"ready", "not-ready"}[i%2]}
		require.NoError(t, w.Do(wire.Switch, &node.Command{ID: 1, Verb: "agent", Args: args}))
	}
	lines := w.pass(time.Minute)
	require.Equal(t, 20, strings.Count(lines, `A#1 received S {"kind":"AgentChanged"`))
	require.NotContains(t, lines, "down", "a gap would have closed the link")
}

// agentChanges sends twenty messages over an impaired link, and returns what A hears and how often the link goes down for it.
func agentChanges(t *testing.T, i fault.Impairment) (heard, gaps int) {
	w := started(t, nil)
	require.NoError(t, w.Impair(wire.Switch, wire.A, i))
	for i := range 20 {
		args := map[string]string{"dn": "1001", "state": []string{"ready", "not-ready"}[i%2]}
		require.NoError(t, w.Do(wire.Switch, &node.Command{ID: 1, Verb: "agent", Args: args}))
	}
	lines := w.pass(time.Second)
	return strings.Count(lines, `A#1 received S {"kind":"AgentChanged"`), strings.Count(lines, "A#1 down S gap")
}

func TestDuplicatesAreDropped(t *testing.T) {
	heard, gaps := agentChanges(t, fault.Impairment{Duplicate: 1})
	require.Equal(t, 20, heard)
	require.Zero(t, gaps)
}

func TestAnOvertakenPacketEndsTheSession(t *testing.T) {
	heard, gaps := agentChanges(t, fault.Impairment{Reorder: 0.5, ReorderBy: 100 * time.Millisecond})
	require.Less(t, heard, 20)
	require.Equal(t, 1, gaps)
}

func TestIsolation(t *testing.T) {
	w := started(t, nil)
	require.NoError(t, w.Isolate(wire.A, fault.Dropped))
	require.ErrorContains(t, w.Isolate(wire.A, fault.Dropped), "is dropped already")
	lines := strings.Join(w.lines, "\n")
	require.Contains(t, lines, "A#1 carrier-down", "it notices at once")
	require.Contains(t, lines, "A#1 down B own-carrier")
	require.Contains(t, w.pass(2*time.Millisecond), "M#1 down A gone")
	require.NoError(t, w.Isolate(wire.A, fault.Joined))
	require.Contains(t, w.pass(10*time.Second), "A#1 carrier-up")

	require.NoError(t, w.Isolate(wire.B, fault.BlackHoled))
	require.NotContains(t, w.pass(700*time.Millisecond), "carrier-down")
	require.Contains(t, w.pass(time.Second), "B#1 carrier-down")
	require.NoError(t, w.Kill(wire.B))
	require.ErrorContains(t, w.Boot(wire.B), "cut off from NATS")
	require.NoError(t, w.Isolate(wire.B, fault.Joined))
	require.NoError(t, w.Boot(wire.B))
	require.Contains(t, w.pass(10*time.Second), "B#2 up M")
}

func TestNATSIsTheCarrierOfAll(t *testing.T) {
	w := started(t, nil)
	require.ErrorIs(t, w.Pause(wire.NATS), fault.ErrCannot)
	require.NoError(t, w.Kill(wire.NATS))
	for _, id := range []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer} {
		require.Contains(t, strings.Join(w.lines, "\n"), fmt.Sprintf("%s#1 carrier-down", id))
	}
	require.ErrorContains(t, w.Boot(wire.Client(1)), "NATS is down")
	require.ErrorContains(t, w.Kill(wire.NATS), "it does not run")
	require.NoError(t, w.Boot(wire.NATS))
	require.Contains(t, w.pass(10*time.Second), `"kind":"pair-ready","n":1`)
}

// TestAutorestart: M decides, the world carries it out.
func TestAutorestart(t *testing.T) {
	w := started(t, func(c *config.Config) { c.M.Autorestart = true })
	require.NoError(t, w.Kill(wire.B))
	require.Contains(t, w.pass(20*time.Second), "B#2 started")
	require.NoError(t, w.Stop(wire.B))
	require.NotContains(t, w.pass(20*time.Second), "B#3 started", "it was stopped")
}

// TestDurableState: M's record outlives it.
func TestDurableState(t *testing.T) {
	w := started(t, nil)
	require.NoError(t, w.Kill(wire.MLayer))
	w.pass(time.Second)
	require.NoError(t, w.Boot(wire.MLayer))
	lines := w.pass(10 * time.Second)
	require.NotContains(t, lines, `M#2 noted {"kind":"record"`, "it names nobody anew")
	require.Contains(t, lines, `M#2 sent A {"kind":"Appoint","epoch":1,"node":"A","inc":1}`)
}

// TestTwin: the older process ends without a goodbye, the later one begins, and tells of it.
func TestTwin(t *testing.T) {
	w := started(t, nil)
	w.lines = nil
	require.NoError(t, w.Twin(wire.A))
	lines := strings.Join(w.lines, "\n")
	for _, s := range []string{`A#1 noted {"kind":"superseded","n":2}`, "A#1 ended superseded", "A#2 started", `A#2 noted {"kind":"alarm"`, `"alarm":"started-twice"`} {
		_, behind, there := strings.Cut(lines, s)
		require.True(t, there, "%s, in this order: %s", s, lines)
		lines = behind
	}
	require.Contains(t, w.pass(10*time.Second), "B#1 down A gone")
	require.ErrorContains(t, w.Twin(wire.NATS), "twin NATS: NATS is no participant")
	require.ErrorContains(t, w.Twin(wire.Client(1)), "twin C1: it does not run")
	require.NoError(t, w.Store(fault.StoreFull))
	require.ErrorIs(t, w.Twin(wire.A), fault.ErrStore)
	require.NoError(t, w.Store(fault.StoreWorks))
	require.NotContains(t, w.pass(time.Second), "A#3", "the older one stays")
	require.NoError(t, w.Isolate(wire.B, fault.Dropped))
	require.ErrorContains(t, w.Twin(wire.B), "twin B: it is cut off from NATS")
	require.NoError(t, w.Pause(wire.A))
	require.ErrorContains(t, w.Twin(wire.A), "twin A: it is paused")
	require.NoError(t, w.Kill(wire.NATS))
	require.ErrorContains(t, w.Twin(wire.MLayer), "twin M: NATS is down")
}

// TestAStoreThatTakesNothing: no node starts, what M wants to store is dropped, and what is stored stays.
func TestAStoreThatTakesNothing(t *testing.T) {
	for _, f := range []fault.Store{fault.StoreFull, fault.StoreReadOnly} {
		w := started(t, nil)
		require.NoError(t, w.Store(f))
		require.ErrorContains(t, w.Store(f), f.String()+": it is so already")
		require.NoError(t, w.Kill(wire.A))
		lines := w.pass(5 * time.Second)
		require.Contains(t, lines, `"alarm":"store","text":"the store takes nothing: `+f.String())
		require.NotContains(t, lines, `"kind":"record"`)
		require.NotContains(t, lines, `"kind":"role","n":2`)
		err := w.Boot(wire.A)
		require.ErrorIs(t, err, fault.ErrStore)
		require.ErrorContains(t, err, "boot A: the store takes nothing: its start number cannot be made durable")
		require.NotContains(t, w.pass(5*time.Second), "A#2")
		require.NoError(t, w.Store(fault.StoreWorks))
		require.NoError(t, w.Boot(wire.A))
		lines = w.pass(5 * time.Second)
		require.Contains(t, lines, "A#2 up S")
		require.Contains(t, lines, `B#1 noted {"kind":"role","n":2,"text":"primary"}`)
	}
	w := newWorld(t, nil)
	require.NoError(t, w.Kill(wire.NATS))
	require.ErrorContains(t, w.Store(fault.StoreFull), "NATS is down")
}

// TestWithoutATrace: nothing depends on whether anybody records.
func TestWithoutATrace(t *testing.T) {
	steps := func(sink trace.Sink) uint64 {
		w := simworld.New(simworld.Options{Config: config.Default(), Seed: 5, Sink: sink})
		require.NoError(t, w.Boot(wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1)))
		require.NoError(t, w.Impair(wire.A, wire.B, fault.Impairment{Loss: 0.1, Jitter: time.Second}))
		_, err := w.Run(time.Hour, nil)
		require.NoError(t, err)
		return w.Steps()
	}
	require.Equal(t, steps(nil), steps(trace.SinkFunc(func(*trace.Record) {})))
}
