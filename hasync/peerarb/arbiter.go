package peerarb

import (
	"fmt"
	"slices"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// The arbiter's timers.
const (
	graceTimer  node.TimerKind = 64 + iota // activation-grace (P7, P11)
	windowTimer                            // client-loss-window (P8, P9)
	reportTimer                            // activation-report-timeout (P9)
	storeTimer                             // the store is tried again
)

// State says what a server does for clients.
type State uint8

// The states. The zero value is inactive: a server starts so (P11).
const (
	Inactive State = iota // it refuses logins (P4)
	Open                  // it lets clients in, and reports them (P9)
	Active
)

// String returns the state's name, as notes have it.
func (s State) String() string { return [...]string{"inactive", "open", "active"}[s] }

// Server is the server around an arbiter: what it must do.
type Server interface {
	// Store makes what Durable returns durable, with whatever else the server keeps. When it is, and before anything else happens, Stored is called; if it is
	// not stored, Unstored.
	Store(out *node.Output)
	// Drop ends the sessions of these clients, and tells them why.
	Drop(clients []wire.ID, why string, out *node.Output)
	// ActivityChanged: State or Epoch is another.
	ActivityChanged(out *node.Output)
	// RenewLink closes the HA link, which may come up again. LinkDown is not called for it.
	RenewLink(out *node.Output)
	// Ready reports whether EventLinkConnected is in force here, and at the peer, as far as it told (P12).
	Ready() (own, peers bool)
}

// Arbiter decides for one server of the pair. It is made by New, started by Start, and then told what happens; every step ends with Settle. It is used
// by one goroutine at a time.
type Arbiter struct {
	self   wire.ID
	opt    Options
	server Server

	dur      Durable // as it is stored
	storing  storing
	highest  uint64 // epoch seen
	state    State
	sessions []wire.ID // of clients, sorted
	carrier  bool      // own connection

	link    link
	request request
	window  window
	asked   asked
	grace   bool // graceTimer is armed
	noStore bool // the store takes nothing, as far as is known: storeTimer is armed

	notedOff bool // whether it is deactivated, as was noted last

	lostNow bool // a client was lost in this step
}

// link is the HA link, as far as it concerns the arbiter; zero while it is down.
type link struct {
	up      bool
	sent    handshake // while the peer's is awaited
	told    bool      // the peer's handshake has come
	holder  wire.ID   // then (P11)
	peerOff bool      // then: System Administration has deactivated the peer
	wanted  bool      // then: the peer asks for the activity (P10)
}

// New makes the arbiter of server self, A or B. The options are valid.
func New(self wire.ID, opt Options, server Server) *Arbiter {
	return &Arbiter{self: self, opt: opt, server: server, carrier: true}
}

// State returns what the server does for clients.
func (a *Arbiter) State() State { return a.state }

// Epoch returns the epoch of the server's own last activation; while it is active, its epoch (P13).
func (a *Arbiter) Epoch() uint64 { return a.dur.Own }

// Sessions returns how many clients have a session here.
func (a *Arbiter) Sessions() int { return len(a.sessions) }

// Settled reports whether no peer can be about to say otherwise: the link is down, or both handshakes are known.
func (a *Arbiter) Settled() bool { return !a.link.up || a.link.told }

// Holder returns who holds the activity on an open link (P11), wire.None without one.
func (a *Arbiter) Holder() wire.ID { return a.link.holder }

// Deactivated reports whether System Administration has deactivated this server (P10).
func (a *Arbiter) Deactivated() bool { return a.dur.Off }

func (a *Arbiter) peer() wire.ID { return a.self.Peer() }

// Start begins an incarnation with what is stored: the server is inactive (P11).
func (a *Arbiter) Start(stored Durable, out *node.Output) {
	a.dur, a.highest = stored, max(stored.Highest, stored.Own)
	a.note("P11", out)
}

// Begin begins a step.
func (a *Arbiter) Begin() { a.lostNow = false }

// LinkUp tells that the HA link is up: the handshake is the first thing that is sent on it.
func (a *Arbiter) LinkUp(out *node.Output) {
	a.link = link{up: true, sent: a.handshake()}
	a.link.sent.send(a.peer(), out)
}

// LinkDown tells that the HA link went down, if it was up, while this server's own connection is up: nobody is the holder, and what was asked is void
// (P11).
func (a *Arbiter) LinkDown(out *node.Output) {
	if !a.link.up {
		return
	}
	a.link = link{}
	a.linkLost(out)
	off := a.dur.Off && !a.opt.Without.Has(node.P7Deactivated)
	if a.self == wire.B && a.state != Active && !off && !a.opt.Without.Has(node.P7AtOnce) {
		if !a.noStore {
			a.activate("P7", out) // which answers what was asked
			return
		}
		a.deactivate(tookNothing, out) // it is not open any more, either
	}
	a.unask("the link to "+a.peer().String()+" went down", out)
}

// CarrierDown tells that the server's own connection is lost, and with it the HA link and all clients: no conclusion is drawn, no census taken.
func (a *Arbiter) CarrierDown(out *node.Output) {
	a.carrier = false
	if a.opt.Without.Has(node.CensusCarrier) {
		a.censusOfOneself(out)
	}
	linked := a.link.up
	a.link = link{}
	a.unask("its own connection is lost", out)
	a.endRequest(out)
	a.closeWindow(out)
	a.sessions = a.sessions[:0]
	if a.state == Open {
		a.become(Inactive, "its own connection is lost", out)
	}
	if linked && a.self == wire.B && a.state == Inactive && !a.dur.Off && a.opt.Without.Has(node.P7Carrier) {
		a.activate("P7", out)
	}
}

// CarrierUp tells that the connection is back.
func (a *Arbiter) CarrierUp() { a.carrier = true }

// LoggedIn tells that a client has a session now; the server is active or open.
func (a *Arbiter) LoggedIn(id wire.ID, out *node.Output) {
	if i, found := slices.BinarySearch(a.sessions, id); !found {
		a.sessions = slices.Insert(a.sessions, i, id)
	}
	if a.state == Open {
		a.report(id, out)
	}
}

// LoggedOut tells that a client's session ended in order, or that it was thrown out: no loss for the census.
func (a *Arbiter) LoggedOut(id wire.ID) {
	a.forget(id)
	if !a.opt.Without.Has(node.CensusLogout) {
		a.window.leave(id)
	}
}

// Lost tells that a client was lost, whatever the reason.
func (a *Arbiter) Lost(id wire.ID, out *node.Output) {
	if _, found := slices.BinarySearch(a.sessions, id); found {
		a.lostNow = true
		a.clientLost(out)
		a.forget(id)
	}
}

func (a *Arbiter) forget(id wire.ID) {
	if i, found := slices.BinarySearch(a.sessions, id); found {
		a.sessions = slices.Delete(a.sessions, i, i+1)
	}
}

// Receive handles a message of the HA link that is the arbiter's; it reports false if it is not.
func (a *Arbiter) Receive(m *wire.Message, out *node.Output) bool {
	switch m.Kind {
	case wire.PeerHandshake:
		a.handshaken(m, out)
	case wire.PeerDeactivated:
		a.link.peerOff = m.Deactivated
	case wire.ActivateRequest:
		a.activateRequested(m, out)
	case wire.ActivateWithdrawn:
		a.requestWithdrawn(m, out)
	case wire.ClientReport:
		a.clientReported(m, out)
	case wire.AskActivity:
		a.link.wanted = true
	case wire.HandOver:
		a.handedOver(m, out)
	default:
		return false
	}
	return true
}

// maxLeap is by how much an epoch that a client has seen may be above what this server knows: far more activations than it can have missed. Without it a
// made-up epoch could use up the numbers.
const maxLeap = 1 << 20

// HeardOfEpoch tells of an epoch that a client has seen. An active server takes a new one above it (P13).
func (a *Arbiter) HeardOfEpoch(from wire.ID, epoch uint64, out *node.Output) {
	if epoch > a.highest+maxLeap {
		why := fmt.Sprintf("nobody can have seen epoch %d: the highest that is known here is %d", epoch, a.highest)
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: from, Text: why})
		return
	}
	if !a.opt.Without.Has(node.P13Clients) {
		a.highest = max(a.highest, epoch)
	}
}

// HeardFromPeer tells of the epoch of a message of the HA link, whatever it is about: the peer may have taken a new one since its handshake (P13).
func (a *Arbiter) HeardFromPeer(epoch uint64) {
	if a.link.told {
		a.highest = max(a.highest, epoch)
	}
}

// Fired tells that a timer fired; it reports false if the timer is none of the arbiter's.
func (a *Arbiter) Fired(t node.Timer, out *node.Output) bool {
	switch t.Kind {
	case graceTimer:
		a.grace = false
		if a.mayActivateAlone() {
			a.activate(graceRule[a.self-wire.A], out)
		}
	case windowTimer:
		a.windowOver(out)
	case reportTimer:
		a.requestOver(out)
	case storeTimer:
		a.store(a.dur, out, nil, nil)
	default:
		return false
	}
	return true
}

// graceRule is the rule by which A, and B, activate when activation-grace has passed.
var graceRule = [2]string{"P11", "P7"}

// Settle does what the rules demand of the state as it is now. It ends every step. It reports whether the activity or its epoch changed: then what follows
// from that is to be settled first, and Settle is to be called again.
func (a *Arbiter) Settle(out *node.Output) (changed bool) {
	state, own := a.state, a.dur.Own
	for _, rule := range [...]func(*Arbiter, *node.Output){
		(*Arbiter).settleHolder, (*Arbiter).settleEpoch, (*Arbiter).settleCensus, (*Arbiter).settleReady, (*Arbiter).settleGrace, (*Arbiter).settleDeactivated,
	} {
		if a.storing.is {
			break // whatever else there is to do is to be done when it is known whether it was stored
		}
		rule(a, out)
	}
	return state != a.state || own != a.dur.Own
}

// settleHolder: P11: on an open link the holder is active unless it is deactivated; then it hands over unless the other one is, too. The other one is
// inactive, and has durably noted the holder. A holder that is asked for the activity hands over.
func (a *Arbiter) settleHolder(out *node.Output) {
	switch l := &a.link; {
	case !l.told || a.noStore:
	case l.holder != a.self:
		l.wanted = false // it was asked before it handed over
		a.noteLast(out, nil, nil)
	case a.dur.Off && !l.peerOff && !a.opt.Without.Has(node.P11HandBack):
		a.handOver("P11", out)
	case l.wanted:
		a.handOver("P10", out)
	case !a.dur.Off && a.state != Active:
		a.activate("P11", out)
	}
}

// settleEpoch: P13: an active server that hears of a higher epoch, and stays active, takes a new one above it.
func (a *Arbiter) settleEpoch(out *node.Output) {
	if a.state == Active && a.highest > a.dur.Own && a.Settled() && !a.noStore && !a.opt.Without.Has(node.P13Above) {
		a.activate("P13", out)
	}
}

// settleReady: P12: where section 3 needs M, the active server hands over as soon as the other has announced.
func (a *Arbiter) settleReady(out *node.Output) {
	if a.state != Active || a.link.holder != a.self || a.link.peerOff || a.noStore || a.opt.Without.Has(node.P12HandOver) {
		return
	}
	if own, peers := a.server.Ready(); peers && !own {
		a.handOver("P12", out)
	}
}

// mayActivateAlone: P7, its second sentence, and the last of P11: a server without a link becomes active when activation-grace has passed; the
// configured primary only if it has not noted the secondary as last active.
func (a *Arbiter) mayActivateAlone() bool {
	return a.state != Active && !a.link.up && a.carrier && !a.dur.Off && !a.noStore && (a.self == wire.B || a.dur.Last != a.peer())
}

func (a *Arbiter) settleGrace(out *node.Output) {
	switch want := a.mayActivateAlone(); {
	case want && !a.grace && a.opt.Without.Has(node.P11Grace):
		a.activate(graceRule[a.self-wire.A], out)
	case want && !a.grace:
		a.grace = true
		out.Set(node.Timer{Kind: graceTimer}, a.opt.ActivationGrace)
	case !want && a.grace:
		a.grace = false
		out.Cancel(node.Timer{Kind: graceTimer})
	}
}

// activate makes the server active in a new epoch: the least of its kind above every epoch seen, durable first (P13). Where it is active already, only
// the epoch changes.
func (a *Arbiter) activate(why string, out *node.Output) { a.activateAs(a.dur, why, out, nil) }

// activateAs makes d durable with it. Then it does what follows, if there is something.
func (a *Arbiter) activateAs(d Durable, why string, out *node.Output, follows func(out *node.Output)) {
	epoch := next(a.self, a.highest)
	if a.opt.Without.Has(node.P13Kind) {
		epoch = max(a.dur.Own, epoch-2) + 1
	}
	d.Own, d.Highest, d.Last = epoch, epoch, a.self
	active := func(out *node.Output) {
		a.highest = max(a.highest, epoch)
		a.become(Active, why, out)
		a.answer(out)
		if follows != nil {
			follows(out)
		}
	}
	if a.opt.Without.Has(node.P13Durable) {
		a.dur = d
		active(out)
		return
	}
	a.store(d, out, active, a.cannotActivate)
}

// cannotActivate: what the activation depends on was not stored. Whoever came while the server was open is dropped; on an open link the two begin anew, so that
// the other one may be the holder.
func (a *Arbiter) cannotActivate(out *node.Output) {
	a.unask(notStored, out)
	if a.state == Active {
		return // in the epoch that it has
	}
	a.deactivate(tookNothing, out)
	if a.link.up {
		a.renewLink(out)
	}
}

// renewLink closes the HA link, and draws no conclusion from that.
func (a *Arbiter) renewLink(out *node.Output) {
	a.link = link{}
	a.endRequest(out)
	a.server.RenewLink(out)
}

// next is the least epoch of a server's kind above another: odd for the configured primary, even for the secondary (P13).
func next(self wire.ID, above uint64) uint64 {
	e := above + 1
	if (e%2 == 1) != (self == wire.A) {
		e++
	}
	return e
}

// deactivate ends activity, or being open, and every session.
func (a *Arbiter) deactivate(why string, out *node.Output) {
	a.endRequest(out)
	a.closeWindow(out)
	if a.state == Inactive {
		return
	}
	dropped := a.sessions
	a.sessions = nil
	a.server.Drop(dropped, a.self.String()+" is not active any more: "+why, out)
	a.become(Inactive, why, out)
}

func (a *Arbiter) become(s State, why string, out *node.Output) {
	a.state = s
	a.note(why, out)
	a.server.ActivityChanged(out)
}

func (a *Arbiter) note(why string, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteActivity, Text: a.state.String(), N: a.dur.Own, M: uint64(len(a.sessions)), Why: why})
}

// HasSession reports whether a client has a session here.
func (a *Arbiter) HasSession(id wire.ID) bool {
	_, found := slices.BinarySearch(a.sessions, id)
	return found
}
