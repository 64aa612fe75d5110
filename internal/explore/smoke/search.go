package smoke

import (
	"bytes"
	"fmt"
	"strings"

	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Model is what is searched.
type Model struct {
	// New makes a fresh node, as a start of its process does.
	New func(id wire.ID) node.Node
	// Budget is what the environment may do.
	Budget Budget
	// Commands that the switch takes: to begin the n-th call and to end it.
	Call, Release func(n int) *node.Command
	// Command is the operator's, to the Management Layer.
	Command *node.Command
	// Check says what is wrong with a state, "" if nothing is. rest says that nothing can happen any more but by the environment.
	Check func(v *View, rest bool) string
	// MaxStates bounds the search.
	MaxStates int

	memo map[string]*outcome
}

// View is a state with its nodes restored; a node that does not run is nil.
type View struct {
	*State
	Node map[wire.ID]node.Node
}

// Result says what a search saw.
type Result struct {
	States, Transitions int
	Complete            bool   // every reachable state was seen
	Wrong               string // what Check said, "" if nothing
	Path                []string
}

// action is something that can happen in a state.
type action struct {
	name string
	do   func(m *Model, s *State)
}

type visit struct {
	state  *State
	parent int
	by     string
}

// Search visits the reachable states, the nearest first, until one is wrong or MaxStates were seen.
func (m *Model) Search() Result {
	start := m.settled()
	visits := []visit{{state: start, parent: -1}}
	seen := map[string]bool{start.key(): true}
	res := Result{}
	for at := 0; at < len(visits); at++ {
		s := visits[at].state
		visits[at].state = nil
		actions, rest := m.actions(s)
		if wrong := m.check(s, rest); wrong != "" {
			res.Wrong, res.Path = wrong, path(visits, at)
			break
		}
		for _, a := range actions {
			next := s.clone()
			a.do(m, next)
			res.Transitions++
			if k := next.key(); !seen[k] && len(seen) < m.MaxStates {
				seen[k] = true
				visits = append(visits, visit{state: next, parent: at, by: a.name})
			}
		}
	}
	res.States = len(seen)
	res.Complete = res.Wrong == "" && len(seen) < m.MaxStates
	return res
}

// settled is the state from which the search starts: everything was booted, and what happened first was always what the list of
// actions has first, until the system was at rest. (All orders of a cold start alone are too many to get past them.)
func (m *Model) settled() *State {
	s := &State{}
	for i := range ids {
		m.boot(s, i)
	}
	for actions, rest := m.actions(s); !rest; actions, rest = m.actions(s) {
		actions[0].do(m, s)
	}
	s.Budget = m.Budget
	return s
}

func path(visits []visit, at int) []string {
	var p []string
	for ; visits[at].parent >= 0; at = visits[at].parent {
		p = append([]string{visits[at].by}, p...)
	}
	return p
}

func (m *Model) check(s *State, rest bool) string {
	v := &View{State: s, Node: map[wire.ID]node.Node{}}
	for i, id := range ids {
		if s.Nodes[i].Bytes != nil {
			v.Node[id] = m.restore(s, i)
		}
	}
	return m.Check(v, rest)
}

// actions lists what can happen. The state is at rest if only the environment can act.
func (m *Model) actions(s *State) (list []action, rest bool) {
	for l := range s.Links {
		list = append(list, linkActions(s, l)...)
	}
	for i := range s.Nodes {
		for _, t := range s.Nodes[i].Timers {
			list = append(list, action{fmt.Sprintf("%s timer %d/%d", ids[i], t.Kind, t.Key), func(m *Model, s *State) {
				s.Nodes[i].cancel(t)
				m.step(s, i, node.Input{Kind: node.Fired, Timer: t})
			}})
		}
		if s.Nodes[i].Bytes == nil {
			list = append(list, action{"boot " + ids[i].String(), func(m *Model, s *State) { m.boot(s, i) }})
		}
	}
	rest = len(list) == 0
	return append(list, m.environment(s)...), rest
}

func linkActions(s *State, l int) (list []action) {
	link := &s.Links[l]
	a, b := links[l][0], links[l][1]
	name := ids[a].String() + "-" + ids[b].String()
	both := s.Nodes[a].Bytes != nil && s.Nodes[b].Bytes != nil
	if both && !link.Up[0] && !link.Up[1] && len(link.Queue[0])+len(link.Queue[1]) == 0 {
		list = append(list, action{"up " + name, func(m *Model, s *State) { m.connect(s, l) }})
	}
	for end := range link.Up {
		if len(link.Queue[end]) == 0 {
			continue
		}
		to := links[l][end]
		what := link.Queue[end][0].Kind.String()
		if link.Queue[end][0].Kind == 0 {
			what = "down"
		}
		list = append(list, action{fmt.Sprintf("%s->%s %s", ids[links[l][1-end]], ids[to], what), func(m *Model, s *State) {
			m.deliver(s, l, end)
		}})
	}
	return list
}

// environment lists what the budget still allows.
func (m *Model) environment(s *State) (list []action) {
	do := func(name string, spend *int, f func(m *Model, s *State)) {
		if *spend > 0 {
			list = append(list, action{name, f})
		}
	}
	for _, i := range []int{1, 2, 3} {
		if s.Nodes[i].Bytes != nil {
			do("crash "+ids[i].String(), &s.Budget.Crashes, func(m *Model, s *State) { s.Budget.Crashes--; s.crash(i) })
		}
	}
	if n := s.Budget.Calls; n%2 == 0 { // even: the next one begins; odd: it ends
		do("call", &s.Budget.Calls, func(m *Model, s *State) {
			s.Budget.Calls--
			m.step(s, 0, node.Input{Kind: node.Do, Cmd: m.Call(n / 2)})
		})
	} else {
		do("release", &s.Budget.Calls, func(m *Model, s *State) {
			s.Budget.Calls--
			m.step(s, 0, node.Input{Kind: node.Do, Cmd: m.Release((n + 1) / 2)})
		})
	}
	if s.Nodes[3].Bytes != nil {
		do("command", &s.Budget.Commands, func(m *Model, s *State) {
			s.Budget.Commands--
			m.step(s, 3, node.Input{Kind: node.Do, Cmd: m.Command})
		})
	}
	for l := range s.Links[:3] {
		if budget := &s.Budget.CTI; s.Links[l].Up[0] && s.Links[l].Up[1] {
			cti := l < 2
			if !cti {
				budget = &s.Budget.HA
			}
			do(fmt.Sprintf("cut %s-%s", ids[links[l][0]], ids[links[l][1]]), budget, func(_ *Model, s *State) {
				if cti {
					s.Budget.CTI--
				} else {
					s.Budget.HA--
				}
				s.cut(l)
			})
		}
	}
	return list
}

// cut takes a link down: what is under way is lost, and both ends hear of it.
func (s *State) cut(l int) {
	for end := range s.Links[l].Queue {
		s.Links[l].Queue[end] = []wire.Message{{}}
	}
}

// crash ends a node. Its peers still get what it sent, and then hear that it is gone.
func (s *State) crash(i int) {
	n := &s.Nodes[i]
	n.Bytes, n.Timers = nil, nil
	for l, pair := range links {
		for end := range pair {
			if pair[end] != i {
				continue
			}
			link := &s.Links[l]
			link.Up[end] = false
			link.Queue[end] = nil
			if link.Up[1-end] {
				link.Queue[1-end] = append(link.Queue[1-end], wire.Message{})
			}
		}
	}
}

func (m *Model) boot(s *State, i int) {
	s.Nodes[i].Inc++
	n := m.New(ids[i])
	o := play(n, node.Input{Kind: node.Start, Inc: s.Nodes[i].Inc, Value: s.Nodes[i].Stored})
	carryOut(s, i, o)
}

func (m *Model) connect(s *State, l int) {
	a, b := links[l][0], links[l][1]
	s.Links[l].Up = [2]bool{true, true}
	m.step(s, a, node.Input{Kind: node.PortUp, Peer: ids[b], Inc: s.Nodes[b].Inc})
	m.step(s, b, node.Input{Kind: node.PortUp, Peer: ids[a], Inc: s.Nodes[a].Inc})
}

// deliver hands the first thing under way to an end of a link.
func (m *Model) deliver(s *State, l, end int) {
	link := &s.Links[l]
	msg := link.Queue[end][0]
	link.Queue[end] = link.Queue[end][1:]
	to, from := links[l][end], ids[links[l][1-end]]
	if msg.Kind != 0 {
		m.step(s, to, node.Input{Kind: node.Receive, Peer: from, Msg: &msg})
		return
	}
	link.Up[end] = false
	m.step(s, to, node.Input{Kind: node.PortDown, Peer: from, Cause: node.CauseTimeout})
}

func (m *Model) restore(s *State, i int) node.Node {
	n := m.New(ids[i])
	if err := n.Restore(s.Nodes[i].Bytes); err != nil {
		panic(fmt.Sprintf("explore: %s: %v", ids[i], err))
	}
	if again := n.AppendCanonical(nil); !bytes.Equal(again, s.Nodes[i].Bytes) {
		panic(fmt.Sprintf("explore: %s is not the same after it was restored:\n%x\n%x", ids[i], s.Nodes[i].Bytes, again))
	}
	return n
}

// outcome is what a step of a node leads to. Nodes are pure, so a step that was made once need not be made again.
type outcome struct {
	out   node.Output
	bytes []byte
}

func (m *Model) step(s *State, i int, in node.Input) {
	k := stepKey(i, s.Nodes[i].Bytes, &in)
	o, ok := m.memo[k]
	if !ok {
		o = play(m.restore(s, i), in)
		if m.memo == nil {
			m.memo = map[string]*outcome{}
		}
		m.memo[k] = o
	}
	carryOut(s, i, o)
}

func play(n node.Node, in node.Input) *outcome {
	o := &outcome{}
	n.Step(&in, &o.out)
	o.bytes = n.AppendCanonical(nil)
	return o
}

func stepKey(i int, state []byte, in *node.Input) string {
	b := canon.Uint(nil, i)
	b = canon.String(b, state)
	b = canon.Uint(b, uint8(in.Kind))
	b = canon.Uint(b, in.Peer)
	b = canon.Uint(b, in.Inc)
	b = canon.Uint(b, in.Timer.Kind)
	b = canon.Uint(b, in.Timer.Key)
	if in.Msg != nil {
		b = in.Msg.AppendCanonical(b)
	}
	if in.Cmd != nil {
		b = canon.String(b, in.Cmd.Verb+in.Cmd.Args["name"])
	}
	return string(b)
}

// carryOut puts what follows from a step into the state.
func carryOut(s *State, i int, o *outcome) {
	out := &o.out
	ns := &s.Nodes[i]
	for _, op := range out.Ops {
		switch op.Kind {
		case node.OpSend:
			l, end := at(i, op.Peer)
			link := &s.Links[l]
			if !link.Up[end] {
				panic(fmt.Sprintf("explore: %s sends %s to %s, whose port is down", ids[i], out.Msgs[op.Index].Kind, op.Peer))
			}
			// Nobody hears what is sent to an end that is down, or behind the news that the link is.
			if q := link.Queue[1-end]; link.Up[1-end] && (len(q) == 0 || q[len(q)-1].Kind != 0) {
				link.Queue[1-end] = append(q[:len(q):len(q)], out.Msgs[op.Index])
			}
		case node.OpSet:
			ns.set(op.Timer)
		case node.OpCancel:
			ns.cancel(op.Timer)
		case node.OpPersist:
			ns.Stored = op.Value
		case node.OpClose, node.OpShut:
			l, end := at(i, op.Peer)
			s.Links[l].Up[end], s.Links[l].Queue[end] = false, nil
			if s.Links[l].Up[1-end] {
				s.Links[l].Queue[1-end] = append(s.Links[l].Queue[1-end], wire.Message{})
			}
		}
	}
	ns.Bytes = o.bytes
}

// String shows what a search saw.
func (r Result) String() string {
	s := fmt.Sprintf("%d states, %d transitions", r.States, r.Transitions)
	if r.Wrong != "" {
		s += ": " + r.Wrong + "\n  " + strings.Join(r.Path, "\n  ")
	}
	return s
}
