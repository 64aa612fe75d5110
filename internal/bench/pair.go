package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/procworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// patience is how long something that must happen may take: a process that starts, a pair that synchronizes.
const patience = 60 * time.Second

// pair is a pair that runs as processes, and what it tells of itself. Its methods are called by one goroutine.
type pair struct {
	*procworld.World
	nc *nats.Conn // of whoever looks at it

	mu      sync.Mutex
	marks   []trace.Record
	changed chan struct{} // closed when marks grow
	sink    func(*trace.Record) bool
}

// options say which pair is measured.
type options struct {
	config.Config
	relay bool // so that links can be cut
	calls bool // the switch tells of its calls
	// sink, if it is set, hears of each record first, called by several goroutines, and says whether nobody else is to.
	sink func(*trace.Record) (taken bool)
}

// realTime are options for the wall clock: how a pair in the field could be set if it is to recover quickly.
func realTime() config.Config {
	c := config.Default()
	c.Link.AddpTimeout = 500 * time.Millisecond
	c.Link.Reconnect, c.Link.SyncReconnect = 200*time.Millisecond, 200*time.Millisecond
	c.Switch.SyncTime = 100 * time.Millisecond
	c.Switch.Extensions = 2000
	c.A.HASyncMethod, c.B.HASyncMethod = "transfer", "transfer"
	return c
}

// startPair starts NATS, and a pair with one client.
func startPair(o options) (_ *pair, err error) {
	p := &pair{changed: make(chan struct{}), sink: o.sink}
	p.World, err = procworld.New(procworld.Options{
		Config: o.Config, Speed: 1, Sink: trace.SinkFunc(func(*trace.Record) {}), Direct: !o.relay, Marks: p.mark, MarkCalls: o.calls,
	})
	if err != nil {
		return nil, err
	}
	admin := p.Login(access.Admin)
	if p.nc, err = natsworld.Connect(p.NATSURL(), p.Pair(), &admin, nats.Name("bench")); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// boot starts all nodes and waits until the pair is synchronized. Whoever wants to see everything has subscribed before.
func (p *pair) boot(ctx context.Context, ids ...wire.ID) error {
	if err := p.Boot(ids...); err != nil {
		return err
	}
	return p.awaitReady(ctx, 0)
}

func (p *pair) close() {
	if p.nc != nil {
		p.nc.Close()
	}
	_ = p.Close() // the processes have been killed whatever it says
}

// mark takes the records of the nodes' processes.
func (p *pair) mark(records ...trace.Record) {
	if p.sink != nil {
		if records = slices.DeleteFunc(records, func(r trace.Record) bool { return p.sink(&r) }); len(records) == 0 {
			return
		}
	}
	p.mu.Lock()
	p.marks = append(p.marks, records...)
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
}

// seen returns how many marks there are.
func (p *pair) seen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.marks)
}

// await waits for a mark from the n-th on, and returns it.
func (p *pair) await(ctx context.Context, n int, what string, match func(*trace.Record) bool) (trace.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		p.mu.Lock()
		for ; n < len(p.marks); n++ {
			if match(&p.marks[n]) {
				r := p.marks[n]
				p.mu.Unlock()
				return r, nil
			}
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return trace.Record{}, fmt.Errorf("%s: not within %s: %w", what, patience, ctx.Err())
		}
	}
}

// noted matches a note of a node.
func noted(id wire.ID, kind node.NoteKind, match func(*node.Note) bool) func(*trace.Record) bool {
	return func(r *trace.Record) bool {
		return r.Kind == trace.Noted && r.Node == id && r.Note.Kind == kind && match(r.Note)
	}
}

func (p *pair) awaitReady(ctx context.Context, from int) error {
	_, err := p.await(ctx, from, "synchronized pair", noted(wire.MLayer, node.NotePairReady, func(n *node.Note) bool { return n.N == 1 }))
	return err
}

// ready reports the readiness of the pair as the Management Layer told it last.
func (p *pair) ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.marks) - 1; i >= 0; i-- {
		if r := &p.marks[i]; r.Kind == trace.Noted && r.Note.Kind == node.NotePairReady {
			return r.Note.N == 1
		}
	}
	return false
}

// primary returns which T-Server took the role of primary last.
func (p *pair) primary() wire.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.marks) - 1; i >= 0; i-- {
		if r := &p.marks[i]; r.Kind == trace.Noted && r.Note.Kind == node.NoteRole && r.Note.Text == wire.Primary.String() {
			return r.Node
		}
	}
	return wire.None
}

// order gives the switch a command.
func (p *pair) order(verb string, args map[string]string) error {
	return p.Do(wire.Switch, &node.Command{ID: 1, Verb: verb, Args: args})
}
