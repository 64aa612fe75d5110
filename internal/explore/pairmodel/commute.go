package pairmodel

import "hotpair/internal/wire"

// alone takes a step that commutes with whatever else can happen, now and until it is taken, and that nobody sees: then the other orders need not be
// looked at. It reports whether there is one. A link that is cut, or an end that dies, before the step leads to where the step before it does.
func (s *stepper) alone() bool {
	// A node that is started has no link yet: whatever else happens, happens as well without it, and leaves it as it is.
	for i := range s.node {
		if !s.node[i].running {
			s.add(action{kind: actBoot, node: i}, true)
			return true
		}
	}
	env := envWord(s.from[envAt])
	for l := ctiA; l <= ctiB; l++ {
		q := s.link[l].queue[0]
		if len(q) == 0 {
			continue
		}
		// The switch hears that a CTI link is down, or what was sent before: it says no more on it, and nobody heard it if it did. And a switch that has no
		// more to report says the same in a snapshot whenever it is asked.
		if q[len(q)-1] == downNotice || env.begun() == s.m.budget.Calls && env.progress() == 0 {
			s.arrive(l, 0)
			return true
		}
	}
	for l := haLink; l <= controlB; l++ {
		for end := range 2 {
			if s.idles(l, end) || s.hangsUp(l, end) {
				s.arrive(l, end)
				return true
			}
		}
	}
	return false
}

// hangsUp reports whether a T-Server hears next that its control link is down: it says nothing to M any more, and M did not hear it if it did.
func (s *stepper) hangsUp(l, end int) bool {
	q := s.link[l].queue[end]
	return l >= controlA && end == 0 && len(q) > 0 && q[0] == downNotice
}

// idles reports whether what arrives next says nothing new: a T-Server's report that says what M, or the other T-Server, has noted of it already, which only
// what comes behind it on this link, or the link's end, can change; or an appointment of an epoch that is over for the T-Server, for ever (X6).
func (s *stepper) idles(l, end int) bool {
	q := s.link[l].queue[end]
	if len(q) == 0 || q[0] == downNotice {
		return false
	}
	id := s.from[ends[l][end]]
	switch m := &s.m.msgs.At(q[0]).msg; m.Kind {
	case wire.Status, wire.EventLinkConnected, wire.EventLinkDisconnected, wire.PeerState:
	case wire.Appoint:
		if m.Epoch >= s.node[ends[l][end]].facts.epoch {
			return false
		}
	default:
		return false
	}
	o := s.outcome(id, inReceive|uint32(l)<<24|q[0])
	return o.quiet && o.node == id
}
