package monitor_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// ended is a synchronized pair after which something happens, and then everything is healed.
func ended(then func(t *tape)) func() *tape {
	return func() *tape {
		t := synchronizedPair()
		t.world(wire.World, "converge")
		then(t)
		return t
	}
}

func TestL1PairConverges(t *testing.T) {
	noPrimary := wrong{"L1", "at the end no primary is in service: A is"}
	noBackup := wrong{"L1", "at the end primary A has no backup that is available and synchronized: B is"}
	check(t, []tapeCase{
		{"one primary and a synchronized backup", ended(func(*tape) {}), wrong{}},
		{"the other way round", ended(func(t *tape) {
			t.role(a, wire.Backup, 2)
			t.role(b, wire.Primary, 2)
			t.sync(a, "done")
		}), wrong{}},
		{"not healed: nothing is demanded", func() *tape {
			t := synchronizedPair()
			t.kill(b)
			return t
		}, wrong{}},
		{"no primary", ended(func(t *tape) { t.role(a, wire.Backup, 1) }), noPrimary},
		{"the primary's CTI link is down", ended(func(t *tape) { t.cti(a, callmodel.CTIDown) }), noPrimary},
		{"the primary has not announced", ended(func(t *tape) { t.note(a, node.Note{Kind: node.NoteWithdrawn}) }), noPrimary},
		{"the primary does not run", ended(func(t *tape) { t.kill(a) }), wrong{"L1", "no primary is in service: A does not run"}},
		{
			"two primaries", ended(func(t *tape) { t.role(b, wire.Primary, 2) }),
			wrong{"L1", "at the end primary B has no backup that is available and synchronized: A is primary of epoch 1"},
		},
		{"the backup is of another epoch", ended(func(t *tape) { t.role(b, wire.Backup, 2) }), noBackup},
		{"the backup's CTI link is down", ended(func(t *tape) { t.cti(b, callmodel.CTIDown) }), noBackup},
		{"the backup has not announced", ended(func(t *tape) { t.note(b, node.Note{Kind: node.NoteWithdrawn}) }), noBackup},
		{"the backup is not synchronized", ended(func(t *tape) { t.sync(b, "awaiting") }), noBackup},
		{"the backup does not run", ended(func(t *tape) { t.kill(b) }), wrong{"L1", "has no backup that is available and synchronized: B does not run"}},
	})
}

func TestL3EveryAlarmIsCleared(t *testing.T) {
	alarm := func(t *tape, id wire.ID, a node.Alarm, raised bool, peer wire.ID) {
		t.note(id, node.AlarmNote(a, raised, peer, "why"))
	}
	check(t, []tapeCase{
		{"raised and cleared", ended(func(t *tape) {
			alarm(t, ml, node.NoBrain, true, wire.None)
			alarm(t, ml, node.NoBrain, false, wire.None)
		}), wrong{}},
		{"raised", ended(func(t *tape) { alarm(t, ml, node.NoBrain, true, wire.None) }), wrong{"L3", "at the end an alarm is not cleared: M no-brain"}},
		{"another one cleared", ended(func(t *tape) {
			alarm(t, ml, node.NoBrain, true, wire.None)
			alarm(t, ml, node.SplitBrain, false, wire.None)
		}), wrong{"L3", "M no-brain"}},
		{"that of another peer cleared", ended(func(t *tape) {
			alarm(t, ml, node.StartedTwice, true, a)
			alarm(t, ml, node.StartedTwice, false, b)
		}), wrong{"L3", "M started-twice of A"}},
		{"cleared by another node", ended(func(t *tape) {
			alarm(t, a, node.OptionsDiffer, true, b)
			alarm(t, b, node.OptionsDiffer, false, b)
		}), wrong{"L3", "A options-differ of B"}},
		{"gone with its node", ended(func(t *tape) {
			alarm(t, ml, node.NoBrain, true, wire.None)
			t.kill(ml)
			t.start(ml)
		}), wrong{}},
		{"not healed: nothing is demanded", func() *tape {
			t := synchronizedPair()
			alarm(t, ml, node.NoBrain, true, wire.None)
			return t
		}, wrong{}},
	})
}

// R13: with ha-sync-dly-lnk-conn false at one T-Server, that one announces as soon as it has read the switch, and the other one must not.
func TestS4WithoutDelayR13(t *testing.T) {
	early := asked(10)
	early.announce(b, "R13")
	for _, delayed := range []string{"A", "B"} {
		c := config.Default()
		c.A.HASyncDlyLnkConn, c.B.HASyncDlyLnkConn = delayed == "A", delayed == "B"
		violations := judge(early.list, c)
		if delayed == "A" {
			require.Empty(t, violations)
			continue
		}
		require.Len(t, violations, 1)
		require.Equal(t, "S4", violations[0].Monitor)
	}
}

// R11: connect-tout is the T-Server's own.
func TestS4ConnectToutIsConfigured(t *testing.T) {
	tape := alone()
	tape.at += 4e9
	tape.announce(b, "R11")
	c := config.Default()
	require.Empty(t, judge(tape.list, c))
	c.B.ConnectTout = 10e9
	require.Len(t, judge(tape.list, c), 1)

	// Set while it does not run, an option counts from the next start on.
	option := []trace.Record{{Kind: trace.Applied, Node: b, Text: "option connect-tout=10s"}}
	require.Len(t, judge(slices.Concat(option, tape.list), config.Default()), 1)
	last := len(tape.list) - 1
	require.Empty(t, judge(slices.Concat(tape.list[:last], option, tape.list[last:]), config.Default()))
}

func TestViolationShowsItsRecords(t *testing.T) {
	tape := synchronizedPair()
	tape.role(b, wire.Primary, 1)
	violations := judge(tape.list, config.Default())
	require.Len(t, violations, 1)
	require.Len(t, violations[0].Records, 2, "both primaries")
	require.Equal(t, "S1: epoch 1 has two primaries: A (incarnation 1) and B (incarnation 1)\n"+
		"              0s A#1 noted {\"kind\":\"role\",\"n\":1,\"text\":\"primary\"}\n"+
		"              1s B#1 noted {\"kind\":\"role\",\"n\":1,\"text\":\"primary\"}", violations[0].String())
}
