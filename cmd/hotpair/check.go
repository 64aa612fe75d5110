package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"hotpair/internal/monitor"
	"hotpair/internal/trace"
	"hotpair/scenarios"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE|DIR...",
		Short: "Read scenarios without running them",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := load(args)
			if err != nil {
				return err
			}
			for _, sc := range list {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d assertions; %s\n", sc.Path, sc.Assertions(), sc.Title)
			}
			return nil
		},
	}
}

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify TRACE...",
		Short: "Judge traces with all monitors: exit 0 if they hold, 1 if one does not, 2 if nothing can be told",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			worst := statusHeld
			for _, path := range args {
				s := verify(cmd.OutOrStdout(), path)
				if s == statusFailed || worst == statusHeld {
					worst = s
				}
			}
			if worst != statusHeld {
				return status(worst)
			}
			return nil
		},
	}
}

func verify(w io.Writer, path string) int {
	f, err := os.Open(path)
	if err != nil {
		fmt.Fprintf(w, "could not tell  %v\n", err)
		return statusCouldNotTell
	}
	defer f.Close()
	rep, err := monitor.Verify(f)
	for _, v := range rep.Violations {
		fmt.Fprintf(w, "%s: %s\n", path, v)
	}
	switch {
	case len(rep.Violations) > 0:
		fmt.Fprintf(w, "failed          %s: %d violations\n", path, len(rep.Violations))
		if rep.Header.Replay != "" {
			fmt.Fprintf(w, "replay: %s\n", rep.Header.Replay)
		}
		return statusFailed
	case errors.Is(err, trace.ErrCut):
		fmt.Fprintf(w, "could not tell  %s: %v\n", path, err)
		return statusCouldNotTell
	case err != nil:
		fmt.Fprintf(w, "could not tell  %s: %v\n", path, err)
		return statusCouldNotTell
	}
	fmt.Fprintf(w, "held            %s: %d records\n", path, rep.Records)
	return statusHeld
}

func scenarioHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "scenario",
		Short: "The manual of the scenario language (also: hotpair help scenario)",
		Long:  scenarios.Help(),
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), scenarios.Help())
			return err
		},
	}
}
