package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
)

func TestNoContentIsTheDefault(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "switch:\n", "A:\n"} {
		c, err := config.Parse([]byte(text))
		require.NoError(t, err, "%q", text)
		require.Equal(t, config.Default(), c, "%q", text)
	}
}

// TestDeepNesting: what nests as deep as a file can is refused, within what a test's machine has.
func TestDeepNesting(t *testing.T) {
	for _, open := range []string{"[", "{a: ", "a: [", "- ", "? "} {
		_, err := config.Parse([]byte(strings.Repeat(open, config.MaxSize/len(open))))
		require.Error(t, err, "%q", open)
		require.Less(t, len(err.Error()), 4*config.MaxSize, "%q", open)
	}
	_, err := config.Parse([]byte(strings.Repeat("[", config.MaxSize+1)))
	require.ErrorContains(t, err, "at most 16384 bytes")
}
