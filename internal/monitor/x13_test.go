package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// makes: the client makes a request at a T-Server.
func (t *tape) makes(at wire.ID, kind wire.Kind, refID, num uint64) {
	t.pass(c1, at, wire.Message{Kind: kind, Epoch: 1, RefID: refID, Num: num, ThisDN: "1001"})
}

// passesOn: a T-Server passes a request on.
func (t *tape) passesOn(from wire.ID, epoch, refID uint64, of wire.Kind, num uint64) {
	t.pass(from, sw, wire.Message{Kind: wire.SwitchRequest, Epoch: epoch, Of: of, Client: c1, RefID: refID, Num: num, ThisDN: "1001"})
}

// does: the switch tells a T-Server of what a request has done; without by it does not say whose doing it is.
func (t *tape) does(to wire.ID, seq, by uint64) {
	m := wire.Message{Kind: wire.DNChanged, Seq: seq, ThisDN: "1001", Of: wire.EventDNDOn}
	if by != 0 {
		m.Client, m.RefID = c1, by
	}
	t.pass(sw, to, m)
}

// says: the switch answers.
func (t *tape) says(to wire.ID, refID uint64, code callmodel.ErrorCode) {
	t.pass(sw, to, wire.Message{Kind: wire.SwitchAnswer, Client: c1, RefID: refID, Of: wire.RequestSetDNDOn, Code: code})
}

// acknowledges: a T-Server answers the client.
func (t *tape) acknowledges(from wire.ID, refID uint64) {
	t.pass(from, c1, wire.Message{Kind: wire.EventACK, Epoch: 1, RefID: refID})
}

func (t *tape) outcome(refID, again uint64, text string) {
	t.note(c1, node.Note{Kind: node.NoteAnswered, N: refID, M: again, Text: text})
}

// dnd: C1 asks A, the primary, for do-not-disturb, as request 7, and A passes that on.
func dnd() *tape {
	t := synchronizedPair()
	t.up(a, c1)
	t.up(b, c1)
	t.makes(a, wire.RequestSetDNDOn, 7, 0)
	t.passesOn(a, 1, 7, wire.RequestSetDNDOn, 0)
	return t
}

// dndDone: it is done, and the client knows.
func dndDone() *tape {
	t := dnd()
	t.does(a, 12, 7)
	t.does(b, 12, 7)
	t.says(a, 7, 0)
	t.acknowledges(a, 7)
	t.outcome(7, 0, "done")
	return t
}

// asksB: B is primary now, and the client asks it, as request 8, what became of request 7.
func (t *tape) asksB() *tape {
	t.role(a, wire.Backup, 2)
	t.role(b, wire.Primary, 2)
	t.makes(b, wire.RequestQueryRequest, 8, 7)
	t.passesOn(b, 2, 8, wire.RequestQueryRequest, 7)
	return t
}

func TestX13TheSwitchCarriesOutEachRequestOnce(t *testing.T) {
	check(t, []tapeCase{
		{"once", dndDone, holds},
		{"once, and it is asked for", func() *tape {
			t := dndDone().asksB()
			t.says(b, 8, 0)
			return t
		}, holds},
		{"twice", func() *tape {
			t := dndDone()
			t.makes(a, wire.RequestSetDNDOn, 7, 0)
			t.passesOn(a, 1, 7, wire.RequestSetDNDOn, 0)
			t.does(a, 13, 7)
			return t
		}, wrong{"X13", "the switch carries out request 7 of C1 twice"}},
		{"twice, and the switch does not say whose doing it is", func() *tape {
			t := dndDone()
			t.makes(a, wire.RequestSetDNDOn, 7, 0)
			t.passesOn(a, 1, 7, wire.RequestSetDNDOn, 0)
			t.does(a, 13, 0)
			t.says(a, 7, 0)
			return t
		}, wrong{"X13", "the switch carries out request 7 of C1 twice"}},
		{"something else happens behind the second answer", func() *tape {
			t := dndDone()
			t.makes(a, wire.RequestSetDNDOn, 7, 0)
			t.passesOn(a, 1, 7, wire.RequestSetDNDOn, 0)
			t.says(a, 7, 0)
			t.does(a, 13, 0)
			return t
		}, holds},
		{"a T-Server that reads the switch is told of it later", func() *tape {
			t := dnd()
			t.does(a, 12, 7)
			t.says(a, 7, 0)
			t.does(a, 13, 0)
			t.does(b, 12, 7)
			t.does(b, 13, 0)
			return t
		}, holds},
		{"it says that it was not, and it was", func() *tape {
			t := dnd()
			t.does(a, 12, 7)
			t.does(b, 12, 7)
			t.asksB().says(b, 8, callmodel.ErrVoid)
			return t
		}, wrong{"X13", "the switch says of request 7 of C1 that it was not carried out, and it was"}},
		{"it may have forgotten", func() *tape {
			t := dnd()
			t.does(a, 12, 7)
			t.asksB().says(b, 8, callmodel.ErrForgotten)
			return t
		}, holds},
		{"void, and carried out later", func() *tape {
			t := dnd().asksB()
			t.says(b, 8, callmodel.ErrVoid)
			t.makes(b, wire.RequestSetDNDOn, 7, 0)
			t.passesOn(b, 2, 7, wire.RequestSetDNDOn, 0)
			t.does(b, 12, 7)
			return t
		}, wrong{"X13", "request 7 of C1, of which it was said that it will not be"}},
		{"void, and told of later", func() *tape {
			t := dnd().asksB()
			t.says(b, 8, callmodel.ErrVoid)
			t.does(a, 12, 7)
			return t
		}, wrong{"X13", "the switch has carried out request 7 of C1, of which it was said that it will not be"}},
		{"void, and done after all", func() *tape {
			t := dnd().asksB()
			t.says(b, 8, callmodel.ErrVoid)
			t.acknowledges(b, 8)
			t.makes(b, wire.RequestQueryRequest, 9, 7)
			t.passesOn(b, 2, 9, wire.RequestQueryRequest, 7)
			t.says(b, 9, 0)
			return t
		}, wrong{"X13", "that it was carried out, and said that it was not"}},
	})
}

// holds expects that everything holds.
var holds = wrong{}

// late: B is primary of epoch 2, which the switch knows, when A passes on what it was asked for in epoch 1.
func late() *tape {
	t := synchronizedPair()
	t.up(a, c1)
	t.makes(a, wire.RequestSetDNDOn, 7, 0)
	t.role(b, wire.Primary, 2)
	t.pass(b, sw, wire.Message{Kind: wire.MarkEpoch, Epoch: 2})
	t.passesOn(a, 1, 7, wire.RequestSetDNDOn, 0)
	return t
}

func TestX13TheSwitchRefusesLowerEpochs(t *testing.T) {
	carriedOut := func() *tape {
		t := late()
		t.does(a, 12, 7)
		t.does(b, 12, 7)
		return t
	}
	check(t, []tapeCase{
		{"refused", func() *tape {
			t := late()
			t.says(a, 7, callmodel.ErrStaleEpoch)
			return t
		}, holds},
		{"carried out", carriedOut, wrong{"X13", "carries out a request of epoch 1, and has heard of epoch 2"}},
		{"the switch has begun anew, and has heard of nobody", func() *tape {
			t := late()
			t.says(a, 7, callmodel.ErrStaleEpoch)
			t.kill(sw)
			t.start(sw)
			t.up(a, sw)
			t.makes(a, wire.RequestSetDNDOn, 8, 0)
			t.passesOn(a, 1, 8, wire.RequestSetDNDOn, 0)
			t.does(a, 12, 8)
			return t
		}, holds},
	})
	c := config.Default()
	c.Arbitration = config.Peer
	for _, v := range judge(carriedOut().list, c) {
		require.NotEqual(t, "X13", v.Monitor, "two may be active (P8)")
	}
}

func TestX13OnlyAPrimaryPassesRequestsOn(t *testing.T) {
	check(t, []tapeCase{
		{"a backup", func() *tape {
			t := synchronizedPair()
			t.up(b, c1)
			t.makes(b, wire.RequestSetDNDOn, 7, 0)
			t.passesOn(b, 1, 7, wire.RequestSetDNDOn, 0)
			return t
		}, wrong{"X13", "B passes a request of epoch 1 to the switch, and is backup of epoch 1"}},
		{"under another epoch than its own", func() *tape {
			t := synchronizedPair()
			t.up(a, c1)
			t.makes(a, wire.RequestSetDNDOn, 7, 0)
			t.passesOn(a, 2, 7, wire.RequestSetDNDOn, 0)
			return t
		}, wrong{"X13", "A passes a request of epoch 2 to the switch, and is primary of epoch 1"}},
		{"what nobody has asked for", func() *tape {
			t := dnd()
			t.passesOn(a, 1, 9, wire.RequestSetDNDOn, 0)
			return t
		}, wrong{"X13", "A passes on request 9 of C1, which does not wait for an answer here"}},
		{"what it has answered", func() *tape {
			t := dnd()
			t.acknowledges(a, 7)
			t.passesOn(a, 1, 7, wire.RequestSetDNDOn, 0)
			return t
		}, wrong{"X13", "A passes on request 7 of C1, which does not wait for an answer here"}},
		{"its own", func() *tape {
			t := dnd()
			t.pass(a, sw, wire.Message{Kind: wire.SwitchRequest, Epoch: 1, Of: wire.RequestAgentNotReady, ThisDN: "1001"})
			return t
		}, holds},
	})
}

func TestX13EachRequestGetsOneAnswer(t *testing.T) {
	event := func(kind wire.Kind, seq uint64, sub uint32) wire.Message {
		return wire.Message{Kind: kind, Epoch: 1, RefID: 7, Seq: seq, Sub: sub, ThisDN: "1001"}
	}
	healed := func(t *tape) *tape {
		t.world(wire.World, "converge")
		t.at += time.Minute
		t.busy()
		return t
	}
	never := wrong{"X13", "A never answers request 7 of C1"}
	check(t, []tapeCase{
		{"one", func() *tape { return healed(dndDone()) }, holds},
		{"none", func() *tape { return healed(dnd()) }, never},
		{"none yet", func() *tape {
			t := dnd()
			t.world(wire.World, "converge")
			return t
		}, holds},
		{"its link has ended", func() *tape {
			t := dnd()
			t.down(a, c1, node.CauseGone)
			return healed(t)
		}, holds},
		{"it is not primary any more", func() *tape {
			t := dnd()
			t.role(a, wire.Backup, 2)
			t.role(b, wire.Primary, 2)
			t.role(a, wire.Primary, 3)
			t.role(b, wire.Backup, 3)
			return healed(t)
		}, holds},
		{"two", func() *tape {
			t := dnd()
			t.acknowledges(a, 7)
			t.acknowledges(a, 7)
			return t
		}, wrong{"X13", "A answers request 7 of C1 twice"}},
		{"an event, and that nothing is known", func() *tape {
			t := dnd()
			t.pass(a, c1, event(wire.EventDNDOn, 12, 0))
			t.pass(a, c1, wire.Message{Kind: wire.EventError, Epoch: 1, RefID: 7, Code: callmodel.ErrOutcomeUnknown})
			return t
		}, wrong{"X13", "A answers request 7 of C1 twice"}},
		{"that nothing is known, and an event", func() *tape {
			t := dnd()
			t.pass(a, c1, wire.Message{Kind: wire.EventError, Epoch: 1, RefID: 7, Code: callmodel.ErrOutcomeUnknown})
			t.pass(a, c1, event(wire.EventDNDOn, 12, 0))
			return t
		}, holds},
		{"two events of one number, told again", func() *tape {
			t := dnd()
			t.pass(a, c1, event(wire.EventDialing, 12, 0))
			t.pass(a, c1, event(wire.EventDestinationBusy, 12, 1))
			t.pass(a, c1, event(wire.EventDialing, 12, 0))
			return t
		}, holds},
		{"two events of one moment", func() *tape {
			t := dnd()
			released, notReady := event(wire.EventReleased, 12, 0), event(wire.EventAgentNotReady, 13, 0)
			released.Time, notReady.Time = 4029, 4029
			t.pass(a, c1, released)
			t.pass(a, c1, notReady)
			return t
		}, holds},
		{"two events of two numbers", func() *tape {
			t := dnd()
			t.pass(a, c1, event(wire.EventDNDOn, 12, 0))
			t.pass(a, c1, event(wire.EventDNDOn, 13, 0))
			return t
		}, wrong{"X13", "A answers request 7 of C1 twice"}},
		{"an answer to nothing", func() *tape {
			t := dnd()
			t.acknowledges(a, 9)
			return t
		}, wrong{"X13", "A answers request 9 of C1, which was not made over this link"}},
	})
}

func TestX13WhatClientsAreToldIsTrue(t *testing.T) {
	check(t, []tapeCase{
		{"done, and it is not", func() *tape {
			t := dnd()
			t.outcome(7, 0, "done")
			return t
		}, wrong{"X13", "C1 is told that request 7 is done, and the switch has not carried it out"}},
		{"not done, and it is", func() *tape {
			t := dnd()
			t.does(a, 12, 7)
			t.outcome(7, 0, "not done: busy: why")
			return t
		}, wrong{"X13", "C1 is told that request 7 is not done, and the switch has carried it out"}},
		{"not done, and it is done later", func() *tape {
			t := dnd()
			t.outcome(7, 0, "not done: void: why")
			t.does(a, 12, 7)
			return t
		}, wrong{"X13", "request 7 of C1, of which it was said that it will not be"}},
		{"unknown is always true", func() *tape {
			t := dnd()
			t.outcome(7, 0, "unknown")
			t.does(a, 12, 7)
			return t
		}, holds},
		{"made again, since it was not done", func() *tape {
			t := dnd().asksB()
			t.says(b, 8, callmodel.ErrVoid)
			t.acknowledges(b, 8)
			t.makes(b, wire.RequestSetDNDOn, 9, 0)
			t.passesOn(b, 2, 9, wire.RequestSetDNDOn, 0)
			t.does(b, 12, 9)
			t.outcome(7, 9, "done")
			return t
		}, holds},
		{"made again, though it was done", func() *tape {
			t := dnd()
			t.does(a, 12, 7)
			t.makes(a, wire.RequestSetDNDOn, 9, 0)
			t.passesOn(a, 1, 9, wire.RequestSetDNDOn, 0)
			t.does(a, 13, 9)
			t.outcome(7, 9, "done")
			return t
		}, wrong{"X13", "request 7 of C1 was carried out, and made again as 9"}},
		{"told twice", func() *tape {
			t := dndDone()
			t.outcome(7, 0, "done")
			return t
		}, wrong{"X13", "C1 is told of the outcome of request 7 twice"}},
		{"what the primary itself has done twice", func() *tape {
			t := dnd()
			t.makes(a, wire.RequestAttachUserData, 9, 0)
			t.pass(a, c1, wire.Message{Kind: wire.EventAttachedDataChanged, Epoch: 1, RefID: 9, Seq: 12, Sub: 16})
			t.pass(b, c1, wire.Message{Kind: wire.EventAttachedDataChanged, Epoch: 1, RefID: 9, Seq: 12, Sub: 17})
			return t
		}, wrong{"X13", "request 9 of C1 was carried out as event (12, 16) already"}},
	})
}
