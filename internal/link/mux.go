package link

import (
	"errors"
	"fmt"
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// ErrConflict is what World.Persist returns when another incarnation has written the node's durable state.
var ErrConflict = errors.New("another incarnation has written the durable state")

// The link layer's timers; their key is the peer.
const (
	idleTimer = node.LinkTimers + iota // heard nothing since it was set
	dialTimer                          // no answer to Hello yet
)

// Options are the link layer's options. Times are in the run's clock.
type Options struct {
	// AddpTimeout is the product's addp-timeout: how long a port may be idle before its peer is polled, and again before it is lost, so
	// that detection takes at most twice as long. 0 turns polling off, as in the product; the pair's liveness presupposes it above 0.
	AddpTimeout time.Duration
	// AddpRemoteTimeout is the product's addp-remote-timeout: which addp-timeout this end wants the other end of a session to use. 0: the other
	// end uses its own. MinAddpRemote to 1h, in whole milliseconds.
	AddpRemoteTimeout time.Duration
	// Reconnect is the time between two attempts of the dialing end, for all links but the HA link.
	Reconnect time.Duration
	// SyncReconnect is the product's sync-reconnect-tout: the same for the HA link.
	SyncReconnect time.Duration
	// Version is the node's version of the protocol, 1 to wire.MaxVersion; 0 is wire.Version.
	Version uint32
	// Without switches guards off.
	Without node.Rules
	// ClockRate is how fast the node's clock runs: with 1.1 its timers fire a tenth too early. 0.5 to 2; 0 is 1.
	ClockRate float64
}

// MinAddpRemote bounds how often one end can be made to poll by the other.
const MinAddpRemote = 100 * time.Millisecond

// Validate reports the first option that is out of range, with what is allowed.
func (o *Options) Validate() error {
	switch {
	case o.AddpTimeout < 0 || o.AddpTimeout > time.Hour:
		return fmt.Errorf("addp-timeout is from 0 (off) to 1h, not %s", o.AddpTimeout)
	case o.AddpRemoteTimeout != 0 && (o.AddpRemoteTimeout < MinAddpRemote || o.AddpRemoteTimeout > time.Hour || o.AddpRemoteTimeout%time.Millisecond != 0):
		return fmt.Errorf("addp-remote-timeout is 0 (the other end uses its own addp-timeout), or from %s to 1h in milliseconds, not %s", MinAddpRemote, o.AddpRemoteTimeout)
	case o.Reconnect <= 0:
		return fmt.Errorf("reconnect is above 0, not %s", o.Reconnect)
	case o.SyncReconnect <= 0:
		return fmt.Errorf("sync-reconnect-tout is above 0, not %s", o.SyncReconnect)
	}
	return nil
}

// Mux is the link layer of one node in one incarnation. Its methods are called by one goroutine at a time.
type Mux struct {
	self    wire.ID
	inc     uint64
	node    node.Node
	world   World
	clock   Clock // of the world; nil for every node but the switch
	opt     Options
	ports   []port
	byPeer  []int16 // index into ports + 1, by wire.ID
	carrier bool
	index   uint64 // of the last record
	ended   ended

	in  node.Input
	out node.Output
	rec trace.Record

	known wire.Message // what is known of a message of a later version
}

// New makes the link layer for incarnation inc of a node with links to peers.
func New(self wire.ID, inc uint64, peers []wire.ID, n node.Node, w World, opt Options) *Mux {
	if opt.Version == 0 {
		opt.Version = wire.Version
	}
	m := &Mux{self: self, inc: inc, node: n, world: w, opt: opt, carrier: true}
	for _, p := range peers {
		for int(p) >= len(m.byPeer) {
			m.byPeer = append(m.byPeer, 0)
		}
		m.ports = append(m.ports, port{peer: p, dials: wire.Dials(self, p)})
		m.byPeer[p] = int16(len(m.ports))
	}
	if clock, ok := w.(Clock); ok && self == wire.Switch {
		m.clock = clock
	}
	return m
}

// Node returns the node that the Mux wraps.
func (m *Mux) Node() node.Node { return m.node }

// Start starts the node; stored is its durable state, nil if there is none.
func (m *Mux) Start(stored []byte) { m.StartAt(stored, 0) }

// StartAt starts the node, at this time of the run's clock.
func (m *Mux) StartAt(stored []byte, at time.Duration) {
	m.record(trace.Record{Kind: trace.Started})
	m.step(node.Input{Kind: node.Start, Inc: m.inc, Value: stored, At: at})
	for i := range m.ports {
		m.call(&m.ports[i])
	}
}

// Stop says goodbye on every port that is up. The node is not asked; the Mux must not be used afterwards.
func (m *Mux) Stop() {
	for i := range m.ports {
		if p := &m.ports[i]; p.up {
			m.sendHeader(p, Bye)
		}
	}
}

// Do hands the node a command.
func (m *Mux) Do(cmd *node.Command) { m.step(node.Input{Kind: node.Do, Cmd: cmd}) }

// Timer tells that an armed timer fired.
func (m *Mux) Timer(t node.Timer) {
	switch t.Kind {
	case idleTimer:
		if p := m.port(wire.ID(t.Key)); p != nil && p.up {
			m.idle(p)
		}
	case dialTimer:
		if p := m.port(wire.ID(t.Key)); p != nil {
			m.redial(p)
		}
	default:
		m.step(node.Input{Kind: node.Fired, Timer: t})
	}
}

// CarrierDown tells that the node's own connection is lost: every port goes down.
func (m *Mux) CarrierDown() {
	if !m.carrier {
		return
	}
	m.carrier = false
	m.record(trace.Record{Kind: trace.CarrierDown})
	// All ports go down before the node hears of it: it must not take the first one for a loss, while the others still seem to be up.
	for i := range m.ports {
		p := &m.ports[i]
		m.world.CancelTimer(node.Timer{Kind: dialTimer, Key: uint32(p.peer)})
		if p.up {
			m.takeDown(p, node.CauseOwnCarrier.String())
		}
	}
	m.step(node.Input{Kind: node.CarrierDown})
}

// CarrierUp tells that the node's own connection is back.
func (m *Mux) CarrierUp() {
	if m.carrier {
		return
	}
	m.carrier = true
	m.record(trace.Record{Kind: trace.CarrierUp})
	m.step(node.Input{Kind: node.CarrierUp})
	for i := range m.ports {
		m.call(&m.ports[i])
	}
}

// BadInput records that something arrived which made no sense, before it reached any port.
func (m *Mux) BadInput(from wire.ID, why string) {
	m.note(&node.Note{Kind: node.NoteBadInput, Peer: from, Text: why})
}

// Superseded tells that a later incarnation of this node has started, and that this one ends because of it. It says no goodbye: the sessions, and the
// name, are the later one's. The Mux must not be used afterwards.
func (m *Mux) Superseded(by uint64) { m.note(&node.Note{Kind: node.NoteSuperseded, N: by}) }

// StartedTwice tells that an older incarnation of this node was there, and has ended because of this one: the alarm is raised, and cleared at once.
func (m *Mux) StartedTwice(older uint64) {
	for _, raised := range []bool{true, false} {
		why := fmt.Sprintf("incarnation %d was there, and has ended", older)
		n := node.AlarmNote(node.StartedTwice, raised, m.self, why)
		m.note(&n)
	}
}

// step hands the node an input and carries out what follows.
func (m *Mux) step(in node.Input) {
	m.in = in
	if m.clock != nil {
		m.in.Millis = max(uint64(m.clock.Now().Milliseconds()), 1)
	}
	m.out.Reset()
	m.node.Step(&m.in, &m.out)
	for i := range m.out.Ops {
		op := &m.out.Ops[i]
		if op.Kind != node.OpPersist && op.Kind != node.OpStore {
			m.carryOut(op)
			continue
		}
		stored, err := m.world.Persist(op.Value)
		if errors.Is(err, ErrConflict) && m.opt.Without.Has(node.RecordCAS) {
			stored, err = m.world.Persist(op.Value)
		}
		switch {
		case op.Kind == node.OpStore && i < len(m.out.Ops)-1:
			panic(fmt.Sprintf("link: node %s does something behind what it wants to store", m.self))
		case err != nil:
			m.step(notStored(&in, stored, err))
			return
		case op.Kind == node.OpStore:
			m.step(node.Input{Kind: node.Stored})
			return
		}
	}
}

// notStored is the input that tells the node that what it wanted to persist in the step of in was not stored.
func notStored(in *node.Input, stored []byte, err error) node.Input {
	n := node.Input{Kind: node.StoreFailed, Value: stored, Cmd: in.Cmd, Text: err.Error()}
	if errors.Is(err, ErrConflict) {
		n.Kind, n.Text = node.StoreConflict, ""
	}
	return n
}

func (m *Mux) carryOut(op *node.Op) {
	switch op.Kind {
	case node.OpSend:
		m.sendData(op.Peer, &m.out.Msgs[op.Index])
	case node.OpNote:
		m.note(&m.out.Notes[op.Index])
	case node.OpSet:
		m.setTimer(op.Timer, op.After)
	case node.OpCancel:
		m.world.CancelTimer(op.Timer)
	case node.OpClose, node.OpShut:
		m.closeByNode(op)
	case node.OpUnshut:
		p := m.mustPort(op.Peer)
		p.shut = false
		m.call(p)
	default:
		panic(fmt.Sprintf("link: unknown operation %d of node %s", op.Kind, m.self))
	}
}

// setTimer arms a timer by the node's own clock.
func (m *Mux) setTimer(t node.Timer, d time.Duration) {
	if rate := m.opt.ClockRate; rate != 0 && rate != 1 {
		d = max(time.Duration(float64(d)/rate), 1)
	}
	m.world.SetTimer(t, d)
}

func (m *Mux) closeByNode(op *node.Op) {
	p := m.mustPort(op.Peer)
	if op.Kind == node.OpShut {
		p.shut, p.offered = true, false
	}
	if p.up {
		m.sendHeader(p, Reset)
		m.takeDown(p, "closed by itself")
	}
	if !p.shut {
		m.call(p)
	}
}

func (m *Mux) sendData(peer wire.ID, msg *wire.Message) {
	p := m.mustPort(peer)
	if !p.up {
		panic(fmt.Sprintf("link: node %s sends %s to %s, whose port is down", m.self, msg.Kind, peer))
	}
	p.sent++
	index := m.record(trace.Record{Kind: trace.Sent, Peer: peer, PeerInc: p.peerInc, Msg: msg})
	h := Header{Kind: Data, FromInc: m.inc, ToInc: p.peerInc, Session: p.session, Seq: p.sent, Index: index}
	if needs := msg.Needs(); needs > wire.FirstVersion {
		h.Ver = needs
	}
	m.world.SendPacket(peer, h, msg)
}

func (m *Mux) port(peer wire.ID) *port {
	if int(peer) >= len(m.byPeer) || m.byPeer[peer] == 0 {
		return nil
	}
	return &m.ports[m.byPeer[peer]-1]
}

func (m *Mux) mustPort(peer wire.ID) *port {
	p := m.port(peer)
	if p == nil {
		panic(fmt.Sprintf("link: node %s has no link to %s", m.self, peer))
	}
	return p
}

func (m *Mux) note(n *node.Note) {
	if m.world.Tracing() {
		m.record(trace.Record{Kind: trace.Noted, Note: n})
	}
}

// record numbers and writes a record, if records are wanted, and returns its index.
func (m *Mux) record(r trace.Record) uint64 {
	if !m.world.Tracing() {
		return 0
	}
	m.index++
	r.Node, r.Inc, r.Index = m.self, m.inc, m.index
	m.rec = r
	m.world.Record(&m.rec)
	return m.index
}
