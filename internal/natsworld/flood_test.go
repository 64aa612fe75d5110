package natsworld

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/status"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// flooded is a pair with calls in progress, which counts what its client is told instead of keeping it.
type flooded struct {
	*World
	t     *testing.T
	l     *local
	acted int               // events on which C1 has acted
	roles int               // that were taken
	downs int               // links of the pair's own that went down
	notes map[wire.ID]int   // of messages that made no sense
	text  map[string]string // the last one, by node
	ready bool
	next  uint64
}

func newFlooded(t *testing.T, rate int) *flooded {
	f := &flooded{t: t, notes: map[wire.ID]int{}, text: map[string]string{}}
	c := config.Default()
	c.Clients, c.Switch.Extensions, c.ClientRate = 2, 2000, rate
	c.Slacken(2 * time.Second) // a busy machine is no fault of the peer
	var err error
	f.World, err = NewWorld(Options{Config: c, Speed: 1, Sink: trace.SinkFunc(f.record)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	f.l = f.driver.(*local) //nolint:forcetypeassert // a world of one process
	require.NoError(t, f.Boot(wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1)))
	f.await("readiness", func() bool { return f.ready })
	return f
}

func (f *flooded) record(r *trace.Record) {
	switch {
	case r.Kind == trace.Down && r.Node != wire.Client(2) && r.Peer != wire.Client(2):
		f.downs++
	case r.Kind != trace.Noted:
	case r.Note.Kind == node.NotePairReady:
		f.ready = r.Note.N == 1
	case r.Note.Kind == node.NoteActed && r.Node == wire.Client(1):
		f.acted++
	case r.Note.Kind == node.NoteRole:
		f.roles++
	case r.Note.Kind == node.NoteBadInput:
		f.notes[r.Node]++
		f.text[r.Node.String()] = r.Note.Text
	}
}

func (f *flooded) await(what string, done func() bool) {
	f.t.Helper()
	ok, err := f.Run(f.Now()+patience, done)
	require.NoError(f.t, err)
	require.True(f.t, ok, "it does not happen: %s (%d events)", what, f.acted)
}

// calls has the switch do something with calls from..to-1, each between two extensions of its own, and waits until the client has been told of both parties.
func (f *flooded) calls(verb string, from, to int) {
	f.t.Helper()
	want := f.acted + 2*(to-from)
	for n := from; n < to; n++ {
		args := map[string]string{"name": "c" + strconv.Itoa(n)}
		if verb == "call" {
			args["from"], args["to"] = strconv.Itoa(1001+2*n), strconv.Itoa(1002+2*n)
		}
		f.next++
		require.NoError(f.t, f.Do(wire.Switch, &node.Command{ID: f.next, Verb: verb, Args: args}))
	}
	f.await(fmt.Sprintf("%s %d to %d", verb, from, to), func() bool { return f.acted >= want })
}

// intruder is a program that has got the key of client C2.
func (f *flooded) intruder(refused chan<- string) *nats.Conn {
	login := f.l.login("C2")
	nc, err := Connect(f.l.server.URL(), f.l.pair, &login, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if m := violation.FindStringSubmatch(err.Error()); m != nil {
			refused <- m[2]
		}
	}))
	require.NoError(f.t, err)
	f.t.Cleanup(nc.Close)
	return nc
}

// great is how many messages are too great in TestAClientThatFloodsThePair: 1,000, or HOTPAIR_FLOOD; 10,000 of them, which is what it is to be, are five gigabytes (make flood).
func great(t *testing.T) int {
	text := os.Getenv("HOTPAIR_FLOOD")
	if text == "" {
		return 1000
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "HOTPAIR_FLOOD")
	return n
}

// TestAClientThatFloodsThePair: 10,000 messages that make no sense, and so many that are too great, to the T-Servers by turns, while 1,000 calls are in progress: nothing is lost, and
// nothing is leaked.
func TestAClientThatFloodsThePair(t *testing.T) {
	const calls, floods = 1000, 10_000
	tooGreat := great(t)
	f := newFlooded(t, config.Default().ClientRate)
	f.calls("call", 0, calls)
	nc := f.intruder(make(chan string, 1))
	before, roles, downs := heap(), f.roles, f.downs

	flooded := make(chan error, 1)
	go func() { flooded <- flood(nc, f.l.pair, floods, tooGreat) }()
	f.calls("answer", 0, calls/2) // meanwhile
	for done := false; !done; {
		select {
		case err := <-flooded:
			require.NoError(t, err)
			done = true
		default:
			_, err := f.Run(f.Now()+10*time.Millisecond, nil)
			require.NoError(t, err)
		}
	}
	f.calls("answer", calls/2, calls)
	after := heap()
	for until := time.Now().Add(patience); after >= before+8<<20 && time.Now().Before(until); after = heap() { // what is still under way is no leak
		_, err := f.Run(f.Now()+10*time.Millisecond, nil)
		require.NoError(t, err)
	}
	t.Logf("heap: %d KiB before, %d KiB after the flood; %d and %d notes", before>>10, after>>10, f.notes[wire.A], f.notes[wire.B])
	require.Less(t, after, before+8<<20, "%d MiB before, %d MiB after", before>>20, after>>20)
	f.calls("release", 0, calls)
	require.Equal(t, 6*calls, f.acted, "every event, and each once")
	require.Equal(t, []int{roles, downs}, []int{f.roles, f.downs}, "the pair goes on as if nothing were")
	require.True(t, f.ready)
	for _, id := range []wire.ID{wire.A, wire.B} {
		s, err := f.l.hosts[id].Status(t.Context())
		require.NoError(t, err)
		dropped := s.Dropped
		require.EqualValues(t, (floods+tooGreat)/2, dropped, "%s counts each: %s", id, f.text[id.String()])
		require.Less(t, f.notes[id], 2000, "and does not fill its trace with them")
		require.NotZero(t, f.notes[id])
	}
}

// flood sends the T-Servers, by turns, so many messages that make no sense, and so many that are too great.
func flood(nc *nats.Conn, pair string, n, tooGreat int) error {
	nonsense := [][]byte{
		nil, []byte("{"), []byte(`{"pkt":"data"}`), []byte(strings.Repeat(`[`, 2000)), bytes.Repeat([]byte{0xff}, 100),
		[]byte(`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":{"kind":"EventRinging"}}`),
	}
	huge := bytes.Repeat([]byte("x"), link.MaxPayload+1)
	for i := range n {
		to := wire.A + wire.ID(i%2)
		if err := nc.Publish(Subject(pair, wire.Client(2), to), nonsense[i/2%len(nonsense)]); err != nil {
			return err
		}
		if i < tooGreat {
			if err := nc.Publish(Subject(pair, wire.Client(2), to), huge); err != nil {
				return err
			}
		}
		if i%10 == 9 { // so that no more than five megabytes are under way: the server cuts off a node for which 64 MB wait
			if err := nc.FlushTimeout(patience); err != nil {
				return err
			}
		}
	}
	return nil
}

func heap() uint64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestAClientThatIsTooFastIsNotRead: what comes beyond client-rate is dropped before it is read, and the other clients are served.
func TestAClientThatIsTooFastIsNotRead(t *testing.T) {
	f := newFlooded(t, 10)
	nc := f.intruder(make(chan string, 1))
	const sent = 1000 // for which it might take 98 s
	for range sent {
		require.NoError(t, nc.Publish(Subject(f.l.pair, wire.Client(2), wire.A), []byte(`{"pkt":"poll","fromInc":1,"toInc":1,"session":1}`)))
	}
	require.NoError(t, nc.FlushTimeout(patience))
	f.calls("call", 0, 3)
	h, dropped := f.l.hosts[wire.A], uint64(0)
	require.NoError(t, h.Look(t.Context(), func(status.Status, *status.Counts) { dropped = h.limits.clients[wire.Client(2)].dropped }))
	require.NotZero(t, dropped)
	require.Less(t, dropped, uint64(sent-10))
	require.Contains(t, f.text["A"], "more than client-rate, 10 messages a second: dropped unread")
	require.True(t, f.ready)
}

// TestAClientThatSpeaksForOthers: a client's user that publishes as a T-Server, as the switch or as the operator is refused, and the pair goes on.
func TestAClientThatSpeaksForOthers(t *testing.T) {
	f := newFlooded(t, config.Default().ClientRate)
	f.calls("call", 0, 3)
	refused := make(chan string, 100)
	nc := f.intruder(refused)
	roles, downs := f.roles, f.downs
	event := `{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":9,"msg":{"kind":"EventLinkDisconnected","epoch":9}}`
	for _, subject := range []string{
		Subject(f.l.pair, wire.A, wire.Client(1)), Subject(f.l.pair, wire.B, wire.A), Subject(f.l.pair, wire.A, wire.MLayer),
		Subject(f.l.pair, wire.Switch, wire.A), Subject(f.l.pair, wire.Switch, wire.B), Subject(f.l.pair, wire.MLayer, wire.B), Subject(f.l.pair, wire.Client(1), wire.A),
		access.CommandSubject(f.l.pair, access.DefaultOperator, "M", "switchover"), access.CommandSubject(f.l.pair, "C2", "M", "switchover"),
		access.StatusSubject(f.l.pair, "A"), access.AuditSubject(f.l.pair, "M"), StartedSubject(f.l.pair, wire.A), "$KV.hotpair_pair.M.state",
		"$SYS.REQ.SERVER." + nc.ConnectedServerId() + ".KICK",
	} {
		require.NoError(t, nc.Publish(subject, []byte(event)))
		select {
		case got := <-refused:
			require.Equal(t, subject, got)
		case <-time.After(patience):
			require.FailNow(t, "it is not refused", subject)
		}
	}
	require.ErrorIs(t, nc.Publish(Subject(f.l.pair, wire.Client(2), wire.A), make([]byte, nc.MaxPayload()+1)), nats.ErrMaxPayload)
	require.LessOrEqual(t, nc.MaxPayload(), int64(1<<20))
	f.calls("release", 0, 3)
	require.Equal(t, []int{roles, downs}, []int{f.roles, f.downs})
	require.Equal(t, 12, f.acted)
	require.True(t, f.ready)
	require.Empty(t, f.notes, "%v", f.text)
}

// TestAClientThatSendsTooMuch: what a client sends beyond its rate is dropped unread.
func TestAClientThatSendsTooMuch(t *testing.T) {
	l := limits{rate: 10}
	at := time.Second
	read := func(n int) (allowed int) {
		for range n {
			if l.allow(wire.Client(1), at) {
				allowed++
			}
		}
		return allowed
	}
	require.Equal(t, 20, read(50), "two seconds' worth at once")
	at += 500 * time.Millisecond
	require.Equal(t, 5, read(50))
	require.True(t, l.allow(wire.Client(2), at), "another one")
	at += time.Hour
	require.Equal(t, 20, read(50))
	require.EqualValues(t, 30+45+30, l.clients[wire.Client(1)].dropped)
	l.rate = 0
	require.Equal(t, 50, read(50))
}

// TestComplaintsAreCounted: what makes no sense is told singly up to a number, and counted beyond it.
func TestComplaintsAreCounted(t *testing.T) {
	var l limits
	told := 0
	for range 3 * complaintsPerSecond {
		if tell, untold := l.complain(wire.Client(1), time.Second); tell {
			require.Zero(t, untold)
			told++
		}
	}
	require.Equal(t, complaintsPerSecond, told)
	tell, untold := l.complain(wire.Client(1), 2*time.Second)
	require.True(t, tell)
	require.EqualValues(t, 2*complaintsPerSecond, untold)
	tell, untold = l.complain(wire.Client(2), 2*time.Second)
	require.True(t, tell)
	require.Zero(t, untold)
}
