package pairmodel

import (
	"hotpair/internal/explore"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

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

// alone takes a step that commutes with whatever else can happen, now and until it is taken, and that nobody sees: then the other orders need not be
// looked at. It reports whether there is one. A link that is cut, or an end that dies, before the step leads to where the step before it does.
func (s *stepper) alone() bool {
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
			if s.idles(l, end) {
				s.arrive(l, end)
				return true
			}
		}
	}
	return false
}

// idles reports whether what arrives next says nothing new: a T-Server's report that says what M, or the other T-Server, has noted of it already. It is noted
// by link, and only what comes behind it on this link, or the link's end, can change that.
func (s *stepper) idles(l, end int) bool {
	q := s.link[l].queue[end]
	if len(q) == 0 || q[0] == downNotice {
		return false
	}
	switch s.m.msgs.At(q[0]).msg.Kind {
	case wire.Status, wire.EventLinkConnected, wire.EventLinkDisconnected, wire.PeerState:
	default:
		return false
	}
	id := s.from[ends[l][end]]
	o := s.outcome(id, inReceive|uint32(l)<<24|q[0])
	return o.quiet && o.node == id
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
	} else {
		s.take(to, i, inReceive|uint32(l)<<24|q[last])
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

func (s *stepper) outcome(id, in uint32) *outcome {
	k, ok := s.m.steps.Get(id, in)
	if !ok {
		k = s.m.steps.Put(id, in, s.m.outcomes.Add(s.m.compute(s.m.nodes.At(id), in)))
	}
	return s.m.outcomes.At(k)
}

// compute carries out an input.
func (m *Model) compute(c *nodeC, in uint32) *outcome {
	arg := in &^ uint32(inKind)
	peer := func(at uint32) wire.ID { return ids[at] }
	switch in & inKind {
	case inReceive:
		l, msg := int(arg>>24), m.msgs.At(arg&0xffffff).msg
		from := ends[l][0]
		if from == c.at {
			from = ends[l][1]
		}
		return m.step(c, node.Input{Kind: node.Receive, Peer: ids[from], Msg: &msg})
	case inTimer:
		return m.step(c, node.Input{Kind: node.Fired, Timer: c.timers[arg]})
	case inUp:
		return m.step(c, node.Input{Kind: node.PortUp, Peer: peer(arg >> 24), Inc: uint64(arg & 0xffffff)})
	case inDown:
		return m.step(c, node.Input{Kind: node.PortDown, Peer: peer(arg >> 24), Cause: node.CauseTimeout})
	case inCommand:
		return m.step(c, node.Input{Kind: node.Do, Cmd: m.commands[arg]})
	case inCrash:
		return m.crash(c)
	}
	if c.at == aAt || c.at == bAt {
		return m.step(c, node.Input{Kind: node.Start}, node.Input{Kind: node.PortUp, Peer: client, Inc: 1},
			node.Input{Kind: node.Receive, Peer: client, Msg: &wire.Message{Kind: wire.RegisterAddress, ThisDN: "*"}})
	}
	return m.step(c, node.Input{Kind: node.Start})
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
