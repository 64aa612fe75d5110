package scenarios

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR1(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sc := parse(t, "boot S A M\nawait A announced within=10s\nsometimes B running\n")
	res, err := Run(ctx, sc, Options{})
	require.NoError(t, err)
	require.Equal(t, CouldNotTell, res.Verdict, res.Text())
}

func TestR2(t *testing.T) {
	for _, l := range []string{
		"expect A announced for=5s", "! expect A announced within=5s", "await A announced within=1s within=2s", "await A->B FullSyncDone role=primary within=1s",
		"! expect A->B CallCreated", "expect call typo up!=true", "load erlangs=x hold=y\nexpect A announced", "call c from=1001 from=1002 to=1003\nexpect A running", "rules: R99\nexpect A announced", "expect A announced inc=", "await A->NATS Hello within=1s",
		"register C1 dn=1001\nexpect A announced", "expect A inc=1=2", "speed: NaN\nexpect A running", "expect C1-A up up", "link A down\nanswer nobody\nexpect A running", "agent 1 sleepy\nexpect A running","call c from=foo to=bar\nexpect A running", "register C1 foo\nexpect A running", "expect A->B BackupReady num=99999999999999999999",
	} {
		_, err := Parse("x.txtar", []byte(l))
		t.Logf("%-60q %v", l, err)
	}
}
