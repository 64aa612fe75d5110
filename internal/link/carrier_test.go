package link

import (
	"fmt"
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

const (
	addp      = 3 * time.Second
	reconnect = time.Second
	// storm is how many packets may follow from each other.
	storm = 10_000
)

var defaults = Options{AddpTimeout: addp, Reconnect: reconnect, SyncReconnect: reconnect}

// bench is a weak carrier between two ends, in virtual time: what is sent waits in a queue until the test delivers or loses it.
type bench struct {
	opt    Options
	now    time.Duration
	a, b   *end
	queues map[wire.ID][]sent // by sender
}

// sent is a packet under way.
type sent struct {
	h   Header
	msg wire.Message
}

// newBench starts both ends of a link; a dials.
func newBench(a, b wire.ID, opt Options) *bench {
	n := &bench{opt: opt, queues: map[wire.ID][]sent{}}
	n.a, n.b = &end{bench: n, id: a, peer: b}, &end{bench: n, id: b, peer: a}
	n.a.start()
	n.b.start()
	return n
}

// end is one end: a toy node, its Mux, and the world of both. The node does what its test says, and writes down what it is told.
type end struct {
	bench    *bench
	id, peer wire.ID
	inc      uint64
	mux      *Mux
	timers   map[node.Timer]time.Duration
	offline  bool // the carrier does not reach it
	told     []string
	records  []string
	untraced bool
	conn     string   // its connection, told in Hello and HelloAck
	opt      *Options // its own, nil if they are the bench's

	onStep   func(in *node.Input, out *node.Output)
	conflict []byte // what the store answers to Persist; nil: it stores
	once     bool   // it does so once: then it has been seen
	failure  error  // the store takes nothing
	stored   [][]byte

	unanswered *node.Command
}

func (e *end) start() {
	e.inc++
	e.timers = map[node.Timer]time.Duration{}
	opt := e.bench.opt
	if e.opt != nil {
		opt = *e.opt
	}
	e.mux = New(e.id, e.inc, []wire.ID{e.peer}, (*toy)(e), e, opt)
	e.mux.Start(nil)
}

// do makes the node put out what f says.
func (e *end) do(f func(out *node.Output)) {
	was := e.onStep
	e.onStep = func(in *node.Input, out *node.Output) {
		if in.Kind == node.Do {
			f(out)
		}
	}
	e.mux.Do(&node.Command{Verb: "test"})
	e.onStep = was
}

func (e *end) send(num uint64) {
	e.do(func(out *node.Output) { out.Send(e.peer, wire.CallNamed).Num = num })
}

func (e *end) port() *port { return e.mux.port(e.peer) }

// takeTold returns what the node was told since the last time.
func (e *end) takeTold() []string {
	told := e.told
	e.told = nil
	return told
}

type toy end

func (t *toy) Step(in *node.Input, out *node.Output) {
	switch in.Kind {
	case node.Start:
		t.told = append(t.told, fmt.Sprintf("start %d", in.Inc))
	case node.PortUp:
		t.told = append(t.told, fmt.Sprintf("up %s#%d", in.Peer, in.Inc))
	case node.PortDown:
		t.told = append(t.told, fmt.Sprintf("down %s", in.Cause))
	case node.Receive:
		t.told = append(t.told, fmt.Sprintf("got %d", in.Msg.Num))
	case node.Fired:
		t.told = append(t.told, fmt.Sprintf("fired %d", in.Timer.Kind))
	case node.CarrierDown:
		t.told = append(t.told, "carrier down")
	case node.CarrierUp:
		t.told = append(t.told, "carrier up")
	case node.StoreConflict:
		t.told = append(t.told, "conflict "+string(in.Value))
		t.unanswered = in.Cmd
	case node.StoreFailed:
		t.told = append(t.told, "not stored: "+in.Text+", but "+string(in.Value))
		t.unanswered = in.Cmd
	}
	if t.onStep != nil {
		t.onStep(in, out)
	}
}

func (t *toy) AppendCanonical(b []byte) []byte { return b }
func (t *toy) Restore([]byte) error            { return nil }

// SendPacket implements World.
func (e *end) SendPacket(to wire.ID, h Header, msg *wire.Message) {
	if to != e.peer {
		panic("sent to a stranger")
	}
	if e.offline {
		return
	}
	if h.Kind == Hello || h.Kind == HelloAck {
		h.Conn = e.conn
	}
	s := sent{h: h}
	if msg != nil {
		s.msg = *msg
	}
	e.bench.queues[e.id] = append(e.bench.queues[e.id], s)
}

// SetTimer implements World.
func (e *end) SetTimer(t node.Timer, d time.Duration) { e.timers[t] = e.bench.now + d }

// CancelTimer implements World.
func (e *end) CancelTimer(t node.Timer) { delete(e.timers, t) }

// Persist implements World.
func (e *end) Persist(value []byte) ([]byte, error) {
	if theirs := e.conflict; theirs != nil {
		if e.once {
			e.conflict = nil
		}
		return theirs, ErrConflict
	}
	if e.failure != nil {
		return []byte("old"), e.failure
	}
	e.stored = append(e.stored, value)
	return nil, nil
}

// Tracing implements World.
func (e *end) Tracing() bool { return !e.untraced }

// Record implements World.
func (e *end) Record(r *trace.Record) {
	s := fmt.Sprintf("%d %s", r.Index, r.Kind)
	if r.Peer != wire.None {
		s += fmt.Sprintf(" %s#%d/%d", r.Peer, r.PeerInc, r.PeerIndex)
	}
	if r.Note != nil {
		s += " " + r.Note.Text
	}
	e.records = append(e.records, s+r.Text)
}

// queued returns the kinds of the packets that an end has sent and nobody has taken.
func (n *bench) queued(from *end) (kinds []string) {
	for _, s := range n.queues[from.id] {
		kinds = append(kinds, s.h.Kind.String())
	}
	return kinds
}

// take takes the oldest packet of an end off the carrier: it is lost, unless the test delivers it.
func (n *bench) take(from *end) sent {
	q := n.queues[from.id]
	n.queues[from.id] = q[1:]
	return q[0]
}

// give delivers a packet to the peer of an end.
func (n *bench) give(from *end, s sent) {
	to := n.other(from)
	if to.offline {
		return
	}
	var msg *wire.Message
	if s.h.Kind == Data {
		msg = &s.msg
	}
	to.mux.Packet(from.id, s.h, msg)
}

func (n *bench) other(e *end) *end {
	if e == n.a {
		return n.b
	}
	return n.a
}

// deliver delivers what is under way, and what follows from it.
func (n *bench) deliver() {
	for rounds := 0; len(n.queues[n.a.id])+len(n.queues[n.b.id]) > 0; rounds++ {
		if rounds > storm {
			panic(fmt.Sprintf("the ends answer each other for ever: %q %q", n.queued(n.a), n.queued(n.b)))
		}
		for _, e := range []*end{n.a, n.b} {
			if len(n.queues[e.id]) > 0 {
				n.give(e, n.take(e))
			}
		}
	}
}

// lose loses what is under way.
func (n *bench) lose() { clear(n.queues) }

// next fires the timer that is due first, of those until a time, and reports whether there was one.
func (n *bench) next(until time.Duration) bool {
	var first *end
	var name node.Timer
	due := until
	for _, e := range []*end{n.a, n.b} {
		for t, at := range e.timers {
			if at < due || at == due && (first == nil || first == e && (t.Kind < name.Kind)) {
				first, name, due = e, t, at
			}
		}
	}
	if first == nil {
		n.now = until
		return false
	}
	n.now = due
	delete(first.timers, name)
	first.mux.Timer(name)
	return true
}

// pass lets time pass; carry says what becomes of the packets after each timer.
func (n *bench) pass(d time.Duration, carry func()) {
	until := n.now + d
	carry()
	for n.next(until) {
		carry()
	}
}

// offlineFor takes an end's own carrier away and gives it back.
func (e *end) setOffline(off bool) {
	if e.offline = off; off {
		e.mux.CarrierDown()
	} else {
		e.mux.CarrierUp()
	}
}

// open makes a bench whose link is up, with empty notebooks.
func open(opt Options) *bench {
	n := newBench(wire.A, wire.B, opt)
	n.deliver()
	if !n.a.port().up || !n.b.port().up {
		panic(fmt.Sprintf("the link is not up: %q %q", n.a.told, n.b.told))
	}
	for _, e := range []*end{n.a, n.b} {
		e.told, e.records = nil, nil
	}
	return n
}
