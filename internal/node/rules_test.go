package node_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
)

// TestRulesByName: each rule and guard has one bit and one name, which is read back, alone and among others.
func TestRulesByName(t *testing.T) {
	var all node.Rules
	names := map[string]bool{}
	for _, g := range node.Guards() {
		require.False(t, all.Has(g.Is), g.Name)
		all = all.With(node.Off(g.Is))
		require.True(t, all.Has(g.Is), g.Name)
		require.False(t, names[g.Name], g.Name)
		names[g.Name] = true
		require.NotEmpty(t, g.Off, g.Name)
		require.NotEmpty(t, g.Rule, g.Name)

		is, err := node.ParseRule(g.Name)
		require.NoError(t, err)
		require.Equal(t, g.Is, is)
		require.Equal(t, g.Name, is.String())
	}
	text, err := all.MarshalText()
	require.NoError(t, err)
	var again node.Rules
	require.NoError(t, again.UnmarshalText(text))
	require.Equal(t, all, again)
	require.False(t, all.None())
	require.True(t, node.Off().None())
	_, err = node.ParseRule("X99")
	require.ErrorContains(t, err, `no rule "X99" can be switched off; X1, X2, `)
	require.Len(t, node.RuleNames(), len(node.Guards()))
}
