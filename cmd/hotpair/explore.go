package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotpair/internal/explore"
	"hotpair/internal/explore/arbmodel"
	"hotpair/internal/explore/pairmodel"
	"hotpair/internal/explore/twophase"
	"hotpair/internal/node"
	"hotpair/scenarios"
)

// exploreFlags are the flags of hotpair explore.
type exploreFlags struct {
	model     string
	config    string
	all, list bool
	without   string
	cycles    bool
	out       string
	rms       int
	workers   int
	maxStates uint64
	memory    string
	limit     time.Duration
	json      bool
	quiet     bool
}

func exploreCommand() *cobra.Command {
	f := &exploreFlags{}
	cmd := &cobra.Command{
		Use:   "explore",
		Short: "Visit every state that a small configuration can reach",
		Long: `Visits every state that a small configuration of the pair can reach: the real nodes, every order of what happens within the bounds that are printed.
In each state what must always hold is judged (S1 to S5), where nothing can happen any more L1 and L3, and at the end whether there is a cycle without
progress. What is wrong is shown by the shortest path there, as a ladder, and written as a scenario that hotpair run replays.

Exit status: 0 if everything was seen and holds, 1 if something does not hold, 2 if a bound ended the search before everything was seen.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.model, "model", "hot-standby", "what is searched: hot-standby, client-failover (arbitration: peer), or 2pc (two-phase commit, as in the literature)")
	cmd.Flags().StringVar(&f.config, "config", "quick", "the configuration of hot-standby or client-failover; --list shows them")
	cmd.Flags().BoolVar(&f.all, "all", false, "all configurations, one after the other")
	cmd.Flags().BoolVar(&f.list, "list", false, "show the configurations")
	cmd.Flags().StringVar(&f.without, "without", "", "rules and guards that are switched off, by name, separated by commas")
	cmd.Flags().BoolVar(&f.cycles, "cycles", true, "look for cycles without progress, too, when everything was seen")
	cmd.Flags().StringVar(&f.out, "out", "store/explore", "the folder into which a scenario of what is wrong is written")
	cmd.Flags().IntVar(&f.rms, "rms", 3, "resource managers of 2pc, 1 to "+strconv.Itoa(twophase.MaxRMs))
	cmd.Flags().IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "how many cores are used")
	cmd.Flags().Uint64Var(&f.maxStates, "max-states", 0, "stop when so many distinct states are kept; 0 is no bound")
	cmd.Flags().StringVar(&f.memory, "memory", "8GB", "stop when the process takes so much memory")
	cmd.Flags().DurationVar(&f.limit, "for", 0, "stop after this time; 0 is no bound")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one line of JSON")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "do not tell of progress")
	return cmd
}

func (f *exploreFlags) options(log io.Writer) (o explore.Options, err error) {
	if f.workers < 1 || f.workers > 256 {
		return o, fmt.Errorf("--workers is from 1 to 256, not %d", f.workers)
	}
	memory, err := parseBytes(f.memory)
	if err != nil {
		return o, fmt.Errorf("--memory: %w", err)
	}
	o = explore.Options{Workers: f.workers, MaxStates: f.maxStates, MaxMemory: memory, For: f.limit}
	if !f.quiet {
		o.Progress = func(s explore.Stats) {
			fmt.Fprintf(log, "%6.0f s  depth %3d  %12d distinct  %13d generated  %9.0f states/s  %6d MB\n",
				s.Seconds, s.Depth, s.Distinct, s.Generated, s.PerSecond(), s.Memory>>20)
		}
	}
	return o, nil
}

// parseBytes reads a size such as 512MB or 8GB.
func parseBytes(s string) (int64, error) {
	unit := int64(1)
	for suffix, u := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if rest, ok := strings.CutSuffix(strings.ToUpper(s), suffix); ok {
			s, unit = rest, u
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > 1<<50/unit {
		return 0, fmt.Errorf("a size is a number with KB, MB or GB, such as 8GB, not %q", s)
	}
	return n * unit, nil
}

func (f *exploreFlags) run(cmd *cobra.Command) error {
	o, err := f.options(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	o.Stop = func() bool { return cmd.Context().Err() != nil }
	switch f.model {
	case "2pc":
		if f.rms < 1 || f.rms > twophase.MaxRMs {
			return fmt.Errorf("--rms is from 1 to %d, not %d", twophase.MaxRMs, f.rms)
		}
		r := explore.Search(twophase.Model{RMs: f.rms}, o)
		return f.report(cmd.OutOrStdout(), &explored{Model: f.model, Result: r})
	case "hot-standby":
		return f.pair(cmd, o)
	case "client-failover":
		return f.peer(cmd, o)
	}
	return fmt.Errorf("--model: there is no model %.40q; there are hot-standby, client-failover and 2pc", f.model)
}

// peer searches configurations of client failover.
func (f *exploreFlags) peer(cmd *cobra.Command, o explore.Options) error {
	var names []string
	var worst error
	found := false
	o.Cycles = f.cycles
	for _, c := range arbmodel.Configs() {
		names = append(names, c.Name)
		switch {
		case f.list:
			fmt.Fprintf(cmd.OutOrStdout(), "%-22s %s\n", c.Name, c)
		case f.all || c.Name == f.config:
			found = true
			debug.FreeOSMemory() // what the one before has left
			r := explore.Search(arbmodel.New(c.Options), o)
			err := f.report(cmd.OutOrStdout(), &explored{Model: f.model, Config: c.Name, Bounds: c.String(), Result: r})
			if err != nil && (worst == nil || r.Wrong != "") {
				worst = err
			}
		}
	}
	if !found && !f.list {
		return fmt.Errorf("--config: there is no configuration %.40q of client-failover; there are %s", f.config, strings.Join(names, ", "))
	}
	return worst
}

// pair searches configurations of the pair; the worst result makes the status.
func (f *exploreFlags) pair(cmd *cobra.Command, o explore.Options) error {
	w := cmd.OutOrStdout()
	if f.list {
		listPairs(w)
		return nil
	}
	list := pairmodel.Configs()
	if !f.all {
		var err error
		if list, err = pairmodel.Select(f.config); err != nil {
			return fmt.Errorf("--config: %w", err)
		}
	}
	var without node.Rules
	if err := without.UnmarshalText([]byte(f.without)); err != nil {
		return fmt.Errorf("--without: %w", err)
	}
	o.Cycles = f.cycles
	goals := pairmodel.Goals{}
	var worst error
	for _, c := range list {
		c.Without = c.Without.With(without)
		debug.FreeOSMemory() // what the one before has left
		m := pairmodel.New(c.Options)
		r := explore.Search(m, o)
		e := &explored{Model: f.model, Config: c.Name, Bounds: c.String(), Result: r, Reached: m.Reached()}
		goals.Add(e.Reached)
		if r.Wrong != "" {
			if err := f.writeScenario(cmd.Context(), m, c, e); err != nil {
				return err
			}
		}
		if err := f.report(w, e); err != nil && (worst == nil || r.Wrong != "") {
			worst = err
		}
		if cmd.Context().Err() != nil {
			break
		}
	}
	if f.all && !f.json {
		if missed := goals.Missed(); len(missed) > 0 {
			fmt.Fprintf(w, "never happened: %s\n", strings.Join(missed, "; "))
			if worst == nil && without.None() {
				worst = status(statusFailed)
			}
		} else {
			fmt.Fprintf(w, "sometimes: all %d things that must happen sometimes happened\n", goals.Len())
		}
	}
	return worst
}

// listPairs shows the configurations of the pair; of a family the first and the last.
func listPairs(w io.Writer) {
	list := pairmodel.Configs()
	for i, c := range list {
		first := i == 0 || list[i-1].Family != c.Family
		last := i == len(list)-1 || list[i+1].Family != c.Family
		if c.Family != "" && first {
			fmt.Fprintf(w, "%-22s any two faults: all of %s-..., one after the other\n", c.Family, c.Family)
		}
		switch {
		case c.Family == "" || first || last:
			fmt.Fprintf(w, "%-22s %s\n%-22s %s\n", c.Name, c.What, "", c)
		case !first && list[i-2].Family != c.Family:
			fmt.Fprintln(w, "...")
		}
	}
}

// explored is what is told of a search.
type explored struct {
	Model    string   `json:"model"`
	Config   string   `json:"config,omitempty"`
	Bounds   string   `json:"bounds,omitempty"`
	Reached  []string `json:"reached,omitempty"`
	Monitor  string   `json:"monitor,omitempty"`
	Scenario string   `json:"scenario,omitempty"`
	Replay   string   `json:"replay,omitempty"`
	Replayed string   `json:"replayed,omitempty"`
	Ladder   string   `json:"ladder,omitempty"`
	explore.Result
}

// writeScenario writes what is wrong as a scenario, and runs it in virtual time to see whether it shows the same.
func (f *exploreFlags) writeScenario(ctx context.Context, m *pairmodel.Model, c pairmodel.Config, e *explored) error {
	e.Monitor, e.Ladder = pairmodel.Monitor(e.Wrong), m.Ladder(&e.Result)
	text := m.Scenario(c, &e.Result)
	e.Scenario = filepath.Join(f.out, "found-"+c.Name+".txtar")
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := os.WriteFile(e.Scenario, []byte(text), 0o644); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	e.Replay = "hotpair run " + e.Scenario
	if !c.Without.None() {
		e.Replay = fmt.Sprintf("hotpair run --without %s %s", c.Without, e.Scenario)
	}
	sc, err := scenarios.Load(e.Scenario)
	if err != nil {
		return err
	}
	res, err := scenarios.Run(ctx, sc, scenarios.Options{Without: c.Without})
	switch {
	case err != nil:
		return err
	case len(res.Violations) > 0 && res.Violations[0].Monitor == e.Monitor, res.Verdict == scenarios.Failed && strings.Contains(res.Reason, e.Monitor+":"):
		e.Replayed = "it fails in virtual time through the same monitor"
	case res.Verdict == scenarios.Failed:
		e.Replayed = "it fails in virtual time, through another monitor: " + res.Reason
	default:
		e.Replayed = "it does not fail in virtual time, where links and timers cannot take every order: the path is what shows it"
	}
	return nil
}

func (f *exploreFlags) report(w io.Writer, e *explored) error {
	if f.json {
		if err := json.NewEncoder(w).Encode(e); err != nil {
			return err
		}
	} else {
		printExplored(w, e)
	}
	return exploreStatus(&e.Result)
}

// exploreStatus is the exit status that a result deserves, as an error; nil if everything was seen and holds.
func exploreStatus(r *explore.Result) error {
	switch {
	case r.Wrong != "":
		return status(statusFailed)
	case !r.Complete:
		return status(statusCouldNotTell)
	}
	return nil
}

func printExplored(w io.Writer, e *explored) {
	r := &e.Result
	if e.Config != "" {
		fmt.Fprintf(w, "%s: %s\n", e.Config, e.Bounds)
	}
	fmt.Fprintf(w, "%d generated, %d distinct states, depth %d, %.2f s, %.0f distinct and %.0f generated states/s, %d MB, %d workers\n",
		r.Generated, r.Distinct, r.Depth, r.Seconds, r.PerSecond(), float64(r.Generated)/max(r.Seconds, 1e-9), r.Memory>>20, r.Workers)
	switch {
	case r.Wrong != "":
		fmt.Fprintf(w, "failed: %s\n", r.Wrong)
		for i, step := range r.Path {
			if r.Loop > 0 && i == r.Loop {
				fmt.Fprintln(w, "      and from here on for ever:")
			}
			fmt.Fprintf(w, "%4d  %s\n", i+1, step)
		}
		if e.Scenario != "" {
			fmt.Fprintf(w, "%sscenario: %s: %s\nreplay: %s\n", e.Ladder, e.Scenario, e.Replayed, e.Replay)
		}
	case r.Complete && r.Cycles:
		fmt.Fprintln(w, "finished: every reachable state was seen, what must hold holds in all of them, and there is no cycle without progress")
	case r.Complete:
		fmt.Fprintln(w, "finished: every reachable state was seen, and what must hold holds in all of them")
	default:
		fmt.Fprintf(w, "not finished: %s; every state up to depth %d was looked at (%d of them), and what must hold holds in all that were\n",
			bounds[r.Bound], r.Finished, r.AtFinished)
	}
}

// bounds say what ended a search.
var bounds = map[string]string{
	"states": "--max-states is reached", "memory": "--memory is used up", "time": "the time of --for is over", "depth": "the depth is reached", "stopped": "interrupted",
}
