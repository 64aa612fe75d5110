package monitor_test

import (
	"testing"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

func TestTraceIsWhole(t *testing.T) {
	check(t, []tapeCase{
		{"a synchronized pair", synchronizedPair, wrong{}},
		{"a record is missing", func() *tape {
			t := synchronizedPair()
			t.idx[ml]++
			t.role(ml, wire.Backup, 1)
			return t
		}, wrong{"trace", "M, incarnation 1: record 7 follows record 5"}},
		{"a record stands twice", func() *tape {
			t := synchronizedPair()
			t.list = append(t.list, t.list[len(t.list)-1])
			return t
		}, wrong{"trace", "record 19 follows record 19"}},
		{"after the end", func() *tape {
			t := synchronizedPair()
			t.kill(ml)
			t.note(ml, node.Note{Kind: node.NoteRestart})
			return t
		}, wrong{"trace", "M speaks as incarnation 1, which does not run"}},
		{"the end of another incarnation", func() *tape {
			t := synchronizedPair()
			t.inc[ml]++
			t.kill(ml)
			return t
		}, wrong{"trace", "M ends as incarnation 2, which does not run"}},
		{"ended twice", func() *tape {
			t := synchronizedPair()
			t.kill(ml)
			t.kill(ml)
			return t
		}, wrong{"trace", "M ends as incarnation 1, which does not run"}},
		{"an incarnation again", func() *tape {
			t := synchronizedPair()
			t.kill(ml)
			t.inc[ml] = 0
			t.start(ml)
			return t
		}, wrong{"trace", "M speaks as incarnation 1, which does not run"}},
		{"an incarnation that was skipped", func() *tape {
			t := synchronizedPair()
			t.kill(ml)
			t.inc[ml] = 7
			t.start(ml)
			return t
		}, wrong{}},
		{"a restart", func() *tape {
			t := synchronizedPair()
			t.kill(c1)
			t.start(c1)
			t.up(c1, a)
			t.pass(a, c1, wire.Message{Kind: wire.EventServerInfo, Epoch: 1, Role: wire.Primary})
			return t
		}, wrong{}},
		{"what was sent before the sender's end arrives", func() *tape {
			t := synchronizedPair()
			sent := t.send(ml, b, wire.Message{Kind: wire.PeerFailed, Node: a, Inc: 9})
			t.kill(ml)
			t.receive(sent)
			return t
		}, wrong{}},
	})
}

func TestTraceMessagesArriveAsSent(t *testing.T) {
	state := wire.Message{Kind: wire.Status, Epoch: 1, Role: wire.Backup}
	two := func(t *tape) (first, second int) { return t.send(b, ml, state), t.send(b, ml, state) }
	check(t, []tapeCase{
		{"a receive without a send", func() *tape {
			t := synchronizedPair()
			t.add(ml, trace.Record{Kind: trace.Received, Peer: b, PeerInc: 1, PeerIndex: 99, Msg: &state})
			return t
		}, wrong{"trace", "M receives from B what was not sent, or out of order"}},
		{"of a program outside, in a client's place", func() *tape {
			t := synchronizedPair()
			m := wire.Message{Kind: wire.RegisterAddress, ThisDN: "1001"}
			t.add(a, trace.Record{Kind: trace.Received, Peer: wire.Client(7), PeerInc: 1, PeerIndex: 99, Msg: &m})
			return t
		}, wrong{}},
		{"received twice", func() *tape {
			t := synchronizedPair()
			first, _ := two(t)
			t.receive(first)
			t.receive(first)
			return t
		}, wrong{"trace", "not sent, or out of order"}},
		{"of another incarnation", func() *tape {
			t := synchronizedPair()
			first, _ := two(t)
			t.list[t.receive(first)].PeerInc = 2
			return t
		}, wrong{"trace", "not sent, or out of order"}},
		{"another message", func() *tape {
			t := synchronizedPair()
			first, _ := two(t)
			t.list[t.receive(first)].Msg.Announced = true
			return t
		}, wrong{"trace", "M receives another message than B sent"}},
		{"one lost in the middle of a session", func() *tape {
			t := synchronizedPair()
			_, second := two(t)
			t.receive(second)
			return t
		}, wrong{"trace", "M never receives what B sent before in the same session"}},
		{"the last of a session lost", func() *tape {
			t := synchronizedPair()
			two(t)
			t.down(ml, b, node.CauseTimeout)
			t.down(b, ml, node.CauseClosed)
			t.up(ml, b)
			t.pass(b, ml, state)
			return t
		}, wrong{}},
		{"sent to an incarnation that is gone", func() *tape {
			t := synchronizedPair()
			first, _ := two(t)
			t.kill(ml)
			t.start(ml)
			t.receive(first)
			return t
		}, wrong{"trace", "not sent, or out of order"}},
		{"of an older incarnation, after the port came up to a new one", func() *tape {
			t := synchronizedPair()
			first, _ := two(t)
			t.kill(b)
			t.start(b)
			t.up(ml, b)
			t.list[t.receive(first)].PeerInc = 1
			return t
		}, wrong{"trace", "not sent, or out of order"}},
	})
}

func TestS1OnePrimaryPerEpoch(t *testing.T) {
	check(t, []tapeCase{
		{"the next epoch", func() *tape {
			t := synchronizedPair()
			t.role(b, wire.Primary, 2)
			return t
		}, wrong{}},
		{"told of the role again", func() *tape {
			t := synchronizedPair()
			t.role(a, wire.Primary, 1)
			return t
		}, wrong{}},
		{"the other one", func() *tape {
			t := synchronizedPair()
			t.role(b, wire.Primary, 1)
			return t
		}, wrong{"S1", "epoch 1 has two primaries: A (incarnation 1) and B (incarnation 1)"}},
		{"an earlier epoch", func() *tape {
			t := synchronizedPair()
			t.role(b, wire.Primary, 2)
			t.role(b, wire.Primary, 1)
			return t
		}, wrong{"S1", "epoch 1 has two primaries"}},
		{"the same one, after a restart", func() *tape {
			t := primaryA()
			t.kill(a)
			t.start(a)
			t.role(a, wire.Primary, 1)
			return t
		}, wrong{"S1", "A (incarnation 1) and A (incarnation 2)"}},
		{"it says so to the Management Layer only", func() *tape {
			t := synchronizedPair()
			t.pass(b, ml, wire.Message{Kind: wire.Status, Epoch: 1, Role: wire.Primary})
			return t
		}, wrong{"S1", "epoch 1 has two primaries"}},
		{"it says so to a client only", func() *tape {
			t := synchronizedPair()
			t.up(c1, b)
			t.pass(b, c1, wire.Message{Kind: wire.EventServerInfo, Epoch: 1, Role: wire.Primary})
			return t
		}, wrong{"S1", "epoch 1 has two primaries"}},
		{"the appointment that names it is no claim", func() *tape {
			t := synchronizedPair()
			t.pass(ml, b, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: a, Inc: 1, Role: wire.Primary})
			return t
		}, wrong{}},
	})
}

func TestS1ClientIgnoresLowerEpochs(t *testing.T) {
	event := wire.Message{Kind: wire.EventRinging, Epoch: 2, Call: call3, ConnID: bName1}
	acts := func(t *tape, epoch uint64) { t.note(c1, node.Note{Kind: node.NoteActed, Peer: b, N: epoch}) }
	check(t, []tapeCase{
		{"the same and higher epochs", func() *tape {
			t := primaryA()
			t.pass(a, c1, event)
			acts(t, 2)
			acts(t, 2)
			acts(t, 3)
			return t
		}, wrong{}},
		{"lower than one received", func() *tape {
			t := primaryA()
			t.pass(a, c1, event)
			acts(t, 1)
			return t
		}, wrong{"S1", "client C1 acts on an event of epoch 1 after it has seen epoch 2"}},
		{"lower than one acted on", func() *tape {
			t := primaryA()
			acts(t, 4)
			acts(t, 3)
			return t
		}, wrong{"S1", "client C1 acts on an event of epoch 3 after it has seen epoch 4"}},
		{"a restarted client has seen nothing", func() *tape {
			t := primaryA()
			acts(t, 4)
			t.kill(c1)
			t.start(c1)
			acts(t, 3)
			return t
		}, wrong{}},
	})
}

func TestS5ConnIDsAreUniqueForEver(t *testing.T) {
	event := wire.Message{Kind: wire.EventRinging, Epoch: 1, Call: call2, ConnID: aName1}
	check(t, []tapeCase{
		{"one call has several ConnIDs", func() *tape {
			t := backupB()
			t.named(b, call1, aName1, "adopted")
			return t
		}, wrong{}},
		{"another call", func() *tape {
			t := primaryA()
			t.named(a, call2, aName1, "adopted")
			return t
		}, wrong{"S5", "ConnID 0000010000000001 names two calls: 1@5 and 2@12"}},
		{"another call with the same reference", func() *tape {
			t := primaryA()
			t.gone(a, call1)
			t.named(a, call3, aName1, "kept")
			return t
		}, wrong{"S5", "names two calls: 1@5 and 1@20"}},
		{"across restarts and both T-Servers", func() *tape {
			t := primaryA()
			t.kill(a)
			t.start(b)
			t.named(b, call3, aName1, "adopted")
			return t
		}, wrong{"S5", "names two calls: 1@5 and 1@20"}},
		{"in an event", func() *tape {
			t := primaryA()
			t.pass(a, c1, event)
			return t
		}, wrong{"S5", "names two calls: 1@5 and 2@12"}},
		{"the other one's bit", func() *tape {
			t := primaryA()
			t.named(a, call2, callmodel.NewConnID(1, 1, 9), "invented")
			return t
		}, wrong{"S5", "A invents ConnID 4000010000000009, which has the other T-Server's bit"}},
		{"adopted from the other one", func() *tape {
			t := primaryA()
			t.named(a, call2, callmodel.NewConnID(1, 1, 9), "adopted")
			return t
		}, wrong{}},
	})
}
