package monitor

import (
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// order: what the protocol says comes first. The old primary is told first, and has answered, is lost, or has had connect-tout, before the named one is
// appointed (R14). M names nobody before it has learnt (X12), and does not take a lost T-Server for failed before disconnect-switchover-timeout (X11).
type order struct {
	since    time.Duration // learning began: M's start, or the return of its carrier
	learnt   [2]bool       // which T-Servers have told their state since
	learning bool
	named    wire.ID // of the record
	namedInc uint64
	ports    [2]controlPort
	pending  naming14
	early    trace.Record // a PeerFailed before its time, which only an operator's command in the same step excuses
}

// controlPort is M's end of a control link.
type controlPort struct {
	up     bool
	inc    uint64
	lostAt time.Duration // when it went down and M had to look again (X11)
	lost   bool
}

// naming14 is a record whose T-Server is not appointed yet (R14).
type naming14 struct {
	epoch    uint64
	told     bool // the old primary, on its present link
	toldAt   time.Duration
	answered bool // or nothing to wait for
	awaited  bool // it was told on its present link, and has not answered since
	done     bool // the named one was appointed
	shown    trace.Record
}

func newOrder() *order { return &order{} }

func (m *order) name() string { return "order" }

func (m *order) record(s *Set, r *trace.Record) {
	if r.Node != wire.MLayer {
		return
	}
	if isInput(r) || r.Kind == trace.Started || r.Kind == trace.Ended {
		m.judgeEarly(s)
	}
	switch r.Kind {
	case trace.Started:
		m.start(r)
	case trace.CarrierDown:
		m.ports = [2]controlPort{}
		m.pending.answered = true
	case trace.CarrierUp:
		m.learn(r)
	case trace.Up, trace.Down:
		m.port(r)
	case trace.Received:
		m.received(r)
	case trace.Sent:
		m.sent(s, r)
	case trace.Noted:
		switch r.Note.Kind {
		case node.NoteRecord:
			m.recorded(s, r)
		case node.NoteDone, node.NoteRefused: // a command whose record was not stored
			m.early = trace.Record{}
		}
	}
}

func (m *order) start(r *trace.Record) {
	m.ports = [2]controlPort{}
	m.pending.told, m.pending.answered = false, false
	m.learn(r)
}

func (m *order) learn(r *trace.Record) {
	m.since, m.learning, m.learnt = r.At, true, [2]bool{}
}

// port: a control link comes up or goes down at M's end.
func (m *order) port(r *trace.Record) {
	if !r.Peer.IsTServer() {
		return
	}
	p := &m.ports[r.Peer-wire.A]
	m.learnt[r.Peer-wire.A] = false
	awaited := r.Peer == m.named.Peer() && m.pending.awaited // R14 waits for it already
	if r.Peer == m.named.Peer() {
		m.pending.told, m.pending.awaited = false, false
		m.pending.answered = m.pending.answered || r.Kind == trace.Down
	}
	if r.Kind == trace.Up {
		*p = controlPort{up: true, inc: r.PeerInc}
		return
	}
	waits := !awaited && r.Text != node.CauseGoodbye.String() && r.Text != node.CauseOwnCarrier.String()
	*p = controlPort{inc: p.inc, lost: waits, lostAt: r.At}
}

func (m *order) received(r *trace.Record) {
	if !r.Peer.IsTServer() {
		return
	}
	switch r.Msg.Kind {
	case wire.Status:
		m.learnt[r.Peer-wire.A] = true
		if m.learnt[0] && (m.learnt[1] || m.named == wire.None) {
			m.learning = false
		}
		if r.Peer == m.named && r.Msg.Role == wire.Primary && r.Msg.Epoch == m.pending.epoch {
			m.pending.done = true // it was appointed before M returned
		}
	case wire.RoleTaken:
		if r.Peer == m.named.Peer() && r.Msg.Epoch == m.pending.epoch {
			m.pending.answered, m.pending.awaited = true, false
		}
	}
}

// recorded: M names somebody.
func (m *order) recorded(s *Set, r *trace.Record) {
	n := r.Note
	if n.Text == "operator's command" { // X11: the wait is not for manual switchovers
		m.early = trace.Record{}
	}
	limit := s.pair.config.M.DisconnectSwitchoverTimeout + s.pair.config.M.ConnectTout - tolerance
	if m.learning && r.At-m.since < limit {
		s.report(records(r), "M names %s before it has learnt from each T-Server, and before its time is over (X12)", n.Peer)
	}
	m.learning = false
	cold := m.named == wire.None
	m.named, m.namedInc = n.Peer, n.M
	other := m.ports[n.Peer.Peer()-wire.A]
	seen := n.Text == "it is primary of a higher epoch"
	m.pending = naming14{epoch: n.N, answered: cold || !other.up || seen, shown: keep(r)}
}

func (m *order) sent(s *Set, r *trace.Record) {
	switch {
	case r.Msg.Kind == wire.Appoint && r.Msg.Epoch == m.pending.epoch && r.Peer == m.named.Peer():
		m.pending.awaited = true
		if !m.pending.told {
			m.pending.told, m.pending.toldAt = true, r.At
		}
	case r.Msg.Kind == wire.Appoint && r.Msg.Epoch == m.pending.epoch && r.Peer == m.named:
		m.appointed(s, r)
	case r.Msg.Kind == wire.PeerFailed:
		m.peerFailed(s, r)
	}
}

// appointed: the named one is told.
func (m *order) appointed(s *Set, r *trace.Record) {
	p := &m.pending
	if m.ports[r.Peer-wire.A].inc != m.namedInc {
		return // not the incarnation that was named: for this one it is no appointment
	}
	other := m.ports[r.Peer.Peer()-wire.A].up
	waited := !other || p.told && r.At-p.toldAt >= s.pair.config.M.ConnectTout-tolerance
	if !p.done && !p.answered && !waited {
		s.report(records(&p.shown, r), "M appoints %s in epoch %d before the old primary was told, and has answered, is lost, or has had connect-tout (R14)", r.Peer, p.epoch)
	}
	p.done = true
}

// peerFailed: M takes a T-Server for failed.
func (m *order) peerFailed(s *Set, r *trace.Record) {
	p := &m.ports[r.Msg.Node-wire.A]
	limit := s.pair.config.M.DisconnectSwitchoverTimeout - tolerance
	if p.lost && r.At-p.lostAt < limit {
		m.early = keep(r)
	}
	p.lost = false
}

// judgeEarly: the step in which M took a T-Server for failed is over.
func (m *order) judgeEarly(s *Set) {
	if m.early.Msg != nil {
		s.report(records(&m.early), "M takes %s for failed before it has looked again, and disconnect-switchover-timeout is %s (X11)",
			m.early.Msg.Node, s.pair.config.M.DisconnectSwitchoverTimeout)
		m.early = trace.Record{}
	}
}

func (m *order) finish(s *Set) { m.judgeEarly(s) }
