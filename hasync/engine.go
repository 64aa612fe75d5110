package hasync

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// The engine's timers.
const (
	// aloneTimer: no primary of this epoch was reached for connect-tout (R11).
	aloneTimer node.TimerKind = iota + 1
	// batchTimer: the pause of one second between two batches of a transfer (X2).
	batchTimer
	// overdueTimer: a Backup Ready has been outstanding for ha-sync-max-wait.
	overdueTimer
)

// Server is the T-Server around an engine: what it must hear of.
type Server interface {
	// RoleChanged: the engine has a new role or epoch.
	RoleChanged(out *node.Output)
	// AvailabilityChanged: EventLinkConnected came into force, or EventLinkDisconnected did.
	AvailabilityChanged(out *node.Output)
	// Named: a call that was known before, and may be over, has this ConnID now, and these data.
	Named(call callmodel.CallID, connID callmodel.ConnID, data callmodel.AttachedData)
	// Told: the primary has told of an event that it has made itself (PrimaryEvent).
	Told(m *wire.Message, out *node.Output)
	// Remembered: the primary has told what it remembers beside calls: AgentTold, RequestTold, RegistrationTold.
	Remembered(m *wire.Message, out *node.Output)
	// Remember: the backup is ready for what this primary remembers beside calls.
	Remember(out *node.Output)
	// Agreed: Full Sync Done (synchronized) came from a primary that had processed the switch's events up to seq.
	Agreed(seq uint64)
	// Doubted: the switch is to be asked whether it still has this call; NoDoubt then tells.
	Doubted(call callmodel.CallID, out *node.Output)
}

// Engine is the hot-standby protocol of one T-Server. It is made by New, started by Start, and then told what happens; every
// step ends with Settle. It is used by one goroutine at a time.
type Engine struct {
	self   wire.ID
	opt    Options
	server Server

	inc      uint64 // own incarnation: the durable start number of ConnIDs (S5)
	invented uint64 // ConnIDs invented in this incarnation

	role      wire.Role
	epoch     uint64
	cti       callmodel.CTIState
	seq       uint64 // the switch's event number that was reached
	announced bool
	carrier   bool // own connection
	control   bool // port to M

	peer     peer
	names    names
	backup   backup
	primary  primary
	handover handover
	overdue  overdue
	alone    bool // no primary of this epoch was reached for connect-tout (R11)
	readNow  bool // the switch was read in this step; only what reads R3 and R4 as moments (node.R3State, node.R4State) asks
	waiting  bool // aloneTimer is armed

	toldPeer   report
	toldM      report
	notedReady bool
	notedWhy   string
	notedSync  syncState
	notedTags  int

	notedDiffers string
	notedVersion uint32
}

// peer is what the other T-Server told over the HA link that is up (R4); zero while it is down.
type peer struct {
	up        bool
	inc       uint64
	told      bool // it has told its state
	role      wire.Role
	epoch     uint64
	cti       callmodel.CTIState
	announced bool
	version   uint32 // of the protocol; 0 if it has not told
	differs   string // which of its options are not as here; "" if none
}

// report is what the others were told of this T-Server.
type report struct {
	role      wire.Role
	epoch     uint64
	cti       callmodel.CTIState
	announced bool
	ready     bool
}

// New makes the engine of T-Server self. The options are valid.
func New(self wire.ID, opt Options, server Server) *Engine {
	return &Engine{
		self: self, opt: opt, server: server,
		role: wire.Backup, cti: callmodel.CTIDown, carrier: true,
		names: names{maxRef: opt.MaxCallRef}, backup: backup{phase: syncIdle}, notedSync: syncIdle,
	}
}

// Start begins incarnation inc, from 1: the T-Server is a backup of epoch 0 until it is told otherwise (R1).
func (e *Engine) Start(inc uint64, out *node.Output) {
	if inc > callmodel.MaxStart {
		panic(fmt.Sprintf("hasync: start number %d of %s is beyond %d: its ConnIDs would not be unique (S5)", inc, e.self, callmodel.MaxStart))
	}
	e.inc = inc
	e.noteRole(out)
}

// Role returns the role.
func (e *Engine) Role() wire.Role { return e.role }

// Epoch returns the epoch of the primary that this T-Server is or backs.
func (e *Engine) Epoch() uint64 { return e.epoch }

// Announced reports whether EventLinkConnected is in force.
func (e *Engine) Announced() bool { return e.announced }

// PeerUp reports whether the HA link is up.
func (e *Engine) PeerUp() bool { return e.peer.up }

// PeerAnnounced reports whether the peer has told that EventLinkConnected is in force there (R4).
func (e *Engine) PeerAnnounced() bool { return e.peer.up && e.peer.announced }

// HasPrimary reports whether the HA link is up to a primary of this T-Server's epoch, as far as that has told.
func (e *Engine) HasPrimary() bool { return e.hasPrimary() }

// Sync returns the state of T-Server synchronization: idle, awaiting, answered, tagging or done.
func (e *Engine) Sync() string { return e.syncState().String() }

// CTI returns the state of the CTI link.
func (e *Engine) CTI() callmodel.CTIState { return e.cti }

// Seq returns the switch's event number that was reached.
func (e *Engine) Seq() uint64 { return e.seq }

// HAUp tells that the HA link is up to incarnation inc of the peer.
func (e *Engine) HAUp(inc uint64, out *node.Output) {
	e.newSession(out)
	e.peer = peer{up: true, inc: inc, role: wire.Backup, cti: callmodel.CTIDown}
	if !e.opt.Without.Has(node.KnownInc) || e.names.peerInc == 0 {
		e.names.setPeer(inc)
	}
	e.toldPeer = report{}
}

// HADown tells that the HA link is down, if it was up. A node whose own carrier is down draws no conclusion from that.
func (e *Engine) HADown(cause node.Cause, out *node.Output) {
	if !e.peer.up {
		return
	}
	if cause != node.CauseOwnCarrier || e.opt.Without.Has(node.OwnCarrier) {
		e.peerFailed(out)
	}
	e.newSession(out)
	e.peer = peer{}
}

// RenewHA closes the HA link, if it is up, and draws no conclusion from that: the two are to begin anew with it.
func (e *Engine) RenewHA(out *node.Output) {
	if e.peer.up {
		e.HADown(node.CauseOwnCarrier, out)
		out.Close(e.self.Peer())
	}
}

// CloseHA closes the HA link, if it is up; it will come up again.
func (e *Engine) CloseHA(out *node.Output) {
	if e.peer.up {
		e.HADown(node.CauseClosed, out)
		out.Close(e.self.Peer())
	}
}

// newSession: what was agreed with the peer held for its HA session.
func (e *Engine) newSession(out *node.Output) {
	e.stopTransfer(out)
	if !e.opt.Without.Has(node.R10Abort) || e.role != wire.Primary {
		e.primary = primary{}
		e.names.untagAll()
	}
	if !e.opt.Without.Has(node.X5) || e.backup.phase != syncDone {
		e.backup.phase = syncIdle
	}
}

// ControlUp and ControlDown tell of the link to the Management Layer.
func (e *Engine) ControlUp(out *node.Output) {
	e.control = true
	e.toldM = report{}
	e.tellM(out)
	if e.announced {
		out.Send(wire.MLayer, wire.EventLinkConnected).Epoch = e.epoch
	}
}

// ControlDown tells that the link to the Management Layer is down: roles stay as they are meanwhile (X12).
func (e *Engine) ControlDown() { e.control = false }

// Carrier tells of the T-Server's own connection.
func (e *Engine) Carrier(up bool) { e.carrier = up }

// CTIDown tells that communication with the switch is lost.
func (e *Engine) CTIDown(out *node.Output) { e.setCTI(callmodel.CTIDown, out) }

// CTISynchronizing tells that the switch is being read.
func (e *Engine) CTISynchronizing(out *node.Output) { e.setCTI(callmodel.CTISynchronizing, out) }

// CTISynchronized tells that what the T-Server holds is consistent at the switch's event number seq: the watermark.
func (e *Engine) CTISynchronized(seq uint64, out *node.Output) {
	e.seq = seq
	e.backup.watermark = seq
	e.names.dropEarly(seq)
	e.setCTI(callmodel.CTISynchronized, out)
}

// Reached tells that the T-Server has processed the switch's events up to seq.
func (e *Engine) Reached(seq uint64) { e.seq = seq }

func (e *Engine) setCTI(s callmodel.CTIState, out *node.Output) {
	if s == e.cti {
		return
	}
	e.cti = s
	out.Note(node.Note{Kind: node.NoteCTI, Text: s.String(), N: e.seq})
	e.readNow = s == callmodel.CTISynchronized
	if s != callmodel.CTISynchronized {
		e.backup.phase = syncIdle
		if !e.opt.Without.Has(node.Withdrawal) {
			e.withdraw(out)
		}
	}
}

// Fired tells that a timer fired; it reports false if the timer is none of the engine's.
func (e *Engine) Fired(t node.Timer) bool {
	switch t.Kind {
	case aloneTimer:
		e.waiting, e.alone = false, true
	case batchTimer:
		e.primary.pausing = false
	case overdueTimer:
		e.overdue.armed, e.overdue.is = false, true
	default:
		return false
	}
	return true
}

// Settle does what the rules demand of the state as it is now. It ends every step.
func (e *Engine) Settle(out *node.Output) {
	e.watchForPrimary(out)
	e.doubt(out)
	for {
		e.tellPeer(out)
		e.tellM(out)
		if !e.settleBackup(out) && !e.settlePrimary(out) && !e.settleAnnounced(out) && !e.settleHandover(out) {
			break
		}
	}
	e.settleOverdue(out)
	e.noteProgress(out)
	e.readNow = false
}

// settleAnnounced: R3, R11 and R13.
func (e *Engine) settleAnnounced(out *node.Output) bool {
	switch {
	case e.announced || e.cti != callmodel.CTISynchronized:
		return false
	case e.role == wire.Primary && (e.readNow || !e.opt.Without.Has(node.R3State)):
		e.announce("R3", out)
	case e.role == wire.Primary:
		return false
	case !e.opt.HASyncDlyLnkConn:
		e.announce("R13", out)
	case e.alone && e.backup.phase != syncAwaiting && e.carrier:
		e.announce("R11", out)
	default:
		return false
	}
	return true
}

func (e *Engine) announce(rule string, out *node.Output) {
	if e.announced {
		return
	}
	e.announced = true
	out.Note(node.Note{Kind: node.NoteAnnounced, Text: rule})
	e.sendM(wire.EventLinkConnected, out)
	e.server.AvailabilityChanged(out)
}

func (e *Engine) withdraw(out *node.Output) {
	if !e.announced {
		return
	}
	e.announced = false
	out.Note(node.Note{Kind: node.NoteWithdrawn})
	e.sendM(wire.EventLinkDisconnected, out)
	e.server.AvailabilityChanged(out)
}

func (e *Engine) sendM(kind wire.Kind, out *node.Output) {
	if e.control {
		out.Send(wire.MLayer, kind).Epoch = e.epoch
	}
}

// sendPeer sends the peer a message; the HA link is up.
func (e *Engine) sendPeer(kind wire.Kind, out *node.Output) *wire.Message {
	m := out.Send(e.self.Peer(), kind)
	m.Epoch = e.epoch
	return m
}
