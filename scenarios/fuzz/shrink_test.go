package fuzz_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/scenarios"
	"hotpair/scenarios/fuzz"
)

// failing returns the first seed of a profile that fails without a rule.
func failing(t *testing.T, profile fuzz.Profile, name string) fuzz.Found {
	t.Helper()
	c := fuzz.Campaign{Profile: profile, First: 1, Last: 3000, Jobs: 2, Without: without(t, name)}
	sum, err := c.Run(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, sum.Found, "%d seeds held without %s", sum.Seeds, name)
	return sum.Found[0]
}

// TestShrink: a seed's failure becomes a scenario of a few lines that fails through the same monitor, and holds with the rule; twice the same.
func TestShrink(t *testing.T) {
	for _, c := range []struct {
		rule           string
		profile        fuzz.Profile
		lines, configs int // at most
	}{
		{"X1", fuzz.Profile{Length: 2 * time.Minute}, 10, 2},
		{"X6", fuzz.Profile{Length: 2 * time.Minute}, 3, 0},
		{"p8-deactivates", fuzz.Profile{Length: 2 * time.Minute, Peer: true}, 10, 3}, // one of them says arbitration: peer,
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			found := failing(t, c.profile, c.rule)
			o := fuzz.RunOptions{Without: without(t, c.rule)}
			p, f := fuzz.Shrink(t.Context(), found.Program, found.Failure, o)
			require.Equal(t, found.Failure.Monitor, f.Monitor)
			again, _ := fuzz.Shrink(t.Context(), found.Program, found.Failure, o)
			require.Equal(t, p.Text(), again.Text())
			require.LessOrEqual(t, len(p.Events), c.lines, p.Text())
			require.LessOrEqual(t, len(p.Settings), c.configs, p.Text())
			require.NotContains(t, p.Text(), "?", "every line is carried out")

			sc, err := scenarios.Parse("shrunk.txtar", []byte(p.Text()))
			require.NoError(t, err)
			res, err := scenarios.Run(t.Context(), sc, scenarios.Options{Without: o.Without})
			require.NoError(t, err)
			require.Equal(t, scenarios.Failed, res.Verdict)
			require.Contains(t, res.Text(), f.Monitor+": ", "what is replayed fails in the same way")
			res, err = scenarios.Run(t.Context(), sc, scenarios.Options{})
			require.NoError(t, err)
			require.Equal(t, scenarios.Held, res.Verdict, "%s\n%s", res.Text(), p.Text())
		})
	}
}

// TestShrinkKeepsToItsTime: when the time is over, what was found so far is returned, and fails.
func TestShrinkKeepsToItsTime(t *testing.T) {
	found := failing(t, fuzz.Profile{Length: time.Minute}, "X5")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := fuzz.RunOptions{Without: without(t, "X5")}
	p, f := fuzz.Shrink(ctx, found.Program, found.Failure, o)
	require.Equal(t, found.Failure.Monitor, f.Monitor)
	require.Equal(t, strings.Count(found.Program.Text(), "\n"), strings.Count(p.Text(), "\n"))
}

// TestAPanicIsAFailure of its own: it is found and shrunk like others, and is no violation.
func TestAPanicIsAFailure(t *testing.T) {
	p := fuzz.Draw(1, &fuzz.Profile{Length: time.Minute})
	panics := 0
	out, err := fuzz.Run(t.Context(), p, fuzz.RunOptions{Observe: observer(func() {
		if panics++; panics == 100 {
			panic("out of cheese")
		}
	})})
	require.NoError(t, err)
	require.Equal(t, fuzz.Panic, out.Failure.Monitor)
	require.Equal(t, "out of cheese", out.Failure.Text)
	require.Contains(t, strings.Join(out.Failure.Records, "\n"), "shrink_test.go")
}
