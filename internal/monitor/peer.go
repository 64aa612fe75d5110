package monitor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// peer: under peer arbitration, who may be active and who has to be (P7 to P13), as it follows from the messages, links, sessions and commands of a trace. S7
// watches who lets clients in and who is named as holder; this one watches what they do about it.
//
// What the rules demand they demand of states, so it is judged when a server's next step begins; while its store takes nothing, nothing is demanded.
type peer struct {
	servers [2]peerServer
}

// closedByItself is the cause of a Down that is no input, but what a step has done.
const closedByItself = "closed by itself"

// peerServer follows one server.
type peerServer struct {
	id       wire.ID
	options  *view
	running  bool
	carrier  bool
	activity trace.Record  // the last note of it; Kind 0: none in this incarnation
	storeBad bool          // its store takes nothing
	unstored bool          // and did not in the present step, or when that began
	off      trace.Record  // it is deactivated (P10): the note of it, of whatever incarnation; Kind 0: it is not
	own      uint64        // the highest epoch in which it was ever active
	heard    uint64        // the highest epoch that it has heard of in this incarnation
	last     wire.ID       // who was active last, as far as it must know; None: nobody, or it is not certain what is stored
	alone    time.Duration // since when it has been without a link, and could have been waiting for one

	up      bool // the HA link
	sent    bool // its handshake
	told    bool // both handshakes are known
	holder  wire.ID
	peerOff bool // the other one is deactivated, as it told
	peerOut bool // the other one has announced, as it told

	input trace.Record // with which its present step has begun
	quiet bool         // nothing was recorded of it since
	// commands to activate it are not answered; commanded: it is active because of one, which it says it is about to answer.
	commands  int
	commanded bool
	census    census
	grace     graceClock
}

func newPeer() *peer { return &peer{} }

func (m *peer) name() string { return "peer" }

func (p *peerServer) active() bool { return p.activity.Kind != 0 && p.activity.Note.Text == "active" }

func (p *peerServer) open() bool { return p.activity.Kind != 0 && p.activity.Note.Text == "open" }

// lasts is how long a time of the server's clock takes on the run's.
func (p *peerServer) lasts(d time.Duration) time.Duration {
	if rate := p.options.options.ClockRate; rate > 0 {
		return time.Duration(float64(d) / rate)
	}
	return d
}

func (m *peer) record(s *Set, r *trace.Record) {
	if !r.Node.IsTServer() {
		return
	}
	p := &m.servers[r.Node-wire.A]
	p.id, p.options = r.Node, s.pair.of(r.Node)
	begins := isInput(r) && r.Text != closedByItself
	if begins || r.Kind == trace.Applied {
		p.demand(s, r)
		p.input, p.unstored = keep(r), p.storeBad
	}
	switch r.Kind {
	case trace.Started:
		p.start(r)
	case trace.Ended:
		p.end()
	case trace.Applied:
		p.applied(r)
	case trace.CarrierDown, trace.CarrierUp:
		p.carrierIs(r)
	case trace.Up, trace.Down:
		p.port(r)
	case trace.Received:
		p.received(r)
	case trace.Sent:
		p.sends(s, r)
	case trace.Noted:
		p.noted(s, r)
	}
	p.quiet = begins
}

func (p *peerServer) start(r *trace.Record) {
	*p = peerServer{
		id: p.id, options: p.options, running: true, carrier: true, off: p.off, own: p.own, last: p.last, alone: r.At, input: keep(r), grace: p.grace,
	}
}

// end: what the server wanted to store in the step in which it was killed, it may have stored.
func (p *peerServer) end() {
	p.running = false
	if p.quiet || p.commands > 0 {
		p.last = wire.None
	}
	if p.commands > 0 {
		p.off = trace.Record{}
	}
	p.grace.stop()
}

// applied: a server that stands still takes its time; and a command to activate it does its work some time later, if it is not refused.
func (p *peerServer) applied(r *trace.Record) {
	switch {
	case r.Text == "pause":
		p.grace.pause(p, r)
	case r.Text == "resume":
		p.census.unsure = p.census.is
		if !p.up {
			p.grace.begin(p, r)
		}
	case isActivation(strings.TrimPrefix(r.Text, "do ")):
		p.commands++
	}
}

// isActivation reports whether what a command, or the answer to it, begins with is one of the verbs by which System Administration activates a server.
func isActivation(text string) bool {
	verb, _, _ := strings.Cut(strings.ReplaceAll(text, ":", " "), " ")
	return verb == "activate" || verb == "switchback"
}

func (p *peerServer) carrierIs(r *trace.Record) {
	p.carrier = r.Kind == trace.CarrierUp
	p.alone = r.At
	p.unlink()
	p.census = census{}
}

func (p *peerServer) unlink() {
	p.up, p.sent, p.told, p.holder, p.peerOff, p.peerOut = false, false, false, wire.None, false, false
}

func (p *peerServer) port(r *trace.Record) {
	if !r.Peer.IsTServer() {
		if r.Kind == trace.Down && r.Text == closedByItself {
			p.census.gone(r.Peer)
		}
		return
	}
	p.unlink()
	p.up = r.Kind == trace.Up
	if !p.up {
		p.alone = r.At
		p.grace.begin(p, r)
		if p.carrier && r.Text != node.CauseOwnCarrier.String() {
			p.census.linkLost(p, r)
		}
	} else {
		p.grace.pause(p, r)
	}
}

func (p *peerServer) received(r *trace.Record) {
	m := r.Msg
	if r.Peer.IsClient() && m.Kind == wire.Login {
		return // it counts when it is let in
	}
	if !r.Peer.IsTServer() {
		return
	}
	switch m.Kind {
	case wire.PeerHandshake:
		p.told = p.sent
		p.peerOff = m.Deactivated
		p.heard = max(p.heard, m.Epoch, m.Num)
	case wire.PeerDeactivated:
		p.peerOff = m.Deactivated
	case wire.HandOver:
		if p.told {
			p.holder, p.peerOff = p.id, m.Deactivated
			p.heard = max(p.heard, m.Epoch)
		}
	case wire.PeerState:
		if m.Epoch >= p.options.epoch { // X6
			p.peerOut = m.Announced
		}
	case wire.LicenceState:
		p.grace = graceClock{}
	}
}

func (p *peerServer) sends(s *Set, r *trace.Record) {
	switch m := r.Msg; m.Kind {
	case wire.PeerHandshake:
		p.sent = true
	case wire.HandOver:
		if !p.told || p.holder != p.id {
			s.report(records(&p.activity, r), "%s hands over, and is not the holder (P11)", p.id)
		}
		p.holder, p.last = p.id.Peer(), p.id.Peer()
	case wire.ActivateRequest:
		p.census.requests(s, p, r)
	case wire.ActivateWithdrawn:
		p.census.withdraws(s, p, r)
	case wire.EventLoggedIn:
		if m.Node != p.id.Peer() {
			s.report(records(r), "%s lets %s in without telling it of %s (P5)", p.id, r.Peer, p.id.Peer())
		}
	}
}

func (p *peerServer) noted(s *Set, r *trace.Record) {
	switch n := r.Note; n.Kind {
	case node.NoteAlarm:
		if n.Alarm == node.StoreFault {
			p.storeBad = n.N == 1
			p.unstored = p.unstored || p.storeBad
		}
	case node.NoteDone, node.NoteRefused:
		if isActivation(n.Text) {
			p.commands, p.commanded = max(p.commands-1, 0), p.commanded && n.Kind == node.NoteRefused
		}
	case node.NoteDeactivated:
		p.off = trace.Record{}
		if n.N == 1 {
			p.off = keep(r)
		} else {
			p.alone = r.At
		}
	case node.NoteHolder:
		if p.holder = n.Peer; p.holder != p.id {
			p.last = p.holder
		}
		if p.storeBad {
			p.last = wire.None // it cannot note that
		}
	case node.NoteCensus:
		p.census.decides(s, p, r)
	case node.NoteLogin:
		p.loggedIn(s, r)
	case node.NoteLogout:
		p.census.loggedOut(p, r)
	case node.NoteActivity:
		p.changes(s, r)
	}
}

// loggedIn: a client that is let in has its say about the epoch (P13), unless it makes one up.
func (p *peerServer) loggedIn(s *Set, r *trace.Record) {
	p.census.in(r.Note.Peer)
	p.grace.login(s, p, r)
	const made = 1 << 20
	if in := &p.input; in.Kind == trace.Received && in.Peer == r.Note.Peer && in.Msg.Epoch <= max(p.heard, p.own)+made {
		p.heard = max(p.heard, in.Msg.Epoch)
	}
}

// changes: the server is active from now on, or open, or neither; or its epoch is another.
func (p *peerServer) changes(s *Set, r *trace.Record) {
	was := p.active()
	n := r.Note
	switch {
	case n.Text == "open":
		if in := &p.input; in.Kind != trace.Received || in.Msg.Kind != wire.ActivateRequest {
			s.report(records(&p.input, r), "%s opens for logins, and was not asked to (P9)", p.id)
		}
	case n.Text == "inactive":
		switch n.Why {
		case "P9":
			p.census.reported(s, p, r)
		case "P8":
			p.last = p.id.Peer()
		}
		p.census = census{}
	case n.Why == "the store takes nothing": // as it was before, with all links closed
		p.census = census{}
	default:
		p.activates(s, r, was)
	}
	p.activity = keep(r)
}

func (p *peerServer) activates(s *Set, r *trace.Record, was bool) {
	n := r.Note
	if (n.N%2 == 1) != (p.id == wire.A) {
		s.report(records(r), "%s is active in epoch %d, which is of the other server's kind (P13)", p.id, n.N)
	}
	if n.N <= p.own || n.N <= p.heard {
		s.report(records(&p.activity, r), "%s is active in epoch %d, and was active in %d and has heard of %d (P13)", p.id, n.N, p.own, p.heard)
	}
	p.own, p.heard = max(p.own, n.N), max(p.heard, n.N)
	p.commanded = n.Why == "P10" && !p.up // which the answer to the command shows
	if !was {
		if why := p.mayNot(r); why != "" {
			s.report(records(&p.activity, &p.off, r), "%s becomes active, and %s", p.id, why)
		}
	}
	p.last = p.id
}

// mayNot says why a server that is not active may not become so; "" if it may.
func (p *peerServer) mayNot(r *trace.Record) string {
	switch {
	case !p.carrier:
		return "its own connection is lost (census)"
	case p.up && !p.told:
		return "the other one's handshake has not come yet (P11)"
	case p.up && p.holder != p.id:
		return fmt.Sprintf("%s is the holder on an open link (P11)", p.holder)
	case p.up, p.commanded:
		return ""
	case p.id == wire.B && p.lostLink():
		return "" // P7
	case p.id == wire.A && p.last == wire.B:
		return "the other one was active last (P10, P11)"
	case r.At-p.alone < p.lasts(p.options.options.Failover.ActivationGrace)-tolerance:
		return "activation-grace has not passed (P7, P11)"
	}
	return ""
}

// lostLink reports whether the present step is that in which the link was lost, and not the server's own connection.
func (p *peerServer) lostLink() bool {
	in := &p.input
	return (in.Kind == trace.Down && in.Peer.IsTServer() || !p.up && p.alone == in.At) && p.carrier && in.Text != node.CauseOwnCarrier.String()
}

// demand judges the state in which the step before has left a server.
func (p *peerServer) demand(s *Set, r *trace.Record) {
	if !p.running || p.storeBad || !p.carrier || p.activity.Kind == 0 {
		return
	}
	holds, in := p.told && p.holder == p.id, &p.input
	shown := records(in, &p.activity, r)
	switch {
	case p.commanded:
		s.report(shown, "%s says that it is active by a command, and answers none (P10)", p.id)
	case p.active() && p.off.Kind != 0:
		s.report(records(&p.off, &p.activity), "%s is active, and System Administration has deactivated it (P10)", p.id)
	case p.open() && p.off.Kind != 0:
		s.report(records(&p.off, &p.activity), "%s opens, and System Administration has deactivated it (P9)", p.id)
	case p.told && p.holder == p.id.Peer() && p.active():
		s.report(shown, "%s is active on an open link, and %s is the holder (P11)", p.id, p.holder)
	case holds && !p.active() && p.off.Kind == 0:
		s.report(shown, "%s is the holder on an open link, and is not active (P11)", p.id)
	case holds && p.off.Kind != 0 && !p.peerOff:
		s.report(shown, "%s is the holder and deactivated, and does not hand over (P11)", p.id)
	case p.id == wire.B && p.input.Kind == trace.Down && p.input.Peer.IsTServer() && p.lostLink() && !p.active() && p.off.Kind == 0 && !p.unstored:
		s.report(shown, "%s has lost the link to the primary, and is not active at once (P7)", p.id)
	case p.active() && p.heard > p.activity.Note.N && (!p.up || p.told):
		s.report(shown, "%s is active in epoch %d, has heard of %d, and takes no new one (P13)", p.id, p.activity.Note.N, p.heard)
	case holds && p.active() && !p.peerOff && p.peerOut && !p.options.announced:
		s.report(shown, "%s has not announced, %s has, and it does not hand over (P12)", p.id, p.id.Peer())
	case p.open() && p.input.Kind == trace.Received && p.input.Msg.Kind == wire.ActivateWithdrawn:
		s.report(shown, "%s stays open, and the request for it is withdrawn (P9)", p.id)
	}
	p.census.demand(s, p, r)
}

func (m *peer) finish(*Set) {}

// graceClock counts licence-grace (P2) at the secondary, in the parts into which it is cut: those that have passed, whatever a restart gains.
type graceClock struct {
	ticks int
	since time.Duration
	runs  bool
}

func (g *graceClock) begin(p *peerServer, r *trace.Record) {
	if p.id == wire.B && !g.runs && p.carrier {
		g.runs, g.since = true, r.At
	}
}

// count adds the parts that have passed for certain.
func (g *graceClock) count(p *peerServer, now time.Duration) int {
	tick := p.lasts(p.options.options.Licence.Grace / graceParts)
	if !g.runs || tick <= 0 {
		return g.ticks
	}
	return g.ticks + int((now-g.since-tolerance)/tick)
}

func (g *graceClock) pause(p *peerServer, r *trace.Record) {
	*g = graceClock{ticks: g.count(p, r.At)}
}

func (g *graceClock) stop() { g.runs = false }

// graceParts is into how many parts licence-grace is cut.
const graceParts = 8

// login: when licence-grace is over, sessions stay, and new logins are refused (P2). Timers of a busy machine come a little late.
func (g *graceClock) login(s *Set, p *peerServer, r *trace.Record) {
	if p.id == wire.B && p.options.options.Licence.Licensed() && g.count(p, r.At) > graceParts+2 {
		s.report(records(&p.activity, r), "%s lets %s in, and has been without the primary for longer than licence-grace (P2)", p.id, r.Note.Peer)
	}
}

// insertID puts an ID into a sorted list.
func insertID(list []wire.ID, id wire.ID) []wire.ID {
	if i, found := slices.BinarySearch(list, id); !found {
		return slices.Insert(list, i, id)
	}
	return list
}

// deleteID takes it out.
func deleteID(list []wire.ID, id wire.ID) []wire.ID {
	if i, found := slices.BinarySearch(list, id); found {
		return slices.Delete(list, i, i+1)
	}
	return list
}
