package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"hotpair/internal/node"
	"hotpair/scenarios"
)

// runFlags are the flags of hotpair run.
type runFlags struct {
	opt     scenarios.Options
	without []string
	jobs    int
	json    bool
	junit   string
}

func runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run FILE|DIR...",
		Short: "Run scenarios: exit 0 if all held, 1 if one failed, 2 if one could not tell",
		Example: `  hotpair run scenarios/hotstandby
  hotpair run --world processes scenarios/hotstandby/primary-dies.txtar
  hotpair run --without X1 scenarios/hotstandby/watermark.txtar`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.opt.World, "world", scenarios.Sim, "where it runs: "+strings.Join(scenarios.WorldNames(), ", "))
	fl.StringVar(&f.opt.NATSURL, "nats", "", "URL of a NATS server that is already running, with JetStream (implies --world nats)")
	fl.Uint64Var(&f.opt.Seed, "seed", 0, "seed of what the world draws: jitter and loss; 0 is the scenario's own, or 1")
	fl.Float64Var(&f.opt.Speed, "speed", scenarios.DefaultSpeed, "how many times as fast as the wall clock real worlds run")
	fl.DurationVar(&f.opt.Slack, "slack", scenarios.DefaultSlack, "wall-clock time that deadlines get beyond their own in real worlds")
	fl.DurationVar(&f.opt.Busy, "busy", 0, "in virtual time: keep each process, and the script, from running for up to so long, again and again (--seed draws it), with the timers and deadlines of real worlds")
	fl.StringSliceVar(&f.without, "without", nil, "switch a rule off: "+strings.Join(node.RuleNames(), ", "))
	fl.IntVarP(&f.jobs, "jobs", "j", 1, "how many scenarios run at once")
	fl.BoolVar(&f.opt.Update, "update", false, "rewrite the ladder of each scenario that holds")
	fl.BoolVar(&f.json, "json", false, "print results as JSON, one per line")
	fl.StringVar(&f.junit, "junit", "", "write results as JUnit XML to a file")
	fl.StringVarP(&f.opt.StoreDir, "out", "o", "", "store trace, ladder and verdict of each run in this folder")
	_ = cmd.RegisterFlagCompletionFunc("world", cobra.FixedCompletions(scenarios.WorldNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("without", cobra.FixedCompletions(node.RuleNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *runFlags) run(cmd *cobra.Command, args []string) error {
	if f.jobs < 1 {
		return fmt.Errorf("--jobs: %d: at least one scenario runs at a time", f.jobs)
	}
	for _, name := range f.without {
		r, err := node.ParseRule(name)
		if err != nil {
			return fmt.Errorf("--without: %w", err)
		}
		f.opt.Without = f.opt.Without.With(node.Off(r))
	}
	if f.opt.NATSURL != "" && !cmd.Flags().Changed("world") {
		f.opt.World = scenarios.NATS
	}
	list, err := load(args)
	if err != nil {
		return err
	}
	results, err := f.runAll(cmd.Context(), cmd.OutOrStdout(), list)
	if f.junit != "" {
		err = errors.Join(err, writeJUnit(f.junit, results))
	}
	if err != nil {
		return err
	}
	return f.summary(cmd.OutOrStdout(), results)
}

func (f *runFlags) runAll(ctx context.Context, w io.Writer, list []*scenarios.Scenario) ([]*scenarios.Result, error) {
	show := newProgress(os.Stderr)
	f.opt.Progress = show.line
	var results []*scenarios.Result
	err := runEach(ctx, list, f.opt, f.jobs, func(res *scenarios.Result) error {
		show.clear()
		results = append(results, res)
		return f.show(w, res)
	})
	show.clear()
	if err == nil && len(results) < len(list) { // what did not run has not held
		err = fmt.Errorf("%w after %d of %d scenarios", context.Cause(ctx), len(results), len(list))
	}
	return results, err
}

func (f *runFlags) show(w io.Writer, res *scenarios.Result) error {
	if f.json {
		return json.NewEncoder(w).Encode(res)
	}
	_, err := fmt.Fprint(w, res.Text())
	return err
}

// summary prints the last line, and turns verdicts into the exit status.
func (f *runFlags) summary(w io.Writer, results []*scenarios.Result) error {
	worst, counts, skipped := scenarios.Held, [3]int{}, 0
	for _, r := range results {
		counts[r.Verdict]++
		skipped += len(r.Skipped)
		if r.Verdict == scenarios.Failed || worst == scenarios.Held {
			worst = r.Verdict
		}
	}
	if !f.json && len(results) > 1 {
		fmt.Fprintf(w, "\n%d scenarios in %s: %d held, %d failed, %d could not tell", len(results), f.opt.World, counts[0], counts[1], counts[2])
		if skipped > 0 {
			fmt.Fprintf(w, "; %d lines are not for this world", skipped)
		}
		fmt.Fprintln(w)
	}
	if worst != scenarios.Held {
		return status(worst)
	}
	return nil
}

// load reads scenario files and folders.
func load(args []string) ([]*scenarios.Scenario, error) {
	var list []*scenarios.Scenario
	var errs []error
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			errs = append(errs, fmt.Errorf("scenario: %w", err))
			continue
		}
		if info.IsDir() {
			more, err := scenarios.LoadDir(arg)
			list = append(list, more...)
			errs = append(errs, err)
			continue
		}
		sc, err := scenarios.Load(arg)
		if err == nil {
			list = append(list, sc)
		}
		errs = append(errs, err)
	}
	return list, errors.Join(errs...)
}

func writeJUnit(path string, results []*scenarios.Result) error {
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	return errors.Join(scenarios.WriteJUnit(out, results), out.Close())
}
