package link

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

func TestHandshakeTakesThreeSteps(t *testing.T) {
	n := newBench(wire.A, wire.B, defaults)
	require.Equal(t, []string{"hello"}, n.queued(n.a))
	require.Equal(t, []string{"knock"}, n.queued(n.b))
	n.take(n.b) // one Hello is enough
	n.give(n.a, n.take(n.a))
	require.Equal(t, []string{"helloAck"}, n.queued(n.b))
	require.Equal(t, []string{"start 1"}, n.b.told, "Hello alone opens nothing")
	n.give(n.b, n.take(n.b))
	require.Equal(t, []string{"confirm"}, n.queued(n.a))
	require.Equal(t, []string{"start 1", "up B#1"}, n.a.told)
	n.give(n.a, n.take(n.a))
	require.Equal(t, []string{"start 1", "up A#1"}, n.b.told)
	require.Empty(t, n.queued(n.b))
	require.Equal(t, []string{"1 started", "2 up B#1/0"}, n.a.records)
}

func TestDialingEndTriesAgain(t *testing.T) {
	n := newBench(wire.A, wire.B, defaults)
	n.lose()
	for range 3 {
		n.pass(reconnect, func() {})
	}
	require.Equal(t, []string{"hello", "hello", "hello"}, n.queued(n.a))
	n.deliver()
	require.Equal(t, []string{"start 1", "up B#1"}, n.a.told)
	require.Equal(t, []string{"start 1", "up A#1"}, n.b.told)
	require.NotContains(t, n.a.timers, node.Timer{Kind: dialTimer, Key: uint32(wire.B)})
}

func TestKnockMakesTheDialingEndDialAtOnce(t *testing.T) {
	n := newBench(wire.A, wire.B, defaults)
	n.take(n.a) // its Hello came before B was there
	n.deliver()
	require.Equal(t, []string{"start 1", "up A#1"}, n.b.told)
}

func TestMessagesArriveInOrderOnce(t *testing.T) {
	n := open(defaults)
	n.a.send(7)
	n.a.send(8)
	n.b.send(9)
	again := n.queues[wire.A][0]
	n.deliver()
	require.Equal(t, []string{"got 7", "got 8"}, n.b.told)
	require.Equal(t, []string{"got 9"}, n.a.told)
	require.Equal(t, []string{"3 sent A#1/0", "4 received A#1/3", "5 received A#1/4"}, n.b.records, "a receive names the sender's record")
	n.give(n.a, again)
	require.Equal(t, []string{"got 7", "got 8"}, n.b.told, "a duplicate is dropped")
}

func TestLostConfirm(t *testing.T) {
	n := newBench(wire.A, wire.B, defaults)
	n.take(n.b)
	n.give(n.a, n.take(n.a))
	n.give(n.b, n.take(n.b))
	n.take(n.a) // Confirm
	n.a.send(1)
	n.deliver()
	require.Equal(t, []string{"start 1", "up A#1", "got 1"}, n.b.told, "the first message confirms as well")
}

func TestLostConfirmAndFirstMessage(t *testing.T) {
	n := newBench(wire.A, wire.B, defaults)
	n.take(n.b)
	n.give(n.a, n.take(n.a))
	n.give(n.b, n.take(n.b))
	n.take(n.a) // Confirm
	n.a.send(1)
	n.take(n.a)
	n.a.send(2)
	n.deliver()
	require.Equal(t, []string{"start 1", "up A#1", "down gap", "up A#1"}, n.b.told)
	require.Equal(t, []string{"start 1", "up B#1", "down closed", "up B#1"}, n.a.told)
}

func TestGapClosesBothEnds(t *testing.T) {
	n := open(defaults)
	n.b.send(1)
	n.b.send(2)
	n.take(n.b)
	n.b.send(3)
	n.deliver()
	require.Equal(t, []string{"down gap", "up B#1"}, n.a.told, "nothing of the session is delivered behind the gap")
	require.Equal(t, []string{"down closed", "up A#1"}, n.b.told)
	n.b.send(4)
	n.deliver()
	require.Equal(t, "got 4", n.a.told[2])
}

func TestPollFindsTheLossOfTheLastMessage(t *testing.T) {
	for _, loser := range []string{"dialing end", "accepting end"} {
		n := open(defaults)
		from := n.a
		if loser == "accepting end" {
			from = n.b
		}
		from.send(1)
		n.take(from)
		n.pass(2*addp, n.deliver)
		require.Contains(t, n.other(from).told, "down gap", loser)
		require.Contains(t, from.told, "down closed", loser)
		require.True(t, n.a.port().up && n.b.port().up, loser)
	}
}

func TestSilenceIsLossAfterTwiceAddpTimeout(t *testing.T) {
	n := open(defaults)
	n.pass(2*addp-1, n.lose)
	require.Empty(t, n.a.told)
	require.Empty(t, n.b.told)
	n.pass(1, n.lose)
	require.Equal(t, []string{"down timeout"}, n.a.told)
	require.Equal(t, []string{"down timeout"}, n.b.told)
	n.pass(reconnect, n.deliver)
	require.Equal(t, []string{"down timeout", "up B#1"}, n.a.told)
	require.Equal(t, []string{"down timeout", "up A#1"}, n.b.told)
}

func TestIdleLinkStaysUp(t *testing.T) {
	n := open(defaults)
	n.pass(100*addp, n.deliver)
	require.Empty(t, n.a.told)
	require.Empty(t, n.b.told)
	require.Empty(t, n.a.records, "polls are not traced")
}

func TestOneWayCut(t *testing.T) {
	n := open(defaults)
	cut := func() {
		for n.queues[wire.A] = nil; len(n.queues[wire.B]) > 0; n.queues[wire.A] = nil {
			n.give(n.b, n.take(n.b))
		}
	}
	for range 20 {
		n.pass(addp/2, cut)
	}
	require.Equal(t, []string{"down timeout"}, n.b.told, "B hears nothing")
	require.Equal(t, "down closed", n.a.told[0], "A learns it from B, which it hears")
	require.False(t, n.a.port().up || n.b.port().up)
}

func TestAddpOff(t *testing.T) {
	opt := defaults
	opt.AddpTimeout = 0
	n := open(opt)
	require.Empty(t, n.a.timers)
	require.Empty(t, n.b.timers)
	n.pass(time.Hour, n.lose)
	require.Empty(t, n.a.told)
}

// Without polling, too, an end learns that the other one has lost the session with its own carrier.
func TestAddpOffAndOneEndsCarrierLost(t *testing.T) {
	for _, who := range []string{"dialing end", "accepting end"} {
		opt := defaults
		opt.AddpTimeout = 0
		n := open(opt)
		off := n.a
		if who == "accepting end" {
			off = n.b
		}
		off.setOffline(true)
		n.deliver()
		off.setOffline(false)
		n.deliver()
		require.True(t, n.a.port().up && n.b.port().up, who)
		require.Equal(t, n.a.port().session, n.b.port().session, who)
		require.Equal(t, []string{"carrier down", "carrier up", "up " + n.other(off).id.String() + "#1"}, off.told, who)
		require.Len(t, n.other(off).told, 2, who)
	}
}

func TestPeerRestarts(t *testing.T) {
	for _, who := range []string{"dialing end", "accepting end"} {
		n := open(defaults)
		again := n.a
		if who == "accepting end" {
			again = n.b
		}
		again.start()
		n.deliver()
		other := n.other(again)
		require.Equal(t, []string{"down restarted", "up " + again.id.String() + "#2"}, other.told, who)
		require.Equal(t, []string{"start 2", "up " + other.id.String() + "#1"}, again.told, who)
	}
}

func TestPeerRestartsAndItsKnockIsLost(t *testing.T) {
	n := open(defaults)
	n.b.start()
	n.take(n.b)
	n.a.send(1)
	n.deliver()
	require.Equal(t, []string{"down restarted", "up B#2"}, n.a.told)
	require.Equal(t, []string{"start 2", "up A#1"}, n.b.told, "a message for the dead incarnation is not delivered")
}

func TestGoodbye(t *testing.T) {
	n := open(defaults)
	n.b.mux.Stop()
	n.b.offline = true
	n.deliver()
	require.Equal(t, []string{"down goodbye"}, n.a.told)
}

// A dead incarnation still speaks: its packets arrive behind those of the next one.
func TestLatePacketsOfADeadIncarnation(t *testing.T) {
	n := open(defaults)
	n.a.send(1)
	n.a.mux.Stop()
	late := append([]sent{{h: Header{Kind: Hello, FromInc: 1, Session: 1}}, {h: Header{Kind: Hello, FromInc: 1, Session: 2}}}, n.queues[wire.A]...)
	n.lose()
	n.a.start()
	n.deliver()
	n.b.takeTold()
	for _, s := range late {
		n.give(n.a, s)
	}
	n.deliver()
	require.Empty(t, n.b.told)
	n.a.send(5)
	n.deliver()
	require.Equal(t, []string{"got 5"}, n.b.told)
	require.True(t, n.a.port().up)
}

func TestLateHelloOfAnEndedSession(t *testing.T) {
	n := open(defaults)
	n.a.send(1)
	n.lose()
	n.a.send(2)
	n.give(n.a, n.take(n.a)) // a gap: B closes, and its Reset is under way
	n.give(n.a, sent{h: Header{Kind: Hello, FromInc: 1, Session: 1}})
	n.give(n.a, sent{h: Header{Kind: Data, FromInc: 1, ToInc: 1, Session: 1, Seq: 1}})
	require.Equal(t, []string{"down gap"}, n.b.takeTold(), "a session that was over does not begin again")
	n.deliver()
	require.Equal(t, []string{"up A#1"}, n.b.told)
	require.Equal(t, []string{"down closed", "up B#1"}, n.a.told)
}

// The same node was started twice: the older one must not disturb the sessions of the later one.
func TestOlderTwinIsSilent(t *testing.T) {
	n := open(defaults)
	twin := &end{bench: n, id: wire.B, peer: wire.A}
	twin.start()
	n.lose()
	n.b.start()
	n.deliver()
	require.True(t, n.a.port().up)
	n.a.takeTold()
	n.a.send(1)
	s := n.take(n.a)
	twin.mux.Packet(wire.A, s.h, &s.msg)
	require.Empty(t, n.queued(twin), "what is meant for a later incarnation is not answered")
	session := n.a.port().session
	for _, kind := range []PacketKind{Knock, Reset, Bye, HelloAck} {
		n.a.mux.Packet(wire.B, Header{Kind: kind, FromInc: 1, ToInc: 1, Session: session}, nil)
	}
	n.give(n.a, s)
	n.deliver()
	require.Empty(t, n.a.told)
	require.Equal(t, "got 1", n.b.told[len(n.b.told)-1])
	n.b.mux.Stop()
	n.b.offline = true
	n.deliver()
	n.a.mux.Packet(wire.B, Header{Kind: HelloAck, FromInc: 1, ToInc: 1, Session: session + 1}, nil)
	require.Equal(t, []string{"down goodbye"}, n.a.told, "a session with the later one is followed by none with the older one")
}

func TestCarrierDownIsToldOnceForAllPorts(t *testing.T) {
	n := open(defaults)
	n.a.setOffline(true)
	n.a.mux.CarrierDown()
	require.Equal(t, []string{"carrier down"}, n.a.told)
	require.Equal(t, []string{"3 carrier-down", "4 down B#1/0own-carrier"}, n.a.records)
	n.pass(2*addp, n.deliver)
	require.Equal(t, []string{"down timeout"}, n.b.told)
	require.Equal(t, []string{"carrier down"}, n.a.told)
	n.a.setOffline(false)
	n.a.mux.CarrierUp()
	n.deliver()
	require.Equal(t, []string{"carrier down", "carrier up", "up B#1"}, n.a.told)
}

func TestCloseAndShutByTheNode(t *testing.T) {
	for _, who := range []string{"dialing end", "accepting end"} {
		n := open(defaults)
		self := n.a
		if who == "accepting end" {
			self = n.b
		}
		other := n.other(self)
		self.do(func(out *node.Output) { out.Close(self.peer) })
		n.deliver()
		require.Equal(t, []string{"up " + other.id.String() + "#1"}, self.takeTold(), "no PortDown for one's own Close")
		require.Equal(t, []string{"down closed", "up " + self.id.String() + "#1"}, other.takeTold())
		self.do(func(out *node.Output) { out.Shut(self.peer) })
		n.pass(5*reconnect, n.deliver)
		require.Empty(t, self.takeTold())
		require.Equal(t, []string{"down closed"}, other.takeTold())
		self.do(func(out *node.Output) { out.Unshut(self.peer) })
		n.deliver()
		require.Equal(t, []string{"up " + other.id.String() + "#1"}, self.takeTold(), who)
		require.Equal(t, []string{"up " + self.id.String() + "#1"}, other.takeTold(), who)
	}
}

func TestShutInTheMiddleOfTheHandshake(t *testing.T) {
	n := newBench(wire.A, wire.B, defaults)
	n.take(n.b)
	n.give(n.a, n.take(n.a))
	n.give(n.b, n.take(n.b))
	n.b.do(func(out *node.Output) { out.Shut(wire.A) })
	n.deliver()
	n.b.do(func(out *node.Output) { out.Unshut(wire.A) })
	n.deliver()
	require.Equal(t, []string{"start 1", "up B#1", "down closed", "up B#1"}, n.a.told)
	require.Equal(t, []string{"start 1", "up A#1"}, n.b.told)
}

// A node may shut the port when it hears that the session before was replaced.
func TestShutWhenReplaced(t *testing.T) {
	n := open(defaults)
	n.b.onStep = func(in *node.Input, out *node.Output) {
		if in.Kind == node.PortDown {
			out.Shut(wire.A)
		}
	}
	n.a.start()
	n.deliver()
	require.Equal(t, []string{"down restarted"}, n.b.told)
	require.False(t, n.b.port().up)
	require.False(t, n.a.port().up)
}

func TestPersistIsABarrier(t *testing.T) {
	n := open(defaults)
	step := func(out *node.Output) {
		out.Send(wire.B, wire.CallNamed).Num = 1
		out.Persist([]byte("mine"))
		out.Send(wire.B, wire.CallNamed).Num = 2
	}
	n.a.do(step)
	require.Equal(t, [][]byte{[]byte("mine")}, n.a.stored)
	n.deliver()
	require.Equal(t, []string{"got 1", "got 2"}, n.b.takeTold())
	n.a.conflict = []byte("theirs")
	n.a.do(step)
	n.deliver()
	require.Equal(t, []string{"conflict theirs"}, n.a.told)
	require.Equal(t, []string{"got 1"}, n.b.takeTold(), "what stands behind the barrier is dropped")
	require.Equal(t, "test", n.a.unanswered.Verb, "the command in whose step it was")
	n.a.told, n.a.conflict, n.a.unanswered, n.a.failure = nil, nil, nil, errors.New("full")
	n.a.do(step)
	n.deliver()
	require.Equal(t, []string{"not stored: full, but old"}, n.a.told)
	require.Equal(t, "test", n.a.unanswered.Verb)
	require.Equal(t, []string{"got 1"}, n.b.told)
	require.Len(t, n.a.stored, 1)
}

// TestStoreIsAnswered: what depends on something being durable is done in a step of its own, so there is nothing that could be dropped.
func TestStoreIsAnswered(t *testing.T) {
	n := open(defaults)
	n.a.onStep = func(in *node.Input, out *node.Output) {
		switch in.Kind {
		case node.Do:
			out.Send(wire.B, wire.CallNamed).Num = 1
			out.Store([]byte("mine"))
		case node.Stored:
			out.Send(wire.B, wire.CallNamed).Num = 2
		case node.StoreFailed, node.StoreConflict:
			out.Send(wire.B, wire.CallNamed).Num = 3
		}
	}
	do := func() []string {
		n.a.mux.Do(&node.Command{ID: 1, Verb: "test"})
		n.deliver()
		return n.b.takeTold()
	}
	require.Equal(t, []string{"got 1", "got 2"}, do())
	require.Equal(t, [][]byte{[]byte("mine")}, n.a.stored)
	n.a.failure = errors.New("full")
	require.Equal(t, []string{"got 1", "got 3"}, do())
	n.a.failure, n.a.conflict = nil, []byte("theirs")
	require.Equal(t, []string{"got 1", "got 3"}, do())
	require.Len(t, n.a.stored, 1)
	n.a.onStep = func(_ *node.Input, out *node.Output) {
		out.Store(nil)
		out.Send(wire.B, wire.CallNamed).Num = 2
	}
	require.Panics(t, func() { n.a.mux.Do(&node.Command{ID: 2, Verb: "test"}) }, "it could be lost")
}

// TestRecordCAS: with the guard off, who finds that somebody else has written writes over it, and is told nothing.
func TestRecordCAS(t *testing.T) {
	for _, off := range []bool{false, true} {
		o := defaults
		if off {
			o.Without = node.Off(node.RecordCAS)
		}
		n := open(o)
		n.a.conflict, n.a.once = []byte("theirs"), true
		n.a.do(func(out *node.Output) { out.Persist([]byte("mine")) })
		if off {
			require.Equal(t, [][]byte{[]byte("mine")}, n.a.stored)
			require.Empty(t, n.a.told)
		} else {
			require.Empty(t, n.a.stored)
			require.Equal(t, []string{"conflict theirs"}, n.a.told)
		}
	}
}

func TestNodesTimersAndBadInput(t *testing.T) {
	n := open(defaults)
	n.a.do(func(out *node.Output) {
		out.Set(node.Timer{Kind: 1}, time.Second)
		out.Set(node.Timer{Kind: 2}, time.Second)
		out.Cancel(node.Timer{Kind: 1})
	})
	n.pass(time.Second, n.deliver)
	require.Equal(t, []string{"fired 2"}, n.a.told)
	n.a.mux.BadInput(wire.B, "nonsense")
	require.Equal(t, []string{"3 noted nonsense"}, n.a.records)
	n.a.mux.Packet(wire.Client(1), Header{Kind: Knock, FromInc: 1}, nil)
	require.Equal(t, []string{"fired 2"}, n.a.told, "a stranger's packet is dropped")
}

func TestUntracedRunHasNoIndices(t *testing.T) {
	n := open(defaults)
	n.a.untraced = true
	n.a.send(1)
	require.Zero(t, n.queues[wire.A][0].h.Index)
}

func TestMisuseByTheNodePanics(t *testing.T) {
	n := newBench(wire.A, wire.B, defaults)
	require.PanicsWithValue(t, "link: node A sends CallNamed to B, whose port is down", func() { n.a.send(1) })
	require.PanicsWithValue(t, "link: node A has no link to M", func() {
		n.a.do(func(out *node.Output) { out.Close(wire.MLayer) })
	})
}

func TestOptionsValidate(t *testing.T) {
	for want, change := range map[string]func(o *Options){
		"":                                  func(*Options) {},
		"addp-timeout is from 0":            func(o *Options) { o.AddpTimeout = -1 },
		"addp-remote-timeout is 0":          func(o *Options) { o.AddpRemoteTimeout = time.Millisecond },
		"addp-timeout is from 0 (off) to 1": func(o *Options) { o.AddpTimeout = 2 * time.Hour },
		"reconnect is above 0":              func(o *Options) { o.Reconnect = 0 },
		"sync-reconnect-tout is above 0":    func(o *Options) { o.SyncReconnect = -1 },
	} {
		o := defaults
		change(&o)
		if err := o.Validate(); want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}

// TestAddpRemoteTimeout: each end polls when the other one wants it to.
func TestAddpRemoteTimeout(t *testing.T) {
	for _, tt := range []struct {
		name             string
		a, b             Options
		lostByA, lostByB time.Duration
	}{
		{"nobody asks", Options{AddpTimeout: 3 * time.Second}, Options{AddpTimeout: time.Second}, 6 * time.Second, 2 * time.Second},
		{"the dialing end asks", Options{AddpTimeout: 3 * time.Second, AddpRemoteTimeout: 5 * time.Second}, Options{AddpTimeout: time.Second}, 6 * time.Second, 10 * time.Second},
		{"the accepting end asks", Options{AddpTimeout: 3 * time.Second}, Options{AddpTimeout: time.Second, AddpRemoteTimeout: 500 * time.Millisecond}, time.Second, 2 * time.Second},
		{"of one that would not poll", Options{AddpRemoteTimeout: time.Second}, Options{}, 0, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := &bench{queues: map[wire.ID][]sent{}}
			for _, o := range []*Options{&tt.a, &tt.b} {
				o.Reconnect, o.SyncReconnect = time.Hour, time.Hour
			}
			n.a, n.b = &end{bench: n, id: wire.A, peer: wire.B, opt: &tt.a}, &end{bench: n, id: wire.B, peer: wire.A, opt: &tt.b}
			n.a.start()
			n.b.start()
			n.deliver()
			lost := map[*end]time.Duration{}
			began := n.now
			for range 200 {
				n.pass(100*time.Millisecond, n.lose)
				for _, e := range []*end{n.a, n.b} {
					if !e.port().up && lost[e] == 0 {
						lost[e] = n.now - began
					}
				}
			}
			require.Equal(t, []time.Duration{tt.lostByA, tt.lostByB}, []time.Duration{lost[n.a], lost[n.b]})
		})
	}
}

// TestALinkKeepsNoQueue: whatever a peer sends, a port stays as large as it is: it has no room for messages.
func TestALinkKeepsNoQueue(t *testing.T) {
	for _, of := range []reflect.Type{reflect.TypeFor[port](), reflect.TypeFor[ended]()} {
		for i := range of.NumField() {
			field := of.Field(i)
			kind := field.Type.Kind()
			if kind == reflect.Array {
				kind = field.Type.Elem().Kind()
			}
			require.NotContains(t, []reflect.Kind{reflect.Slice, reflect.Map, reflect.Chan, reflect.Pointer, reflect.Interface}, kind, field.Name)
		}
	}
}
