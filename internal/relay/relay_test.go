package relay_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"hotpair/internal/fault"
	"hotpair/internal/natsworld"
	"hotpair/internal/relay"
	"hotpair/internal/wire"
)

// patience bounds the wait for something that must happen; it is no measure of speed.
const patience = 30 * time.Second

// bench is a NATS server with a relay in front.
type bench struct {
	server *natsworld.Server
	relay  *relay.Relay
	logs   *observer.ObservedLogs
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s, err := natsworld.StartServer(natsworld.ServerOptions{StoreDir: t.TempDir()})
	require.NoError(t, err)
	core, logs := observer.New(zap.ErrorLevel)
	b := &bench{server: s, relay: relay.New(relay.Options{Upstream: s.Addr(), Seed: 1, Log: zap.New(core)}), logs: logs}
	t.Cleanup(func() {
		b.relay.Close()
		b.server.Shutdown()
	})
	return b
}

func (b *bench) listen(t *testing.T, id wire.ID) string {
	t.Helper()
	addr, err := b.relay.Listen(id)
	require.NoError(t, err)
	again, err := b.relay.Listen(id)
	require.NoError(t, err)
	require.Equal(t, addr, again, "a node keeps its address")
	return addr
}

// connect connects a node through the relay. What happens to its connection is told to events.
func (b *bench) connect(t *testing.T, id wire.ID, events chan<- string) *nats.Conn {
	t.Helper()
	return b.connectPing(t, id, events, patience)
}

func (b *bench) connectPing(t *testing.T, id wire.ID, events chan<- string, ping time.Duration) *nats.Conn {
	t.Helper()
	tell := func(what string) {
		if events != nil {
			events <- what
		}
	}
	nc, err := nats.Connect("nats://"+b.listen(t, id), nats.ReconnectWait(5*time.Millisecond), nats.ReconnectJitter(0, 0), nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), nats.PingInterval(ping), nats.MaxPingsOutstanding(2), nats.Timeout(patience),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { tell("down") }), nats.ReconnectHandler(func(*nats.Conn) { tell("up") }))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// subscribe subscribes to all that is sent to a node.
func subscribe(t *testing.T, nc *nats.Conn, to wire.ID) <-chan *nats.Msg {
	t.Helper()
	ch := make(chan *nats.Msg, 1<<16)
	_, err := nc.ChanSubscribe("hotpair.pair.*.*."+to.String(), ch)
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
	return ch
}

func send(t *testing.T, nc *nats.Conn, from, to wire.ID, text string) {
	t.Helper()
	require.NoError(t, nc.Publish(natsworld.Subject("pair", from, to), []byte(text)))
}

func next[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case m := <-ch:
		return m
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
	}
	panic("not reached")
}

// until returns the texts that come before one of them.
func until(t *testing.T, ch <-chan *nats.Msg, last string) (texts []string) {
	t.Helper()
	for {
		m := next(t, ch)
		if string(m.Data) == last {
			return texts
		}
		texts = append(texts, string(m.Data))
	}
}

// texts waits for n messages.
func texts(t *testing.T, ch <-chan *nats.Msg, n int) (all []string) {
	t.Helper()
	for range n {
		all = append(all, string(next(t, ch).Data))
	}
	return all
}

func numbers(n int) (all []string) {
	for i := range n {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

func TestHealthyLinkCarriesEverything(t *testing.T) {
	b := newBench(t)
	a, peer := b.connect(t, wire.A, nil), b.connect(t, wire.B, nil)
	in := subscribe(t, peer, wire.B)
	big := strings.Repeat("x", 900_000) // near the server's limit, and more than any buffer of the relay
	send(t, a, wire.A, wire.B, big)
	m := nats.NewMsg(natsworld.Subject("pair", wire.A, wire.B))
	m.Header.Set("k", "v")
	m.Data = []byte("\r\nPING\r\n")
	require.NoError(t, a.PublishMsg(m))
	require.Equal(t, big, string(next(t, in).Data))
	got := next(t, in)
	require.Equal(t, "\r\nPING\r\n", string(got.Data))
	require.Equal(t, "v", got.Header.Get("k"))

	// Request and reply, in both directions at once.
	_, err := peer.Subscribe("ask", func(m *nats.Msg) { _ = m.Respond(append([]byte("re: "), m.Data...)) })
	require.NoError(t, err)
	require.NoError(t, peer.Flush())
	reply, err := a.Request("ask", []byte("hello"), patience)
	require.NoError(t, err)
	require.Equal(t, "re: hello", string(reply.Data))
}

func TestCutIsOneWayAndOfOneLink(t *testing.T) {
	b := newBench(t)
	a, peer := b.connect(t, wire.A, nil), b.connect(t, wire.B, nil)
	inA, inB := subscribe(t, a, wire.A), subscribe(t, peer, wire.B)
	m := b.connect(t, wire.MLayer, nil)
	inM := subscribe(t, m, wire.MLayer)

	b.relay.Impair(wire.A, wire.B, fault.Impairment{Cut: true})
	send(t, a, wire.A, wire.B, "lost")
	send(t, a, wire.A, wire.MLayer, "other link")
	send(t, peer, wire.B, wire.A, "other way")
	require.Equal(t, "other link", string(next(t, inM).Data))
	require.Equal(t, "other way", string(next(t, inA).Data))
	require.NoError(t, a.Flush()) // the server has had all that was to come

	b.relay.Impair(wire.A, wire.B, fault.Impairment{})
	send(t, a, wire.A, wire.B, "healed")
	require.Empty(t, until(t, inB, "healed"))
}

func TestLossIsAsTheSeedSays(t *testing.T) {
	run := func() []string {
		b := newBench(t)
		a, peer := b.connect(t, wire.A, nil), b.connect(t, wire.B, nil)
		in := subscribe(t, peer, wire.B)
		b.relay.Impair(wire.A, wire.B, fault.Impairment{Loss: 0.5})
		for _, n := range numbers(400) {
			send(t, a, wire.A, wire.B, n)
		}
		require.NoError(t, a.Flush())
		b.relay.Impair(wire.A, wire.B, fault.Impairment{})
		send(t, a, wire.A, wire.B, "end")
		return until(t, in, "end")
	}
	first := run()
	require.Equal(t, first, run())
	require.Greater(t, len(first), 150)
	require.Less(t, len(first), 250)
}

func TestDelayKeepsOrder(t *testing.T) {
	b := newBench(t)
	a, peer := b.connect(t, wire.A, nil), b.connect(t, wire.B, nil)
	in := subscribe(t, peer, wire.B)
	b.relay.Impair(wire.A, wire.B, fault.Impairment{Delay: 100 * time.Millisecond, Jitter: 10 * time.Millisecond})
	all := numbers(300)
	for i, n := range all {
		if i == 200 {
			require.NoError(t, a.Flush()) // the relay has the first ones, and holds them back
			b.relay.Impair(wire.A, wire.B, fault.Impairment{})
		}
		send(t, a, wire.A, wire.B, n)
	}
	require.Equal(t, all, texts(t, in, len(all)))
}

// TestEverythingTwice, in its order.
func TestEverythingTwice(t *testing.T) {
	for name, delay := range map[string]time.Duration{"at once": 0, "late": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			a, peer := b.connect(t, wire.A, nil), b.connect(t, wire.B, nil)
			in := subscribe(t, peer, wire.B)
			b.relay.Impair(wire.A, wire.B, fault.Impairment{Duplicate: 1, Delay: delay})
			var want []string
			for _, n := range numbers(50) {
				send(t, a, wire.A, wire.B, n)
				want = append(want, n, n)
			}
			require.Equal(t, want, texts(t, in, len(want)))
		})
	}
}

// TestOvertaken: what is held back for an hour does not hold up what comes behind, and what is held back for a moment arrives.
func TestOvertaken(t *testing.T) {
	b := newBench(t)
	a, peer := b.connect(t, wire.A, nil), b.connect(t, wire.B, nil)
	in := subscribe(t, peer, wire.B)
	b.relay.Impair(wire.A, wire.B, fault.Impairment{Reorder: 0.5, ReorderBy: 1000 * time.Hour})
	for _, n := range numbers(400) {
		send(t, a, wire.A, wire.B, n)
	}
	require.NoError(t, a.Flush())
	b.relay.Impair(wire.A, wire.B, fault.Impairment{})
	send(t, a, wire.A, wire.B, "end")
	came := until(t, in, "end")
	require.Greater(t, len(came), 150)
	require.Less(t, len(came), 250)
	require.IsIncreasing(t, toNumbers(t, came))

	b.relay.Impair(wire.A, wire.B, fault.Impairment{Reorder: 1, ReorderBy: 20 * time.Millisecond})
	for _, n := range numbers(100) {
		send(t, a, wire.A, wire.B, n)
	}
	require.ElementsMatch(t, numbers(100), texts(t, in, 100))
}

func TestDelayHoldsNothingElseUp(t *testing.T) {
	b := newBench(t)
	a, peer := b.connect(t, wire.A, nil), b.connect(t, wire.B, nil)
	inA, inB := subscribe(t, a, wire.A), subscribe(t, peer, wire.B)
	m := b.connect(t, wire.MLayer, nil)
	inM := subscribe(t, m, wire.MLayer)
	b.relay.Impair(wire.A, wire.B, fault.Impairment{Delay: time.Hour})
	send(t, a, wire.A, wire.B, "in an hour")
	send(t, a, wire.A, wire.MLayer, "at once")
	send(t, peer, wire.B, wire.A, "at once too")
	require.Equal(t, "at once", string(next(t, inM).Data))
	require.Equal(t, "at once too", string(next(t, inA).Data))
	require.NoError(t, peer.Flush())
	require.Empty(t, inB)
}

func TestDroppedNodeIsRefusedUntilItJoins(t *testing.T) {
	b := newBench(t)
	events := make(chan string, 64)
	a := b.connect(t, wire.A, events)
	other := b.connect(t, wire.B, nil)
	in := subscribe(t, other, wire.B)

	b.relay.Isolate(wire.A, fault.Dropped)
	require.Equal(t, "down", next(t, events))
	raw := dial(t, b.listen(t, wire.A))
	require.Empty(t, rest(t, raw), "a new connection is refused")
	require.NoError(t, other.Flush(), "nobody else is concerned")
	require.Empty(t, events)

	b.relay.Isolate(wire.A, fault.Joined)
	require.Equal(t, "up", next(t, events))
	send(t, a, wire.A, wire.B, "back")
	require.Equal(t, "back", string(next(t, in).Data))
}

func TestBlackHoleSwallowsBothWays(t *testing.T) {
	b := newBench(t)
	events := make(chan string, 64)
	a := b.connectPing(t, wire.A, events, 250*time.Millisecond) // what nodes do, and no false alarms were seen with it
	inA := subscribe(t, a, wire.A)
	other := b.connect(t, wire.B, nil)
	inB := subscribe(t, other, wire.B)

	b.relay.Isolate(wire.A, fault.BlackHoled)
	require.NoError(t, a.Publish(natsworld.Subject("pair", wire.A, wire.B), []byte("swallowed")))
	send(t, other, wire.B, wire.A, "swallowed")
	require.NoError(t, other.Flush())
	require.Equal(t, "down", next(t, events), "its pings are not answered")
	b.relay.Isolate(wire.MLayer, fault.BlackHoled)
	raw := dial(t, b.listen(t, wire.MLayer)) // accepted, and swallowed too
	require.Eventually(t, func() bool { return b.relay.Conns(wire.MLayer) == 1 }, patience, time.Millisecond)
	_, err := raw.Write([]byte("CONNECT {}\r\nPUB hotpair.pair.ha.A.B 3\r\nraw\r\nPING\r\n"))
	require.NoError(t, err)

	b.relay.Isolate(wire.MLayer, fault.Joined)
	b.relay.Isolate(wire.A, fault.Joined)
	require.Empty(t, rest(t, raw), "a connection that lost bytes is closed")
	require.Equal(t, "up", next(t, events))
	send(t, a, wire.A, wire.B, "back")
	require.Empty(t, until(t, inB, "back"))
	send(t, other, wire.B, wire.A, "back")
	require.Empty(t, until(t, inA, "back"))
}

func TestUpstreamGoneAndBack(t *testing.T) {
	dir := t.TempDir()
	s, err := natsworld.StartServer(natsworld.ServerOptions{StoreDir: dir})
	require.NoError(t, err)
	b := &bench{relay: relay.New(relay.Options{Upstream: s.Addr()})}
	defer b.relay.Close()
	events := make(chan string, 64)
	a := b.connect(t, wire.A, events)
	s.Shutdown()
	require.Equal(t, "down", next(t, events))
	require.Empty(t, rest(t, dial(t, b.listen(t, wire.A))), "nothing is behind the relay")
	s, err = natsworld.StartServer(natsworld.ServerOptions{StoreDir: dir, Port: s.Port()})
	require.NoError(t, err)
	defer s.Shutdown()
	require.Equal(t, "up", next(t, events))
	require.NoError(t, a.Flush())
}

func TestNonsenseClosesOneConnection(t *testing.T) {
	b := newBench(t)
	a := b.connect(t, wire.A, nil)
	for i, text := range []string{"PUB a many\r\n", "PUB a -5\r\n", "PUB a 3\r\nabcdef\r\n", strings.Repeat("y", 70_000)} {
		raw := dial(t, b.listen(t, wire.A))
		_, err := raw.Write([]byte(text))
		require.NoError(t, err)
		rest(t, raw) // returns when the connection is closed
		require.Equal(t, i+1, b.logs.Len(), "%.20q is logged", text)
		require.Contains(t, fmt.Sprint(b.logs.All()[i].ContextMap()), "no NATS frame")
	}
	require.NoError(t, a.Flush(), "the node's other connection goes on")
}

// What was sent before the end of a process arrives, also where its end tears a frame.
func TestLastFramesOfADyingNodeArrive(t *testing.T) {
	b := newBench(t)
	in := subscribe(t, b.connect(t, wire.B, nil), wire.B)
	raw := dial(t, b.listen(t, wire.A))
	_, err := raw.Write([]byte("CONNECT {\"verbose\":false}\r\nPUB hotpair.pair.ha.A.B 4\r\nlast\r\nPUB hotpair.pair.ha.A.B 4\r\nto"))
	require.NoError(t, err)
	require.NoError(t, raw.(*net.TCPConn).CloseWrite())
	require.Equal(t, "last", string(next(t, in).Data))
}

// A server that does not read, such as a paused one, must not hold up the relay.
func TestStuckUpstreamHoldsNothingUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			accepted <- c
		}
	}()
	r := relay.New(relay.Options{Upstream: l.Addr().String()})
	addr, err := r.Listen(wire.A)
	require.NoError(t, err)
	client := dial(t, addr)
	defer next(t, accepted).Close()
	line := bytes.Repeat([]byte("PUB a 1000\r\n"+strings.Repeat("z", 1000)+"\r\n"), 1000)
	for err == nil { // until every buffer on the way is full
		require.NoError(t, client.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
		_, err = client.Write(line)
	}
	finished := make(chan bool)
	go func() {
		r.Isolate(wire.A, fault.Dropped)
		r.Close()
		finished <- true
	}()
	next(t, finished)
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// rest reads what comes until the other end closes the connection, without the server's greeting and answers.
func rest(t *testing.T, c net.Conn) (lines []string) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	s := bufio.NewScanner(c)
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		var timeout net.Error
		require.False(t, asTimeout(err, &timeout), "the connection is not closed")
	}
	return lines
}

func asTimeout(err error, target *net.Error) bool {
	n, ok := err.(net.Error) //nolint:errorlint // the scanner returns it as it is
	if ok {
		*target = n
	}
	return ok && n.Timeout() && err != io.EOF //nolint:errorlint // as above
}

func toNumbers(t *testing.T, texts []string) (list []int) {
	for _, s := range texts {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		list = append(list, n)
	}
	return list
}
