package scenarios

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/trace"
)

// killed is how the primary dies; the flow goes on at its successor.
var killed = []string{"kill A", "await pair primary=B within=30s"}

// disturbances lists a failover at every step of a flow: behind each, and in the middle of each request, whose outcome is then not waited for.
func disturbances(sc *Scenario) (list [][]string, names []string) {
	script := strings.Split(strings.TrimRight(string(sc.archive.Comment), "\n"), "\n")
	begun, asked := false, 0
	for i, l := range script {
		begun = begun || strings.HasPrefix(l, "# The flow")
		verb, _, _ := strings.Cut(l, " ")
		v := findVerb(verb)
		if !begun || v == nil {
			continue
		}
		add := func(name string, with ...string) {
			changed := append([]string{}, script[:i]...)
			changed = append(changed, with...)
			list = append(list, append(changed, script[i+1:]...))
			names = append(names, fmt.Sprintf("line %d (%s): %s", i+1, l, name))
		}
		add("before", append(append([]string{}, killed...), l)...)
		if v.group == telephony {
			add("behind", append([]string{l}, killed...)...)
		}
		if v.group == telephony && v.nowait {
			asked++
			// What is under way when the primary dies: nothing but the request, the switch's answer, the name for the backup, or the event.
			for _, wait := range []string{"", "wait 500us", "wait 1500us", "wait 2500us", "wait 3500us", "wait 4500us"} {
				with := append([]string{l + " nowait", wait}, killed...)
				add("in the middle, "+wait, append(with, fmt.Sprintf("await C1 done=%d within=40s", asked))...)
			}
		}
	}
	return list, names
}

// disturbed is a flow with other lines.
func disturbed(t testing.TB, sc *Scenario, script []string) *Scenario {
	a := *sc.archive
	a.Comment = []byte(strings.Join(script, "\n") + "\n")
	d, err := Parse(sc.Path, txtar.Format(&a))
	require.NoError(t, err)
	return d
}

// validating holds every message that is sent to what its receiver would hold it to in a real world.
func validating(t *testing.T) trace.Sink {
	return trace.SinkFunc(func(r *trace.Record) {
		if r.Kind == trace.Sent {
			assert.NoError(t, r.Msg.Validate(r.Node, r.Peer))
		}
	})
}

// TestFlows: who gets which event, with which attributes, in which order.
func TestFlows(t *testing.T) {
	for _, sc := range all(t, "flows") {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			require.True(t, sc.hasEvents, "a flow has its events")
			res, _ := play(t, sc, Options{Observe: validating(t)})
			require.Equal(t, Held, res.Verdict, res.Text())
		})
	}
}

// TestFlowsSurviveAFailoverAtEveryStep (X7, X8, X13): the client that survives sees the same flow as without it, with one ConnID.
func TestFlowsSurviveAFailoverAtEveryStep(t *testing.T) {
	for _, sc := range all(t, "flows") {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			list, names := disturbances(sc)
			require.NotEmpty(t, list)
			for i, script := range list {
				d := disturbed(t, sc, script)
				if i%2 == 1 {
					d.Config.Register = config.AtPrimary // so that its registrations have to travel (R12)
				}
				res, _ := play(t, d, Options{Observe: validating(t)})
				assert.Equal(t, Held, res.Verdict, "%s (client-register: %s)\n%s", names[i], d.Config.Register, res.Text())
			}
		})
	}
}

// TestFlowsInRealWorlds plays each flow on NATS, and as processes with a failover at a step that is drawn; HOTPAIR_FLOW_SEED draws others, and
// HOTPAIR_FLOW_ALL=1 takes all of them.
func TestFlowsInRealWorlds(t *testing.T) {
	t.Parallel()
	seed := uint64(1)
	if text := os.Getenv("HOTPAIR_FLOW_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	type job struct {
		sc   *Scenario
		name string
		opt  Options
	}
	var jobs []job
	for _, sc := range all(t, "flows") {
		jobs = append(jobs, job{sc, sc.Name, Options{World: NATS}})
		list, names := disturbances(sc)
		h := fnv.New64a()
		h.Write([]byte(sc.Name))
		drawn := rand.New(rand.NewPCG(seed, h.Sum64())).IntN(len(list))
		for i := range list {
			if i == drawn || os.Getenv("HOTPAIR_FLOW_ALL") != "" {
				jobs = append(jobs, job{disturbed(t, sc, list[i]), sc.Name + ", " + names[i], Options{World: Processes}})
			}
		}
	}
	t.Logf("%d runs", len(jobs))
	next := make(chan job, len(jobs))
	for _, j := range jobs {
		next <- j
	}
	close(next)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for j := range next {
				res, err := Run(t.Context(), j.sc, j.opt)
				if assert.NoError(t, err, j.name) {
					assert.Equal(t, Held, res.Verdict, "%s in %s (HOTPAIR_FLOW_SEED=%d)\n%s", j.name, j.opt.World, seed, res.Text())
				}
			}
		})
	}
	all.Wait()
}
