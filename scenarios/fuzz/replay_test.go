package fuzz_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/scenarios"
	"hotpair/scenarios/fuzz"
)

// TestACutAndACrashReplayedAsProcesses: without X7, a ConnID that a client has seen is lost if the HA link is cut, and the primary dies before that is
// noticed. It takes both. The fuzzer finds it, shrinks it, and the file that it writes fails in virtual time and as real processes, and holds with X7.
func TestACutAndACrashReplayedAsProcesses(t *testing.T) {
	c := fuzz.Campaign{First: 1, Last: 1000, Jobs: 2, Without: node.Off(node.X7), Profile: fuzz.Profile{
		Kinds: []fuzz.Kind{fuzz.Cut, fuzz.OneWay, fuzz.Crash}, Length: 2 * time.Minute, Gap: 3 * time.Second, Episode: 5 * time.Second,
		Settings: []fuzz.Setting{
			{Key: "clients", Value: "1"},
			{Key: "ha-publish", Value: "replicated"},
			{Key: "ha-sync-method", Value: "transfer"},
			{Key: "B/ha-sync-method", Value: "transfer"},
			{Key: "addp-timeout", Value: "9s"},
			{Key: "A/addp-timeout", Value: "9s"},
			{Key: "B/addp-remote-timeout", Value: "9s"},
			{Key: "autorestart", Value: "false"},
			{Key: "disconnect-notices", Value: "true"},
			{Key: "disconnect-switchover-timeout", Value: "0s"},
			{Key: "switch/sync-time", Value: "100ms"},
		},
	}}
	sum, err := c.Run(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, sum.Found)
	p, f := fuzz.Shrink(t.Context(), sum.Found[0].Program, sum.Found[0].Failure, fuzz.RunOptions{Without: c.Without})
	require.Equal(t, "S5", f.Monitor)
	require.Empty(t, p.Setting("addp-timeout"))
	// A busy machine might notice the cut before the crash.
	p.Settings = append(p.Settings, fuzz.Setting{Key: "addp-timeout", Value: "1m"})
	text := p.Text()
	require.Contains(t, text, "\ncut ")
	require.Contains(t, text, "\nkill ")
	require.LessOrEqual(t, len(p.Events), 12, text)

	sc, err := scenarios.Parse("cut-and-crash.txtar", []byte(text))
	require.NoError(t, err)
	for _, world := range []string{scenarios.Sim, scenarios.Processes} {
		res, err := scenarios.Run(t.Context(), sc, scenarios.Options{World: world, Without: c.Without})
		require.NoError(t, err)
		require.Equal(t, scenarios.Failed, res.Verdict, "%s\n%s", res.Text(), text)
		require.Equal(t, "S5", res.Violations[0].Monitor, "%s", world)
	}
	res, err := scenarios.Run(t.Context(), sc, scenarios.Options{})
	require.NoError(t, err)
	require.Equal(t, scenarios.Held, res.Verdict, "%s\n%s", res.Text(), text)
	t.Log(text)
}
