package monitor_test

import (
	"testing"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// asked is a pair in which B has sent Backup Ready 1 with this watermark; call 1 is tagged.
func asked(watermark uint64) *tape {
	t := backupB()
	t.asks(1, watermark)
	return t
}

func TestS2FullSyncDoneR5R6(t *testing.T) {
	tagged := wrong{"S2", "A sends Full Sync Done (synchronized) while 1 tagged calls are neither released nor acknowledged, the first being 1@5"}
	check(t, []tapeCase{
		{"every tagged call is released", func() *tape {
			t := asked(10)
			t.releases(call1, 11)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{}},
		{"a call is neither released nor acknowledged", func() *tape {
			t := asked(10)
			t.answers(1, wire.Synchronized)
			return t
		}, tagged},
		{"R7 and R8: start-up and link-down are answers", func() *tape {
			t := asked(10)
			t.answers(1, wire.StartUp)
			t.asks(2, 10)
			t.answers(2, wire.LinkDown)
			return t
		}, wrong{}},
		{"after an answer nothing is outstanding", func() *tape {
			t := asked(10)
			t.answers(1, wire.StartUp)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "A answers Backup Ready 1, which is not outstanding"}},
		{"R7: asked before the switch was read", func() *tape {
			t := backupB()
			t.cti(a, callmodel.CTISynchronizing)
			t.asks(1, 10)
			t.gone(a, call1)
			t.cti(a, callmodel.CTISynchronized)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "not outstanding"}},
		{"asked when it was no primary", func() *tape {
			t := backupB()
			t.role(a, wire.Backup, 1)
			t.asks(1, 10)
			t.gone(a, call1)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "not outstanding"}},
		{"never asked", func() *tape {
			t := backupB()
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "A answers Backup Ready 1, which is not outstanding"}},
		{"another Backup Ready", func() *tape {
			t := asked(10)
			t.releases(call1, 11)
			t.answers(2, wire.Synchronized)
			return t
		}, wrong{"S2", "A answers Backup Ready 2, which is not outstanding"}},
		{"X4: asked before the CTI link was lost", func() *tape {
			t := asked(10)
			t.cti(a, callmodel.CTIDown)
			t.reads(a, 10)
			t.cti(a, callmodel.CTISynchronized)
			t.gone(a, call1)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "not outstanding"}},
		{"R10: asked in the HA session before", func() *tape {
			t := asked(10)
			t.down(a, b, node.CauseTimeout)
			t.down(b, a, node.CauseTimeout)
			t.up(a, b)
			t.gone(a, call1)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "not outstanding"}},
		{"a call created afterwards is not tagged", func() *tape {
			t := asked(11)
			t.releases(call1, 11)
			t.receive(t.newCall())
			t.named(b, call2, aName2, "adopted")
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{}},
	})
}

func TestS2WatermarkX1(t *testing.T) {
	check(t, []tapeCase{
		{"the primary has not come to the watermark", func() *tape {
			t := asked(12)
			t.releases(call1, 11)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "having processed the switch's events up to 11 only; the watermark is 12"}},
		{"it has, and the call from before it is tagged", func() *tape {
			t := asked(12)
			t.releases(call1, 11)
			t.receive(t.newCall())
			t.named(b, call2, aName2, "adopted")
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{"S2", "while 1 tagged calls are neither released nor acknowledged, the first being 2@12"}},
		{"it has, and the call from before it is acknowledged", func() *tape {
			t := asked(12)
			t.releases(call1, 11)
			t.receive(t.newCall())
			t.named(b, call2, aName2, "adopted")
			t.acks(b, 1, call2, aName2)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{}},
	})
}

func TestS2AcknowledgedConnIDsR12(t *testing.T) {
	tagged := wrong{"S2", "1 tagged calls are neither released nor acknowledged"}
	told := func() *tape { // A has told B the ConnID of call 1 before B asks
		t := backupB()
		t.receive(t.names(a, 1, call1, aName1))
		t.named(b, call1, aName1, "adopted")
		return t
	}
	flap := func(t *tape) {
		t.down(a, b, node.CauseTimeout)
		t.down(b, a, node.CauseTimeout)
		t.up(a, b)
		t.tells(a, wire.Primary, 1)
		t.tells(b, wire.Backup, 1)
	}
	finish := func(t *tape) *tape {
		t.asks(1, 10)
		t.answers(1, wire.Synchronized)
		return t
	}
	check(t, []tapeCase{
		{"a registration of a later epoch is acknowledged, which says nothing of a ConnID of an earlier one (X6)", func() *tape {
			t := backupB()
			t.receive(t.names(a, 1, call1, aName1)) // B ignores it
			t.pass(b, a, wire.Message{Kind: wire.CallNamed, Epoch: 2, Num: 1, Call: call1, ConnID: bName1})
			t.named(a, call1, bName1, "adopted")
			t.pass(a, b, wire.Message{Kind: wire.RegistrationTold, Epoch: 3, Num: 2, Client: c1, Inc: 1, ThisDN: "*", Mode: callmodel.RegShare})
			t.acks(b, 2, callmodel.CallID{}, 0)
			t.asks(1, 10)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{}},
		{"acknowledged before", func() *tape {
			t := told()
			t.acks(b, 1, call1, aName1)
			return finish(t)
		}, wrong{}},
		{"not acknowledged yet", func() *tape { return finish(told()) }, tagged},
		{"X2: acknowledged while it is tagged", func() *tape {
			t := asked(10)
			t.receive(t.names(a, 1, call1, aName1))
			t.named(b, call1, aName1, "adopted")
			t.acks(b, 1, call1, aName1)
			t.answers(1, wire.Synchronized)
			return t
		}, wrong{}},
		{"acknowledgements are cumulative", func() *tape {
			t := told()
			t.receive(t.names(a, 2, call2, aName2))
			t.acks(b, 2, call2, aName2)
			return finish(t)
		}, wrong{}},
		{"one that came earlier acknowledges less", func() *tape {
			t := backupB()
			t.receive(t.names(a, 1, call2, aName2))
			t.receive(t.names(a, 2, call1, aName1))
			t.named(b, call1, aName1, "adopted")
			t.acks(b, 1, call2, aName2)
			return finish(t)
		}, tagged},
		{"X5: acknowledged in the HA session before", func() *tape {
			t := told()
			t.acks(b, 1, call1, aName1)
			flap(t)
			return finish(t)
		}, wrong{}},
		{"X5: lost with the HA session", func() *tape {
			t := told()
			flap(t)
			return finish(t)
		}, tagged},
		{"a fresh backup has acknowledged none", func() *tape {
			t := told()
			t.acks(b, 1, call1, aName1)
			t.kill(b)
			t.down(a, b, node.CauseGone)
			t.start(b)
			t.role(b, wire.Backup, 1)
			t.reads(b, 10)
			t.named(b, call1, callmodel.NewConnID(1, 2, 1), "invented")
			t.cti(b, callmodel.CTISynchronized)
			t.up(a, b)
			return finish(t)
		}, tagged},
		{"acknowledged under another ConnID", func() *tape {
			t := backupB()
			t.receive(t.names(a, 1, call1, aName2))
			t.acks(b, 1, call1, aName2)
			return finish(t)
		}, tagged},
		{"told by the backup itself, when it was primary", func() *tape {
			t := backupB()
			t.gone(a, call1)
			t.held(a, call1)
			t.receive(t.names(b, 1, call1, bName1))
			t.named(a, call1, bName1, "adopted")
			return finish(t)
		}, wrong{}},
	})
}

func TestS3SameConnIDs(t *testing.T) {
	differs := wrong{"S3", "call 2@12 is 0000010000000002 at A and 0000000000000000 at B, and nothing is in flight that would mend it"}
	check(t, []tapeCase{
		{"what is sent arrives and is adopted", func() *tape {
			t := synchronizedPair()
			sent := t.newCall()
			t.busy()
			t.receive(sent)
			t.named(b, call2, aName2, "adopted")
			t.acks(b, 1, call2, aName2)
			t.busy()
			return t
		}, wrong{}},
		{"in flight, even to the end", func() *tape {
			t := synchronizedPair()
			t.newCall()
			t.busy()
			return t
		}, wrong{}},
		{"arrived and not adopted", func() *tape {
			t := synchronizedPair()
			t.receive(t.newCall())
			t.busy()
			return t
		}, differs},
		{"another one adopted", func() *tape {
			t := synchronizedPair()
			t.receive(t.newCall())
			t.named(b, call2, callmodel.NewConnID(0, 1, 99), "adopted")
			t.busy()
			return t
		}, wrong{"S3", "call 2@12 is 0000010000000002 at A and 0000010000000063 at B"}},
		{"never sent", func() *tape {
			t := synchronizedPair()
			t.held(b, call2)
			t.named(a, call2, aName2, "invented")
			return t
		}, differs},
		{"named by neither", func() *tape {
			t := synchronizedPair()
			t.held(b, call2)
			t.held(a, call2)
			t.busy()
			return t
		}, wrong{"S3", "call 2@12 is 0000000000000000 at A and 0000000000000000 at B"}},
		{"the backup does not know of the new epoch yet", func() *tape {
			t := synchronizedPair()
			t.role(a, wire.Primary, 2)
			t.held(b, call2)
			t.named(a, call2, aName2, "invented")
			t.busy()
			return t
		}, wrong{}},
		{"held at one only", func() *tape {
			t := synchronizedPair()
			t.named(a, call2, aName2, "invented")
			t.busy()
			return t
		}, wrong{}},
		{"gone at one", func() *tape {
			t := synchronizedPair()
			t.receive(t.newCall())
			t.gone(b, call2)
			t.busy()
			return t
		}, wrong{}},
		{"a step is not over between its records", func() *tape {
			t := synchronizedPair()
			t.pass(sw, b, wire.Message{Kind: wire.CallCreated, Call: call2, Seq: 12})
			t.held(b, call2)
			t.pass(sw, a, wire.Message{Kind: wire.CallCreated, Call: call2, Seq: 12})
			t.named(a, call2, aName2, "invented")
			for range 3 { // a receive and more at B, between two records of a step of A
				t.pass(ml, b, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: a, Inc: 1})
			}
			t.receive(t.names(a, 1, call2, aName2))
			t.named(b, call2, aName2, "adopted")
			t.busy()
			return t
		}, wrong{}},
		{"not synchronized", func() *tape {
			t := backupB() // call 1 has two names
			t.busy()
			return t
		}, wrong{}},
		{"the names of before it is synchronized", func() *tape {
			t := backupB()
			t.sync(b, "done")
			t.busy()
			return t
		}, wrong{"S3", "call 1@5 is 0000010000000001 at A and 4000010000000001 at B"}},
	})
}

func TestS3SessionsEnd(t *testing.T) {
	flap := func(t *tape) {
		t.down(b, a, node.CauseTimeout)
		t.down(a, b, node.CauseTimeout)
		t.up(a, b)
		t.busy()
	}
	check(t, []tapeCase{
		{"X5: lost with the session, and not synchronized again", func() *tape {
			t := synchronizedPair()
			t.newCall()
			t.sync(b, "idle")
			flap(t)
			return t
		}, wrong{}},
		{"X5: lost with the session, and taken for synchronized", func() *tape {
			t := synchronizedPair()
			t.newCall()
			flap(t)
			return t
		}, wrong{"S3", "call 2@12"}},
		{"the other end is still in the session before", func() *tape {
			t := synchronizedPair()
			t.newCall()
			t.down(a, b, node.CauseTimeout)
			t.upAt(a, b)
			t.busy()
			return t
		}, wrong{}},
		{"X5: sent when the other end was down already", func() *tape {
			t := synchronizedPair()
			t.down(b, a, node.CauseTimeout)
			t.newCall()
			t.down(a, b, node.CauseTimeout)
			t.up(a, b)
			t.busy()
			return t
		}, wrong{"S3", "call 2@12"}},
		{"what an earlier incarnation of the backup held", func() *tape {
			t := backupB()
			t.kill(b)
			t.down(a, b, node.CauseGone)
			t.start(b)
			t.role(b, wire.Backup, 1)
			t.reads(b, 11) // it is told that call 1 is gone; A will be
			t.cti(b, callmodel.CTISynchronized)
			t.up(a, b)
			t.sync(b, "done")
			t.busy()
			return t
		}, wrong{}},
		{"both name it: the one that was primary, and its successor", func() *tape {
			t := synchronizedPair()
			for range 20 { // the numbers of A's records are not comparable with B's
				t.note(a, node.Note{Kind: node.NoteReady, N: 1})
			}
			first := t.newCall()
			bName := callmodel.NewConnID(1, 1, 2)
			t.role(b, wire.Primary, 2)
			t.named(b, call2, bName, "invented")
			second := t.names(b, 1, call2, bName)
			t.receive(first) // ignored; what B sent is still under way
			t.role(a, wire.Backup, 2)
			t.sync(a, "done")
			t.busy()
			t.receive(second)
			t.named(a, call2, bName, "adopted")
			t.busy()
			return t
		}, wrong{}},
	})
}

// alone is a backup that has read the switch at 2 s and never had an HA link.
func alone() *tape {
	t := primaryA()
	t.at = time.Second
	t.start(b)
	t.up(ml, b)
	t.role(b, wire.Backup, 1)
	t.at = 2 * time.Second
	t.reads(b, 10)
	t.cti(b, callmodel.CTISynchronized)
	return t
}

func TestS4BackupAnnounces(t *testing.T) {
	tooEarly := wrong{"S4", "B announces EventLinkConnected as a backup, without Full Sync Done (R9)"}
	announces := func(t *tape) *tape {
		t.announce(b, "R9")
		return t
	}
	check(t, []tapeCase{
		{"R9: Full Sync Done", func() *tape {
			t := asked(10)
			t.answers(1, wire.StartUp)
			return announces(t)
		}, wrong{}},
		{"nothing received", func() *tape { return announces(asked(10)) }, tooEarly},
		{"R9: Full Sync Done of another Backup Ready", func() *tape {
			t := asked(10)
			t.answers(1, wire.StartUp)
			t.asks(2, 10)
			t.answers(1, wire.StartUp)
			return announces(t)
		}, tooEarly},
		{"R9: Full Sync Done of another epoch", func() *tape {
			t := asked(10)
			t.answers(1, wire.StartUp)
			t.role(b, wire.Backup, 2)
			return announces(t)
		}, tooEarly},
		{"R11: the primary fails", func() *tape {
			t := asked(10)
			t.down(b, a, node.CauseGone)
			return announces(t)
		}, wrong{}},
		{"R11: M says so", func() *tape {
			t := asked(10)
			t.pass(ml, b, wire.Message{Kind: wire.PeerFailed, Epoch: 1, Node: a, Inc: 1})
			return announces(t)
		}, wrong{}},
		{"R11: its own carrier is down", func() *tape {
			t := asked(10)
			t.down(b, a, node.CauseOwnCarrier)
			return announces(t)
		}, tooEarly},
		{"R11: it was not waiting", func() *tape {
			t := backupB()
			t.down(b, a, node.CauseGone)
			return announces(t)
		}, tooEarly},
		{"R3: the switch is not read", func() *tape {
			t := backupB()
			t.cti(b, callmodel.CTISynchronizing)
			return announces(t)
		}, wrong{"S4", "B announces EventLinkConnected without having read the switch (R3)"}},
		{"R3: a primary", func() *tape {
			t := asked(10)
			t.role(b, wire.Primary, 2)
			return announces(t)
		}, wrong{}},
		{"sent, not announced", func() *tape {
			t := asked(10)
			t.pass(b, ml, wire.Message{Kind: wire.EventLinkConnected, Epoch: 1})
			return t
		}, wrong{"S4", "B sends EventLinkConnected without having announced it"}},
		{"withdrawn, and sent", func() *tape {
			t := synchronizedPair()
			t.note(b, node.Note{Kind: node.NoteWithdrawn})
			t.pass(b, ml, wire.Message{Kind: wire.EventLinkConnected, Epoch: 1})
			return t
		}, wrong{"S4", "B sends EventLinkConnected without having announced it"}},
	})
}

func TestS4BackupAloneR11(t *testing.T) {
	tooEarly := wrong{"S4", "without having lost its primary (R11)"}
	after := func(t *tape, d time.Duration) *tape {
		t.at += d
		t.announce(b, "R11")
		return t
	}
	check(t, []tapeCase{
		{"no link for connect-tout since it started", func() *tape { return after(alone(), time.Second) }, wrong{}},
		{"not that long yet", func() *tape { return after(alone(), 900*time.Millisecond) }, tooEarly},
		{"lost while it was not waiting, connect-tout ago", func() *tape {
			t := backupB()
			t.at = 10 * time.Second
			t.down(b, a, node.CauseGone)
			return after(t, 2*time.Second)
		}, wrong{}},
		{"lost, and not that long ago", func() *tape {
			t := backupB()
			t.at = 10 * time.Second
			t.down(b, a, node.CauseGone)
			return after(t, time.Second)
		}, tooEarly},
		{"its primary is there", func() *tape { return after(asked(10), time.Hour) }, tooEarly},
		{"its peer is no primary", func() *tape {
			t := backupB()
			t.role(a, wire.Backup, 1)
			t.tells(a, wire.Backup, 1)
			return after(t, 2*time.Second)
		}, wrong{}},
		{"its peer is primary of an epoch that is over", func() *tape {
			t := backupB()
			t.role(b, wire.Backup, 2)
			return after(t, 2*time.Second)
		}, wrong{}},
		{"a new epoch begins the waiting anew", func() *tape {
			t := backupB()
			t.at = 10 * time.Second
			t.role(b, wire.Backup, 2)
			return after(t, time.Second)
		}, tooEarly},
		{"the peer became primary of the new epoch", func() *tape {
			t := backupB()
			t.role(b, wire.Backup, 2)
			t.role(a, wire.Primary, 2)
			t.tells(a, wire.Primary, 2)
			return after(t, time.Hour)
		}, tooEarly},
		{"its own carrier is down", func() *tape {
			t := alone()
			t.note(b, node.Note{Kind: node.NoteReady})
			t.carrier(b, false)
			return after(t, time.Hour)
		}, tooEarly},
		{"its own carrier is back, not that long ago", func() *tape {
			t := alone()
			t.carrier(b, false)
			t.at += time.Hour
			t.carrier(b, true)
			return after(t, time.Second)
		}, tooEarly},
	})
}
