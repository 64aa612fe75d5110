package monitor

import (
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s4: a backup announces EventLinkConnected only after R9, R11 or R13 (false); a primary when it has read the switch (R3).
type s4 struct {
	servers [2]announcer
}

// announcer follows one T-Server.
type announcer struct {
	waiting    uint64    // the number of the Backup Ready that is not answered
	answered   bool      // R9
	failed     bool      // R11: the primary failed while it waited
	peerRole   wire.Role // as told in this HA session, 0 before
	peerEpoch  uint64
	aloneSince time.Duration
	carrier    bool
}

// hasPrimary: the HA link is up to a primary of this epoch.
func (a *announcer) hasPrimary(epoch uint64) bool {
	return a.peerRole == wire.Primary && a.peerEpoch == epoch
}

func newS4() *s4 { return &s4{} }

func (m *s4) name() string { return "S4" }

// tolerance is what the times of two records of one node may be off.
const tolerance = 5 * time.Millisecond

func (m *s4) record(s *Set, r *trace.Record) {
	v := s.pair.of(r.Node)
	if v == nil {
		return
	}
	a := &m.servers[r.Node-wire.A]
	switch r.Kind {
	case trace.Started:
		*a = announcer{aloneSince: r.At, carrier: true}
	case trace.CarrierUp, trace.CarrierDown:
		a.carrier = r.Kind == trace.CarrierUp
		a.aloneSince = r.At
	case trace.Down:
		if r.Peer.IsTServer() {
			a.down(v, r)
		}
	case trace.Sent:
		a.sent(s, v, r)
	case trace.Received:
		a.received(v, r)
	case trace.Noted:
		a.note(s, v, r)
	}
}

func (a *announcer) down(v *view, r *trace.Record) {
	if a.waiting != 0 && r.Text != node.CauseOwnCarrier.String() {
		a.failed = true
	}
	a.waiting = 0
	a.peer(v, 0, 0, r.At)
}

// peer: what is known of the other T-Server is now this.
func (a *announcer) peer(v *view, role wire.Role, epoch uint64, at time.Duration) {
	had := a.hasPrimary(v.epoch)
	a.peerRole, a.peerEpoch = role, epoch
	if had && !a.hasPrimary(v.epoch) {
		a.aloneSince = at
	}
}

func (a *announcer) sent(s *Set, v *view, r *trace.Record) {
	switch r.Msg.Kind {
	case wire.BackupReady:
		a.waiting, a.answered, a.failed = r.Msg.Num, false, false
	case wire.EventLinkConnected:
		if !v.announced {
			s.report(records(r), "%s sends EventLinkConnected without having announced it", r.Node)
		}
	}
}

func (a *announcer) received(v *view, r *trace.Record) {
	switch r.Msg.Kind {
	case wire.FullSyncDone:
		if a.waiting != 0 && r.Msg.Num == a.waiting {
			a.waiting, a.answered = 0, true
		}
	case wire.PeerFailed:
		about := r.Msg.Node == v.id.Peer() && v.ha && r.Msg.Inc == v.peerInc // another incarnation than that which it waits for is no news
		a.failed = a.failed || a.waiting != 0 && about
	case wire.PeerState:
		a.peer(v, r.Msg.Role, r.Msg.Epoch, r.At)
	}
}

func (a *announcer) note(s *Set, v *view, r *trace.Record) {
	switch r.Note.Kind {
	case node.NoteRole:
		if r.Note.N != v.epoch || roleNamed(r.Note.Text) != v.role {
			a.answered, a.failed, a.waiting = false, false, 0
			a.aloneSince = r.At
		}
	case node.NoteCTI:
		a.answered, a.failed, a.waiting = false, false, 0
	case node.NoteAnnounced:
		if why := a.refuse(v, r); why != "" {
			s.report(records(&v.roleNote, r), "%s announces EventLinkConnected %s", r.Node, why)
		}
	}
}

// refuse says why it must not announce now, "" if it may.
func (a *announcer) refuse(v *view, r *trace.Record) string {
	alone := a.carrier && !a.hasPrimary(v.epoch) && r.At-a.aloneSince >= v.connectTout-tolerance
	switch {
	case v.cti != callmodel.CTISynchronized:
		return "without having read the switch (R3)"
	case v.role == wire.Primary, a.answered, a.failed, alone, !v.delay:
		return ""
	}
	return "as a backup, without Full Sync Done (R9), without having lost its primary (R11), and ha-sync-dly-lnk-conn is true (R13)"
}

func (m *s4) finish(*Set) {}
