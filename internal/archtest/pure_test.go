package archtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNodesArePure: the contract's "no goroutine, clock, I/O, lock, global, select or map-iteration order in a node".
func TestNodesArePure(t *testing.T) {
	c := NewChecker()
	for _, dir := range []string{
		"callmodel", "hasync", "hasync/mlayer", "switchsim", "tserver", "tserver/client", "internal/node", "internal/wire", "internal/canon", "internal/link",
	} {
		t.Run(dir, func(t *testing.T) {
			found, err := c.Impurities(filepath.Join("..", "..", dir))
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
}

// TestImpuritiesAreFound: each "want" of the bad package is found, and nothing else.
func TestImpuritiesAreFound(t *testing.T) {
	found, err := NewChecker().Impurities("testdata/bad")
	require.NoError(t, err)
	data, err := os.ReadFile("testdata/bad/bad.go")
	require.NoError(t, err)
	for i, l := range strings.Split(string(data), "\n") {
		want := strings.Count(l, "want")
		if strings.HasPrefix(l, "//") {
			want = 0
		}
		got := 0
		for _, f := range found {
			if strings.Contains(f, "bad.go:"+strconv.Itoa(i+1)+":") {
				got++
			}
		}
		require.Equal(t, want, got, "line %d: %s\n%s", i+1, l, strings.Join(found, "\n"))
	}
}
