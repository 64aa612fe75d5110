package config_test

import (
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
