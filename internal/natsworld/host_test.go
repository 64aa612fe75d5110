package natsworld

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

func TestHostsTalkOverNATS(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	require.Equal(t, uint64(1), a.Inc())
	for n := range uint64(50) {
		a.do("send", n+1)
	}
	peer.wait("got 50")
	var got []string
	for _, s := range peer.said() {
		if strings.HasPrefix(s, "got") {
			got = append(got, s)
		}
	}
	require.Len(t, got, 50)
	for i, s := range got {
		require.Equal(t, fmt.Sprintf("got %d", i+1), s)
	}
	last := peer.records[len(peer.records)-2]
	require.Equal(t, trace.Received, last.Kind)
	require.Equal(t, wire.A, last.Peer)
	require.NotZero(t, last.PeerIndex)
	require.Positive(t, last.At)
}

func TestNodeStartsWithGo(t *testing.T) {
	b := newBench(t)
	a := b.host(wire.A)
	a.Do(&node.Command{ID: 1, Verb: "none"})
	require.Empty(t, a.said())
	a.Go()
	a.wait("none")
	require.Equal(t, []string{"started", "start with "}, a.said()[:2])
}

func TestHostEndsBeforeGo(t *testing.T) {
	b := newBench(t)
	for _, end := range []func(*Host){(*Host).Kill, (*Host).Stop} {
		a := b.host(wire.A)
		end(a.Host)
		require.NoError(t, a.ended())
		a.Go()
		require.Empty(t, a.said())
		require.True(t, a.nc.IsClosed())
	}
}

func TestNoMessageLeavesWithoutItsRecord(t *testing.T) {
	b := newBench(t)
	a, _ := b.pair()
	nc, sub := b.stranger()
	full := errors.New("the disk is full")
	a.mu.Lock()
	a.refuse = func(r *trace.Record) error {
		if r.Kind == trace.Sent {
			return full
		}
		return nil
	}
	a.mu.Unlock()
	a.Do(&node.Command{ID: 1, Verb: "send"})
	require.ErrorIs(t, a.ended(), full)
	a.Kill() // what its connection has been given is with the server now
	require.NoError(t, nc.Publish("hotpair.end", nil))
	for {
		m, err := sub.NextMsg(patience)
		require.NoError(t, err)
		if m.Subject == "hotpair.end" {
			break
		}
		require.NotContains(t, string(m.Data), `"data"`)
	}
}

func TestStopSaysGoodbyeAndKillDoesNot(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	a.Stop()
	require.NoError(t, a.ended())
	peer.wait("down A#1goodbye")
	a = b.start(wire.A)
	peer.wait("up A#2")
	a.Kill()
	require.NoError(t, a.ended())
	b.start(wire.A)
	peer.wait("up A#3")
	require.Contains(t, peer.said(), "down A#2gone")
}

func TestNATSRestartsOnTheSamePort(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	b.restartServer(func() {
		a.wait("carrier-down")
		peer.wait("carrier-down")
	})
	for _, p := range []*person{a, peer} {
		p.wait("carrier-up")
		p.wait("up "+p.opt.ID.Peer().String()+"#1", 2)
	}
	a.do("send", 77)
	peer.wait("got 77")
}

func TestNodesSurviveARestartOfNATS(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	a.do("persist", 1, "value", "x\ny")
	a.Kill()
	b.restartServer(func() {})
	a = b.start(wire.A)
	require.Equal(t, uint64(2), a.Inc())
	a.wait("start with x\ny")
}

func TestPersistWaitsForTheStore(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	b.restartServer(func() {
		a.wait("carrier-down")
		a.Do(&node.Command{ID: 1, Verb: "persist", Args: map[string]string{"value": "late"}})
		a.wait("before late")
		require.NotContains(t, a.said(), "behind late")
	})
	a.wait("behind late")
	a.Kill()
	b.start(wire.A).wait("start with late")
}

func TestKilledWhileItWaitsForTheStore(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	b.restartServer(func() {
		a.wait("carrier-down")
		a.Do(&node.Command{ID: 1, Verb: "persist", Args: map[string]string{"value": "late"}})
		a.wait("before late")
		a.Kill()
		require.NoError(t, a.ended())
	})
	said := a.said()
	require.Equal(t, "before late", said[len(said)-1], "nothing is heard of what stands behind the barrier")
}

func TestStopWithoutNATS(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	b.restartServer(func() {
		a.wait("carrier-down")
		a.Stop()
		require.NoError(t, a.ended())
	})
}

func TestBadPayloads(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	nc, _ := b.stranger()
	const ha = "hotpair.pair.ha.B.A"
	for i, tc := range []struct{ subject, payload, want string }{
		{ha, "{", "the payload is no packet"},
		{ha, "", "the payload is no packet"},
		{ha, `{"pkt":"hello","fromInc":1}`, "session is missing"},
		{ha, `{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":{"kind":"FullSyncAck"}}`, "FullSyncAck: missing: num"},
		{ha, `{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":{"kind":"Appoint","node":"A","inc":1}}`, "Appoint is not what B sends A"},
		{ha, strings.Repeat("x", link.MaxPayload+1), "at most 524288 are read"},
		{ha, `{"` + strings.Repeat("x", 30_000) + `":1}`, "the payload is no packet"},
		{"hotpair.pair.ha.X.A", "{}", `unknown node "X"`},
		{"hotpair.pair.ha.NATS.A", "{}", "NATS and A have no ha link"},
		{"hotpair.pair.cti.B.A", "{}", "B and A have no cti link"},
		{"hotpair.pair.client.C2.A", "{}", "there is no C2: clients is 1 in the configuration"},
	} {
		require.NoError(t, nc.Publish(tc.subject, []byte(tc.payload)))
		require.NoError(t, nc.Flush())
		var note *node.Note
		eventually(t, func() bool { note = badInput(a, i); return note != nil })
		require.Contains(t, note.Text, tc.want)
		require.True(t, strings.HasPrefix(note.Text, tc.subject+": "), "the place is named: %s", note.Text)
		require.Less(t, len(note.Text), 1300)
	}
	peer.do("send", 5)
	a.wait("got 5")
	require.NotContains(t, strings.Join(a.said(), "\n"), "down B", "no port went down for it")
}

// badInput returns the i-th note of a bad input.
func badInput(p *person, i int) *node.Note {
	p.mu.Lock()
	defer p.mu.Unlock()
	for j := range p.records {
		if r := &p.records[j]; r.Kind == trace.Noted && r.Note.Kind == node.NoteBadInput {
			if i == 0 {
				return r.Note
			}
			i--
		}
	}
	return nil
}

func TestPausedHostStandsStill(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	resume := a.Pause()
	peer.do("send", 1)
	eventually(t, func() bool { return len(a.msgs) > 0 })
	require.NotContains(t, a.said(), "got 1")
	resume()
	resume()
	a.wait("got 1")
	a.Pause()
	a.Kill()
	require.NoError(t, a.ended(), "a paused host can be killed")
}

func TestTimersFireInOrder(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	a.do("set", 1)
	a.wait("fired 2")
	var fired []string
	for _, s := range a.said() {
		if strings.HasPrefix(s, "fired") {
			fired = append(fired, s)
		}
	}
	require.Equal(t, []string{"fired 1", "fired 2"}, fired)
}

// A host that got no processor for a while must not take that for silence: what has arrived comes before the timers that are due.
func TestWhatHasArrivedComesBeforeTimers(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	held, release := make(chan struct{}), make(chan struct{})
	goOn := sync.OnceFunc(func() { close(release) })
	defer goOn() // a test that fails does not hold the host for ever
	a.later(func() {
		a.SetTimer(node.Timer{Kind: 9}, time.Nanosecond)
		close(held)
		<-release
	})
	<-held
	for n := range uint64(5) {
		peer.do("send", n+1)
	}
	eventually(t, func() bool { return len(a.msgs) >= 5 }) // a poll may be among them
	goOn()
	a.wait("fired 9")
	said := a.said()
	require.Equal(t, []string{"received", "got 5", "fired 9"}, said[len(said)-3:])
}

func TestSlowConsumerIsALostCarrier(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	resume := a.Pause()
	nc, _ := b.stranger()
	for range inboxSize + 10 {
		require.NoError(t, nc.Publish("hotpair.pair.ha.B.A", []byte(`{"pkt":"knock","fromInc":1}`)))
	}
	require.NoError(t, nc.Flush())
	eventually(t, func() bool {
		dropped, err := a.sub.Dropped()
		return err == nil && dropped > 0
	})
	resume()
	a.wait("carrier-up")
	a.wait("up B#1", 2)
	a.do("send", 9)
	peer.wait("got 9")
}

func TestPanicEndsTheHostAlone(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	a.Do(&node.Command{ID: 1, Verb: "panic"})
	err := a.ended()
	require.ErrorContains(t, err, "panic: an invariant")
	require.ErrorContains(t, err, "toys_test.go", "the place is named")
	peer.do("send", 1)
}

func TestNewHostErrors(t *testing.T) {
	b := newBench(t)
	o := b.options(wire.A)
	o.URL = "nats://127.0.0.1:1"
	_, err := NewHost(context.Background(), o)
	require.ErrorContains(t, err, "node A: NATS at nats://127.0.0.1:1")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = NewHost(ctx, b.options(wire.A))
	require.ErrorIs(t, err, context.Canceled)
}

func TestTraceOfAHostThatWasStartedByHand(t *testing.T) {
	b := newBench(t)
	_, sub := b.stranger()
	o := b.options(wire.A)
	o.PublishTrace = true
	h, err := NewHost(context.Background(), o)
	require.NoError(t, err)
	defer h.Kill()
	h.Go()
	for {
		m, err := sub.NextMsg(patience)
		require.NoError(t, err)
		if m.Subject == TraceSubject("pair", wire.A) {
			require.JSONEq(t, `{"at":0,"rec":"started","node":"A","inc":1,"idx":1}`, string(atZero(m.Data)))
			return
		}
	}
}

// atZero replaces the time of a record.
func atZero(record []byte) []byte {
	_, rest, _ := strings.Cut(string(record), ",")
	return []byte(`{"at":0,` + rest)
}
