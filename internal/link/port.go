package link

import (
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// port is one end of a link.
type port struct {
	peer  wire.ID
	dials bool
	shut  bool // kept down by the node
	up    bool

	// The session that is up, or, at the dialing end, the one that is being opened.
	session uint64
	peerInc uint64
	sent    uint64        // Data sent
	got     uint64        // Data received
	polled  bool          // silent for addp-timeout, and polled since
	conn    string        // the peer's connection, "" if it did not say
	addp    time.Duration // how long the port may be idle before the peer is polled; 0: for ever

	// At the accepting end: the session that was accepted and is not confirmed yet.
	offered    bool
	offeredInc uint64
	offeredNum uint64
	// Its connection.
	offeredConn string
	// How long its port may be idle.
	offeredAddp time.Duration
}

// call tries to bring a port up that is down.
func (m *Mux) call(p *port) {
	if p.up || p.shut || !m.carrier {
		return
	}
	if !p.dials {
		// The session that was: a dialing end that did not hear of its end learns it here.
		m.world.SendPacket(p.peer, Header{Kind: Knock, FromInc: m.inc, ToInc: p.peerInc, Session: p.session}, nil)
		return
	}
	p.session++
	m.redial(p)
}

// redial sends Hello, again if there was no answer. The number stays: a session that nobody confirmed is not up anywhere.
func (m *Mux) redial(p *port) {
	if p.up || p.shut || !m.carrier {
		return
	}
	m.world.SendPacket(p.peer, Header{Kind: Hello, FromInc: m.inc, Session: p.session, Addp: m.addpRemote()}, nil)
	m.setTimer(node.Timer{Kind: dialTimer, Key: uint32(p.peer)}, m.reconnect(p))
}

func (m *Mux) reconnect(p *port) time.Duration {
	if wire.LinkOf(m.self, p.peer) == wire.HALink {
		return m.opt.SyncReconnect
	}
	return m.opt.Reconnect
}

// Packet tells that the carrier delivered a packet. msg is nil unless it is Data.
func (m *Mux) Packet(from wire.ID, h Header, msg *wire.Message) {
	p := m.port(from)
	switch {
	case p == nil || !m.carrier:
	case h.Kind == Knock:
		m.knocked(p, h)
	case h.Kind == Hello:
		m.hello(p, h)
	case h.ToInc > m.inc:
		// This node was started once more, and the later one answers.
	case h.ToInc < m.inc:
		// Meant for an incarnation that is gone: the sender does not know yet.
		m.unknown(p, h)
	case h.Kind == HelloAck:
		m.helloAck(p, h)
	case h.Kind == Reset || h.Kind == Bye:
		m.closedByPeer(p, h)
	default:
		m.inSession(p, h, msg)
	}
}

func (m *Mux) knocked(p *port, h Header) {
	if !p.dials || h.FromInc < p.peerInc {
		return
	}
	switch {
	case !p.up:
		m.redial(p)
	case h.FromInc > p.peerInc:
		m.down(p, node.CauseRestarted)
		m.call(p)
	case h.ToInc == m.inc && h.Session == p.session:
		m.down(p, node.CauseClosed)
		m.call(p)
	}
}

func (m *Mux) hello(p *port, h Header) {
	if p.dials || p.shut || h.FromInc < p.peerInc || h.FromInc == p.peerInc && h.Session <= p.session {
		return // late: an incarnation, or a session, that is over
	}
	if m.hasEnded(h.Conn) {
		return // the notice overtook it
	}
	p.offered, p.offeredInc, p.offeredNum, p.offeredConn, p.offeredAddp = true, h.FromInc, h.Session, h.Conn, h.addp(m.opt.AddpTimeout)
	m.world.SendPacket(p.peer, Header{Kind: HelloAck, FromInc: m.inc, ToInc: h.FromInc, Session: h.Session, Addp: m.addpRemote()}, nil)
}

// addpRemote is the option as it stands in packets.
func (m *Mux) addpRemote() uint32 { return uint32(m.opt.AddpRemoteTimeout / time.Millisecond) }

func (m *Mux) helloAck(p *port, h Header) {
	if !p.dials || p.shut || p.up || h.Session != p.session || h.FromInc < p.peerInc || m.hasEnded(h.Conn) {
		return
	}
	m.world.CancelTimer(node.Timer{Kind: dialTimer, Key: uint32(p.peer)})
	p.peerInc, p.conn, p.addp = h.FromInc, h.Conn, h.addp(m.opt.AddpTimeout)
	m.sendHeader(p, Confirm)
	m.open(p)
}

func (m *Mux) inSession(p *port, h Header, msg *wire.Message) {
	if p.offered && h.FromInc == p.offeredInc && h.Session == p.offeredNum {
		p.offered = false
		m.down(p, node.CauseRestarted)
		if !p.shut { // by the node, when it heard of the end of the session before
			p.peerInc, p.session, p.conn, p.addp = h.FromInc, h.Session, p.offeredConn, p.offeredAddp
			m.open(p)
		}
	}
	another := h.FromInc != p.peerInc || h.Session != p.session
	if !p.up || another && !m.opt.Without.Has(node.LinkSession) {
		m.unknown(p, h)
		return
	}
	m.heard(p)
	switch h.Kind {
	case Data:
		m.data(p, h, msg)
	case Poll, PollAck:
		if h.Seq > p.got && !m.opt.Without.Has(node.LinkGap) {
			m.lost(p, node.CauseGap)
		} else if h.Kind == Poll {
			m.sendHeader(p, PollAck)
		}
	}
}

func (m *Mux) data(p *port, h Header, msg *wire.Message) {
	switch {
	case h.Seq <= p.got && !m.opt.Without.Has(node.LinkDuplicate) && !m.opt.Without.Has(node.LinkSession):
		return // a duplicate
	case h.Seq > p.got+1 && !m.opt.Without.Has(node.LinkGap):
		m.lost(p, node.CauseGap)
		return
	}
	p.got = max(p.got, h.Seq)
	if h.Ver > m.opt.Version {
		if m.known = *msg; !m.known.ReadAs(m.opt.Version) {
			m.skip(p, &m.known)
			return
		}
		msg = &m.known
	}
	if m.world.Tracing() {
		m.record(trace.Record{Kind: trace.Received, Peer: p.peer, PeerInc: p.peerInc, PeerIndex: h.Index, Msg: msg})
	}
	m.step(node.Input{Kind: node.Receive, Peer: p.peer, Msg: msg})
}

// skip: a message of a later version than this node's means nothing to it. It has its number in the session, and that is all.
func (m *Mux) skip(p *port, msg *wire.Message) {
	name := msg.Kind.String()
	if msg.Kind == wire.Unknown {
		name = msg.Text
	}
	m.note(&node.Note{Kind: node.NoteSkipped, Peer: p.peer, Text: name})
}

// unknown tells the sender of a packet that its session is not one of ours.
func (m *Mux) unknown(p *port, h Header) {
	if h.Kind == Reset || h.Kind == Bye || h.Kind == HelloAck {
		return
	}
	m.world.SendPacket(p.peer, Header{Kind: Reset, FromInc: m.inc, ToInc: h.FromInc, Session: h.Session}, nil)
}

func (m *Mux) closedByPeer(p *port, h Header) {
	if !p.up || h.Session != p.session || h.FromInc < p.peerInc {
		return // late: a session that is over
	}
	cause := node.CauseClosed
	if h.Kind == Bye {
		cause = node.CauseGoodbye
	} else if h.FromInc > p.peerInc {
		cause = node.CauseRestarted
	}
	m.down(p, cause)
	m.call(p)
}

func (m *Mux) open(p *port) {
	p.up, p.sent, p.got, p.polled = true, 0, 0, false
	m.heard(p)
	m.record(trace.Record{Kind: trace.Up, Peer: p.peer, PeerInc: p.peerInc})
	m.step(node.Input{Kind: node.PortUp, Peer: p.peer, Inc: p.peerInc})
}

// heard: any packet of the session is a sign of life.
func (m *Mux) heard(p *port) {
	p.polled = false
	if p.addp > 0 {
		m.setTimer(node.Timer{Kind: idleTimer, Key: uint32(p.peer)}, p.addp)
	}
}

func (m *Mux) idle(p *port) {
	if p.polled {
		m.lost(p, node.CauseTimeout)
		return
	}
	p.polled = true
	m.sendHeader(p, Poll)
	m.setTimer(node.Timer{Kind: idleTimer, Key: uint32(p.peer)}, p.addp)
}

// lost closes a port because of what this end noticed, and tells the other end.
func (m *Mux) lost(p *port, cause node.Cause) {
	m.sendHeader(p, Reset)
	m.down(p, cause)
	m.call(p)
}

// down takes a port down, if it is up, and tells the node.
func (m *Mux) down(p *port, cause node.Cause) {
	if !p.up {
		return
	}
	m.takeDown(p, cause.String())
	m.step(node.Input{Kind: node.PortDown, Peer: p.peer, Cause: cause})
}

func (m *Mux) takeDown(p *port, why string) {
	p.up = false
	m.world.CancelTimer(node.Timer{Kind: idleTimer, Key: uint32(p.peer)})
	m.record(trace.Record{Kind: trace.Down, Peer: p.peer, PeerInc: p.peerInc, Text: why})
}

func (m *Mux) sendHeader(p *port, kind PacketKind) {
	h := Header{Kind: kind, FromInc: m.inc, ToInc: p.peerInc, Session: p.session}
	if kind == Poll || kind == PollAck {
		h.Seq = p.sent
	}
	m.world.SendPacket(p.peer, h, nil)
}
