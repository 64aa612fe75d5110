package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotpair/internal/config"
	"hotpair/internal/coverage"
	"hotpair/internal/node"
	"hotpair/scenarios/fuzz"
)

// fuzzFlags are the flags of hotpair fuzz.
type fuzzFlags struct {
	seeds   string
	decides string // --arbitration
	budget  time.Duration
	jobs    int
	keep    int
	without []string
	out     string
	shrink  bool
	json    bool
	spread  spreadFlags
}

func fuzzCommand() *cobra.Command {
	f := &fuzzFlags{}
	cmd := &cobra.Command{
		Use:   "fuzz",
		Short: "Search at random: draw faults, options and traffic by seed, in virtual time; exit 0 if all seeds held, 1 if one failed",
		Long: `Each seed draws its own mix of faults, options and traffic, and its own length (a median of ten minutes of the run's clock), and is run in
virtual time with all monitors live. Then everything is healed, and the pair must become whole. A seed is the same run on every machine.

The first seed that fails is shrunk to the smallest scenario that fails through the same monitor, and written to a file that hotpair run replays.`,
		Example: `  hotpair fuzz --seeds 1-10000
  hotpair fuzz --for 10m --jobs 2
  hotpair fuzz --seeds 1-1000 --without X5
  hotpair fuzz --seeds 1-2000 --arbitration peer
  hotpair fuzz --nats nats://10.0.0.1:4222 --seeds 1-100000 --workers 2 --campaign night
  hotpair fuzz --nats nats://10.0.0.1:4222 --worker --campaign night    # on other machines`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.seeds, "seeds", "", "which seeds, as 1-10000 or 17 (default 1-1000, and from 1 on with --for)")
	fl.StringVar(&f.decides, "arbitration", string(config.ManagementLayer), "who decides in the pairs that are drawn: management-layer (hot standby) or peer (client failover)")
	fl.DurationVar(&f.budget, "for", 0, "how long, on the wall clock; 0: until the last seed")
	fl.IntVarP(&f.jobs, "jobs", "j", runtime.NumCPU(), "how many seeds run at once")
	fl.IntVar(&f.keep, "keep", 1, "stop after so many seeds that failed")
	fl.StringSliceVar(&f.without, "without", nil, "switch a rule off: "+strings.Join(node.RuleNames(), ", "))
	fl.StringVarP(&f.out, "out", "o", ".", "the folder in which the scenario of a seed that failed is written")
	fl.BoolVar(&f.shrink, "shrink", true, "shrink what failed")
	fl.BoolVar(&f.json, "json", false, "print one line of JSON")
	f.spread.flags(fl)
	_ = cmd.RegisterFlagCompletionFunc("arbitration", cobra.FixedCompletions([]string{string(config.ManagementLayer), string(config.Peer)}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("without", cobra.FixedCompletions(node.RuleNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// parseRules reads the values of --without.
func parseRules(names []string) (rules node.Rules, err error) {
	for _, name := range names {
		r, err := node.ParseRule(name)
		if err != nil {
			return rules, fmt.Errorf("--without: %w", err)
		}
		rules = rules.With(node.Off(r))
	}
	return rules, nil
}

// parseSeeds reads 1-10000 or 17; last is 0 if there is no end.
func (f *fuzzFlags) parseSeeds() (first, last uint64, err error) {
	switch {
	case f.seeds != "":
	case f.budget > 0:
		return 1, 0, nil
	default:
		return 1, 1000, nil
	}
	from, to, isRange := strings.Cut(f.seeds, "-")
	first, err = strconv.ParseUint(from, 10, 64)
	last = first
	if err == nil && isRange {
		last, err = strconv.ParseUint(to, 10, 64)
	}
	if err != nil || first == 0 || last < first {
		return 0, 0, fmt.Errorf("--seeds: seeds are given as 1-10000 or 17, from 1, not %q", f.seeds)
	}
	return first, last, nil
}

func (f *fuzzFlags) campaign() (*fuzz.Campaign, error) {
	without, err := parseRules(f.without)
	if err != nil {
		return nil, err
	}
	first, last, err := f.parseSeeds()
	switch {
	case err != nil:
		return nil, err
	case f.budget < 0:
		return nil, fmt.Errorf("--for: a time above 0 is wanted, not %s", f.budget)
	case f.jobs < 1:
		return nil, fmt.Errorf("--jobs: at least one seed runs at a time, not %d", f.jobs)
	case f.keep < 1:
		return nil, fmt.Errorf("--keep: at least 1, not %d", f.keep)
	}
	if f.decides != string(config.ManagementLayer) && f.decides != string(config.Peer) {
		return nil, fmt.Errorf("--arbitration: %s or %s, not %q", config.ManagementLayer, config.Peer, f.decides)
	}
	return &fuzz.Campaign{Profile: fuzz.Profile{Peer: f.decides == string(config.Peer)}, First: first, Last: last, Jobs: f.jobs, Keep: f.keep, Without: without}, nil
}

func (f *fuzzFlags) run(cmd *cobra.Command) error {
	if err := f.spread.check(cmd.Flags()); err != nil {
		return err
	}
	if f.spread.worker {
		return f.spread.work(cmd.Context())
	}
	c, err := f.campaign()
	if err != nil {
		return err
	}
	show := newProgress(os.Stderr)
	c.Progress = func(s *fuzz.Summary) { show.line(fuzzLine(s, c.Profile.Peer)) }
	ctx, stop := budget(cmd.Context(), f.budget)
	defer stop()
	campaign := c.Run
	if f.spread.url != "" {
		campaign = func(ctx context.Context) (*fuzz.Summary, error) { return f.spread.run(ctx, c, cmd.ErrOrStderr()) }
	}
	sum, err := campaign(ctx)
	show.clear()
	if err == nil && cmd.Context().Err() != nil {
		err = fmt.Errorf("%w after %d seeds", context.Cause(cmd.Context()), sum.Seeds)
	}
	if err != nil {
		return err
	}
	return f.report(cmd, c, sum, show)
}

// budget ends a context after a time; 0 does not.
func budget(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// fuzzLine is the progress of a campaign, and its first line of the report.
func fuzzLine(s *fuzz.Summary, peer bool) string {
	all, missed := s.Coverage.Points(peer), len(s.Coverage.Missed(peer))
	return fmt.Sprintf("%d seeds, %s simulated, %d calls, %d faults and heals; %.0f simulated seconds per second and core; %d of %d points of coverage",
		s.Seeds, s.Simulated.Round(time.Second), s.Calls, s.Acts, s.Rate(), all-missed, all)
}

// fuzzReport is what --json prints.
type fuzzReport struct {
	Seeds     uint64           `json:"seeds"`
	Simulated float64          `json:"simulatedSeconds"`
	Rate      float64          `json:"simulatedSecondsPerCoreSecond"`
	Wall      float64          `json:"wallSeconds"`
	Calls     uint64           `json:"calls"`
	Acts      uint64           `json:"faults"`
	Failures  []fuzzFailure    `json:"failures"`
	Coverage  []coverage.Count `json:"coverage"`
}

type fuzzFailure struct {
	fuzz.Found
	// File is the scenario that was written.
	File string `json:"file"`
}

func (f *fuzzFlags) report(cmd *cobra.Command, c *fuzz.Campaign, s *fuzz.Summary, show *progress) error {
	r := fuzzReport{
		Seeds: s.Seeds, Simulated: s.Simulated.Seconds(), Rate: s.Rate(), Wall: s.Wall.Seconds(), Calls: s.Calls, Acts: s.Acts,
		Failures: []fuzzFailure{}, Coverage: s.Coverage.Counts(),
	}
	w := cmd.OutOrStdout()
	if !f.json {
		fmt.Fprintln(w, fuzzLine(s, c.Profile.Peer))
		writeCoverage(w, s, c.Profile.Peer)
	}
	for i := range s.Found {
		file, err := f.write(cmd.Context(), c, &s.Found[i], show)
		if err != nil {
			return err
		}
		r.Failures = append(r.Failures, fuzzFailure{s.Found[i], file})
		if !f.json {
			fmt.Fprintf(w, "seed %d failed: %s\n    replay: %s\n", s.Found[i].Seed, s.Found[i].Failure, replayLine(file, c))
		}
	}
	if f.json {
		if err := json.NewEncoder(w).Encode(&r); err != nil {
			return err
		}
	}
	if len(s.Found) > 0 {
		return status(statusFailed)
	}
	return nil
}

func replayLine(file string, c *fuzz.Campaign) string {
	if c.Without.None() {
		return "hotpair run " + file
	}
	return "hotpair run --without " + c.Without.String() + " " + file
}

// writeCoverage prints how often what was exercised, and what never was.
func writeCoverage(w io.Writer, s *fuzz.Summary, peer bool) {
	group := ""
	for _, c := range s.Coverage.Counts() {
		if c.Group != group && c.Concerns(peer) {
			group = c.Group
			fmt.Fprintf(w, "%s:\n", group)
		}
		if c.Times > 0 {
			fmt.Fprintf(w, "%10d  %s\n", c.Times, c.Point)
		}
	}
	missed := s.Coverage.Missed(peer)
	if len(missed) == 0 {
		fmt.Fprintln(w, "every point was hit")
		return
	}
	fmt.Fprintf(w, "never hit, %d:\n", len(missed))
	for _, c := range missed {
		fmt.Fprintf(w, "            %s: %s\n", c.Group, c.Point)
	}
}

// write shrinks what failed, and writes it as a scenario.
func (f *fuzzFlags) write(ctx context.Context, c *fuzz.Campaign, found *fuzz.Found, show *progress) (string, error) {
	file := filepath.Join(f.out, fmt.Sprintf("fuzz-%d.txtar", found.Seed))
	if f.shrink {
		show.line(fmt.Sprintf("shrinking seed %d: %s", found.Seed, found.Failure.Text))
		ctx, stop := context.WithTimeout(ctx, fuzz.ShrinkTime)
		defer stop()
		found.Program, found.Failure = fuzz.Shrink(ctx, found.Program, found.Failure, fuzz.RunOptions{Without: c.Without})
		show.clear()
	}
	return file, errors.Join(os.MkdirAll(f.out, 0o755), os.WriteFile(file, []byte(found.Program.Text()), 0o644))
}
