package monitor_test

import (
	"testing"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// sees lets the client act on an event of call 2, of T-Server from.
func (t *tape) sees(from wire.ID, epoch, seq uint64, sub uint32, connID callmodel.ConnID, kind wire.Kind) {
	t.note(c1, node.Note{Kind: node.NoteActed, Peer: from, N: epoch, M: seq, Sub: sub, Call: call2, ConnID: connID, Text: kind.String()})
}

// switchSays lets the switch tell A of call 2.
func (t *tape) switchSays(kind wire.Kind, seq uint64) {
	m := wire.Message{Kind: kind, Call: call2, Seq: seq}
	if kind == wire.CallCreated {
		m.CallType = callmodel.CallInternal
	}
	t.send(sw, a, m)
	t.send(sw, b, m)
}

// following is a synchronized pair, a client that has seen the beginning of call 2, and the answer to that call, which it has not seen.
func following() *tape {
	t := synchronizedPair()
	t.switchSays(wire.CallCreated, 12)
	t.sees(a, 1, 12, 0, aName2, wire.EventDialing)
	t.sees(a, 1, 12, 1, aName2, wire.EventRinging)
	t.switchSays(wire.CallAnswered, 13)
	return t
}

func TestS6ClientsSeeEverythingOnce(t *testing.T) {
	established := func(t *tape, sub uint32) { t.sees(a, 1, 13, sub, aName2, wire.EventEstablished) }
	resumed := func(t *tape, text string) {
		t.note(c1, node.Note{Kind: node.NoteResumed, Peer: b, M: 12, Sub: 1, Text: text})
	}
	gap := func(t *tape) { // A does not hear of the release
		t.note(a, node.Note{Kind: node.NoteCTI, Text: callmodel.CTIDown.String(), N: 13})
		t.switchSays(wire.CallReleased, 14)
		t.note(a, node.Note{Kind: node.NoteCTI, Text: callmodel.CTISynchronized.String(), N: 14})
	}
	check(t, []tapeCase{
		{"all of it", func() *tape {
			t := following()
			established(t, 0)
			established(t, 1)
			return t
		}, wrong{}},
		{"twice", func() *tape {
			t := following()
			established(t, 0)
			established(t, 0)
			return t
		}, wrong{"S6", "C1 sees event (13, 0) after (13, 0)"}},
		{"out of order", func() *tape {
			t := following()
			established(t, 0)
			t.sees(a, 1, 12, 1, aName2, wire.EventRinging)
			return t
		}, wrong{"S6", "C1 sees event (12, 1) after (13, 0)"}},
		{"not at all", func() *tape {
			t := following()
			established(t, 1)
			return t
		}, wrong{"S6", "C1 never sees event (13, 0), and sees (13, 1)"}},
		{"told that it may be incomplete", func() *tape {
			t := following()
			resumed(t, "incomplete")
			established(t, 1)
			return t
		}, wrong{}},
		{"told that it is complete", func() *tape {
			t := following()
			resumed(t, "complete")
			established(t, 1)
			return t
		}, wrong{"S6", "C1 never sees event (13, 0)"}},
		{"its T-Server has read the switch again", func() *tape {
			t := following()
			t.cti(a, callmodel.CTIDown)
			established(t, 1)
			return t
		}, wrong{}},
		{"what waited, and what its T-Server then found", func() *tape {
			t := following()
			gap(t)
			established(t, 0)
			established(t, 1)
			t.sees(a, 1, 14, 2, aName2, wire.EventReleased)
			return t
		}, wrong{}},
		{"not what waited", func() *tape {
			t := following()
			gap(t)
			established(t, 0)
			t.sees(a, 1, 14, 2, aName2, wire.EventReleased)
			return t
		}, wrong{"S6", "C1 never sees event (13, 1)"}},
		{"resumed at its T-Server when what it found still waited", func() *tape {
			t := following()
			gap(t)
			t.note(c1, node.Note{Kind: node.NoteResumed, Peer: a, M: 13, Sub: 1, Text: "incomplete"})
			t.sees(a, 1, 14, 2, aName2, wire.EventReleased)
			return t
		}, wrong{}},
		{"and told that it was complete", func() *tape {
			t := following()
			gap(t)
			established(t, 0)
			established(t, 1)
			t.sees(b, 1, 14, 0, aName2, wire.EventReleased)
			t.note(c1, node.Note{Kind: node.NoteResumed, Peer: a, M: 14, Sub: 2, Text: "complete"})
			t.sees(a, 1, 14, 3, aName2, wire.EventReleased)
			return t
		}, wrong{"S6", "C1 never sees event (14, 1)"}},
		{"the other T-Server has not", func() *tape {
			t := following()
			t.cti(b, callmodel.CTIDown)
			established(t, 1)
			return t
		}, wrong{"S6", "C1 never sees event (13, 0)"}},
		{"and the other one tells everything", func() *tape {
			t := following()
			t.cti(a, callmodel.CTIDown)
			t.sees(b, 1, 13, 1, aName2, wire.EventEstablished)
			return t
		}, wrong{"S6", "C1 never sees event (13, 0)"}},
		{"told everything by a T-Server that then reads the switch again", func() *tape {
			t := following()
			resumed(t, "complete")
			t.cti(b, callmodel.CTIDown)
			t.sees(b, 2, 13, 1, aName2, wire.EventEstablished)
			return t
		}, wrong{}},
		{"told everything by a T-Server, after the one before read the switch again", func() *tape {
			t := following()
			t.cti(a, callmodel.CTIDown)
			resumed(t, "complete")
			t.sees(b, 2, 13, 1, aName2, wire.EventEstablished)
			return t
		}, wrong{"S6", "C1 never sees event (13, 0)"}},
		{"another incarnation begins where it begins", func() *tape {
			t := following()
			t.kill(c1)
			t.start(c1)
			established(t, 1)
			return t
		}, wrong{}},
		{"the switch begins anew", func() *tape {
			t := following()
			t.kill(sw)
			t.start(sw)
			t.sees(a, 1, 99, 1, aName2, wire.EventReleased)
			return t
		}, wrong{}},
		{"what a T-Server finds itself has a place of its own", func() *tape {
			t := following()
			established(t, 0)
			established(t, 1)
			t.sees(a, 1, 13, 2, aName2, wire.EventReleased)
			return t
		}, wrong{}},
	})
}

func TestS5NoConnIDChangesUnderAClientsEyes(t *testing.T) {
	ready := func(t *tape) {
		for _, id := range []wire.ID{a, b} {
			t.note(id, node.Note{Kind: node.NoteReady, N: 1})
		}
	}
	takesOver := func(t *tape) {
		t.role(b, wire.Primary, 2)
		t.sees(b, 2, 13, 0, bName1, wire.EventEstablished)
	}
	changes := wrong{"S5", "C1 sees the ConnID of call 2@12 change from 0000010000000002 to 4000010000000001"}
	check(t, []tapeCase{
		{"ready, and the primary dies", func() *tape {
			t := following()
			ready(t)
			t.kill(a)
			takesOver(t)
			return t
		}, changes},
		{"ready, and the primary's end is noted last", func() *tape {
			t := following()
			ready(t)
			t.world(a, "kill")
			t.note(b, node.Note{Kind: node.NoteReady, Text: "the HA link is down"})
			t.role(b, wire.Primary, 2)
			t.kill(a)
			t.sees(b, 2, 13, 0, bName1, wire.EventEstablished)
			return t
		}, changes},
		{"not ready any more when it is killed", func() *tape {
			t := following()
			ready(t)
			t.world(a, "kill")
			t.note(b, node.Note{Kind: node.NoteReady, Text: "the CTI link is down"})
			t.kill(a)
			takesOver(t)
			return t
		}, wrong{}},
		{"ready, and the primary steps down", func() *tape {
			t := following()
			ready(t)
			t.role(a, wire.Backup, 2)
			takesOver(t)
			return t
		}, changes},
		{"replaced without hearing of it, and named again", func() *tape {
			t := following()
			takesOver(t)
			t.role(a, wire.Primary, 3)
			t.sees(a, 3, 13, 1, aName2, wire.EventEstablished)
			return t
		}, wrong{}},
		{"the primary changes it itself", func() *tape {
			t := following()
			t.sees(a, 1, 13, 0, bName1, wire.EventEstablished)
			return t
		}, changes},
		{"not ready", func() *tape {
			t := following()
			t.kill(a)
			takesOver(t)
			return t
		}, wrong{}},
		{"the backup is not ready any more", func() *tape {
			t := following()
			ready(t)
			t.note(b, node.Note{Kind: node.NoteReady})
			t.kill(a)
			takesOver(t)
			return t
		}, wrong{}},
		{"ready, and both die", func() *tape {
			t := following()
			ready(t)
			t.kill(a)
			t.kill(b)
			t.start(b)
			takesOver(t)
			return t
		}, wrong{}},
		{"ready, and the primary dies twice before the other one takes over", func() *tape {
			t := following()
			ready(t)
			t.kill(a)
			t.start(a)
			t.kill(a)
			takesOver(t)
			return t
		}, changes},
		{"nobody can know what a primary says that goes on", func() *tape {
			t := following()
			ready(t)
			takesOver(t)
			return t
		}, wrong{}},
		{"nor what it says after its successor was named", func() *tape {
			t := synchronizedPair()
			ready(t)
			t.role(b, wire.Primary, 2)
			t.sees(a, 1, 12, 0, aName2, wire.EventDialing)
			t.role(a, wire.Backup, 2)
			t.sees(b, 2, 13, 0, bName1, wire.EventEstablished)
			return t
		}, wrong{}},
		{"ready, and its last word comes late", func() *tape {
			t := synchronizedPair()
			ready(t)
			t.kill(a)
			t.role(b, wire.Primary, 2)
			t.sees(a, 1, 12, 0, aName2, wire.EventDialing)
			t.sees(b, 2, 13, 0, bName1, wire.EventEstablished)
			return t
		}, changes},
		{"seen by another incarnation of the client", func() *tape {
			t := following()
			ready(t)
			t.kill(c1)
			t.start(c1)
			t.kill(a)
			takesOver(t)
			return t
		}, wrong{}},
	})
}
