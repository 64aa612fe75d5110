package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// Rename renames the numbers of the T-Server's state; see canon.Renaming. Of consultations and of requests that are under way it knows nothing: nobody who
// renames asks for them.
func (s *Server) Rename(f canon.Renaming) {
	s.engine.Rename(f)
	if s.snapshot.begun {
		s.snapshot.seq = f(canon.Reached, s.snapshot.seq)
	} else {
		s.snapshot.seq = 0
	}
	s.snapshot.sub = uint32(f(canon.Place, uint64(s.snapshot.sub)))
	s.own.marked = f(canon.Told, s.own.marked)
	s.own.last.rename(f)
	for i := range s.own.ahead {
		s.own.ahead[i].Rename(s.self.Peer(), s.self, f)
	}
	for i := range s.snapshot.calls {
		c := &s.snapshot.calls[i]
		c.id.Born = f(canon.Born.Of(c.id.Ref), c.id.Born)
	}
	s.sub = uint32(f(canon.Place, uint64(s.sub)))
	named := wire.ClassesOf(s.self).Named
	for i := range s.replies {
		if r := &s.replies[i]; r.need != 0 {
			r.need = f(named, r.need)
		}
	}
	s.journal.renameNumbers(named, f)
}

func (j *journal) renameNumbers(named canon.Class, f canon.Renaming) {
	j.base.rename(f)
	j.told.rename(f)
	j.agreed = f(canon.Told, j.agreed)
	for i := range j.size {
		e := j.at(i)
		e.rename(f)
		e.call.Born = f(canon.Born.Of(e.call.Ref), e.call.Born)
		e.connID = callmodel.ConnID(f(canon.ConnID, uint64(e.connID)))
		if e.need != 0 {
			e.need = f(named, e.need)
		}
	}
}

func (n *number) rename(f canon.Renaming) {
	n.seq, n.sub = f(canon.Told, n.seq), uint32(f(canon.Place, uint64(n.sub)))
}
