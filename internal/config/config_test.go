package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/hasync"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/wire"
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

// TestSetOption: an option is set for one T-Server, and what is wrong changes nothing.
func TestSetOption(t *testing.T) {
	c, err := config.Parse([]byte("ha-sync-batch: 300\nswitch: {call-refs: 500}\n"))
	require.NoError(t, err)
	c.Off(node.Off(node.X7))
	require.NoError(t, c.SetOption(wire.B, "ha-sync-method", "transfer"))
	require.NoError(t, c.SetOption(wire.B, "connect-tout", "1.5s"))
	require.Equal(t, hasync.Drain, c.A.HASyncMethod)
	want := c.A
	want.HASyncMethod, want.ConnectTout = hasync.Transfer, 1500*time.Millisecond
	require.Equal(t, want, c.B, "the rest is as it was")
	for _, bad := range []struct {
		id         wire.ID
		key, value string
		want       string
	}{
		{wire.MLayer, "connect-tout", "1s", "M has no options of its own: A and B have"},
		{wire.A, "ha-sync-metod", "drain", "option ha-sync-metod of A: "},
		{wire.A, "ha-sync-method", "magic", `ha-sync-method is drain or transfer, not "magic"`},
		{wire.A, "ha-sync-batch", "many", "option ha-sync-batch of A: "},
		{wire.A, "a: {b", "1", "an option is KEY=VALUE of small letters"},
		{wire.A, "ha-sync-batch", "300\nconnect-tout: 1s", "an option is KEY=VALUE of small letters"},
		{wire.A, "addp-remote-timeout", "1ms", "addp-remote-timeout is 0 (the other end uses its own addp-timeout), or from 100ms"},
		{wire.A, "connect-tout", "", "an option is KEY=VALUE of small letters"},
	} {
		before := c
		require.ErrorContains(t, c.SetOption(bad.id, bad.key, bad.value), bad.want)
		require.Equal(t, before, c)
	}
}

// TestPollingOptionsOfOneTServer: where it has none of its own, the pair's count.
func TestPollingOptionsOfOneTServer(t *testing.T) {
	c, err := config.Parse([]byte("addp-timeout: 10s\naddp-remote-timeout: 5s\nA:\n  addp-timeout: 0s\nB:\n  addp-remote-timeout: 2s\n"))
	require.NoError(t, err)
	polling := func(id wire.ID) []time.Duration {
		o := c.LinkOptions(id)
		return []time.Duration{o.AddpTimeout, o.AddpRemoteTimeout}
	}
	require.Equal(t, []time.Duration{0, 5 * time.Second}, polling(wire.A))
	require.Equal(t, []time.Duration{10 * time.Second, 2 * time.Second}, polling(wire.B))
	require.Equal(t, []time.Duration{10 * time.Second, 5 * time.Second}, polling(wire.MLayer))
	require.NoError(t, c.SetOption(wire.A, "addp-timeout", "4s"))
	require.Equal(t, []time.Duration{4 * time.Second, 5 * time.Second}, polling(wire.A))
	_, err = config.Parse([]byte("B:\n  addp-timeout: 2h\n"))
	require.ErrorContains(t, err, "B: addp-timeout is from 0 (off) to 1h, not 2h0m0s")
}
