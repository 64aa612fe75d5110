package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// snapshot is what has arrived of the switch's answer to SnapshotRequest. Nothing of it counts before it is complete.
type snapshot struct {
	begun bool
	seq   uint64
	dns   []dn
	calls []snapshotCall
	found []bool // by call reference: it is in the snapshot
}

type snapshotCall struct {
	id callmodel.CallID
	party
}

func (s *snapshot) reset() {
	s.begun, s.seq = false, 0
	s.dns, s.calls = s.dns[:0], s.calls[:0]
}

func (s *Server) readSnapshot(m *wire.Message, out *node.Output) {
	snap := &s.snapshot
	if s.engine.CTI() != callmodel.CTISynchronizing || snap.begun == (m.Kind == wire.SnapshotBegin) {
		s.resynchronize(m, out, m.Kind.String()+" out of place")
		return
	}
	switch m.Kind {
	case wire.SnapshotBegin:
		snap.begun, snap.seq = true, m.Seq
	case wire.SnapshotDN:
		snap.dns = append(snap.dns, dn{name: m.ThisDN, typ: m.DNType, agent: m.Agent})
	case wire.SnapshotCall:
		if !s.engine.InRange(m.Call.Ref) || m.Call.Born == 0 || m.Call.Born > snap.seq {
			s.resynchronize(m, out, "call identity out of range")
			return
		}
		p := party{from: m.ThisDN, to: m.OtherDN, typ: m.CallType, state: m.CallState}
		snap.calls = append(snap.calls, snapshotCall{m.Call, p})
	case wire.SnapshotEnd:
		if m.Seq != snap.seq {
			s.resynchronize(m, out, "the snapshot's end is of another snapshot")
			return
		}
		s.reconcile(out)
	}
}

// reconcile (R2): a call that is held and not in the snapshot is released; one that both hold keeps its ConnID; the others
// get invented ones.
func (s *Server) reconcile(out *node.Output) {
	snap := &s.snapshot
	s.sub = 0
	s.dns.replace(snap.dns)
	s.releaseMissing(out)
	for _, c := range snap.calls {
		if !s.engine.Held(c.id) {
			s.engine.Found(c.id, out)
			s.setParty(c.id.Ref, c.party)
			s.publishFound(c, out)
			continue
		}
		if p := &s.parties[c.id.Ref]; p.state != c.state {
			p.state = c.state
			s.publishBoth(wire.EventEstablished, wire.EventEstablished, c.id, snap.seq, out)
		}
	}
	seq := snap.seq
	snap.reset()
	s.engine.CTISynchronized(seq, out)
}

func (s *Server) releaseMissing(out *node.Output) {
	snap := &s.snapshot
	refs := s.engine.Refs()
	if int(refs) > len(snap.found) {
		snap.found = make([]bool, refs)
	}
	clear(snap.found)
	for _, c := range snap.calls {
		if s.engine.Held(c.id) {
			snap.found[c.id.Ref] = true
		}
	}
	for ref := uint32(1); ref < refs; ref++ {
		if held := s.engine.HeldAt(ref); held != (callmodel.CallID{}) && !snap.found[ref] {
			s.release(held, snap.seq, out)
		}
	}
}

// publishFound tells clients of a call that began while the switch could not be heard.
func (s *Server) publishFound(c snapshotCall, out *node.Output) {
	s.publishOffered(c.id, s.snapshot.seq, out)
	if c.state == callmodel.CallEstablished {
		s.publishBoth(wire.EventEstablished, wire.EventEstablished, c.id, s.snapshot.seq, out)
	}
}
