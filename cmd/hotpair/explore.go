package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotpair/internal/explore"
	"hotpair/internal/explore/twophase"
)

// exploreFlags are the flags of hotpair explore.
type exploreFlags struct {
	model     string
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
		Short: "Visit every state that a small configuration can reach: exit 0 if all was seen and holds, 1 if something does not, 2 if a bound ended it",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.model, "model", "2pc", "what is searched: 2pc (two-phase commit, as in the literature)")
	cmd.Flags().IntVar(&f.rms, "rms", 3, "resource managers of 2pc, 1 to "+strconv.Itoa(twophase.MaxRMs))
	cmd.Flags().IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "how many cores are used")
	cmd.Flags().Uint64Var(&f.maxStates, "max-states", 0, "stop when so many distinct states are kept; 0 is no bound")
	cmd.Flags().StringVar(&f.memory, "memory", "8GB", "stop when the states take so much memory")
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
	if f.model != "2pc" {
		return fmt.Errorf("--model: there is no model %q, there is 2pc", f.model)
	}
	if f.rms < 1 || f.rms > twophase.MaxRMs {
		return fmt.Errorf("--rms is from 1 to %d, not %d", twophase.MaxRMs, f.rms)
	}
	r := explore.Search(twophase.Model{RMs: f.rms}, o)
	if f.json {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(r); err != nil {
			return err
		}
	} else {
		printResult(cmd.OutOrStdout(), &r)
	}
	return exploreStatus(&r)
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

func printResult(w io.Writer, r *explore.Result) {
	fmt.Fprintf(w, "%d generated, %d distinct states, depth %d, %.2f s, %.0f distinct and %.0f generated states/s, %d MB, %d workers\n",
		r.Generated, r.Distinct, r.Depth, r.Seconds, r.PerSecond(), float64(r.Generated)/max(r.Seconds, 1e-9), r.Memory>>20, r.Workers)
	switch {
	case r.Wrong != "":
		fmt.Fprintf(w, "failed: %s\n", r.Wrong)
		for i, step := range r.Path {
			fmt.Fprintf(w, "%4d  %s\n", i+1, step)
		}
	case r.Complete:
		fmt.Fprintln(w, "finished: every reachable state was seen, and what must hold holds in all of them")
	default:
		fmt.Fprintf(w, "not finished: the bound on %s was reached; every state up to depth %d was seen (%d of them), and what must hold holds in those\n", r.Bound, r.Finished, r.AtFinished)
	}
}
