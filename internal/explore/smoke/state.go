package smoke

import (
	"fmt"
	"sort"

	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// ids are the nodes that are searched, in the order in which a state holds them.
var ids = [...]wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer}

// links are the links between them, by index into ids.
var links = [...][2]int{{0, 1}, {0, 2}, {1, 2}, {1, 3}, {2, 3}}

// State is one state of the whole system.
type State struct {
	Nodes  [len(ids)]NodeState
	Links  [len(links)]LinkState
	Budget Budget
}

// NodeState is one node with its timers and what is stored for it.
type NodeState struct {
	Inc    uint64 // of the last start
	Bytes  []byte // canonical; nil if the node does not run
	Timers []node.Timer
	Stored []byte
}

// LinkState is one link: which ends are up, and what is under way to each of them.
type LinkState struct {
	Up    [2]bool
	Queue [2][]wire.Message // to the end of the same index; a message of kind 0 says that the link went down
}

// Budget is what the environment may still do.
type Budget struct {
	Calls, Crashes, CTI, HA, Commands int
}

// key is the state as a string: equal for equal states only.
func (s *State) key() string {
	var b []byte
	for i := range s.Nodes {
		n := &s.Nodes[i]
		b = canon.Uint(b, n.Inc)
		b = canon.String(b, n.Bytes)
		b = canon.String(b, n.Stored)
		b = canon.Uint(b, len(n.Timers))
		for _, t := range n.Timers {
			b = canon.Uint(b, t.Kind)
			b = canon.Uint(b, t.Key)
		}
	}
	for i := range s.Links {
		l := &s.Links[i]
		for end := range l.Up {
			b = canon.Bool(b, l.Up[end])
			b = canon.Uint(b, len(l.Queue[end]))
			for k := range l.Queue[end] {
				b = l.Queue[end][k].AppendCanonical(b)
			}
		}
	}
	for _, n := range []int{s.Budget.Calls, s.Budget.Crashes, s.Budget.CTI, s.Budget.HA, s.Budget.Commands} {
		b = canon.Uint(b, n)
	}
	return string(b)
}

// clone copies what a transition may change.
func (s *State) clone() *State {
	c := *s
	for i := range c.Nodes {
		c.Nodes[i].Timers = append([]node.Timer(nil), s.Nodes[i].Timers...)
	}
	for i := range c.Links {
		for end := range c.Links[i].Queue {
			c.Links[i].Queue[end] = append([]wire.Message(nil), s.Links[i].Queue[end]...)
		}
	}
	return &c
}

func (n *NodeState) set(t node.Timer) {
	for _, have := range n.Timers {
		if have == t {
			return
		}
	}
	n.Timers = append(n.Timers, t)
	sort.Slice(n.Timers, func(i, j int) bool {
		a, b := n.Timers[i], n.Timers[j]
		return a.Kind < b.Kind || a.Kind == b.Kind && a.Key < b.Key
	})
}

func (n *NodeState) cancel(t node.Timer) {
	for i, have := range n.Timers {
		if have == t {
			n.Timers = append(n.Timers[:i], n.Timers[i+1:]...)
			return
		}
	}
}

// at finds the link between node i and peer, and which of its ends is i's.
func at(i int, peer wire.ID) (l, end int) {
	for l, pair := range links {
		for end, n := range pair {
			if n == i && ids[pair[1-end]] == peer {
				return l, end
			}
		}
	}
	panic(fmt.Sprintf("explore: %s has no link to %s", ids[i], peer))
}
