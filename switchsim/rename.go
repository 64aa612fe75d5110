package switchsim

import "hotpair/internal/canon"

// Rename renames the numbers of the switch's state; see canon.Renaming.
func (s *Switch) Rename(f canon.Renaming) {
	s.events = f(canon.Event, s.seq()) & (1<<counterBits - 1)
	for i := range s.calls.table {
		c := &s.calls.table[i]
		c.born = f(canon.Event, c.born)
	}
	for i := range s.links {
		l := &s.links[i]
		for k := range l.queue {
			l.queue[k].Rename(0, l.peer, f)
		}
	}
}
