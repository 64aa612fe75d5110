package pairmodel

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
)

// TestRulesAreFor: the search finds what the rules X1, X3, X5 and X6 are for.
func TestRulesAreFor(t *testing.T) {
	for _, c := range []struct {
		without node.Rules
		config  string
		monitor string
	}{
		{node.X1, "watermark", "S2"},
		{node.X3, "links", "S5"},
		{node.X5, "quick", "L1"},
		{node.X6, "quick", "S1"},
	} {
		t.Run(c.without.String(), func(t *testing.T) {
			config, err := Named(c.config)
			require.NoError(t, err)
			f := Hunt(context.Background(), config, c.without, Bounds{States: 500_000})
			require.Empty(t, f.Panic)
			require.Equal(t, c.monitor, f.Monitor, "%+v", f)
			require.NotEmpty(t, f.Path)
			require.NotEmpty(t, f.Scenario)
		})
	}
}
