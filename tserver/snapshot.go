package tserver

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// maxDNCount is the greatest number of DNs that a switch may have: as many extensions and trunks as the simulated one can.
const maxDNCount = 200_000

// snapshot is what has arrived of the switch's answer to SnapshotRequest. Nothing of it counts before it is complete. No DN and no call
// reference is in it twice, so that whatever the switch says, it is bounded.
type snapshot struct {
	begun bool
	seq   uint64
	sub   uint32 // how many places the event at seq takes among those for clients
	dns   []dn
	calls []snapshotCall

	names map[callmodel.DN]bool // of dns
	refs  []bool                // of calls
	found []bool                // by call reference: the call that is held is in the snapshot
}

type snapshotCall struct {
	id callmodel.CallID
	parties.Call
	listed bool // its parties are told one by one
}

func (s *snapshot) reset() {
	s.begun, s.seq, s.sub = false, 0, 0
	s.dns, s.calls = s.dns[:0], s.calls[:0]
	clear(s.names)
	clear(s.refs)
}

// addDN reports false if the DN cannot be in the snapshot beside those that are.
func (s *snapshot) addDN(d dn) bool {
	if s.names[d.name] || len(s.dns) == maxDNCount {
		return false
	}
	if s.names == nil {
		s.names = map[callmodel.DN]bool{}
	}
	s.names[d.name] = true
	s.dns = append(s.dns, d)
	return true
}

// addCall reports false if there is a call with this reference already. The reference is in range.
func (s *snapshot) addCall(c snapshotCall) bool {
	ref := int(c.id.Ref)
	if ref >= len(s.refs) {
		s.refs = append(s.refs, make([]bool, max(2*len(s.refs), ref+1)-len(s.refs))...)
	}
	if s.refs[ref] {
		return false
	}
	s.refs[ref] = true
	s.calls = append(s.calls, c)
	return true
}

// addParty reports false if the party does not belong to the call that was added last, or not beside the others.
func (s *snapshot) addParty(m *wire.Message) bool {
	if len(s.calls) == 0 || s.calls[len(s.calls)-1].id != m.Call {
		return false
	}
	c := &s.calls[len(s.calls)-1]
	if !c.listed {
		c.listed = true
		c.Bare()
	}
	return c.Read(m)
}

func (s *Server) readSnapshot(m *wire.Message, out *node.Output) {
	snap := &s.snapshot
	if s.engine.CTI() != callmodel.CTISynchronizing || snap.begun == (m.Kind == wire.SnapshotBegin) {
		s.resynchronize(m, out, m.Kind.String()+" out of place")
		return
	}
	switch m.Kind {
	case wire.SnapshotBegin:
		snap.begun, snap.seq, snap.sub = true, m.Seq, m.Sub
	case wire.SnapshotDN:
		d := dn{name: m.ThisDN, typ: m.DNType, agent: m.Agent, mode: m.WorkMode, agentID: m.Text, dnd: m.Announced, forward: m.OtherDN}
		if !snap.addDN(d) {
			s.resynchronize(m, out, fmt.Sprintf("the snapshot has the DN %q twice, or more than %d DNs", m.ThisDN, maxDNCount))
		}
	case wire.SnapshotCall:
		if !s.engine.InRange(m.Call.Ref) || m.Call.Born == 0 || m.Call.Born > snap.seq {
			s.resynchronize(m, out, "call identity out of range")
			return
		}
		c := snapshotCall{id: m.Call}
		c.Read(m)
		if !snap.addCall(c) {
			s.resynchronize(m, out, "the snapshot has two calls of one reference")
		}
	case wire.SnapshotParty:
		if !snap.addParty(m) {
			s.resynchronize(m, out, "a party of no call, one that is twice in it, or one too many")
		}
	case wire.SnapshotEnd:
		if m.Seq != snap.seq {
			s.resynchronize(m, out, "the snapshot's end is of another snapshot")
			return
		}
		s.reconcile(out)
	}
}

// reconcile (R2): a call that is held and not in the snapshot is released; one that both hold keeps its ConnID; the others
// get invented ones. A primary tells its clients what it finds; a backup's clients have heard it from the primary.
func (s *Server) reconcile(out *node.Output) {
	snap := &s.snapshot
	if snap.seq != s.engine.Seq() {
		s.sub = parties.Places
	}
	s.dns.replace(snap.dns)
	s.releaseMissing(out)
	for i := range snap.calls {
		c := &snap.calls[i]
		if !s.engine.Held(c.id) {
			s.engine.Found(c.id, out)
			s.active(c.id, out)
		}
		s.update(c, out)
	}
	seq, told := snap.seq, s.sub
	if told == parties.Places { // there was nothing to find
		told = max(snap.sub, 1)
	}
	s.journal.resync(number{seq, told - 1})
	snap.reset()
	s.engine.CTISynchronized(seq, out)
	s.catchUp(out)
	s.rearmWraps(out)
}

// update makes the parties of a call those of the snapshot, and tells clients what is new of them.
func (s *Server) update(c *snapshotCall, out *node.Output) {
	if held := s.table.At(c.id.Ref); held != nil && held.Equal(&c.Call) {
		return
	}
	s.source = source{seq: s.snapshot.seq, base: s.sub, out: out}
	s.table.Update(c.id, &c.Call, s)
	s.source = source{}
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
