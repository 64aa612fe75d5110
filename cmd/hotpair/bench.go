package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"hotpair/internal/bench"
)

// benchFlags are the flags of hotpair bench.
type benchFlags struct {
	json, quiet bool
	out, log    io.Writer
}

func benchCommand() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a pair of processes on NATS, beside plain NATS programs and other products",
		Long: `Measures a pair that runs as processes on NATS at the speed of the wall clock, beside bare NATS programs that do no more than what must be done.
docs/benchmarks.md says what is measured, and how. Nothing else should run on the machine meanwhile.`,
	}
	cmd.PersistentFlags().BoolVar(&f.json, "json", false, "print one line of JSON instead of a table")
	cmd.PersistentFlags().BoolVar(&f.quiet, "quiet", false, "do not tell of progress")
	cmd.AddCommand(f.outage(), f.throughput(), f.continuity(), f.scale(), f.peers(), f.spin(), f.clients())
	return cmd
}

// run runs a benchmark, and prints what it found, even if it did not come to its end.
func (f *benchFlags) run(cmd *cobra.Command, measure func(context.Context, func(string, ...any)) (*bench.Report, error)) error {
	f.out, f.log = cmd.OutOrStdout(), cmd.ErrOrStderr()
	r, err := measure(cmd.Context(), func(format string, args ...any) {
		if !f.quiet {
			fmt.Fprintf(f.log, format+"\n", args...)
		}
	})
	if r != nil {
		if werr := r.Write(f.out, f.json); werr != nil && err == nil {
			err = werr
		}
	}
	return err
}

func (f *benchFlags) outage() *cobra.Command {
	o := bench.OutageOptions{}
	cmd := &cobra.Command{
		Use: "outage", Short: "How long clients hear nothing when the primary is killed, stopped or cut off (about two minutes)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, func(ctx context.Context, report func(string, ...any)) (*bench.Report, error) {
				o.Report = report
				return bench.Outage(ctx, o)
			})
		},
	}
	cmd.Flags().IntVar(&o.Kills, "kills", 50, "how often the primary is killed")
	cmd.Flags().BoolVar(&o.Bare, "bare", true, "kill the bare path's victim as often, by turns")
	cmd.Flags().IntVar(&o.Stops, "stops", 5, "how often the primary is stopped with SIGSTOP")
	cmd.Flags().IntVar(&o.Holes, "holes", 5, "how often the primary's connection falls into a black hole")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "of the random moments")
	return cmd
}

func (f *benchFlags) throughput() *cobra.Command {
	o := bench.ThroughputOptions{}
	cmd := &cobra.Command{
		Use: "throughput", Short: "How many call events a second pass through a synchronized pair (under a minute)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, func(ctx context.Context, report func(string, ...any)) (*bench.Report, error) {
				o.Report = report
				return bench.Throughput(ctx, o)
			})
		},
	}
	cmd.Flags().DurationVar(&o.Time, "time", 5*time.Second, "of each measurement")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 4, "how often the pair and the plain programs take turns; the first round warms up")
	return cmd
}

func (f *benchFlags) continuity() *cobra.Command {
	o := bench.ContinuityOptions{}
	cmd := &cobra.Command{
		Use: "continuity", Short: "Whether a client misses anything while the primary is killed over and over (about a minute); the status tells", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var loss bench.Loss
			err := f.run(cmd, func(ctx context.Context, report func(string, ...any)) (r *bench.Report, err error) {
				o.Report = report
				r, loss, err = bench.Continuity(ctx, o)
				return r, err
			})
			if err == nil && loss != (bench.Loss{}) {
				return status(statusFailed)
			}
			return err
		},
	}
	cmd.Flags().IntVar(&o.Kills, "kills", 20, "how often the primary is killed")
	cmd.Flags().IntVar(&o.Calls, "calls", 1000, "in progress, on average")
	cmd.Flags().DurationVar(&o.Hold, "hold", 6*time.Second, "how long each call is held")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "of the random moments")
	return cmd
}

func (f *benchFlags) scale() *cobra.Command {
	o := bench.ScaleOptions{}
	cmd := &cobra.Command{
		Use: "scale", Short: "The highest rate of calls that a pair with many DNs and client sessions carries (two minutes)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, func(ctx context.Context, report func(string, ...any)) (*bench.Report, error) {
				o.Report = report
				return bench.Scale(ctx, o)
			})
		},
	}
	cmd.Flags().IntVar(&o.Extensions, "dns", 10_000, "extensions of the switch; each is registered by one client")
	cmd.Flags().IntVar(&o.Clients, "clients", 1000, "client sessions, each with a connection of its own")
	cmd.Flags().IntSliceVar(&o.Rates, "rates", []int{500, 1000, 1500, 2000, 3000, 4000}, "calls per second to try, in ascending order, until one is not carried")
	cmd.Flags().IntVar(&o.Resolution, "resolution", 50, "calls per second; to find the highest rate, what is between the last one that was carried and the first that was not is halved until it is so small")
	cmd.Flags().DurationVar(&o.Time, "time", 10*time.Second, "of each measurement")
	cmd.Flags().IntVar(&o.Tries, "tries", 3, "how often each rate is measured at most, until it is within the limit")
	cmd.Flags().DurationVar(&o.Limit, "limit", 50*time.Millisecond, "of the latency that 99 of 100 events do not exceed")
	return cmd
}

func (f *benchFlags) peers() *cobra.Command {
	o := bench.PeersOptions{}
	cmd := &cobra.Command{
		Use: "peers", Short: "How long keepalived and Redis Sentinel take to do the like (two minutes; needs root and their Debian packages)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, func(ctx context.Context, report func(string, ...any)) (*bench.Report, error) {
				o.Report = report
				return bench.Peers(ctx, o)
			})
		},
	}
	cmd.Flags().IntVar(&o.Kills, "kills", 15, "how often the active one is killed; where it takes seconds, a third of it")
	return cmd
}

func (f *benchFlags) spin() *cobra.Command {
	o := bench.SpinOptions{}
	cmd := &cobra.Command{
		Use: "spin", Short: "How many states a second the search visits, beside the model checker Spin (two minutes; needs spin and gcc)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, func(ctx context.Context, report func(string, ...any)) (*bench.Report, error) {
				o.Report = report
				return bench.Spin(ctx, o)
			})
		},
	}
	cmd.Flags().IntVar(&o.RMs, "rms", 9, "resource managers of two-phase commit, 3 to 9")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 3, "how often they take turns")
	return cmd
}

func (f *benchFlags) clients() *cobra.Command {
	o := bench.HerdOptions{}
	cmd := &cobra.Command{
		Use: "clients", Short: "How long it takes until all clients are at the secondary after kill -9 of the primary (client failover; two minutes)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, func(ctx context.Context, report func(string, ...any)) (*bench.Report, error) {
				o.Report = report
				return bench.Herd(ctx, o)
			})
		},
	}
	cmd.Flags().IntVar(&o.Kills, "kills", 10, "how often the primary is killed, for each backoff")
	cmd.Flags().IntVar(&o.Clients, "clients", 500, "how many, each with its own connection")
	cmd.Flags().IntVar(&o.Processes, "processes", 4, "in which the clients run")
	return cmd
}
