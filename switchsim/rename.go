package switchsim

import (
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// Rename renames the numbers of the switch's state; see canon.Renaming. Of consultations, and of requests that it remembers, it knows nothing: nobody who
// renames asks for them.
func (s *Switch) Rename(f canon.Renaming) {
	s.events = f(canon.Event, s.seq()) & (1<<counterBits - 1)
	s.places, s.epoch = uint32(f(canon.Place, uint64(s.places))), f(canon.Told, s.epoch)
	for ref := range s.calls.table {
		c := &s.calls.table[ref]
		c.born = f(canon.Born.Of(uint32(ref)), c.born)
	}
	for i := range s.links {
		l := &s.links[i]
		for k := range l.queue {
			l.queue[k].Rename(wire.Switch, l.peer, f)
		}
	}
}
