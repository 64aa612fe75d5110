package fuzz_test

import (
	"context"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/scenarios/fuzz"
)

// TestASeedIsAProgram: the same again, whatever else was drawn before, and a scenario that can be read; another seed is another program.
func TestASeedIsAProgram(t *testing.T) {
	texts := map[string]bool{}
	for seed := uint64(1); seed <= 200; seed++ {
		text := fuzz.Draw(seed, &fuzz.Profile{}).Text()
		require.Equal(t, text, fuzz.Draw(seed, &fuzz.Profile{}).Text())
		texts[text] = true
	}
	require.Len(t, texts, 200)
}

// TestASeedIsOneRun: the trace is the same byte for byte, on one core or many.
func TestASeedIsOneRun(t *testing.T) {
	runs := func() (list [][]byte) {
		for seed := uint64(1); seed <= 8; seed++ {
			list = append(list, traceOf(t, fuzz.Draw(seed, &fuzz.Profile{Length: 2 * time.Minute})))
		}
		return list
	}
	first := runs()
	was := runtime.GOMAXPROCS(1)
	again := runs()
	runtime.GOMAXPROCS(was)
	require.Equal(t, first, again)
}

// TestTheMedianSeedIsTenMinutes, and lengths differ.
func TestTheMedianSeedIsTenMinutes(t *testing.T) {
	shorter := 0
	for seed := uint64(1); seed <= 1000; seed++ {
		if fuzz.Draw(seed, &fuzz.Profile{}).Length < fuzz.MedianLength {
			shorter++
		}
	}
	require.InDelta(t, 500, shorter, 60)
}

// TestEveryKindIsDrawn, and its heal.
func TestEveryKindIsDrawn(t *testing.T) {
	var all strings.Builder
	for seed := uint64(1); seed <= 100; seed++ {
		all.WriteString(fuzz.Draw(seed, &fuzz.Profile{}).Text())
	}
	for _, line := range []string{
		`kill A`, `restart A`, `kill M`, `kill S`, `kill C1`, `kill NATS`, `restart NATS`, `stop B`, `twin [AB]`, `pause A`, `resume A`, `cut \w+-\w+`, `cut \w+->\w+`, `cut all`,
		`delay \S+ \S+`, `delay \S+ \S+ jitter=\S+`, `drop \S+ share=\S+`, `duplicate \S+ share=\S+`, `reorder \S+ share=\S+`, `heal \w+-\w+`, `isolate A`, `heal A`,
		`isolate \w+ black-hole`, `link [AB] down`, `link [AB] silent`, `link [AB] up`, `store full`, `store read-only`, `heal store`, `switchover`, `switchover force`,
		`stuck f\d+`, `call f\d+ from=\w+ to=\d+`, `answer f\d+`, `release f\d+`, `agent \d+ ready`, `option [AB] \S+`, `register C\d \d+`,
		`load erlangs=\S+ hold=\S+ ring=\S+ seed=\d+`,
	} {
		require.Regexp(t, regexp.MustCompile(`(?m)^\? `+line+`( inbound=0)?$`), all.String())
	}
	for _, setting := range []string{"addp-timeout", "switch:\n", "  call-refs: [1-9]\n", "resume-buffer: [0-9]\n", "autorestart: true", "fence: kick", "disconnect-notices: false", "  clock-rate: 1.[0-9]+", "  clock-rate: 0.[0-9]+"} {
		require.Regexp(t, setting, all.String())
	}
}

// seeds is how many seeds TestSeedsHold runs; HOTPAIR_FUZZ_SEEDS sets another number (make fuzz-seeds).
func seeds(t *testing.T) uint64 {
	text := os.Getenv("HOTPAIR_FUZZ_SEEDS")
	if text == "" {
		return 100
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	return n
}

// TestSeedsHold: whatever the seeds do, everything holds, and the pair becomes whole.
func TestSeedsHold(t *testing.T) {
	c := fuzz.Campaign{First: 1, Last: seeds(t), Jobs: runtime.NumCPU(), Keep: 5}
	sum, err := c.Run(t.Context())
	require.NoError(t, err)
	for _, f := range sum.Found {
		t.Errorf("seed %d: %s\nreplay: hotpair fuzz --seeds %d", f.Seed, f.Failure, f.Seed)
	}
	require.Equal(t, c.Last, sum.Seeds)
	require.Less(t, len(sum.Coverage.Missed(false)), 30)
	t.Logf("%d seeds, %s simulated, %.0f simulated seconds per second and core", sum.Seeds, sum.Simulated, sum.Rate())
}

// TestEveryPeerKindIsDrawn under peer arbitration, and nothing that needs a Management Layer.
func TestEveryPeerKindIsDrawn(t *testing.T) {
	var all strings.Builder
	for seed := uint64(1); seed <= 100; seed++ {
		all.WriteString(fuzz.Draw(seed, &fuzz.Profile{Peer: true}).Text())
	}
	for _, line := range []string{
		`cut (east|west)-[AB]`, `heal (east|west)-[AB]`, `cut A-B`, `cut A->B`, `cut B->A`, `isolate [AB]`, `kill [AB]`, `twin [AB]`, `pause [AB]`, `kill NATS`, `link [AB] down`,
		`store full`, `activate A`, `activate B`, `deactivate A`, `deactivate B`, `switchback`, `switchback force`, `configure [AB] \S+=v\d+`, `logout C\d`, `login C\d`,
		`kick [AB] C\d`, `dial C\d .*`,
	} {
		require.Regexp(t, regexp.MustCompile(`(?m)^\? `+line+`$`), all.String())
	}
	for _, setting := range []string{
		"arbitration: peer", "client-loss-window", "partial-loss-threshold", "partial-loss-min", "activation-grace", "activation-report-timeout", "login-backoff", "login-jitter: false",
		"licence:\n  seats: ", "  grace: ", "  expires: ", "sites:\n  east: C1", "  clock-rate: ",
	} {
		require.Contains(t, all.String(), setting)
	}
	require.NotRegexp(t, regexp.MustCompile(`(?m)[ -]M\b`), all.String())
	require.NotContains(t, all.String(), "switchover")
}

// TestPeerSeedsHold: so do seeds of client failover; make seeds plays a share of them.
func TestPeerSeedsHold(t *testing.T) {
	c := fuzz.Campaign{Profile: fuzz.Profile{Peer: true}, First: 1, Last: max(seeds(t)/4, 25), Jobs: runtime.NumCPU(), Keep: 5}
	sum, err := c.Run(t.Context())
	require.NoError(t, err)
	for _, f := range sum.Found {
		t.Errorf("seed %d: %s\nreplay: hotpair fuzz --arbitration peer --seeds %d", f.Seed, f.Failure, f.Seed)
	}
	require.Equal(t, c.Last, sum.Seeds)
	t.Logf("%d seeds, %s simulated, %.0f simulated seconds per second and core; never hit: %v", sum.Seeds, sum.Simulated, sum.Rate(), sum.Coverage.Missed(true))
}

// TestCampaign: the same is found with one job and with many, and the end of the budget is no error.
func TestCampaign(t *testing.T) {
	find := func(jobs int) (seeds []uint64) {
		c := fuzz.Campaign{Profile: fuzz.Profile{Length: time.Minute, Kinds: []fuzz.Kind{fuzz.Cut, fuzz.Call}}, First: 1, Last: 300, Jobs: jobs, Keep: 2, Without: without(t, "X5")}
		sum, err := c.Run(t.Context())
		require.NoError(t, err)
		for _, f := range sum.Found {
			seeds = append(seeds, f.Seed)
		}
		require.Len(t, seeds, 2, "of %d seeds", sum.Seeds)
		return seeds
	}
	require.Equal(t, find(1), find(4))

	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	c := fuzz.Campaign{First: 1, Jobs: 2, Progress: func(s *fuzz.Summary) {
		require.Positive(t, s.Seeds)
		told++
		cancel()
	}}
	sum, err := c.Run(ctx)
	require.NoError(t, err, "it is a budget")
	require.Positive(t, sum.Seeds)
	require.Equal(t, 1, told)
}

// BenchmarkFuzz: simulated seconds per second and core, with all faults on.
func BenchmarkFuzz(b *testing.B) {
	seed, simulated := uint64(0), time.Duration(0)
	for b.Loop() {
		seed++
		out, err := fuzz.Run(b.Context(), fuzz.Draw(seed, &fuzz.Profile{}), fuzz.RunOptions{})
		require.NoError(b, err)
		simulated += out.RunTime
	}
	b.ReportMetric(simulated.Seconds()/b.Elapsed().Seconds(), "sim-s/s")
}
