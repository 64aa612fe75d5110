package pairmodel

import "hotpair/internal/wire"

// hear lets a T-Server, or both, hear of a command of the switch in the same step. It reports false if the switch has told it nothing.
func (s *stepper) hear(to []uint32, a *action) bool {
	waiting := func(l int) int { return len(s.m.links.At(to[nodes+l]).queue[1]) }
	switch {
	case a.both:
		for _, l := range [...]int{a.link, ctiA + ctiB - a.link} {
			if waiting(l) == 1 {
				s.deliver(to, l, 1)
			}
		}
	case a.heard:
		if waiting(a.link) == 0 {
			return false
		}
		s.deliver(to, a.link, 1)
	}
	return true
}

// deliver hands the first thing under way to an end of a link; a snapshot is handed over as a whole.
func (s *stepper) deliver(to []uint32, l, end int) {
	q := s.m.links.At(to[nodes+l]).queue[end]
	i := ends[l][end]
	last := 0
	if l <= ctiB && q[0] != downNotice && s.m.msgs.At(q[0]).msg.Kind == wire.SnapshotBegin {
		last = snapshotEnd(s.m, q)
	}
	for k := range last {
		s.do(to, l, s.m.popOp[end])
		if o := s.take(to, i, inReceive|uint32(l)<<24|q[k]); !o.quiet {
			return // it makes no sense to the T-Server, which gives the link up
		}
	}
	s.do(to, l, s.m.popOp[end])
	if q[last] == downNotice {
		s.take(to, i, inDown|uint32(ends[l][1-end])<<24)
		return
	}
	s.take(to, i, inReceive|uint32(l)<<24|q[last])
	if l <= ctiB && end == 1 && s.m.eventsAtOnce {
		s.catchUp(to, l)
	}
}

// catchUp lets a T-Server hear of what has happened since the snapshot that it has read, or the answer that it has got.
func (s *stepper) catchUp(to []uint32, l int) {
	for {
		q := s.m.links.At(to[nodes+l]).queue[1]
		if len(q) == 0 || q[0] == downNotice || s.m.msgs.At(q[0]).msg.Kind == wire.SnapshotBegin {
			return
		}
		s.do(to, l, s.m.popOp[1])
		s.take(to, ends[l][1], inReceive|uint32(l)<<24|q[0])
	}
}

// snapshotEnd returns the place of the snapshot's end in a queue that begins with its beginning.
func snapshotEnd(m *Model, q []uint32) int {
	for k, id := range q {
		if id != downNotice && m.msgs.At(id).msg.Kind == wire.SnapshotEnd {
			return k
		}
	}
	return 0
}

// do changes a link.
func (s *stepper) do(to []uint32, l int, op uint32) {
	at := nodes + l
	id, ok := s.m.linkOps.Get(to[at], op)
	if !ok {
		c := s.m.links.At(to[at]).clone()
		c.names = nameSet{}
		s.m.ops.At(op).apply(c)
		id = s.m.linkOps.Put(to[at], op, s.m.internLink(c))
	}
	to[at] = id
}

// take hands a node an input, and does what follows.
func (s *stepper) take(to []uint32, i int, in uint32) *outcome {
	if s.out.Labelled && in&inKind == inReceive {
		s.trail = append(s.trail, heard{int(in >> 24 & 15), i, in & 0xffffff})
	}
	o := s.outcome(to[i], in)
	if o.barrier {
		if s.barriers++; s.barriers == s.dieAt {
			s.apply(to, i, o.crashed, o.crashedOps, o.crashedWatch)
			return o
		}
	}
	s.apply(to, i, o.node, o.ops, o.watch)
	if s.m.atOnce && i != mAt {
		s.report(to, controlA)
		s.report(to, controlB)
	}
	if s.m.haAtOnce && (i == aAt || i == bAt) && !s.passing {
		s.pass(to)
	}
	return o
}

// pass lets what T-Servers say to each other arrive at once, if the model is so.
func (s *stepper) pass(to []uint32) {
	s.passing = true
	for moved := true; moved; {
		moved = false
		for end := range 2 {
			q := s.m.links.At(to[nodes+haLink]).queue[end]
			if len(q) > 0 && q[0] != downNotice {
				s.do(to, haLink, s.m.popOp[end])
				s.take(to, ends[haLink][end], inReceive|uint32(haLink)<<24|q[0])
				moved = true
			}
		}
	}
	s.passing = false
}

func (s *stepper) apply(to []uint32, i int, now uint32, ops []linkOp, seen uint32) {
	to[i] = now
	for _, op := range ops {
		s.do(to, int(op.link), op.op)
	}
	s.watch(to, seen)
}

// report lets what a T-Server says to M arrive at once, if the model is so.
func (s *stepper) report(to []uint32, l int) {
	for {
		q := s.m.links.At(to[nodes+l]).queue[1]
		if len(q) == 0 || q[0] == downNotice || !s.m.nodes.At(to[mAt]).running {
			return
		}
		s.do(to, l, s.m.popOp[1])
		s.take(to, mAt, inReceive|uint32(l)<<24|q[0])
	}
}

// watch tells the watch what was seen.
func (s *stepper) watch(to []uint32, seen uint32) {
	if seen == 0 {
		return
	}
	k, ok := s.m.watched.Get(to[watchAt], seen)
	if !ok {
		w := s.m.watches.At(to[watchAt]).clone()
		wrong := w.see(s.m, *s.m.seen.At(seen))
		k = s.m.watched.Put(to[watchAt], seen, s.m.verdicts.Add(&verdict{s.m.internWatch(w), wrong}))
	}
	v := s.m.verdicts.At(k)
	to[watchAt] = v.watch
	if v.wrong != "" {
		s.out.WrongStep(v.wrong)
	}
}
