package monitor

import (
	"maps"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// states: what a T-Server may say and do in the state that its messages put it into: it takes no lower epoch, follows a higher one, and answers no HA
// message of a lower one (X6); it keeps what it was told early (R12); it is ready only from Full Sync Done (synchronized), the primary from its acknowledgement (X10); and it hands over only when all that it named was
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
	heard  trace.Record // of a higher epoch than its own, in this step

	told map[callmodel.CallID]trace.Record // ConnIDs that it has acknowledged before it held the calls (R12)
}

func newStates() *states { return &states{} }

func (m *states) name() string { return "states" }

func (m *states) record(s *Set, r *trace.Record) {
	v := s.pair.of(r.Node)
	if v == nil {
		return
	}
	p := &m.servers[r.Node-wire.A]
	if isInput(r) {
		p.hears(s, v, r)
	}
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
		*p = progress{epoch: p.epoch, role: p.role, told: p.told}
	case r.Kind == trace.Received:
		p.received(v, r)
	case r.Kind == trace.Sent:
		p.send(s, r)
	}
}

func (p *progress) received(v *view, r *trace.Record) {
	p.late = trace.Record{}
	m := r.Msg
	if _, held := v.calls[m.Call]; m.Kind == wire.CallNamed || tellsConnID(m) && !held {
		p.isTold(r)
	}
	switch m.Kind {
	case wire.FullSyncDone:
		p.synced, p.agreed = m.Reason == wire.Synchronized, m.Seq
	case wire.FullSyncAck:
		p.acked = p.acked || m.Num == p.sent
	case wire.CallNamedAck:
		p.known = max(p.known, m.Num)
	}
}

// isTold: the primary tells a call's ConnID, by itself or with an event that it has made. What it tells last is so.
func (p *progress) isTold(r *trace.Record) {
	if r.Msg.Epoch < p.epoch {
		p.late = keep(r)
		return
	}
	if len(p.told) < maxTold {
		if p.told == nil {
			p.told = map[callmodel.CallID]trace.Record{}
		}
		p.told[r.Msg.Call] = keep(r)
	}
}

// maxTold is how many early ConnIDs a T-Server is held to: it need not keep more for calls that its switch does not tell of.
const maxTold = 4000

// hears: a primary that hears of a higher epoch, from anybody, is a backup at once, and a backup follows its peer (X6); under peer arbitration others decide.
func (p *progress) hears(s *Set, v *view, r *trace.Record) {
	if p.heard.Msg != nil && v.epoch < p.heard.Msg.Epoch {
		s.report(records(&p.heard, r), "%s has heard of epoch %d, and stays %s of epoch %d (X6)", v.id, p.heard.Msg.Epoch, v.role, v.epoch)
	}
	p.heard = trace.Record{}
	if r.Kind != trace.Received || r.Msg.Epoch <= v.epoch || v.options.PeerArbitration {
		return
	}
	const made = 1 << 20 // more than that a client cannot have seen
	if r.Peer.IsTServer() || r.Peer.IsClient() && v.role == wire.Primary && r.Msg.Epoch <= v.epoch+made {
		p.heard = keep(r)
	}
}

// holds: a call that it was told a ConnID for comes by that one (R12).
func (p *progress) holds(s *Set, r *trace.Record) {
	n := r.Note
	told, known := p.told[n.Call]
	if known && n.ConnID != told.Msg.ConnID && n.Text != "adopted" {
		s.report(records(&told, r), "%s was told that call %s is %s, has acknowledged it, and forgets it (R12)", r.Node, n.Call, told.Msg.ConnID)
	}
	delete(p.told, n.Call)
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
	case node.NoteHeld, node.NoteNamed:
		p.holds(s, r)
	case node.NoteCTI: // what is older than the snapshot and not in it is over
		maps.DeleteFunc(p.told, func(c callmodel.CallID, _ trace.Record) bool { return c.Born <= n.N })
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
