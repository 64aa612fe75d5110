package pairmodel_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/explore/pairmodel"
	"hotpair/internal/node"
	"hotpair/scenarios"
)

// TestRulesAreFor: the search finds what the rules X1, X3, X5 and X6 are for, and what guards are for, by the shortest path; and the scenario that it writes
// fails in virtual time through the same monitor.
func TestRulesAreFor(t *testing.T) {
	for _, c := range []struct {
		without node.Rule
		config  string
		monitor string
		replays bool
	}{
		{node.X1, "watermark", "S2", true},
		{node.X3, "links", "S5", true},
		{node.X5, "quick", "L1", true},
		{node.X6, "quick", "S1", true},
		{node.TagAtBackupReady, "quick", "S2", false},
		{node.R11AtOnce, "two-failures", "S4", false},
		{node.NameUnnamed, "quick", "S3", false},
	} {
		t.Run(c.without.String(), func(t *testing.T) {
			t.Parallel()
			config, err := pairmodel.Named(c.config)
			require.NoError(t, err)
			f := pairmodel.Hunt(context.Background(), config, node.Off(c.without), pairmodel.Bounds{States: 400_000})
			require.Empty(t, f.Panic)
			require.Equal(t, c.monitor, f.Monitor, "%s: %s, %d states", f.Text, f.Path, f.Distinct)
			sc, err := scenarios.Parse("found.txtar", []byte(f.Scenario))
			require.NoError(t, err, f.Scenario)
			res, err := scenarios.Run(context.Background(), sc, scenarios.Options{Without: node.Off(c.without)})
			require.NoError(t, err)
			same := strings.Contains(res.Reason, c.monitor+":")
			for _, v := range res.Violations {
				same = same || v.Monitor == c.monitor
			}
			if c.replays {
				require.True(t, same, "%s\n%s", res.Reason, f.Scenario)
			}
			t.Log(f.Distinct, f.Depth, same)
		})
	}
}

// TestUnknownConfiguration: the error says which there are.
func TestUnknownConfiguration(t *testing.T) {
	_, err := pairmodel.Named("nothing")
	require.ErrorContains(t, err, `there is no configuration "nothing"; there are quick, `)
	for _, c := range pairmodel.Configs() {
		_, err := pairmodel.Named(c.Name)
		require.NoError(t, err)
		require.NotEmpty(t, c.String())
	}
}
