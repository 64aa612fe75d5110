package fuzz_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/scenarios"
	"hotpair/scenarios/fuzz"
)

// quick are the mutants that make test hunts; make mutants hunts all of them.
var quick = []string{"X3", "tag-at-backup-ready", "r11-at-once", "r3-state", "r4-state", "withdrawal", "handover-ack", "old-first", "learning", "look-again", "server-bit", "link-gap"}

// TestMutantsAreCaught: each by a monitor, with a scenario that fails without the guard through the same monitor, and holds with it.
func TestMutantsAreCaught(t *testing.T) {
	var list []fuzz.Mutant
	all := os.Getenv("HOTPAIR_MUTANTS") == "all"
	for _, m := range fuzz.Mutants() {
		for _, name := range quick {
			if all || m.Name == name {
				list = append(list, m)
				break
			}
		}
	}
	caught := 0
	err := fuzz.HuntAll(t.Context(), list, runtime.NumCPU(), 2000, time.Second, func(c fuzz.Catch) error {
		if !c.Caught {
			require.NotEmpty(t, c.Equivalent, "%s is not caught by %d seeds", c.Name, c.Seeds)
			return nil
		}
		caught++
		require.Empty(t, c.Equivalent, "%s is caught: %s", c.Name, c.Text)
		require.NotEqual(t, fuzz.Panic, c.Monitor)
		sc, err := scenarios.Parse(c.Name+".txtar", []byte(c.Scenario))
		require.NoError(t, err)
		res, err := scenarios.Run(t.Context(), sc, scenarios.Options{Without: without(t, c.Name)})
		require.NoError(t, err)
		require.Equal(t, scenarios.Failed, res.Verdict, "%s\n%s", res.Text(), c.Scenario)
		require.Contains(t, res.Text(), c.Monitor+": ")
		res, err = scenarios.Run(t.Context(), sc, scenarios.Options{})
		require.NoError(t, err)
		require.Empty(t, res.Violations, "%s holds with the guard\n%s", res.Text(), c.Scenario)
		return nil
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, caught, len(quick))
}

// TestThereAreMutants: at least thirty, each with a name of its own; what is directed or equivalent is one of them.
func TestThereAreMutants(t *testing.T) {
	require.GreaterOrEqual(t, len(fuzz.Mutants()), 30)
	require.Len(t, fuzz.Mutants(), len(node.Guards()))
	directed := 0
	for _, m := range fuzz.Mutants() {
		if m.Profile.Kinds != nil {
			directed++
		}
		for _, k := range m.Profile.Kinds {
			require.Contains(t, append(fuzz.PeerKinds(), fuzz.Kinds()...), k, m.Name)
		}
	}
	require.Equal(t, len(fuzz.DirectedNames()), directed, "a profile for what is no mutant")
}
