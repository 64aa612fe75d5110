package scenarios

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
)

// TestScenariosHold runs every scenario in virtual time; the ladders are compared exactly.
func TestScenariosHold(t *testing.T) {
	for _, dir := range []string{"hotstandby", "carrier", "clientfailover", "virtual"} {
		for _, sc := range all(t, dir) {
			t.Run(sc.Name, func(t *testing.T) {
				t.Parallel()
				if dir == "hotstandby" {
					require.True(t, sc.hasLadder, "a scenario of the source has its ladder")
				}
				res, _ := play(t, sc, Options{})
				require.Equal(t, Held, res.Verdict, res.Text())
			})
		}
	}
}

// everywhere are the scenarios that every world plays.
func everywhere(t *testing.T) []*Scenario {
	return append(append(all(t, "hotstandby"), all(t, "carrier")...), all(t, "clientfailover")...)
}

// inRealWorlds are those that TestEqualVerdicts plays: of client failover, which has many that mostly wait, a part. make clientfailover plays them all.
func inRealWorlds(t *testing.T) []*Scenario {
	part := []string{
		"primary-fails", "network-fails-majority", "partial-failure", "partial-failure-nowhere", "switch-back", "configuration-conflict", "licence-exhausted",
		"nats-lost-and-returned",
	}
	return slices.DeleteFunc(everywhere(t), func(sc *Scenario) bool {
		return strings.HasPrefix(sc.Path, "clientfailover/") && !slices.Contains(part, sc.Name)
	})
}

// busy is how long virtual time keeps a process from running in TestScenariosHoldOnABusyMachine: 0.4 s of a machine on which the run's clock is DefaultSpeed
// times as fast.
const busy = 2 * time.Second

// TestScenariosHoldOnABusyMachine: none of the scenarios that real worlds play depends on which process gets a processor first. Virtual time keeps each of them
// from running, again and again, and what is said on each link, and its order, is the same nevertheless. HOTPAIR_BUSY_SEEDS is how often each is tried.
func TestScenariosHoldOnABusyMachine(t *testing.T) {
	seeds := uint64(10)
	if v := os.Getenv("HOTPAIR_BUSY_SEEDS"); v != "" {
		var err error
		seeds, err = strconv.ParseUint(v, 10, 32)
		require.NoError(t, err, "HOTPAIR_BUSY_SEEDS")
	}
	for _, sc := range everywhere(t) {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			want, _ := play(t, sc, Options{})
			for seed := uint64(1); seed <= seeds; seed++ {
				res, _ := play(t, sc, Options{Seed: seed, Busy: busy})
				require.Equal(t, Held, res.Verdict, "seed %d: %s", seed, res.Text())
				assertEqual(t, sc, want, res)
			}
		})
	}
}

// assertEqual compares a run with another one; without a ladder, what is said is a matter of chance.
func assertEqual(t *testing.T, sc *Scenario, want, got *Result) {
	t.Helper()
	if !sc.hasLadder {
		want.Links, got.Links = nil, nil
	}
	assert.Empty(t, Equal(want, got), "%s in %s, seed %d", got.Scenario, got.World, got.Seed)
}

// TestEqualVerdictsOfClientFailover plays all scenarios of client failover in all three worlds, if HOTPAIR_CLIENTFAILOVER is set (make clientfailover); it
// takes a minute, and otherwise it only sees that the scenarios can be read.
func TestEqualVerdictsOfClientFailover(t *testing.T) {
	list := all(t, "clientfailover")
	require.NotEmpty(t, list)
	if os.Getenv("HOTPAIR_CLIENTFAILOVER") != "" {
		equalVerdicts(t, list, failoverSpeed)
	}
}

// failoverSpeed is how fast those scenarios can be played: their timers are long.
const failoverSpeed = 10

// TestEqualVerdicts runs every scenario that is not for virtual time alone in all three worlds and compares the verdicts: the result of each assertion, the messages of
// each link in their order, the faults, the monitors. Sixteen run at a time: they mostly wait. Under the race detector, with which everything takes several times as
// long, it is every third of them, six at a time.
func TestEqualVerdicts(t *testing.T) {
	t.Parallel()
	list := inRealWorlds(t)
	if underRace {
		n := 0
		list = slices.DeleteFunc(list, func(*Scenario) bool { n++; return n%3 != 1 })
	}
	equalVerdicts(t, list, DefaultSpeed)
}

func equalVerdicts(t *testing.T, list []*Scenario, speed float64) {
	// Virtual time first: it would take a processor away from those that are played against the clock.
	want, named := map[string]*Result{}, map[string]*Scenario{}
	for _, sc := range list {
		named[sc.Name] = sc
		want[sc.Name], _ = play(t, sc, Options{})
	}
	kept := t.ArtifactDir() // go test -artifacts keeps the runs
	workers := 8
	if underRace {
		workers = 3
	}
	got := make(chan *Result)
	worker := func(world string, next chan *Scenario) {
		for sc := range next {
			res, err := Run(context.Background(), sc, Options{World: world, Speed: speed, StoreDir: filepath.Join(kept, world)})
			if err != nil {
				res = &Result{Scenario: sc.Name, World: world, Verdict: CouldNotTell, Reason: err.Error()}
			}
			got <- res
		}
	}
	for _, world := range []string{NATS, Processes} {
		next := make(chan *Scenario, len(list))
		for _, sc := range list {
			next <- sc
		}
		close(next)
		for range workers {
			go worker(world, next)
		}
	}
	for range 2 * len(list) {
		res := <-got
		assert.Equal(t, Held, res.Verdict, "%s", res.Text())
		assertEqual(t, named[res.Scenario], want[res.Scenario], res)
	}
}

// TestEachAssertionFlippedFails: no assertion of a scenario is there for show.
func TestEachAssertionFlippedFails(t *testing.T) {
	for _, sc := range everywhere(t) {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			require.Positive(t, sc.Assertions())
			for n := 1; n <= sc.Assertions(); n++ {
				res, _ := play(t, sc, Options{Flip: n})
				require.Equal(t, Failed, res.Verdict, "assertion %d, flipped", n)
			}
		})
	}
}

// TestWithoutARule: with a rule switched off, a scenario that concerns it fails through a monitor or an assertion, and one that does not
// concern it goes on holding.
func TestWithoutARule(t *testing.T) {
	for _, c := range []struct {
		rule            node.Rule
		fails           string
		because         string
		holds           string
		extraHolds      string
		throughAMonitor string
	}{
		{rule: node.X1, fails: "watermark", because: "sync=tagging", holds: "synchronization", extraHolds: "reference-is-reused", throughAMonitor: "S2"},
		{rule: node.X2, fails: "transfer", because: "CallNamed", holds: "synchronization", extraHolds: "watermark"},
		{rule: node.X3, fails: "reference-is-reused", because: "call new", holds: "synchronization", extraHolds: "primary-dies", throughAMonitor: "S5"},
		{rule: node.X4, fails: "link-lost-while-tagging", because: "FullSyncDone", holds: "synchronization", extraHolds: "primary-link-down"},
		{rule: node.X5, fails: "ha-link-flaps", because: "BackupReady", holds: "synchronization", extraHolds: "primary-dies", throughAMonitor: "S3"},
		{rule: node.X6, fails: "paused-primary-wakes", because: "Appoint", holds: "synchronization", extraHolds: "backup-loses-its-cti-link", throughAMonitor: "S1"},
		{rule: node.X7, fails: "connid-never-seen", because: "changed=0", holds: "synchronization", extraHolds: "client-resumes", throughAMonitor: "S5"},
		{rule: node.X13, fails: "request-of-a-replaced-primary", because: "S calls=0", holds: "synchronization", extraHolds: "calls-merge", throughAMonitor: "X13"},
		{rule: node.X8, fails: "client-resumes", because: "acted", holds: "synchronization", extraHolds: "operator-switches-over", throughAMonitor: "S6"},
	} {
		t.Run(c.rule.String(), func(t *testing.T) {
			load := func(name string) *Scenario {
				sc, err := Load(fmt.Sprintf("hotstandby/%s.txtar", name))
				require.NoError(t, err)
				sc.hasLadder = false // epochs and ladders differ where a rule is off; what counts is what is asserted and what must always hold
				return sc
			}
			res, _ := play(t, load(c.fails), Options{Without: node.Off(c.rule)})
			require.Equal(t, Failed, res.Verdict)
			require.Contains(t, res.Reason, c.because)
			for _, name := range []string{c.holds, c.extraHolds} {
				sc := load(name)
				if c.rule == node.X6 {
					sc = withoutEpochs(t, sc)
				}
				res, _ := play(t, sc, Options{Without: node.Off(c.rule)})
				require.Equal(t, Held, res.Verdict, res.Text())
			}
			if c.throughAMonitor != "" {
				var names []string
				res, _ := play(t, onlyMonitors(load(c.fails)), Options{Without: node.Off(c.rule)})
				for _, v := range res.Violations {
					names = append(names, v.Monitor)
				}
				require.Contains(t, names, c.throughAMonitor, res.Text())
			}
		})
	}
}

// onlyMonitors is the scenario with assertions that may fail without ending it.
func onlyMonitors(sc *Scenario) *Scenario {
	c := *sc
	c.lines = append([]line(nil), sc.lines...)
	for i := range c.lines {
		if j, ok := c.lines[i].step.(*judge); ok {
			c.lines[i].step = &lenient{judge: j, fails: c.lines[i].fails}
		}
	}
	return &c
}

// lenient is a judgement whose outcome does not matter.
type lenient struct {
	judge *judge
	fails bool
}

func (l *lenient) run(r *runner) error {
	_, _, err := r.judge(l.judge, l.fails)
	return err
}

// withoutEpochs returns the scenario itself: those that are used with X6 off name no epoch.
func withoutEpochs(t *testing.T, sc *Scenario) *Scenario {
	for i := range sc.lines {
		require.NotContains(t, sc.lines[i].text, "epoch")
	}
	return sc
}
