package monitor

import (
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// states: what a T-Server may say and do in the state that its messages put it into: it takes no lower epoch, and answers no HA message of a lower one
// (X6); it is ready only from Full Sync Done (synchronized), the primary from its acknowledgement (X10); and it hands over only when all that it named was
// acknowledged (R14).
type states struct {
	servers [2]progress
}

// progress follows one T-Server within an HA session.
type progress struct {
	epoch  uint64
	role   trace.Record // the last note of it
	synced bool         // as a backup: it got Full Sync Done (synchronized),
	agreed uint64       // from a primary that had processed the switch's events up to here
	sent   uint64       // as a primary: the number that it answered with it
	acked  bool         // and that was acknowledged
	named  uint64       // CallNamed that it sent,
	known  uint64       // and that were acknowledged
	late   trace.Record // a CallNamed of a lower epoch than its own, which came last
}

func newStates() *states { return &states{} }

func (m *states) name() string { return "states" }

func (m *states) record(s *Set, r *trace.Record) {
	v := s.pair.of(r.Node)
	if v == nil {
		return
	}
	p := &m.servers[r.Node-wire.A]
	switch {
	case r.Kind == trace.Started:
		*p = progress{}
	case r.Kind == trace.Noted:
		p.noted(s, v, r)
	case r.Kind == trace.Sent && r.Msg.Kind == wire.RoleTaken && r.Msg.Outcome == wire.HandedOver:
		if p.known < p.named {
			s.report(records(&p.role, r), "%s hands over, and %d of the ConnIDs that it has sent are not acknowledged (R14)", r.Node, p.named-p.known)
		}
	case !r.Peer.IsTServer():
	case r.Kind == trace.Up, r.Kind == trace.Down:
		*p = progress{epoch: p.epoch, role: p.role}
	case r.Kind == trace.Received:
		p.received(r)
	case r.Kind == trace.Sent:
		p.send(s, r)
	}
}

func (p *progress) received(r *trace.Record) {
	p.late = trace.Record{}
	switch m := r.Msg; m.Kind {
	case wire.FullSyncDone:
		p.synced, p.agreed = m.Reason == wire.Synchronized, m.Seq
	case wire.FullSyncAck:
		p.acked = p.acked || m.Num == p.sent
	case wire.CallNamedAck:
		p.known = max(p.known, m.Num)
	case wire.CallNamed:
		if m.Epoch < p.epoch {
			p.late = keep(r)
		}
	}
}

func (p *progress) send(s *Set, r *trace.Record) {
	switch m := r.Msg; m.Kind {
	case wire.FullSyncDone:
		p.sent, p.acked = 0, false
		if m.Reason == wire.Synchronized {
			p.sent = m.Num
		}
	case wire.CallNamed:
		p.named = m.Num
	case wire.CallNamedAck:
		if p.late.Msg != nil && p.late.Msg.Num == m.Num {
			s.report(records(&p.late, r), "%s acknowledges a ConnID that was sent in epoch %d, and is of epoch %d itself (X6)", r.Node, p.late.Msg.Epoch, p.epoch)
		}
	}
}

func (p *progress) noted(s *Set, v *view, r *trace.Record) {
	switch n := r.Note; n.Kind {
	case node.NoteRole:
		if n.N < p.epoch {
			s.report(records(&p.role, r), "%s takes epoch %d, and was of epoch %d (X6)", r.Node, n.N, p.epoch)
		}
		if roleNamed(n.Text) == wire.Primary {
			p.known = p.named // what it named in earlier epochs and was not acknowledged was ignored (X6)
		}
		if n.N != p.epoch {
			p.synced, p.sent, p.acked = false, 0, false
		}
		p.epoch, p.role = n.N, keep(r)
	case node.NoteReady:
		if n.N == 1 && !p.mayBeReady(v) {
			s.report(records(&p.role, r), "%s is ready without Full Sync Done (synchronized) in this HA session and epoch, before it has heard from the switch what the primary had heard then, or, as a primary, before it is acknowledged (X10)", r.Node)
		}
	}
}

func (p *progress) mayBeReady(v *view) bool {
	if v.role == wire.Primary {
		return p.acked
	}
	return p.synced && v.seq >= p.agreed
}

func (m *states) finish(*Set) {}
