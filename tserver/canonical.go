package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// AppendCanonical implements node.Node.
func (s *Server) AppendCanonical(b []byte) []byte {
	b = s.engine.AppendCanonical(b)
	for ref := range s.parties {
		if s.engine.HeldAt(uint32(ref)) != (callmodel.CallID{}) {
			b = canon.Uint(b, uint32(ref))
			b = s.parties[ref].append(b)
		}
	}
	b = canon.Uint(b, uint32(0))
	b = appendDNList(b, s.dns.list)
	b = s.snapshot.append(b)
	b = s.clients.append(b)
	b = canon.Uint(b, s.sub)
	b = s.kpl.append(b)
	b = s.journal.append(b)
	return s.failover.append(b)
}

// Restore implements node.Node.
func (s *Server) Restore(b []byte) error {
	r := canon.NewReader(b)
	s.engine.Restore(r)
	s.parties = make([]party, s.engine.Refs())
	for ref := canon.Read[uint32](r); ref != 0 && int(ref) < len(s.parties); ref = canon.Read[uint32](r) {
		s.parties[ref].restore(r)
	}
	s.dns.replace(restoreDNList(r))
	s.snapshot.restore(r, s.engine.InRange)
	s.clients.restore(r)
	s.sub = canon.Read[uint32](r)
	s.kpl.restore(r)
	s.journal.restore(r)
	s.waiting = s.journal.pending > 0
	s.failover.restore(r)
	return r.Err()
}

func (p *party) append(b []byte) []byte {
	b = canon.String(b, p.from)
	b = canon.String(b, p.to)
	b = canon.Uint(b, p.typ)
	return canon.Uint(b, p.state)
}

func (p *party) restore(r *canon.Reader) {
	p.from, p.to = callmodel.DN(r.String()), callmodel.DN(r.String())
	p.typ, p.state = canon.Read[callmodel.CallType](r), canon.Read[callmodel.CallState](r)
}

func appendDNList(b []byte, list []dn) []byte {
	b = canon.Uint(b, len(list))
	for _, d := range list {
		b = canon.String(b, d.name)
		b = canon.Uint(b, d.typ)
		b = canon.Uint(b, d.agent)
	}
	return b
}

func restoreDNList(r *canon.Reader) []dn {
	var list []dn
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		d := dn{name: callmodel.DN(r.String())}
		d.typ, d.agent = canon.Read[callmodel.DNType](r), canon.Read[callmodel.AgentState](r)
		list = append(list, d)
	}
	return list
}

func (s *snapshot) append(b []byte) []byte {
	b = canon.Bool(b, s.begun)
	b = canon.Uint(b, s.seq)
	b = appendDNList(b, s.dns)
	b = canon.Uint(b, len(s.calls))
	for i := range s.calls {
		c := &s.calls[i]
		b = canon.Uint(b, c.id.Ref)
		b = canon.Uint(b, c.id.Born)
		b = c.append(b)
	}
	return b
}

func (s *snapshot) restore(r *canon.Reader, inRange func(ref uint32) bool) {
	*s = snapshot{begun: r.Bool(), seq: canon.Read[uint64](r)}
	for _, d := range restoreDNList(r) {
		s.addDN(d)
	}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		c := snapshotCall{id: callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}}
		c.restore(r)
		if inRange(c.id.Ref) {
			s.addCall(c)
		}
	}
}

func (c *clients) append(b []byte) []byte {
	b = canon.Uint(b, len(c.up))
	for _, id := range c.up {
		b = canon.Uint(b, id)
		b = canon.Uint(b, len(c.dns[id]))
		for _, name := range c.dns[id] {
			b = canon.String(b, name)
		}
	}
	return b
}

func (c *clients) restore(r *canon.Reader) {
	*c = clients{}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		id := canon.Read[wire.ID](r)
		c.add(id)
		for k := canon.Read[int](r); k > 0 && r.Good(); k-- {
			c.register(id, callmodel.DN(r.String()))
		}
	}
}
