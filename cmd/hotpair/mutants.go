package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotpair/internal/node"
	"hotpair/scenarios/fuzz"
)

// mutantsFlags are the flags of hotpair mutants.
type mutantsFlags struct {
	only   []string
	seeds  uint64
	jobs   int
	shrink time.Duration
	out    string
	list   bool
	json   bool
}

func mutantsCommand() *cobra.Command {
	f := &mutantsFlags{}
	cmd := &cobra.Command{
		Use:   "mutants",
		Short: "Switch off each rule and guard of the protocol in turn, and see that something notices (3 minutes at most)",
		Long: `Each rule and each guard can be switched off by name (--without NAME). A pair without one of them is a mutant: the search runs against it until a monitor
finds a violation, and shrinks that to a scenario. A panic is no catch. What is not caught is a gap in what is watched, unless the list says why the mutant
cannot be told from the original.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.only, "only", nil, "these mutants only")
	fl.Uint64Var(&f.seeds, "seeds", 2000, "how many seeds are run at most against each")
	fl.IntVarP(&f.jobs, "jobs", "j", runtime.NumCPU(), "how many mutants at once")
	fl.DurationVar(&f.shrink, "shrink", 2*time.Second, "how long each catch is shrunk at most, on the wall clock")
	fl.StringVarP(&f.out, "out", "o", "", "the folder in which the scenario of each is written, as NAME.txtar")
	fl.BoolVar(&f.list, "list", false, "say what there is, and run nothing")
	fl.BoolVar(&f.json, "json", false, "print one JSON object per mutant")
	_ = cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(node.RuleNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// chosen are the mutants that are to be run.
func (f *mutantsFlags) chosen() ([]fuzz.Mutant, error) {
	rules, err := parseRules(f.only)
	switch {
	case err != nil:
		return nil, errors.New(strings.Replace(err.Error(), "--without", "--only", 1))
	case f.jobs < 1:
		return nil, fmt.Errorf("--jobs: at least one mutant at a time, not %d", f.jobs)
	case f.seeds < 1:
		return nil, errors.New("--seeds: at least one seed for each")
	case f.shrink < 0:
		return nil, fmt.Errorf("--shrink: a time from 0, not %s", f.shrink)
	}
	return slices.DeleteFunc(fuzz.Mutants(), func(m fuzz.Mutant) bool { return !rules.None() && !rules.Has(m.Is) }), nil
}

func (f *mutantsFlags) run(cmd *cobra.Command) error {
	list, err := f.chosen()
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	if f.list {
		for _, m := range list {
			fmt.Fprintf(w, "%-20s %-4s %s\n", m.Name, m.Rule, m.Off)
		}
		return nil
	}
	show := newProgress(os.Stderr)
	hunted, caught, equivalent := 0, 0, 0
	began := time.Now()
	err = fuzz.HuntAll(cmd.Context(), list, f.jobs, f.seeds, f.shrink, func(c fuzz.Catch) error {
		hunted++
		if c.Caught {
			caught++
		} else if c.Equivalent != "" {
			equivalent++
		}
		show.clear()
		err := f.show(w, &c)
		show.line(fmt.Sprintf("%d of %d mutants", hunted, len(list)))
		return err
	})
	show.clear()
	if err != nil {
		return err
	}
	if !f.json {
		fmt.Fprintf(w, "\n%d mutants: %d caught, %d equivalent, %d not caught (%s)\n", hunted, caught, equivalent, hunted-caught-equivalent, time.Since(began).Round(time.Second))
	}
	if caught+equivalent < hunted {
		return status(statusFailed)
	}
	return nil
}

// show prints what became of a mutant, and writes its scenario.
func (f *mutantsFlags) show(w io.Writer, c *fuzz.Catch) error {
	if f.out != "" && c.Caught {
		err := errors.Join(os.MkdirAll(f.out, 0o755), os.WriteFile(filepath.Join(f.out, c.Name+".txtar"), []byte(c.Scenario), 0o644))
		if err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(w).Encode(c)
	}
	verdict := fmt.Sprintf("NOT CAUGHT by %d seeds", c.Seeds)
	switch {
	case c.Caught:
		verdict = fmt.Sprintf("%-8s %5d seeds, %2d lines: %.110s", c.Monitor, c.Seeds, strings.Count(c.Scenario, "\n"), c.Text)
		if e := c.Explorer; e.Monitor != "" {
			verdict += fmt.Sprintf("\n%26sexplorer: %s after %d states, %d steps (%s)", "", e.Monitor, e.States, e.Steps, e.Config)
		}
	case c.Equivalent != "":
		verdict = "equivalent: " + c.Equivalent
	}
	_, err := fmt.Fprintf(w, "%-20s %-4s %s\n", c.Name, c.Rule, verdict)
	return err
}
