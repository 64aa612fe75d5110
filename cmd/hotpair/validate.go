package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"hotpair/internal/validate"
)

// validateFlags are the flags of hotpair validate.
type validateFlags struct {
	validate.Options
	offers, holds, syncHolds []string
	quiet                    bool
}

func validateCommand() *cobra.Command {
	f := &validateFlags{Options: validate.DefaultOptions()}
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Hold the simulator against teletraffic theory: Erlang B, Little's law, length of the synchronization phase, ConnIDs at risk",
		Long: `Runs the real nodes in virtual time, and compares what comes out with what theory says, at a stated significance. It prints a page of Markdown: with
the defaults, docs/validation.md (about two minutes). The exit status is 0 if everything is as theory says, 1 if not.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	for _, o := range f.Offers {
		f.offers = append(f.offers, fmt.Sprintf("%d:%g", o.Trunks, o.Erlangs))
	}
	for _, h := range f.Holds {
		f.holds = append(f.holds, h.Text)
	}
	for _, h := range f.SyncHolds {
		f.syncHolds = append(f.syncHolds, h.Text)
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.offers, "offer", f.offers, "Erlang B: TRUNKS:ERLANGS; may be given several times")
	flags.StringArrayVar(&f.holds, "hold", f.holds, "Erlang B: exp:MEAN, const:TIME or lognormal:MEAN,DEVIATION; may be given several times")
	flags.IntVar(&f.Calls, "calls", f.Calls, "Erlang B: calls offered in each run")
	flags.IntVar(&f.Batches, "batches", f.Batches, "Erlang B: batches of each run")
	flags.IntSliceVar(&f.Tagged, "tagged", f.Tagged, "synchronization: tagged calls; may be given several times")
	flags.StringArrayVar(&f.syncHolds, "sync-hold", f.syncHolds, "synchronization: holding times, as --hold; may be given several times")
	flags.IntVar(&f.Runs, "runs", f.Runs, "synchronization: runs of each number of tagged calls")
	flags.IntSliceVar(&f.Compared, "compared", f.Compared, "drain and transfer: tagged calls; may be given several times")
	flags.Float64Var(&f.Level, "level", f.Level, "of significance of each comparison")
	flags.Uint64Var(&f.Seed, "seed", f.Seed, "of the first run")
	flags.BoolVar(&f.quiet, "quiet", false, "do not tell of progress")
	return cmd
}

func (f *validateFlags) run(cmd *cobra.Command) (err error) {
	if f.Offers, err = validate.ParseOffers(f.offers); err != nil {
		return fmt.Errorf("--offer: %w", err)
	}
	if f.Holds, err = validate.ParseHoldings(f.holds); err != nil {
		return fmt.Errorf("--hold: %w", err)
	}
	if f.SyncHolds, err = validate.ParseHoldings(f.syncHolds); err != nil {
		return fmt.Errorf("--sync-hold: %w", err)
	}
	if !f.quiet {
		f.Report = func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...) }
	}
	r, err := validate.Run(cmd.Context(), f.Options)
	if err != nil {
		return err
	}
	if err := r.Write(cmd.OutOrStdout()); err != nil {
		return err
	}
	if _, failed := r.Checks(); len(failed) > 0 {
		return status(statusFailed)
	}
	return nil
}
