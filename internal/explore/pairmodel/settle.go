package pairmodel

// settle renames the numbers of a successor, so that it has the smallest ones.
func (s *stepper) settle(to []uint32) {
	if s.m.raw {
		return
	}
	var used nameSet
	for i := range nodes {
		used.union(&s.m.nodes.At(to[i]).names)
	}
	for l := range links {
		used.union(&s.m.links.At(to[nodes+l]).names)
	}
	r := s.renaming(&used)
	for i := range nodes {
		if !r.same || !s.m.nodes.At(to[i]).normal {
			to[i] = s.renameNode(to[i], r)
		}
	}
	for l := range links {
		if !r.same || !s.m.links.At(to[nodes+l]).normal {
			to[nodes+l] = s.renameLink(to[nodes+l], r)
		}
	}
	id, ok := s.m.renWatch.Get(to[watchAt], r.id)
	if !ok {
		w := s.m.watches.At(to[watchAt]).clone()
		w.rename(r)
		id = s.m.renWatch.Put(to[watchAt], r.id, s.m.internWatch(w))
	}
	to[watchAt] = id
	if r.drops() {
		s.settle(to) // with what was forgotten, other names go out of use
	}
}

func (s *stepper) renaming(used *nameSet) *renaming {
	if s.lastRen != nil && s.lastUsed == *used {
		return s.lastRen
	}
	r := s.byNames[*used]
	if r == nil {
		r = s.m.renamingOf(used)
		s.byNames[*used] = r
	}
	s.lastUsed, s.lastRen = *used, r
	return r
}

func (s *stepper) renameNode(id uint32, r *renaming) uint32 {
	to, ok := s.m.renNode.Get(id, r.id)
	if !ok {
		to = s.m.renNode.Put(id, r.id, s.m.intern(s.m.renamed(s.m.nodes.At(id), r.rename)))
	}
	return to
}

func (s *stepper) renameLink(id uint32, r *renaming) uint32 {
	to, ok := s.m.renLink.Get(id, r.id)
	if !ok {
		c := s.m.links.At(id).clone()
		c.names = nameSet{}
		for end := range c.queue {
			for k, q := range c.queue[end] {
				if q != downNotice {
					msg := s.m.msgs.At(q).msg
					msg.Rename(ids[ends[c.at][1-end]], ids[ends[c.at][end]], r.rename)
					c.queue[end][k] = s.m.internMsg(&msg)
				}
			}
		}
		to = s.m.renLink.Put(id, r.id, s.m.internLink(c))
	}
	return to
}
