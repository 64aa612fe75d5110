package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hotpair/scenarios"
	"hotpair/scenarios/hotstandby"
)

// shown are the scenarios whose ladders the demo draws.
var shown = []string{"synchronization", "backup-fails-while-waiting", "primary-in-start-up", "operator-switches-over"}

// demoJobs is how many scenarios the demo runs at once: most of their time they wait.
const demoJobs = 4

func demoCommand() *cobra.Command {
	opt := scenarios.Options{World: scenarios.Processes}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the hot-standby scenarios as real processes on NATS, with a verdict for each",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return demo(cmd, opt) },
	}
	cmd.Flags().Float64Var(&opt.Speed, "speed", scenarios.DefaultSpeed, "how many times as fast as the wall clock it runs")
	cmd.Flags().StringVar(&opt.World, "world", scenarios.Processes, "where it runs")
	return cmd
}

func demo(cmd *cobra.Command, opt scenarios.Options) error {
	w := cmd.OutOrStdout()
	paths, err := fs.Glob(hotstandby.Files, "*.txtar")
	if err != nil {
		return err
	}
	var list []*scenarios.Scenario
	for _, path := range paths {
		sc, err := scenarios.LoadFS(hotstandby.Files, path)
		if err != nil {
			return err
		}
		list = append(list, sc)
	}
	fmt.Fprint(w, `hotpair demo: a switch S, T-Servers A and B, a Management Layer M and a client C1 run as processes of their own, on a NATS
server of their own. Each scenario kills, stops or cuts what it says, and then judges what the pair made of it.

`)
	show := newProgress(os.Stderr)
	opt.Progress = show.line
	began := time.Now()
	counts := [3]int{}
	var results []*scenarios.Result
	err = runEach(cmd.Context(), list, opt, demoJobs, func(res *scenarios.Result) error {
		show.clear()
		fmt.Fprint(w, res.Text())
		counts[res.Verdict]++
		if res.Verdict == scenarios.Held && slices.Contains(shown, res.Scenario) {
			fmt.Fprintf(w, "\n%s\n", res.Ladder)
		}
		results = append(results, res)
		return nil
	})
	show.clear()
	if err != nil {
		return err
	}
	if len(results) < len(list) {
		return status(statusCouldNotTell)
	}
	fmt.Fprintf(w, "\n%d scenarios in %s, in %s: %d held, %d failed, %d could not tell.\n", len(results), opt.World,
		time.Since(began).Round(time.Second), counts[scenarios.Held], counts[scenarios.Failed], counts[scenarios.CouldNotTell])
	explain(cmd, results)
	switch {
	case counts[scenarios.Failed] > 0:
		return status(statusFailed)
	case counts[scenarios.CouldNotTell] > 0:
		return status(statusCouldNotTell)
	}
	return nil
}

// explain says what the figures mean.
func explain(cmd *cobra.Command, results []*scenarios.Result) {
	var longest, outage time.Duration
	changed := uint64(0)
	for _, r := range results {
		longest = max(longest, r.Metrics.TimeToRedundancy)
		outage = max(outage, r.Metrics.LongestOutage)
		changed += r.Metrics.Changed
	}
	fmt.Fprintf(cmd.OutOrStdout(), `
What was measured, on the run's clock:
  %-9s the longest time from a Backup Ready until a switchover would have cost nothing (it waits for the calls that were up)
  %-9s the longest time without a primary in service
  %-9d ConnIDs that changed under the client's eyes, in all scenarios together
`, longest.Round(time.Millisecond), outage.Round(time.Millisecond), changed)
}
