package relay

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"

	"hotpair/internal/fault"
	"hotpair/internal/wire"
)

// Options say where a relay leads.
type Options struct {
	// Upstream is the NATS server's address, host:port.
	Upstream string
	// Seed of what is lost and how jitter is drawn.
	Seed uint64
	// Log takes what is wrong with what nodes send; nil discards it.
	Log *zap.Logger
}

// Relay stands in front of a NATS server, with a listener on loopback for each node. Its methods may be called by several goroutines.
type Relay struct {
	log       *zap.Logger
	mu        sync.Mutex
	upstream  string
	rng       *rand.Rand
	listeners map[wire.ID]net.Listener
	conns     map[wire.ID]map[*conn]bool
	impaired  map[direction]fault.Impairment
	isolated  map[wire.ID]fault.Isolation
	closed    bool
	wg        sync.WaitGroup
}

// New makes a relay without listeners.
func New(o Options) *Relay {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return &Relay{
		log:      o.Log,
		upstream: o.Upstream, rng: rand.New(rand.NewPCG(o.Seed, 0x72656c6179)),
		listeners: map[wire.ID]net.Listener{}, conns: map[wire.ID]map[*conn]bool{},
		impaired: map[direction]fault.Impairment{}, isolated: map[wire.ID]fault.Isolation{},
	}
}

// Listen returns the address at which a node reaches NATS. It stays the same while the relay lives.
func (r *Relay) Listen(id wire.ID) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.listeners[id]; l != nil {
		return l.Addr().String(), nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("relay for %s: %w", id, err)
	}
	r.listeners[id] = l
	r.conns[id] = map[*conn]bool{}
	r.wg.Add(1)
	go r.accept(id, l)
	return l.Addr().String(), nil
}

func (r *Relay) accept(id wire.ID, l net.Listener) {
	defer r.wg.Done()
	for {
		c, err := l.Accept()
		if err != nil {
			return // closed
		}
		r.take(id, c)
	}
}

// take serves a connection, unless its node is isolated.
func (r *Relay) take(id wire.ID, client net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.isolated[id] == fault.Dropped {
		_ = client.Close()
		return
	}
	c := &conn{relay: r, id: id, client: client, hole: r.isolated[id] == fault.BlackHoled, gone: make(chan struct{})}
	r.conns[id][c] = true
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		c.serve(r.upstreamAddr())
		r.mu.Lock()
		delete(r.conns[id], c)
		r.mu.Unlock()
	}()
}

func (r *Relay) upstreamAddr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.upstream
}

// Impair sets the state of one direction of a link. Times are wall-clock times.
func (r *Relay) Impair(from, to wire.ID, i fault.Impairment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i.IsZero() {
		delete(r.impaired, direction{from, to})
	} else {
		r.impaired[direction{from, to}] = i
	}
}

// Isolate cuts a node's connection, makes it a black hole, or lets the node connect again. A connection that was a black hole has lost bytes
// and is closed.
func (r *Relay) Isolate(id wire.ID, i fault.Isolation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.isolated[id]
	r.isolated[id] = i
	for c := range r.conns[id] {
		switch {
		case i == fault.BlackHoled:
			c.swallow()
		case i == fault.Dropped || was == fault.BlackHoled:
			c.close()
		}
	}
}

// fate is what becomes of a frame.
type fate struct {
	lost  bool
	delay time.Duration // in order
	late  time.Duration // and behind others; 0 if none overtakes it
	twice bool
}

// draw draws what becomes of a frame.
func (r *Relay) draw(d direction) (f fate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, bad := r.impaired[d]
	if !bad {
		return f
	}
	f.lost = i.Cut || r.draws(i.Loss)
	f.delay = i.Delay + r.upTo(i.Jitter)
	if r.draws(i.Reorder) {
		f.late = r.upTo(i.ReorderBy)
	}
	f.twice = r.draws(i.Duplicate)
	return f
}

// draws is true for this share of times.
func (r *Relay) draws(share float64) bool { return share > 0 && r.rng.Float64() < share }

// upTo draws a time from 0 to most.
func (r *Relay) upTo(most time.Duration) time.Duration {
	if most == 0 {
		return 0
	}
	return time.Duration(r.rng.Int64N(int64(most) + 1))
}

// Close ends all listeners and connections, and waits for them.
func (r *Relay) Close() {
	r.mu.Lock()
	r.closed = true
	for _, l := range r.listeners {
		_ = l.Close()
	}
	for _, conns := range r.conns {
		for c := range conns {
			c.close()
		}
	}
	r.mu.Unlock()
	r.wg.Wait()
}
