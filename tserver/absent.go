package tserver

import (
	"slices"

	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// registrationTimer: a client that has lost its session has not come back for registration-grace. Key is the client.
const registrationTimer node.TimerKind = 21

// absent holds the registrations of clients that have no session with a primary, for when they come: at a primary, of those that have lost it, be it with the
// primary before; at a backup, what the primary has told of all (R12). What a client has registered at the backup itself is not among them.
type absent struct {
	ids  []wire.ID // sorted
	incs []uint64  // their incarnations: what has started since knows nothing of these registrations
	registry
}

// inc returns the incarnation of a client whose registrations are held, 0 if none are.
func (a *absent) inc(id wire.ID) uint64 {
	if i, found := slices.BinarySearch(a.ids, id); found {
		return a.incs[i]
	}
	return 0
}

// begin makes room for the registrations of an incarnation.
func (a *absent) begin(id wire.ID, inc uint64) {
	if i, found := slices.BinarySearch(a.ids, id); !found {
		a.ids, a.incs = slices.Insert(a.ids, i, id), slices.Insert(a.incs, i, inc)
	}
}

func (a *absent) end(id wire.ID) {
	if i, found := slices.BinarySearch(a.ids, id); found {
		a.forget(id)
		a.ids, a.incs = slices.Delete(a.ids, i, i+1), slices.Delete(a.incs, i, i+1)
	}
}

// doubt: the next primary that tells all registrations decides which of these there still are.
func (a *absent) doubt() {
	for _, id := range a.ids {
		for i := range a.dns[id] {
			a.dns[id][i].sure = false
		}
	}
}

// settle: the primary has told all of them.
func (a *absent) settle() {
	for _, id := range slices.Clone(a.ids) {
		for _, d := range slices.Clone(a.dns[id]) {
			if !d.sure {
				a.unregister(id, d.name)
			}
		}
		if len(a.dns[id]) == 0 {
			a.end(id)
		}
	}
}

// beginSession begins a client's session. What it has registered before it lost the last one is in force again, also if that was with another primary.
func (s *Server) beginSession(id wire.ID, inc uint64, out *node.Output) {
	s.clients.add(id, inc)
	s.returned(id, out)
}

// returned: a client has a session here, and registrations from before.
func (s *Server) returned(id wire.ID, out *node.Output) {
	was, now := s.absent.inc(id), s.clients.inc(id)
	switch {
	case was != 0 && was < now:
		s.endAbsent(id, out)
	case was == now && s.engine.Role() == wire.Primary:
		for _, d := range s.absent.dns[id] {
			if s.clients.find(id, d.name) < 0 {
				s.clients.register(id, registration{name: d.name, mode: d.mode})
			}
		}
		s.absent.end(id)
		out.Cancel(node.Timer{Kind: registrationTimer, Key: uint32(id)})
	}
}

// endAbsent ends the registrations of a client that is not there any more.
func (s *Server) endAbsent(id wire.ID, out *node.Output) {
	inc := s.absent.inc(id)
	if inc == 0 {
		return
	}
	s.absent.end(id)
	out.Cancel(node.Timer{Kind: registrationTimer, Key: uint32(id)})
	s.engine.TellRegistration(id, inc, "", 0, out)
}

// endSession ends a client's session in order: its registrations end with it.
func (s *Server) endSession(id wire.ID, out *node.Output) {
	if len(s.clients.dns[id]) > 0 {
		s.engine.TellRegistration(id, s.clients.inc(id), "", 0, out)
	}
	s.clients.down(id)
	s.forgetAsked(id, out)
}

// loseSession: the client may be back soon, here or at another primary.
func (s *Server) loseSession(id wire.ID, out *node.Output) {
	list, inc := s.clients.dns[id], s.clients.inc(id)
	if s.engine.Role() != wire.Primary || len(list) == 0 {
		s.endSession(id, out)
		return
	}
	s.absent.begin(id, inc)
	for _, d := range list {
		s.absent.register(id, d)
	}
	s.clients.down(id)
	s.forgetAsked(id, out)
	s.awaitAbsent(id, out)
}

// forgetAsked: nobody hears the answers to what the client has asked for; it will ask again.
func (s *Server) forgetAsked(id wire.ID, out *node.Output) {
	s.replies = slices.DeleteFunc(s.replies, func(r reply) bool { return r.client == id })
	s.requests.forget(id, out)
	s.own.forget(id)
}

// awaitAbsent: a primary does not wait for ever.
func (s *Server) awaitAbsent(id wire.ID, out *node.Output) {
	if s.opt.RegistrationGrace == 0 {
		s.endAbsent(id, out)
		return
	}
	out.Set(node.Timer{Kind: registrationTimer, Key: uint32(id)}, s.opt.RegistrationGrace)
}

// inherit: this T-Server is primary now, and the registrations that it was told of are in force.
func (s *Server) inherit(out *node.Output) {
	for _, id := range slices.Clone(s.absent.ids) {
		if s.clients.connected(id) {
			s.returned(id, out)
		} else {
			s.awaitAbsent(id, out)
		}
	}
}

// disinherit: another T-Server is primary.
func (s *Server) disinherit(out *node.Output) {
	for _, id := range s.absent.ids {
		out.Cancel(node.Timer{Kind: registrationTimer, Key: uint32(id)})
	}
	s.absent.doubt()
}

// rememberRegistrations tells the backup of all registrations, and that this was all.
func (s *Server) rememberRegistrations(out *node.Output) {
	for i, id := range s.clients.up {
		s.tellAll(id, s.clients.incs[i], s.clients.dns[id], out)
	}
	for i, id := range s.absent.ids {
		s.tellAll(id, s.absent.incs[i], s.absent.dns[id], out)
	}
	s.engine.RememberRegistration(out)
}

func (s *Server) tellAll(id wire.ID, inc uint64, list []registration, out *node.Output) {
	for _, d := range list {
		if m := s.engine.RememberRegistration(out); m != nil {
			m.Client, m.Inc, m.ThisDN, m.Mode = id, inc, d.name, d.mode
		}
	}
}

// registrationTold: R12 at the backup.
func (s *Server) registrationTold(m *wire.Message, out *node.Output) {
	id, a := m.Client, &s.absent
	if id == wire.None {
		a.settle()
		return
	}
	if !id.IsClient() || m.Inc == 0 || len(a.dns[id]) > maxRegistrations {
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: s.self.Peer(), Text: "a registration that nobody can have made"})
		return
	}
	if max(a.inc(id), s.clients.inc(id)) > m.Inc {
		return // whoever has made it is gone
	}
	if a.inc(id) < m.Inc {
		a.end(id)
	}
	switch {
	case m.ThisDN == "":
		a.end(id)
	case m.Mode == 0:
		if a.unregister(id, m.ThisDN); len(a.dns[id]) == 0 {
			a.end(id)
		}
	default:
		a.begin(id, m.Inc)
		a.register(id, registration{m.ThisDN, m.Mode, true})
	}
}

func (a *absent) append(b []byte) []byte { return a.appendOf(b, a.ids, a.incs) }

func (a *absent) restore(r *canon.Reader) {
	*a = absent{}
	a.restoreOf(r, a.begin)
}
