package hasync

import (
	"fmt"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Receive handles a message of the HA link.
func (e *Engine) Receive(m *wire.Message, out *node.Output) {
	if m.Kind == wire.PeerState {
		e.peerTold(m) // what the peer is made of has no epoch
	}
	isAck := m.Kind == wire.CallNamedAck || m.Kind == wire.FullSyncAck
	if m.Epoch < e.epoch && !isAck && !e.opt.Without.Has(node.X6) && !e.opt.Without.Has(node.HAEpoch) {
		return
	}
	e.heardOfEpoch(m.Epoch, out)
	switch m.Kind {
	case wire.PeerState:
		p := &e.peer
		p.told, p.role, p.epoch, p.cti, p.announced = true, m.Role, m.Epoch, m.CTI, m.Announced
	case wire.SyncProgress:
		e.syncProgress(m)
	case wire.BackupReady:
		e.backupReady(m, out)
	case wire.FullSyncDone:
		e.fullSyncDone(m, out)
	case wire.FullSyncAck:
		e.fullSyncAck(m)
	case wire.CallNamed:
		e.callNamed(m, out)
	case wire.PrimaryEvent:
		e.primaryEvent(m, out)
	case wire.AgentTold, wire.RequestTold:
		if e.role == wire.Backup {
			e.server.Remembered(m, out)
		}
	case wire.RegistrationTold:
		e.registrationTold(m, out)
	case wire.CallNamedAck:
		e.callNamedAck(m)
	default:
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: e.self.Peer(), Text: m.Kind.String() + " does not belong on the HA link"})
	}
}

// ReceiveM handles a message of the control link.
func (e *Engine) ReceiveM(m *wire.Message, out *node.Output) {
	switch m.Kind {
	case wire.Appoint:
		e.appoint(m, out)
	case wire.PeerFailed:
		e.HeardOfEpoch(wire.MLayer, m.Epoch, out)
		// R11: "or M says so". Whatever still comes of that session is not to be acted on.
		if m.Node == e.self.Peer() && (m.Inc == e.peer.inc || e.opt.Without.Has(node.PeerFailedInc)) {
			e.CloseHA(out)
		}
	default:
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: wire.MLayer, Text: m.Kind.String() + " does not belong on the control link"})
	}
}

// maxLeap is by how much an epoch that a client has seen may be above this T-Server's: far more switchovers than it can have missed. Without it a
// made-up epoch could use up the numbers, and nobody could be named any more.
const maxLeap = 1 << 20

// HeardOfEpoch tells of an epoch that somebody has seen (X6): a client, or M.
func (e *Engine) HeardOfEpoch(from wire.ID, epoch uint64, out *node.Output) {
	switch {
	case e.role != wire.Primary || epoch <= e.epoch:
	case epoch > e.epoch+maxLeap:
		why := fmt.Sprintf("nobody can have seen epoch %d while this T-Server is primary of %d", epoch, e.epoch)
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: from, Text: why})
	default:
		e.heardOfEpoch(epoch, out)
	}
}

// heardOfEpoch: X6: a primary that hears of a higher epoch is a backup at once, and a backup follows its peer.
// Under peer arbitration an active one takes a higher one itself (P13), which is not the engine's to do.
func (e *Engine) heardOfEpoch(epoch uint64, out *node.Output) {
	if e.opt.PeerArbitration && e.role == wire.Primary {
		return
	}
	if epoch > e.epoch && !e.opt.Without.Has(node.X6) && !e.opt.Without.Has(node.StepDown) {
		e.become(wire.Backup, epoch, out)
	}
}

// appoint: the Management Layer says who is primary in an epoch (R1, R14, X6).
func (e *Engine) appoint(m *wire.Message, out *node.Output) {
	anyEpoch := e.opt.Without.Has(node.X6)
	if m.Epoch < e.epoch && !anyEpoch && !e.opt.Without.Has(node.AppointEpoch) {
		return
	}
	if m.Node == e.self && (m.Inc == e.inc || e.opt.Without.Has(node.AppointInc)) {
		e.become(wire.Primary, m.Epoch, out)
		e.roleTaken(m.Epoch, wire.Taken, out)
		return
	}
	if e.role == wire.Primary && m.Epoch == e.epoch && !anyEpoch {
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: wire.MLayer, Text: "an epoch names one primary: " + m.Node.String() + " cannot have this one"})
		return
	}
	if e.handover.state != handoverNone && e.handover.epoch == m.Epoch {
		e.answerHandover(out) // asked again
		return
	}
	if m.Normal && e.role == wire.Primary {
		e.beginHandover(m.Epoch, out)
		return
	}
	e.become(wire.Backup, m.Epoch, out)
	e.roleTaken(m.Epoch, wire.Taken, out)
}

// Assume gives the engine its role under peer arbitration (package peerarb). As a backup it keeps its epoch until it hears of the primary's.
func (e *Engine) Assume(role wire.Role, epoch uint64, out *node.Output) { e.become(role, epoch, out) }

// become takes a role in an epoch. A new role or epoch ends every T-Server synchronization.
func (e *Engine) become(role wire.Role, epoch uint64, out *node.Output) {
	if role == e.role && epoch == e.epoch {
		return
	}
	e.stopSynchronizing(out)
	if epoch != e.handover.epoch || role == wire.Primary {
		e.handover = handover{}
	}
	e.backup.phase = syncIdle
	e.role, e.epoch = role, epoch
	if role == wire.Primary {
		e.primary.namedAcked = e.primary.named // what is of an earlier epoch was acknowledged, or was ignored (X6) and never will be
	}
	e.alone = false
	if e.waiting {
		e.waiting = false
		out.Cancel(node.Timer{Kind: aloneTimer})
	}
	e.noteRole(out)
	e.server.RoleChanged(out)
	if role == wire.Primary && !e.opt.Without.Has(node.NameUnnamed) {
		e.nameTheUnnamed(out)
	}
}

func (e *Engine) noteRole(out *node.Output) {
	out.Note(node.Note{Kind: node.NoteRole, Text: e.role.String(), N: e.epoch})
}

func (e *Engine) roleTaken(epoch uint64, o wire.Outcome, out *node.Output) {
	if !e.control {
		return
	}
	m := out.Send(wire.MLayer, wire.RoleTaken)
	m.Epoch, m.Role, m.Outcome = epoch, e.role, o
}

// handover is the answer that a primary owes on a normal command (R14).
type handover struct {
	state handoverState
	epoch uint64
}

type handoverState uint8

const (
	handoverNone    handoverState = iota
	handoverWaiting               // for the acknowledgement of its last HA message
	handoverDone
	handoverFailed
)

// beginHandover: the primary names nothing any more, and answers when what it named is acknowledged.
func (e *Engine) beginHandover(epoch uint64, out *node.Output) {
	state := handoverFailed
	if ready, _ := e.Readiness(); ready {
		state = handoverWaiting
	}
	e.become(wire.Backup, epoch, out)
	e.handover = handover{state: state, epoch: epoch}
	if state == handoverFailed {
		e.answerHandover(out)
	}
}

func (e *Engine) settleHandover(out *node.Output) bool {
	if e.handover.state != handoverWaiting {
		return false
	}
	switch {
	case !e.peer.up:
		e.handover.state = handoverFailed
	case e.primary.namedAcked == e.primary.named || e.opt.Without.Has(node.HandoverAck):
		e.handover.state = handoverDone
	default:
		return false
	}
	e.answerHandover(out)
	return true
}

func (e *Engine) answerHandover(out *node.Output) {
	switch e.handover.state {
	case handoverDone:
		e.roleTaken(e.handover.epoch, wire.HandedOver, out)
	case handoverFailed:
		e.roleTaken(e.handover.epoch, wire.NotHandedOver, out)
	}
}
