package pairmodel

import "hotpair/internal/explore"

// stepper implements explore.Stepper: it remembers what it has computed.
type stepper struct {
	m *Model

	byNames  map[nameSet]*renaming
	lastUsed nameSet
	lastRen  *renaming
	checks   map[[3]uint32]string // A, B, HA link → what S3 says

	out     *explore.Steps
	from    []uint32
	node    [nodes]*nodeC
	link    [links]*linkC
	waiting bool     // something is under way, can come up, or can be started
	acts    []action // of the steps, if they are labelled

	trail   []heard // messages that arrive in this step, if it is labelled
	passing bool    // HA messages arrive at once, one after the other

	barriers int // so often M has made something durable in this step
	dieAt    int // it dies at this one; 0: at none
}

// verdict is the watch after sightings, and what is wrong.
type verdict struct {
	watch uint32
	wrong string
}

func newStepper(m *Model) *stepper {
	return &stepper{m: m, byNames: map[nameSet]*renaming{}, checks: map[[3]uint32]string{}}
}

// Start implements explore.Stepper: everything was started, and what happened first was always what comes first in the list of what can happen, until
// the system was at rest.
func (s *stepper) Start(out *explore.Steps) {
	now := make([]uint32, width)
	for i := range nodes {
		now[i] = s.m.intern(&nodeC{at: i, inc: startInc(i)})
	}
	for l := range links {
		now[nodes+l] = s.m.internLink(&linkC{at: l})
	}
	now[watchAt] = s.m.internWatch(&watch{})
	var steps explore.Steps
	for {
		s.begin(now, explore.NewSteps(width, &steps))
		if rest := s.system(); rest || steps.Len() == 0 {
			break
		}
		now = append([]uint32(nil), steps.At(0)...)
	}
	copy(out.Add(now), now)
}

// startInc: the switch and M are known by one incarnation for ever.
func startInc(at int) uint64 {
	if at == switchAt || at == mAt {
		return 1
	}
	return 0
}

func (s *stepper) begin(state []uint32, out *explore.Steps) {
	s.out, s.from = out, state
	s.acts = s.acts[:0]
	for i := range nodes {
		s.node[i] = s.m.nodes.At(state[i])
	}
	for l := range links {
		s.link[l] = s.m.links.At(state[nodes+l])
	}
}

// Next implements explore.Stepper.
func (s *stepper) Next(state []uint32, out *explore.Steps) {
	s.begin(state, out)
	if !s.m.every && s.alone() {
		s.check(false)
		return
	}
	rest := s.system()
	if out.OnlyPrompt {
		return
	}
	s.check(rest)
	s.environment()
}

// look finds out whether something is under way, can come up or can be started, and how many timers are armed.
func (s *stepper) look() (timers int) {
	s.waiting = false
	for l := range s.link {
		if !s.link[l].idle() || s.canConnect(l) {
			s.waiting = true
		}
	}
	for i := range s.node {
		s.waiting = s.waiting || !s.node[i].running
		timers += len(s.node[i].timers)
	}
	return timers
}

// atRest reports whether nothing can happen any more but by the environment.
func (s *stepper) atRest() bool {
	timers := s.look()
	return timers == 0 && !s.waiting
}

// system lists what can happen by itself. It reports whether nothing can.
func (s *stepper) system() (rest bool) {
	if s.atRest() {
		return true
	}
	for i := range s.node {
		if !s.node[i].running {
			s.add(action{kind: actBoot, node: i}, true)
		}
	}
	for l := range s.link {
		if s.canConnect(l) {
			s.add(action{kind: actConnect, link: l}, true)
		}
		for end := range 2 {
			if len(s.link[l].queue[end]) > 0 {
				s.arrive(l, end)
			}
		}
	}
	for i := range s.node {
		if s.out.OnlyPrompt && s.waiting {
			break
		}
		for k := range s.node[i].timers {
			s.add(action{kind: actTimer, node: i, slot: k, timer: s.node[i].timers[k]}, !s.waiting)
		}
	}
	return false
}

func (s *stepper) arrive(l, end int) {
	s.add(action{kind: actDeliver, link: l, end: end, msg: s.link[l].queue[end][0]}, true)
}

func (s *stepper) canConnect(l int) bool {
	return s.node[ends[l][0]].running && s.node[ends[l][1]].running && s.link[l].canConnect()
}

// add adds what an action leads to, and beside it, where M makes something durable meanwhile, what there is if M dies at that moment.
func (s *stepper) add(a action, prompt bool) {
	env := envWord(s.from[envAt])
	to := s.out.Add(s.from)
	if prompt {
		s.out.Prompt()
	}
	s.barriers, s.dieAt = 0, 0
	if !s.perform(to, &a) {
		s.out.Drop()
		return
	}
	s.settle(to)
	s.label(&a)
	if s.barriers == 0 || s.out.OnlyPrompt || a.node == mAt && a.kind == actCrash {
		return
	}
	after := envWord(s.last()[envAt])
	if after == env && !env.allows(&s.m.budget, CrashM) || !after.allows(&s.m.budget, CrashM) {
		return
	}
	for at, n := 1, s.barriers; at <= n; at++ {
		a.dies = true
		to := s.out.Add(s.from)
		s.barriers, s.dieAt = 0, at
		s.perform(to, &a)
		s.dieAt = 0
		to[envAt] = uint32(envWord(to[envAt]).spend(CrashM))
		s.settle(to)
		s.label(&a)
	}
}

func (s *stepper) last() []uint32 { return s.out.At(s.out.Len() - 1) }

func (s *stepper) label(a *action) {
	if s.out.Labelled {
		a.trail, s.trail = s.trail, nil
		s.acts = append(s.acts, *a)
		s.out.Label(a.describe(s))
	}
}

// perform does an action. It reports false if it is none, after all.
func (s *stepper) perform(to []uint32, a *action) bool {
	env := envWord(s.from[envAt])
	switch a.kind {
	case actBoot:
		s.take(to, a.node, inBoot)
	case actConnect:
		s.do(to, a.link, s.m.upOp)
		s.passing = true
		for _, end := range [...]int{1, 0} { // M first, so that it does not hear a report too early
			i, peer := ends[a.link][end], ends[a.link][1-end]
			s.take(to, i, inUp|uint32(peer)<<24|uint32(s.node[peer].inc))
		}
		s.passing = false
		if s.m.haAtOnce {
			s.pass(to)
		}
	case actTimer:
		s.take(to, a.node, inTimer|uint32(a.slot))
	case actDeliver:
		s.deliver(to, a.link, a.end)
	case actCommand:
		to[envAt] = uint32(env.spend(Command))
		s.take(to, a.node, inCommand|uint32(a.cmd))
	case actCall:
		to[envAt] = uint32(env.begin())
		if a.cmd%2 == 1 {
			to[envAt] = uint32(env.end(a.cmd / 2))
		}
		s.take(to, a.node, inCommand|uint32(a.cmd))
		return s.hear(to, a)
	case actCrash:
		to[envAt] = uint32(env.spend(a.fault))
		s.take(to, a.node, inCrash)
	case actCut:
		to[envAt] = uint32(env.spend(a.fault))
		s.do(to, a.link, s.m.cutOp)
	}
	return true
}
