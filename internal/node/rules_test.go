package node_test

import (
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
)

// TestRulesByName: each rule and guard has one bit and one name, which is read back, alone and among others.
func TestRulesByName(t *testing.T) {
	var all node.Rules
	names := map[string]bool{}
	for _, g := range node.Guards() {
		require.Equal(t, 1, bits.OnesCount64(uint64(g.Set)), g.Name)
		require.Zero(t, all&g.Set, g.Name)
		all |= g.Set
		require.False(t, names[g.Name], g.Name)
		names[g.Name] = true
		require.NotEmpty(t, g.Off, g.Name)
		require.NotEmpty(t, g.Rule, g.Name)

		set, err := node.ParseRule(g.Name)
		require.NoError(t, err)
		require.Equal(t, g.Set, set)
		require.Equal(t, g.Name, g.Set.String())
	}
	text, err := all.MarshalText()
	require.NoError(t, err)
	var again node.Rules
	require.NoError(t, again.UnmarshalText(text))
	require.Equal(t, all, again)
	_, err = node.ParseRule("X99")
	require.ErrorContains(t, err, `no rule "X99" can be switched off; X1, X2, `)
	require.Len(t, node.RuleNames(), len(node.Guards()))
}
