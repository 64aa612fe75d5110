package config

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/hasync/pairconf"
	"hotpair/internal/wire"
)

func TestClientFailoverOptions(t *testing.T) {
	c, err := Parse([]byte(`
arbitration: peer
clients: 6
sites:
  east: C1-C4
  west: C5
activation-grace: 8s
partial-loss-threshold: 50
login-backoff: 1s
login-jitter: false
users:
  C1: first
passwords:
  C2: other
licence:
  seats: 5
  features:
    - name: dispatch
      expires: 1h
B:
  activation-report-timeout: 20s
`))
	require.NoError(t, err)
	require.False(t, c.HasM())
	require.True(t, c.A.PeerArbitration && c.B.PeerArbitration)
	require.Equal(t, 8*time.Second, c.A.Failover.ActivationGrace)
	require.Equal(t, 50, c.B.Failover.PartialLossThreshold)
	require.Equal(t, 15*time.Second, c.A.Failover.ActivationReportTimeout)
	require.Equal(t, 20*time.Second, c.B.Failover.ActivationReportTimeout)
	require.Len(t, c.Sites["east"].Clients(), 4)
	require.Equal(t, []wire.ID{wire.Client(5)}, c.Sites["west"].Clients())
	require.Equal(t, "first", c.LoginOptions(wire.Client(1)).Password)
	require.Equal(t, "other", c.LoginOptions(wire.Client(2)).Password)
	require.Equal(t, pairconf.Key("C1", "first"), c.A.FirstObjects[0].Value)
	require.Equal(t, time.Hour, c.B.Licence.Grace, "the default")
	require.NoError(t, c.SetOption(wire.A, "client-loss-window", "12s"))
	require.ErrorContains(t, c.SetOption(wire.A, "client-loss-window", "1s"), "client-loss-window is at least 6s")

	// It goes to processes as JSON, and into traces without what is secret.
	data, err := json.Marshal(c)
	require.NoError(t, err)
	again := Default()
	require.NoError(t, json.Unmarshal(data, &again))
	require.Equal(t, c, again)
	public, err := json.Marshal(c.Public())
	require.NoError(t, err)
	require.NotContains(t, string(public), "first")
	require.NotContains(t, string(public), pairconf.Key("C1", "first"))
}

func TestClientFailoverOptionsOutOfRange(t *testing.T) {
	for text, want := range map[string]string{
		"arbitration: dice":                                    `arbitration is management-layer or peer, not "dice"`,
		"arbitration: peer\naddp-timeout: 0s":                  "arbitration: peer needs polling: addp-timeout is above 0",
		"arbitration: peer\naddp-timeout: 10s":                 "client-loss-window is at least 20s",
		"arbitration: peer\naddp-remote-timeout: 7s":           "client-loss-window is at least 14s",
		"arbitration: peer\nB:\n  addp-timeout: 9s":            "client-loss-window is at least 18s",
		"activation-grace: 0s":                                 "activation-grace is above 0",
		"activation-report-timeout: 2h":                        "activation-report-timeout is above 0 and at most 1h",
		"partial-loss-threshold: 101":                          "partial-loss-threshold is from 1 to 100",
		"partial-loss-min: 0":                                  "partial-loss-min is from 1 to 1000",
		"sites:\n  east: C1-C9":                                "sites: east has C9, and clients is 1",
		"sites:\n  east: A":                                    "a site is a client or a row of clients",
		"sites:\n  East: C1":                                   "sites: a name is of small letters and digits",
		"sites:\n  all: C1":                                    "no word of the scenario language",
		"users:\n  'a b': x":                                   "users: an object is",
		"licence:\n  seats: 200000":                            "licence: seats is from 0",
		"licence:\n  seats: 1\n  grace: -1s":                   "licence: grace is above 0",
		"licence:\n  seats: 1\n  features:\n    - name: 'A B'": "licence: a feature has a name of small letters",
		"login-timeout: 0s":                                    "login-timeout is above 0",
		"login-backoff-max: 1ms":                               "login-backoff-max is from login-backoff to 1h",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}
