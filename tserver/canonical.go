package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/parties"
)

// AppendCanonical implements node.Node.
func (s *Server) AppendCanonical(b []byte) []byte {
	b = s.engine.AppendCanonical(b)
	for ref := range s.engine.Refs() {
		if s.engine.HeldAt(ref) != (callmodel.CallID{}) {
			b = canon.Uint(b, ref)
			b = s.table.At(ref).Append(b)
		}
	}
	b = canon.Uint(b, uint32(0))
	b = appendDNList(b, s.dns.list)
	b = s.snapshot.append(b)
	b = s.clients.append(b)
	b = s.absent.append(b)
	b = appendReplies(b, s.replies)
	b = canon.Uint(b, s.sub)
	b = s.kpl.append(b)
	b = s.requests.append(b)
	b = s.own.append(b)
	b = s.journal.append(b)
	return s.failover.append(b)
}

// Restore implements node.Node.
func (s *Server) Restore(b []byte) error {
	r := canon.NewReader(b)
	s.engine.Restore(r)
	for ref := canon.Read[uint32](r); ref != 0 && ref < s.engine.Refs(); ref = canon.Read[uint32](r) {
		c := parties.Restore(r)
		s.table.Set(ref, &c)
	}
	s.dns.replace(restoreDNList(r))
	s.snapshot.restore(r, s.engine.InRange)
	s.clients.restore(r)
	s.absent.restore(r)
	s.replies = restoreReplies(r)
	s.sub = canon.Read[uint32](r)
	s.kpl.restore(r)
	s.requests.restore(r)
	s.own.restore(r)
	s.journal.restore(r)
	s.waiting = s.journal.pending > 0
	s.failover.restore(r)
	return r.Err()
}

func appendDNList(b []byte, list []dn) []byte {
	b = canon.Uint(b, len(list))
	for _, d := range list {
		b = canon.String(b, d.name)
		b = canon.Uint(b, d.typ)
		b = canon.Uint(b, d.agent)
		b = canon.Uint(b, d.mode)
		b = canon.String(b, d.agentID)
		b = canon.Bool(b, d.dnd)
		b = canon.String(b, d.forward)
		b = canon.Bool(b, d.due)
		b = canon.Bool(b, d.afterCall)
		b = canon.Uint(b, d.ticks)
	}
	return b
}

func restoreDNList(r *canon.Reader) []dn {
	var list []dn
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		d := dn{name: callmodel.DN(r.String())}
		d.typ, d.agent = canon.Read[callmodel.DNType](r), canon.Read[callmodel.AgentState](r)
		d.mode, d.agentID = canon.Read[callmodel.WorkMode](r), r.String()
		d.dnd, d.forward = r.Bool(), callmodel.DN(r.String())
		d.due, d.afterCall, d.ticks = r.Bool(), r.Bool(), canon.Read[uint8](r)
		list = append(list, d)
	}
	return list
}

func (s *snapshot) append(b []byte) []byte {
	b = canon.Bool(b, s.begun)
	b = canon.Uint(b, s.seq)
	b = canon.Uint(b, s.sub)
	b = appendDNList(b, s.dns)
	b = canon.Uint(b, len(s.calls))
	for i := range s.calls {
		c := &s.calls[i]
		b = canon.Uint(b, c.id.Ref)
		b = canon.Uint(b, c.id.Born)
		b = canon.Bool(b, c.listed)
		b = c.Append(b)
	}
	return b
}

func (s *snapshot) restore(r *canon.Reader, inRange func(ref uint32) bool) {
	*s = snapshot{begun: r.Bool(), seq: canon.Read[uint64](r), sub: canon.Read[uint32](r)}
	for _, d := range restoreDNList(r) {
		s.addDN(d)
	}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		c := snapshotCall{id: callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}}
		c.listed = r.Bool()
		c.Call = parties.Restore(r)
		if inRange(c.id.Ref) {
			s.addCall(c)
		}
	}
}

func (c *clients) append(b []byte) []byte { return c.appendOf(b, c.up, c.incs) }

func (c *clients) restore(r *canon.Reader) {
	*c = clients{}
	c.restoreOf(r, c.add)
}
