package natsworld

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// patience bounds the wait for something that must happen; it is no measure of speed.
const patience = 30 * time.Second

// bench is a NATS server and hosts with toy nodes.
type bench struct {
	t      *testing.T
	dir    string
	server *Server
	clock  Clock
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), clock: NewClock(1)}
	b.startServer(0)
	t.Cleanup(func() {
		if b.server != nil {
			b.server.Shutdown()
		}
	})
	return b
}

func (b *bench) startServer(port int) {
	s, err := StartServer(ServerOptions{Port: port, StoreDir: b.dir})
	require.NoError(b.t, err)
	b.server = s
}

// restartServer ends the server, and starts it again on the same port and store; meanwhile is done in between.
func (b *bench) restartServer(meanwhile func()) {
	port := b.server.Port()
	b.server.Shutdown()
	meanwhile()
	b.startServer(port)
}

// toy is a node that does what commands say, and notes what it is told.
type toy struct{ self wire.ID }

func (n *toy) Step(in *node.Input, out *node.Output) {
	say := func(text string) { out.Note(node.Note{Kind: node.NoteLink, Peer: in.Peer, Text: text}) }
	switch in.Kind {
	case node.Start:
		say("start with " + string(in.Value))
	case node.Receive:
		say(fmt.Sprintf("got %d", in.Msg.Num))
	case node.Fired:
		say(fmt.Sprintf("fired %d", in.Timer.Kind))
	case node.StoreConflict:
		say("conflict with " + string(in.Value))
	case node.Do:
		n.command(in.Cmd, out, say)
	}
}

func (n *toy) command(c *node.Command, out *node.Output, say func(string)) {
	switch c.Verb {
	case "send":
		out.Send(n.self.Peer(), wire.FullSyncAck).Num = c.ID
	case "persist":
		say("before " + c.Args["value"])
		out.Persist([]byte(c.Args["value"]))
		say("behind " + c.Args["value"])
	case "set":
		out.Set(node.Timer{Kind: 1}, time.Hour)
		out.Set(node.Timer{Kind: 2}, 20*time.Millisecond)
		out.Set(node.Timer{Kind: 3}, time.Millisecond)
		out.Set(node.Timer{Kind: 1}, 10*time.Millisecond)
		out.Cancel(node.Timer{Kind: 3})
	case "fence":
		out.Note(node.Note{Kind: node.NoteFence, Peer: wire.A, Text: "a fence"})
	case "panic":
		panic("an invariant")
	}
	out.Done(c)
}

func (n *toy) AppendCanonical(b []byte) []byte { return b }
func (n *toy) Restore([]byte) error            { return nil }

func newToy(id wire.ID, _ *config.Config) node.Node { return &toy{id} }

// person is a host under test and what it has recorded.
type person struct {
	*Host
	t       *testing.T
	mu      sync.Mutex
	records []trace.Record
	news    chan struct{}
	refuse  func(r *trace.Record) error // what the recorder answers
}

// options are those of a host with a toy node.
func (b *bench) options(id wire.ID) HostOptions {
	c := config.Default()
	c.Clients = 1
	c.Link.Reconnect, c.Link.SyncReconnect = 50*time.Millisecond, 50*time.Millisecond
	return HostOptions{ID: id, Config: c, URL: b.server.URL(), Pair: "pair", Clock: b.clock, NewNode: newToy}
}

// host makes a host that is connected and not started.
func (b *bench) host(id wire.ID, change ...func(*HostOptions)) *person {
	b.t.Helper()
	p := &person{t: b.t, news: make(chan struct{}, 1)}
	o := b.options(id)
	for _, c := range change {
		c(&o)
	}
	o.Records = p.record
	h, err := NewHost(context.Background(), o)
	require.NoError(b.t, err)
	p.Host = h
	b.t.Cleanup(h.Kill)
	return p
}

// start makes hosts whose nodes run.
func (b *bench) start(id wire.ID, change ...func(*HostOptions)) *person {
	b.t.Helper()
	p := b.host(id, change...)
	p.Go()
	return p
}

// pair makes A and B with the link between them up.
func (b *bench) pair(change ...func(*HostOptions)) (a, peer *person) {
	b.t.Helper()
	a, peer = b.start(wire.A, change...), b.start(wire.B, change...)
	a.wait("up B#1")
	peer.wait("up A#1")
	return a, peer
}

func (p *person) record(records []trace.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range records {
		if p.refuse != nil {
			if err := p.refuse(&records[i]); err != nil {
				return err
			}
		}
		p.records = append(p.records, records[i])
	}
	select {
	case p.news <- struct{}{}:
	default:
	}
	return nil
}

// said shows the records: what the node noted, and what befell its ports.
func (p *person) said() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.records {
		r := &p.records[i]
		switch r.Kind {
		case trace.Noted:
			all = append(all, r.Note.Text)
		case trace.Up, trace.Down:
			all = append(all, fmt.Sprintf("%s %s#%d%s", r.Kind, r.Peer, r.PeerInc, r.Text))
		default:
			all = append(all, r.Kind.String())
		}
	}
	return all
}

// wait waits until something is recorded, for the n-th time.
func (p *person) wait(what string, n ...int) {
	p.t.Helper()
	times := 1
	if len(n) > 0 {
		times = n[0]
	}
	alarm := time.After(patience)
	for {
		count := 0
		said := p.said()
		for _, s := range said {
			if s == what {
				count++
			}
		}
		if count >= times {
			return
		}
		select {
		case <-p.news:
		case <-alarm:
			require.FailNow(p.t, "it does not happen", "%s: %s; there is %q", p.opt.ID, what, said)
		}
	}
}

// do gives the node a command, and waits until it has answered.
func (p *person) do(verb string, id uint64, args ...string) {
	p.t.Helper()
	c := &node.Command{ID: id, Verb: verb, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		c.Args[args[i]] = args[i+1]
	}
	p.mu.Lock()
	done := 0
	for i := range p.records {
		if r := &p.records[i]; r.Kind == trace.Noted && r.Note.Kind == node.NoteDone && r.Note.Text == verb {
			done++
		}
	}
	p.mu.Unlock()
	p.Do(c)
	p.wait(verb, done+1)
}

// ended waits until a host has ended.
func (p *person) ended() error {
	p.t.Helper()
	select {
	case <-p.Done():
		return p.Err()
	case <-time.After(patience):
		require.FailNow(p.t, "the host does not end")
	}
	return nil
}

// stranger is a plain NATS client that hears everything.
func (b *bench) stranger() (*nats.Conn, *nats.Subscription) {
	b.t.Helper()
	nc, err := nats.Connect(b.server.URL(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // it may be slow
	require.NoError(b.t, err)
	b.t.Cleanup(nc.Close)
	sub, err := nc.SubscribeSync("hotpair.>")
	require.NoError(b.t, err)
	require.NoError(b.t, nc.Flush())
	return nc, sub
}

func eventually(t *testing.T, what func() bool) {
	t.Helper()
	require.Eventually(t, what, patience, time.Millisecond)
}
