package peerarb

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// A small model around two real arbiters: an HA link, clients of which each is a site of its own, and an environment that cuts, crashes and commands.
// Whatever can happen is tried in every order, the nearest first.

const clients = 3

// model is a state of the whole.
type model struct {
	srv    [2]server
	ha     [2]haEnd
	haCut  bool
	at     [clients]int8    // where the client believes to have a session: 0 A, 1 B, -1 nowhere
	cut    [clients][2]bool // the client's path to A, to B
	faults int              // that the environment may still do
	cmds   int
}

type server struct {
	running, carrier, cti bool
	bytes                 string // canonical
	stored                Durable
	timers                [4]bool
}

type haEnd struct {
	up    bool
	queue []wire.Message // to this end; kind 0: the link went down
}

// around is the server around an arbiter.
type around struct {
	m   *model
	i   int
	arb *Arbiter
}

func (s *around) Store(out *node.Output)                     { out.Store(nil) }
func (s *around) Drop(_ []wire.ID, _ string, _ *node.Output) {}
func (s *around) ActivityChanged(*node.Output)               {}
func (s *around) RenewLink(*node.Output)                     {}
func (s *around) Ready() (own, peers bool) {
	return s.m.srv[s.i].cti, s.m.srv[1-s.i].cti && s.m.srv[1-s.i].running
}

func (m *model) arbiter(i int) *around {
	s := &around{m: m, i: i}
	s.arb = New(wire.A+wire.ID(i), DefaultOptions(), s)
	if m.srv[i].bytes != "" {
		r := canon.NewReader([]byte(m.srv[i].bytes))
		s.arb.Restore(r)
		if err := r.Err(); err != nil {
			panic(err)
		}
	}
	return s
}

// step lets a server's arbiter do something, and carries out what follows.
func (m *model) step(i int, do func(a *Arbiter, out *node.Output)) {
	s := m.arbiter(i)
	s.arb.Begin()
	m.carryOut(i, s.arb, do)
	m.srv[i].bytes = string(s.arb.AppendCanonical(nil))
}

// carryOut does that. What is to be stored is, and the arbiter goes on.
func (m *model) carryOut(i int, a *Arbiter, do func(a *Arbiter, out *node.Output)) {
	var out node.Output
	do(a, &out)
	for a.Settle(&out) {
	}
	for _, op := range out.Ops {
		switch op.Kind {
		case node.OpSend:
			if !m.ha[i].up {
				panic("sends on a link that is down")
			}
			if other := &m.ha[1-i]; other.up && (len(other.queue) == 0 || other.queue[len(other.queue)-1].Kind != 0) {
				other.queue = append(slices.Clip(other.queue), out.Msgs[op.Index])
			}
		case node.OpSet:
			m.srv[i].timers[op.Timer.Kind-graceTimer] = true
		case node.OpCancel:
			m.srv[i].timers[op.Timer.Kind-graceTimer] = false
		case node.OpStore:
			m.srv[i].stored = a.Durable()
			m.carryOut(i, a, func(a *Arbiter, out *node.Output) { a.Stored(out) })
		}
	}
}

func (m *model) key() string {
	var b []byte
	for i := range m.srv {
		s := &m.srv[i]
		for _, f := range append([]bool{s.running, s.carrier, s.cti}, s.timers[:]...) {
			b = canon.Bool(b, f)
		}
		b = canon.String(b, s.bytes)
		b = s.stored.append(b)
		b = canon.Bool(b, m.ha[i].up)
		b = canon.Uint(b, len(m.ha[i].queue))
		for k := range m.ha[i].queue {
			b = m.ha[i].queue[k].AppendCanonical(b)
		}
	}
	b = canon.Bool(b, m.haCut)
	for c := range m.at {
		b = append(b, byte(m.at[c]+1))
		b = canon.Bool(b, m.cut[c][0])
		b = canon.Bool(b, m.cut[c][1])
	}
	return string(append(b, byte(m.faults), byte(m.cmds)))
}

func (m *model) clone() *model {
	c := *m
	for i := range c.ha {
		c.ha[i].queue = slices.Clone(m.ha[i].queue)
	}
	return &c
}

func (m *model) healed() bool {
	if m.haCut {
		return false
	}
	for c := range m.cut {
		if m.cut[c] != [2]bool{} {
			return false
		}
	}
	return m.srv[0].running && m.srv[1].running && m.srv[0].carrier && m.srv[1].carrier && m.srv[0].cti && m.srv[1].cti
}

type move struct {
	name string
	do   func(m *model)
}

// reach says whether a client can reach a server now.
func (m *model) reach(c, i int) bool { return m.srv[i].running && m.srv[i].carrier && !m.cut[c][i] }

func id(c int) wire.ID { return wire.Client(c + 1) }

// moves lists what can happen by itself, the system at work.
func (m *model) moves() (list []move) {
	add := func(name string, do func(m *model)) { list = append(list, move{name, do}) }
	if !m.ha[0].up && !m.ha[1].up && !m.haCut && len(m.ha[0].queue)+len(m.ha[1].queue) == 0 && m.srv[0].running && m.srv[1].running && m.srv[0].carrier && m.srv[1].carrier {
		add("link up", func(m *model) {
			m.ha[0].up, m.ha[1].up = true, true
			for i := range m.srv {
				m.step(i, func(a *Arbiter, out *node.Output) { a.LinkUp(out) })
			}
		})
	}
	for i := range m.srv {
		if len(m.ha[i].queue) > 0 {
			add(fmt.Sprintf("%s gets %s", wire.A+wire.ID(i), m.ha[i].queue[0].Kind), func(m *model) {
				msg := m.ha[i].queue[0]
				m.ha[i].queue = m.ha[i].queue[1:]
				m.step(i, func(a *Arbiter, out *node.Output) {
					if msg.Kind != 0 {
						a.Receive(&msg, out)
						return
					}
					m.ha[i].up = false
					a.LinkDown(out)
				})
			})
		}
		for k, armed := range m.srv[i].timers {
			if armed {
				add(fmt.Sprintf("%s timer %d", wire.A+wire.ID(i), k), func(m *model) {
					m.srv[i].timers[k] = false
					m.step(i, func(a *Arbiter, out *node.Output) { a.Fired(node.Timer{Kind: graceTimer + node.TimerKind(k)}, out) })
				})
			}
		}
		if !m.srv[i].running {
			continue
		}
		arb := m.arbiter(i).arb
		for c := range m.at {
			if arb.HasSession(id(c)) && (m.at[c] != int8(i) || !m.reach(c, i)) {
				add(fmt.Sprintf("%s loses C%d", wire.A+wire.ID(i), c+1), func(m *model) {
					m.step(i, func(a *Arbiter, out *node.Output) { a.Lost(id(c), out) })
				})
			}
			if m.at[c] < 0 && m.reach(c, i) && arb.State() != Inactive {
				add(fmt.Sprintf("C%d logs in at %s", c+1, wire.A+wire.ID(i)), func(m *model) {
					m.at[c] = int8(i)
					m.step(i, func(a *Arbiter, out *node.Output) {
						a.Lost(id(c), out) // an earlier session, if there is one
						a.LoggedIn(id(c), out)
					})
				})
			}
		}
	}
	for c, at := range m.at {
		if at >= 0 && (!m.reach(c, int(at)) || !m.arbiter(int(at)).arb.HasSession(id(c))) {
			add(fmt.Sprintf("C%d loses %s", c+1, wire.A+wire.ID(at)), func(m *model) { m.at[c] = -1 })
		}
	}
	return list
}

func (m *model) dropHA() {
	for i := range m.ha {
		if m.ha[i].up {
			m.ha[i].queue = []wire.Message{{}}
		}
	}
}

func (m *model) crash(i int) {
	m.srv[i] = server{carrier: true, cti: true, stored: m.srv[i].stored}
	m.ha[i] = haEnd{}
	if other := &m.ha[1-i]; other.up {
		other.queue = append(slices.Clip(other.queue), wire.Message{})
	}
}

// start begins an incarnation.
func (m *model) start(i int) {
	m.srv[i].running = true
	m.step(i, func(a *Arbiter, out *node.Output) { a.Start(m.srv[i].stored, out) })
}

// environment lists what the environment may do: its faults and commands are bounded, its heals are not.
func (m *model) environment(kinds string) (list []move) {
	add := func(kind, name string, do func(m *model)) {
		if strings.Contains(kinds, kind) && m.faults > 0 {
			list = append(list, move{name, func(m *model) { m.faults--; do(m) }})
		}
	}
	heal := func(name string, do func(m *model)) { list = append(list, move{name, do}) }
	if m.haCut {
		heal("heal link", func(m *model) { m.haCut = false })
	} else {
		add("link", "cut link", func(m *model) { m.haCut = true; m.dropHA() })
		if m.ha[0].up && m.ha[1].up {
			add("flap", "flap link", func(m *model) { m.dropHA() })
		}
	}
	cut := 0
	for c := range m.cut {
		if m.cut[c][0] || m.cut[c][1] {
			cut++
			heal(fmt.Sprintf("heal C%d", c+1), func(m *model) { m.cut[c] = [2]bool{} })
		}
	}
	if cut == 0 {
		for n := 1; n <= clients; n++ { // of the first n
			add("one", fmt.Sprintf("cut C1-C%d from A", n), func(m *model) {
				for c := range n {
					m.cut[c][0] = true
				}
			})
			add("all", fmt.Sprintf("cut C1-C%d from both", n), func(m *model) {
				for c := range n {
					m.cut[c] = [2]bool{true, true}
				}
			})
		}
	}
	for i := range m.srv {
		name := (wire.A + wire.ID(i)).String()
		s := &m.srv[i]
		if !s.running {
			heal("start "+name, func(m *model) { m.start(i) })
			continue
		}
		add("crash", "crash "+name, func(m *model) { m.crash(i) })
		if s.carrier {
			add("carrier", "carrier of "+name+" lost", func(m *model) {
				m.srv[i].carrier = false
				m.ha[i] = haEnd{}
				if other := &m.ha[1-i]; other.up {
					other.queue = append(slices.Clip(other.queue), wire.Message{})
				}
				m.step(i, func(a *Arbiter, out *node.Output) { a.CarrierDown(out) })
			})
		} else {
			heal("carrier of "+name+" back", func(m *model) {
				m.srv[i].carrier = true
				m.step(i, func(a *Arbiter, _ *node.Output) { a.CarrierUp() })
			})
		}
		if s.cti {
			add("cti", "CTI of "+name+" lost", func(m *model) { m.setCTI(i, false) })
		} else {
			heal("CTI of "+name+" back", func(m *model) { m.setCTI(i, true) })
		}
		if m.cmds > 0 {
			for _, verb := range []string{"activate", "deactivate"} {
				list = append(list, move{verb + " " + name, func(m *model) {
					m.cmds--
					m.step(i, func(a *Arbiter, out *node.Output) {
						cmd := &node.Command{ID: 1, Verb: verb}
						if verb == "activate" {
							a.Activate(cmd, out)
						} else {
							a.Deactivate(cmd, out)
						}
					})
				}})
			}
		}
	}
	return list
}

// setCTI: both servers hear of it at once.
func (m *model) setCTI(i int, up bool) {
	m.srv[i].cti = up
	for i := range m.srv {
		if m.srv[i].running {
			m.step(i, func(*Arbiter, *node.Output) {})
		}
	}
}

// wrong says what is wrong with a state, whatever comes next.
func (m *model) wrong() string {
	if !m.srv[0].running || !m.srv[1].running || m.ha[0].up != m.ha[1].up || !m.ha[0].up {
		return ""
	}
	a, b := m.arbiter(0).arb, m.arbiter(1).arb
	switch {
	case a.State() == Active && b.State() == Active && a.link.told && b.link.told && a.link.holder == b.link.holder:
		return "two are active on an open link"
	case a.State() == Active && b.State() == Active && a.Epoch() == b.Epoch():
		return "two are active in one epoch"
	case a.link.told && b.link.told && len(m.ha[0].queue)+len(m.ha[1].queue) == 0 && a.link.holder != b.link.holder:
		return "they do not agree on the holder"
	}
	return ""
}

// good says what is wrong with a state at rest in which everything is healed.
func (m *model) good() string {
	a, b := m.arbiter(0).arb, m.arbiter(1).arb
	if a.Deactivated() && b.Deactivated() {
		return ""
	}
	active := int8(0)
	switch {
	case (a.State() == Active) == (b.State() == Active):
		return fmt.Sprintf("A is %s and B is %s", a.State(), b.State())
	case b.State() == Active:
		active = 1
	}
	for c, at := range m.at {
		if at != active || !m.arbiter(int(at)).arb.HasSession(id(c)) {
			return fmt.Sprintf("C%d is at %d, and active is %d", c+1, at, active)
		}
	}
	return ""
}

type visited struct {
	m       *model
	parent  int
	by      string
	back    []int32 // states that lead here by themselves
	checked bool    // healed: it must be able to come to rest, well
	rests   bool
}

// search visits the reachable states. It returns what is wrong with one, and how it was reached.
func search(start *model, kinds string, most int) (states int, wrong string, path []string) {
	visits := []visited{{m: start, parent: -1}}
	seen := map[string]int{start.key(): 0}
	tell := func(at int, what string) (int, string, []string) {
		for ; visits[at].parent >= 0; at = visits[at].parent {
			path = append([]string{visits[at].by}, path...)
		}
		return len(visits), what, path
	}
	for at := 0; at < len(visits); at++ {
		m := visits[at].m
		visits[at].m = nil
		if w := m.wrong(); w != "" {
			return tell(at, w)
		}
		own := m.moves()
		rests := true
		for k, mv := range append(own, m.environment(kinds)...) {
			next := m.clone()
			mv.do(next)
			key := next.key()
			to, known := seen[key]
			if !known {
				if len(visits) == most {
					rests = false
					continue
				}
				to = len(visits)
				seen[key] = to
				visits = append(visits, visited{m: next, parent: at, by: mv.name})
			}
			if k < len(own) && to != at {
				rests = false
				visits[to].back = append(visits[to].back, int32(at))
			}
		}
		visits[at].checked = m.healed()
		visits[at].rests = rests
		if rests && m.healed() {
			if w := m.good(); w != "" {
				return tell(at, "at rest: "+w)
			}
		}
	}
	if len(visits) == most {
		return len(visits), "", nil // what was not seen cannot be told
	}
	// Every state in which all is healed leads to rest.
	calm := make([]bool, len(visits))
	var todo []int32
	for i := range visits {
		if visits[i].rests {
			calm[i] = true
			todo = append(todo, int32(i))
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, from := range visits[i].back {
			if !calm[from] {
				calm[from] = true
				todo = append(todo, from)
			}
		}
	}
	for i := range visits {
		if visits[i].checked && !calm[i] {
			return tell(i, "it never comes to rest")
		}
	}
	return len(visits), "", nil
}

// begun is a pair at work: A is active, B is not, and every client is at A.
func begun() *model {
	m := &model{at: [clients]int8{-1, -1, -1}}
	for i := range m.srv {
		m.srv[i] = server{carrier: true, cti: true}
		m.start(i)
	}
	for list := m.moves(); len(list) > 0; list = m.moves() {
		list[0].do(m)
	}
	return m
}

func TestPairOfArbiters(t *testing.T) {
	for _, tc := range []struct {
		kinds        string
		faults, cmds int
	}{
		{"carrier flap", 2, 0},
		{"", 0, 3},
		{"link crash", 1, 1},
		{"cti", 1, 1},
		{"cti crash", 2, 0},
		{"link one", 1, 0},
	} {
		m := begun()
		require.Empty(t, m.good())
		m.faults, m.cmds = tc.faults, tc.cmds
		_, wrong, path := search(m, tc.kinds, 2_000_000)
		require.Empty(t, wrong, "%v: %s", tc, strings.Join(path, "\n"))
	}
}
