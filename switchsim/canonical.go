package switchsim

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// AppendCanonical implements node.Node.
func (s *Switch) AppendCanonical(b []byte) []byte {
	b = canon.Uint(b, s.inc)
	b = canon.Uint(b, s.events)
	b = s.appendAgents(b)
	for ref := range s.calls.table {
		c := &s.calls.table[ref]
		if c.born == 0 {
			continue
		}
		b = canon.Uint(b, uint32(ref))
		b = canon.Uint(b, c.born)
		b = canon.Uint(b, int(c.from))
		b = canon.Uint(b, int(c.to))
		b = canon.Uint(b, c.typ)
		b = canon.Uint(b, c.state)
		b = canon.Uint(b, c.load)
		b = canon.String(b, c.name)
	}
	b = canon.Uint(b, uint32(0))
	for i := range s.links {
		b = s.links[i].append(b)
	}
	b = canon.Uint(b, len(s.loads))
	for i := range s.loads {
		b = s.loads[i].append(b)
	}
	return b
}

// Restore implements node.Node.
func (s *Switch) Restore(b []byte) error {
	r := canon.NewReader(b)
	*s = *New(s.opt)
	s.inc = canon.Read[uint64](r)
	s.events = canon.Read[uint64](r)
	s.restoreAgents(r)
	for ref := canon.Read[uint32](r); ref != 0 && ref <= s.opt.CallRefs; ref = canon.Read[uint32](r) {
		c := call{born: canon.Read[uint64](r)}
		c.from, c.to = int32(canon.Read[int](r)), int32(canon.Read[int](r))
		c.typ, c.state = canon.Read[callmodel.CallType](r), canon.Read[callmodel.CallState](r)
		c.load, c.name = canon.Read[int](r), r.String()
		if !r.Good() {
			break
		}
		s.calls.occupy(ref)
		s.calls.table[ref] = c
		if c.name != "" {
			s.calls.byName[c.name] = ref
		}
		s.lines[c.from].busy, s.lines[c.to].busy = true, true
	}
	for i := range s.links {
		s.links[i].restore(r)
	}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		l := load{}
		l.restore(r)
		s.loads = append(s.loads, l)
	}
	return r.Err()
}

// appendAgents writes the lines whose agent is not as after a start.
func (s *Switch) appendAgents(b []byte) []byte {
	for i := range s.opt.Extensions {
		if a := s.lines[i].agent; a != callmodel.AgentLoggedOut {
			b = canon.Uint(b, i+1)
			b = canon.Uint(b, a)
		}
	}
	return canon.Uint(b, 0)
}

func (s *Switch) restoreAgents(r *canon.Reader) {
	for i := canon.Read[int](r); i > 0 && i <= s.opt.Extensions; i = canon.Read[int](r) {
		s.lines[i-1].agent = canon.Read[callmodel.AgentState](r)
	}
}

func (l *ctiLink) append(b []byte) []byte {
	b = canon.Uint(b, l.state)
	b = canon.Bool(b, l.port)
	b = canon.Bool(b, l.asked)
	b = canon.Bool(b, l.live)
	b = canon.Bool(b, l.transfers)
	b = canon.Uint(b, len(l.queue))
	for i := range l.queue {
		b = l.queue[i].AppendCanonical(b)
	}
	return b
}

func (l *ctiLink) restore(r *canon.Reader) {
	l.state = canon.Read[linkState](r)
	l.port, l.asked, l.live, l.transfers = r.Bool(), r.Bool(), r.Bool(), r.Bool()
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		l.queue = append(l.queue, wire.RestoreMessage(r))
	}
}
