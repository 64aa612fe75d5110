package switchsim

import (
	"time"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// AppendCanonical implements node.Node.
func (s *Switch) AppendCanonical(b []byte) []byte {
	b = canon.Uint(b, s.inc)
	b = canon.Uint(b, s.events)
	b = canon.Uint(b, s.places)
	b = s.appendLines(b)
	b = canon.Uint(b, s.epoch)
	b = s.appendMemories(b)
	for ref := range s.calls.table {
		c := &s.calls.table[ref]
		if c.born == 0 {
			continue
		}
		b = canon.Uint(b, uint32(ref))
		b = canon.Uint(b, c.born)
		b = canon.Uint(b, c.state)
		b = canon.Uint(b, c.load)
		b = canon.Uint(b, c.stage)
		b = canon.Uint(b, uint64(c.rest))
		b = canon.Bool(b, c.grows)
		b = canon.Uint(b, c.consult.Ref)
		b = canon.Uint(b, c.consult.Born)
		b = canon.String(b, c.name)
		b = canon.Uint(b, c.waits)
		b = s.table.At(uint32(ref)).Append(b)
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
	s.places = canon.Read[uint32](r)
	s.restoreLines(r)
	s.epoch = canon.Read[uint64](r)
	s.restoreMemories(r)
	for ref := canon.Read[uint32](r); ref != 0 && ref <= s.opt.CallRefs; ref = canon.Read[uint32](r) {
		c := call{born: canon.Read[uint64](r)}
		c.state = canon.Read[callmodel.CallState](r)
		c.load, c.stage, c.rest = canon.Read[int](r), canon.Read[stage](r), time.Duration(canon.Read[uint64](r))
		c.grows = r.Bool()
		c.consult = callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}
		c.name, c.waits = r.String(), canon.Read[node.TimerKind](r)
		p := parties.Restore(r)
		if !r.Good() || p.Len() == 0 {
			break
		}
		s.calls.occupy(ref)
		s.calls.table[ref] = c
		if c.name != "" {
			s.calls.byName[c.name] = ref
		}
		s.table.Set(ref, &p)
		s.restoreLinesOf(ref)
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

// appendLines writes the lines that are not as after a start, beside their calls.
func (s *Switch) appendLines(b []byte) []byte {
	for i := range s.lines {
		l := &s.lines[i]
		if l.typ == callmodel.DNExtension && (l.agent != callmodel.AgentLoggedOut || l.dnd || l.forward != "") || len(l.waiting) > 0 {
			b = canon.Uint(b, i+1)
			b = canon.Uint(b, l.agent)
			b = canon.String(b, l.agentID)
			b = canon.Uint(b, l.mode)
			b = canon.Uint(b, l.idle)
			b = canon.Bool(b, l.dnd)
			b = canon.String(b, l.forward)
			b = canon.Uint(b, len(l.waiting))
			for _, ref := range l.waiting {
				b = canon.Uint(b, ref)
			}
		}
	}
	return canon.Uint(b, 0)
}

func (s *Switch) restoreLines(r *canon.Reader) {
	for i := canon.Read[int](r); i > 0 && i <= len(s.lines) && r.Good(); i = canon.Read[int](r) {
		l := &s.lines[i-1]
		l.agent, l.agentID, l.mode = canon.Read[callmodel.AgentState](r), r.String(), canon.Read[callmodel.WorkMode](r)
		l.idle, l.dnd, l.forward = canon.Read[uint64](r), r.Bool(), callmodel.DN(r.String())
		for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
			l.waiting = append(l.waiting, canon.Read[uint32](r))
		}
	}
}

// restoreLinesOf finds the lines of a call's parties, and makes them busy.
func (s *Switch) restoreLinesOf(ref uint32) {
	c := s.table.At(ref)
	for i := range c.Len() {
		p := c.At(i)
		p.Line = int32(s.byName[p.DN])
		if p.State != callmodel.PartyBusy {
			s.occupy(p.Line)
		}
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
