package pairmodel

// environment lists what the budget still allows.
func (s *stepper) environment() {
	env := envWord(s.from[envAt])
	b := &s.m.budget
	if n := env.free(); env.begun() < b.Calls && n < b.Refs {
		s.call(2 * n)
	}
	for n := range b.Refs {
		if env.inProgress(n) {
			s.call(2*n + 1)
		}
	}
	for _, f := range crashes {
		if s.node[f.node].running && env.allows(b, f.fault) {
			s.add(action{kind: actCrash, node: f.node, fault: f.fault}, false)
		}
	}
	for l, f := range [links]Fault{LoseCTIA, LoseCTIB, CutHA, CutControlA, CutControlB} {
		if s.link[l].up[0] && s.link[l].up[1] && env.allows(b, f) {
			s.add(action{kind: actCut, link: l, fault: f}, false)
		}
	}
	if s.node[mAt].running && env.allows(b, Command) {
		for k := range 2 {
			s.add(action{kind: actCommand, node: mAt, cmd: 2*b.Refs + k}, false)
		}
	}
}

var crashes = [...]struct {
	node  int
	fault Fault
}{{aAt, CrashA}, {bAt, CrashB}, {mAt, CrashM}}

// call lets a call begin or end at the switch. That commutes with everything but what the switch, or a T-Server that hears of it, does; so it need not
// happen before a T-Server hears of it, which then happens in the same step, or before the switch makes a snapshot.
func (s *stepper) call(cmd int) {
	if s.m.lag > 0 && (len(s.link[ctiA].queue[1]) >= s.m.lag || len(s.link[ctiB].queue[1]) >= s.m.lag) {
		return
	}
	a := action{kind: actCall, node: switchAt, cmd: cmd}
	if s.m.eventsAtOnce {
		if !s.m.every && !s.hears(ctiA) && !s.hears(ctiB) && !s.snapshotDue() {
			return
		}
		a.both, a.link = true, ctiA
		s.add(a, false)
		if s.hears(ctiA) && s.hears(ctiB) {
			a.link = ctiB
			s.add(a, false)
		}
		return
	}
	if s.m.every || s.snapshotDue() {
		s.add(a, false)
		return
	}
	for l := ctiA; l <= ctiB; l++ {
		if len(s.link[l].queue[1]) == 0 {
			a.heard, a.link = true, l
			s.add(a, false)
		}
	}
}

// hears reports whether what the switch says next on a CTI link arrives before anything else does.
func (s *stepper) hears(l int) bool { return s.link[l].up[0] && len(s.link[l].queue[1]) == 0 }

// snapshotDue: a T-Server's request is at the switch.
func (s *stepper) snapshotDue() bool {
	return len(s.link[ctiA].queue[0])+len(s.link[ctiB].queue[0]) > 0
}
