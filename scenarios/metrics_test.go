package scenarios

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestX10ForecastOfARun: what is forecast when half of some 500 calls have ended is near to what comes, and the result tells both.
func TestX10ForecastOfARun(t *testing.T) {
	sc, err := Load("virtual/five-hundred-calls.txtar")
	require.NoError(t, err)
	res, err := Run(context.Background(), sc, Options{World: Sim})
	require.NoError(t, err)
	require.Equal(t, Held, res.Verdict, res.Reason)
	require.Len(t, res.Metrics.Synchronizations, 1)
	s := res.Metrics.Synchronizations[0]
	require.Greater(t, s.Tagged, uint64(400))
	require.Equal(t, res.Metrics.TimeToRedundancy, s.Took)
	require.Greater(t, s.Took, s.Remained)
	require.InDelta(t, 1, s.Forecast.Seconds()/s.Remained.Seconds(), 0.5, "forecast %s, remained %s", s.Forecast, s.Remained)
}

// TestTrafficOfARun: the verdict tells what the loads offered, carried and blocked, how many calls were up, and how many ConnIDs were at risk while the
// backup synchronized.
func TestTrafficOfARun(t *testing.T) {
	sc, err := Parse("traffic.txtar", []byte(`# Two loads.
rules: R6
boot S A M
await A announced within=10s
load erlangs=1 hold=const:100s ring=0s inbound=1 group=one
load name=out erlangs=2 hold=exp:50s inbound=0 seed=2
wait 50h
load stop name=out
wait 1h
await S calls=0 within=1h
await S calls>0 within=1h
boot B
await B sync=done within=1h
wait 10h
-- config.yaml --
switch: {trunks: 3, trunk-groups: [{name: one, trunks: 1}]}
`))
	require.NoError(t, err)
	res, err := Run(context.Background(), sc, Options{World: Sim})
	require.NoError(t, err)
	require.Equal(t, Held, res.Verdict, res.Text())
	m := res.Metrics
	require.Len(t, m.Loads, 2)
	one, out := &m.Loads[0], &m.Loads[1]
	require.Equal(t, m.Calls, one.Carried+out.Carried)
	require.Equal(t, m.Blocked, one.Blocked+out.Blocked)
	require.InDelta(t, 0.5, one.Blocking(), 0.03, "Erlang B")
	require.InDelta(t, 0.5, one.InProgress, 0.03, "carried load")
	require.Equal(t, uint64(1), one.Peak)
	require.Zero(t, out.Blocked)
	require.InDelta(t, 2, out.InProgress, 0.2, "while it went on, and not over the whole run")
	require.InDelta(t, 50*3600*2/55, out.Carried, 4*82)
	require.Equal(t, uint64(1), m.AtRisk, "the call that B found, and named by itself")
	require.InDelta(t, m.TimeToRedundancy.Seconds(), m.AtRiskTime.Seconds(), 0.1)
	require.Contains(t, res.Text(), "load out: ")
	require.Contains(t, res.Text(), "ConnIDs at risk: 1 at most")
}

func TestLoadIsRead(t *testing.T) {
	for line, want := range map[string]string{
		"load hold=exp:1s":                             "erlangs and hold are wanted; calls-per-hour",
		"load stop erlangs=1":                          "load stop takes name=NAME, not erlangs",
		"load erlangs=1 hold=exp:1s curve=1,2 day=1ns": "a slot lasts at least 1ms",
		"load erlangs=1 hold=exp:1s group=x":           "no trunk group",
		"load erlangs=1 hold=exp:1s grup=x":            `did you mean "group"`,
	} {
		_, err := Parse("x.txtar", []byte("# A load.\nrules: R1\nboot S\n"+line+"\nexpect S running\n"))
		require.ErrorContains(t, err, want, line)
	}
}
