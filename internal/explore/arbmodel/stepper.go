package arbmodel

import (
	"fmt"

	"hotpair/hasync/peerarb"
	"hotpair/internal/explore"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// stepper implements explore.Stepper.
type stepper struct {
	m    *Model
	out  *explore.Steps
	from []uint32
	w    *world // from, taken apart: to be looked at only
	own  int    // moves that the system makes by itself
}

// Start implements explore.Stepper.
func (s *stepper) Start(out *explore.Steps) {
	w := &world{m: s.m, faults: s.m.opt.Faults, cmds: s.m.opt.Commands}
	for i := range w.srv {
		w.srv[i] = server{carrier: true, cti: true}
	}
	for c := range w.net.at {
		w.net.at[c] = -1
	}
	state := make([]uint32, s.m.Width())
	w.encode(state)
	for !s.m.opt.Cold { // a pair at work: what comes first in the list has happened first
		var steps explore.Steps
		s.begin(state, explore.NewSteps(s.m.Width(), &steps))
		if s.system(); steps.Len() == 0 {
			break
		}
		copy(state, steps.At(0))
	}
	copy(out.Add(state), state)
}

func (s *stepper) begin(state []uint32, out *explore.Steps) {
	s.out, s.from, s.w, s.own = out, state, s.m.decode(state), 0
}

// Next implements explore.Stepper.
func (s *stepper) Next(state []uint32, out *explore.Steps) {
	s.begin(state, out)
	if out.OnlyPrompt {
		if s.w.healed() {
			s.system()
		}
		return
	}
	s.system()
	if wrong := s.w.wrong(); wrong != "" {
		out.Wrong(wrong)
	} else if s.own == 0 && s.w.healed() {
		if wrong := s.w.good(); wrong != "" {
			out.Wrong(wrong)
		}
	}
	s.environment()
}

// move adds what a change leads to.
func (s *stepper) move(label string, do func(w *world)) {
	w := s.m.decode(s.from)
	do(w)
	to := s.out.Add(s.from)
	w.encode(to)
	if s.out.Labelled {
		s.out.Label(label)
	}
}

// itself adds a move that the system makes by itself. Where all is healed it is a prompt one, unless a timer fires before its time.
func (s *stepper) itself(label string, prompt bool, do func(w *world)) {
	s.own++
	if s.out.OnlyPrompt && !prompt {
		return
	}
	s.move(label, do)
	if prompt && s.w.healed() {
		s.out.Prompt()
	}
}

func (s *stepper) system() {
	for i := range s.w.srv {
		if !s.w.srv[i].running {
			s.itself("start "+name(i), true, func(w *world) { w.start(i) })
		}
	}
	s.link()
	s.clients()
	idle := s.own == 0
	for i := range s.w.srv {
		for _, t := range s.w.srv[i].timers {
			s.itself(fmt.Sprintf("%s: timer %d", name(i), t.Kind), idle, func(w *world) {
				srv := &w.srv[i]
				for k := range srv.timers {
					if srv.timers[k] == t {
						srv.timers = append(srv.timers[:k], srv.timers[k+1:]...)
						break
					}
				}
				w.step(i, func(a *peerarb.Arbiter, out *node.Output) { a.Fired(t, out) })
			})
		}
	}
}

func name(i int) string { return (wire.A + wire.ID(i)).String() }

func (s *stepper) link() {
	w := s.w
	a, b := &w.ha.end[0], &w.ha.end[1]
	both := w.srv[0].running && w.srv[1].running && w.srv[0].carrier && w.srv[1].carrier
	if !a.up && !b.up && !w.ha.cut && len(a.queue)+len(b.queue) == 0 && both {
		s.itself("the link comes up", true, func(w *world) {
			w.ha.end[0].up, w.ha.end[1].up = true, true
			for i := range w.srv {
				w.step(i, func(a *peerarb.Arbiter, out *node.Output) { a.LinkUp(out) })
			}
		})
	}
	for i := range w.ha.end {
		if len(w.ha.end[i].queue) == 0 {
			continue
		}
		s.itself(fmt.Sprintf("%s hears %s", name(i), hears(&w.ha.end[i].queue[0])), true, func(w *world) {
			msg := w.ha.end[i].queue[0]
			w.ha.end[i].queue = w.ha.end[i].queue[1:]
			w.step(i, func(a *peerarb.Arbiter, out *node.Output) {
				if msg.Kind != 0 {
					a.Receive(&msg, out)
					return
				}
				w.ha.end[i].up = false
				a.LinkDown(out)
			})
		})
	}
}

func hears(m *wire.Message) string {
	if m.Kind == 0 {
		return "that the link is down"
	}
	return m.Kind.String()
}

func (s *stepper) clients() {
	w := s.w
	var arb [2]*peerarb.Arbiter
	for i := range w.srv {
		if w.srv[i].running {
			arb[i] = w.arbiter(i)
		}
	}
	for c := range s.m.opt.Clients {
		at := w.net.at[c]
		for i, a := range arb {
			if a == nil {
				continue
			}
			if a.HasSession(id(c)) && (at != int8(i) || !w.reach(c, i)) {
				s.itself(fmt.Sprintf("%s loses C%d", name(i), c+1), true, func(w *world) {
					w.step(i, func(a *peerarb.Arbiter, out *node.Output) { a.Lost(id(c), out) })
				})
			}
			if at < 0 && w.reach(c, i) && a.State() != peerarb.Inactive {
				s.itself(fmt.Sprintf("C%d logs in at %s", c+1, name(i)), true, func(w *world) {
					w.net.at[c] = int8(i)
					w.step(i, func(a *peerarb.Arbiter, out *node.Output) {
						a.Lost(id(c), out) // an earlier session, if there is one
						a.LoggedIn(id(c), out)
					})
				})
			}
		}
		if at >= 0 && (!w.reach(c, int(at)) || !arb[at].HasSession(id(c))) {
			s.itself(fmt.Sprintf("C%d loses %s", c+1, name(int(at))), true, func(w *world) { w.net.at[c] = -1 })
		}
	}
}

func (w *world) dropHA() {
	for i := range w.ha.end {
		w.ha.end[i].queue = nil
		if w.ha.end[i].up {
			w.ha.end[i].queue = []wire.Message{{}}
		}
	}
}

// leave takes a server off the link.
func (w *world) leave(i int) {
	w.ha.end[i] = haEnd{}
	w.send(1-i, wire.Message{})
}

func (w *world) start(i int) {
	w.srv[i].running = true
	w.step(i, func(a *peerarb.Arbiter, out *node.Output) { a.Start(w.srv[i].stored, out) })
}

// setCTI: both servers hear of it at once.
func (w *world) setCTI(i int, up bool) {
	w.srv[i].cti = up
	for i := range w.srv {
		if w.srv[i].running {
			w.step(i, func(*peerarb.Arbiter, *node.Output) {})
		}
	}
}

// fault adds a fault of a kind, if there may be one.
func (s *stepper) fault(k Kinds, label string, do func(w *world)) {
	if s.m.opt.Kinds&k != 0 && s.w.faults > 0 {
		s.move(label, func(w *world) { w.faults--; do(w) })
	}
}

func (s *stepper) environment() {
	w := s.w
	if w.ha.cut {
		s.move("heal A-B", func(w *world) { w.ha.cut = false })
	} else {
		s.fault(Split, "cut A-B", func(w *world) { w.ha.cut = true; w.dropHA() })
		if w.ha.end[0].up && w.ha.end[1].up {
			s.fault(Flap, "A-B flaps", func(w *world) { w.dropHA() })
		}
	}
	for g := range w.net.cut {
		if w.net.cut[g] != [2]bool{} {
			s.move(fmt.Sprintf("heal group %d", g+1), func(w *world) { w.net.cut[g] = [2]bool{} })
			continue
		}
		s.fault(Group, fmt.Sprintf("cut group %d from A", g+1), func(w *world) { w.net.cut[g][0] = true })
		s.fault(Group, fmt.Sprintf("cut group %d from both", g+1), func(w *world) { w.net.cut[g] = [2]bool{true, true} })
	}
	for i := range w.srv {
		if w.srv[i].running {
			s.server(i)
		}
	}
}

func (s *stepper) server(i int) {
	s.fault(Crash, "kill "+name(i), func(w *world) {
		w.srv[i] = server{carrier: true, cti: true, stored: w.srv[i].stored}
		w.leave(i)
	})
	if s.w.srv[i].carrier {
		s.fault(Carrier, "isolate "+name(i), func(w *world) {
			w.srv[i].carrier = false
			w.leave(i)
			w.step(i, func(a *peerarb.Arbiter, out *node.Output) { a.CarrierDown(out) })
		})
	} else {
		s.move("heal "+name(i), func(w *world) {
			w.srv[i].carrier = true
			w.step(i, func(a *peerarb.Arbiter, _ *node.Output) { a.CarrierUp() })
		})
	}
	if s.w.srv[i].cti {
		s.fault(CTI, "link "+name(i)+" down", func(w *world) { w.setCTI(i, false) })
	} else {
		s.move("link "+name(i)+" up", func(w *world) { w.setCTI(i, true) })
	}
	if s.w.cmds == 0 {
		return
	}
	cmd := &node.Command{ID: 1, Verb: "activate"}
	s.move("activate "+name(i), func(w *world) {
		w.cmds--
		w.step(i, func(a *peerarb.Arbiter, out *node.Output) { a.Activate(cmd, out) })
	})
	s.move("deactivate "+name(i), func(w *world) {
		w.cmds--
		w.step(i, func(a *peerarb.Arbiter, out *node.Output) { a.Deactivate(cmd, out) })
	})
}

// wrong says what is wrong with a state, whatever comes next.
func (w *world) wrong() string {
	for i := range w.srv {
		if !w.srv[i].running {
			return ""
		}
	}
	a, b := w.arbiter(0), w.arbiter(1)
	for i, x := range []*peerarb.Arbiter{a, b} {
		if x.State() == peerarb.Inactive && x.Sessions() > 0 {
			return fmt.Sprintf("S7: %s is neither active nor open, and %d clients have a session there", name(i), x.Sessions())
		}
	}
	if !w.ha.end[0].up || !w.ha.end[1].up {
		return ""
	}
	both := a.State() == peerarb.Active && b.State() == peerarb.Active
	agreed := a.Settled() && b.Settled()
	switch {
	case both && agreed && a.Holder() == b.Holder():
		return "S1: two servers are active on an open link"
	case both && a.Epoch() == b.Epoch():
		return "S1: two servers are active in one epoch"
	case agreed && len(w.ha.end[0].queue)+len(w.ha.end[1].queue) == 0 && a.Holder() != b.Holder():
		return "S1: the servers do not name the same holder"
	}
	return ""
}

// good says what is wrong with a state at rest in which everything is healed: L1 and L2.
func (w *world) good() string {
	a, b := w.arbiter(0), w.arbiter(1)
	if a.Deactivated() && b.Deactivated() {
		return ""
	}
	active := int8(0)
	switch {
	case (a.State() == peerarb.Active) == (b.State() == peerarb.Active):
		return fmt.Sprintf("L1: nothing can happen any more, A is %s and B is %s", a.State(), b.State())
	case b.State() == peerarb.Active:
		active = 1
	}
	for c := range w.m.opt.Clients {
		if at := w.net.at[c]; at != active || !w.arbiter(int(at)).HasSession(id(c)) {
			return fmt.Sprintf("L2: nothing can happen any more, and C%d has no session at the active server", c+1)
		}
	}
	return ""
}
