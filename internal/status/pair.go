package status

import (
	"fmt"
	"slices"

	"hotpair/internal/wire"
)

// Pair is the state of a pair, as far as it is known: the nodes that have told theirs, and what follows.
type Pair struct {
	Pair string `json:"pair"`
	// Ready is the pair's readiness (X10), and Why the reason.
	Ready bool   `json:"ready"`
	Why   string `json:"why"`
	// Primary is who says that it is; of two, the one of the higher epoch. It is empty if nobody does.
	Primary wire.ID `json:"primary,omitempty"`
	Epoch   uint64  `json:"epoch,omitempty"`
	// Tagged is how many calls are in the way, and Forecast how long it will take until none is, in seconds of the run's clock; it is absent as
	// long as nothing is known.
	Tagged   uint64   `json:"tagged"`
	Forecast *float64 `json:"forecast,omitempty"`
	// Nodes are those that have told their state, in the order S, A, B, M, C1, …; Absent those that have not, and why.
	Nodes  []Status `json:"nodes"`
	Absent []Absent `json:"absent,omitempty"`
}

// Absent is a node whose state is not known.
type Absent struct {
	Node wire.ID `json:"node"`
	Why  string  `json:"why"`
}

// Assemble puts the state of a pair together.
func Assemble(pair string, nodes []Status, absent []Absent) Pair {
	p := Pair{Pair: pair, Nodes: slices.Clone(nodes), Absent: absent}
	slices.SortFunc(p.Nodes, func(a, b Status) int { return int(a.Node) - int(b.Node) })
	for i := range p.Nodes {
		t := p.Nodes[i].TServer
		if t != nil && t.Role == wire.Primary.String() && t.Epoch >= p.Epoch {
			p.Primary, p.Epoch, p.Tagged, p.Forecast = p.Nodes[i].Node, t.Epoch, t.Tagged, t.Forecast
		}
	}
	if p.decidesItself() { // then there is no Management Layer to be missed
		p.Absent = slices.DeleteFunc(slices.Clone(p.Absent), func(a Absent) bool { return a.Node == wire.MLayer })
	}
	p.Ready, p.Why = p.readiness()
	return p
}

// decidesItself reports whether the pair is one under peer arbitration.
func (p *Pair) decidesItself() bool {
	return slices.ContainsFunc(p.Nodes, func(s Status) bool { return s.TServer != nil && s.TServer.Activity != "" })
}

// Node returns the state of a node, nil if it is not known.
func (p *Pair) Node(id wire.ID) *Status {
	for i := range p.Nodes {
		if p.Nodes[i].Node == id {
			return &p.Nodes[i]
		}
	}
	return nil
}

// readiness: the pair's is the lesser of both T-Servers'; a T-Server that is not ready tells why, the primary first.
func (p *Pair) readiness() (ready bool, why string) {
	for _, a := range p.Absent {
		if a.Node.IsTServer() {
			return false, fmt.Sprintf("%s: %s", a.Node, a.Why)
		}
	}
	if p.Primary == wire.None {
		return false, "there is no primary"
	}
	for _, id := range []wire.ID{p.Primary, p.Primary.Peer()} {
		s := p.Node(id)
		if s == nil {
			return false, fmt.Sprintf("nothing is known of %s", id)
		}
		if !s.TServer.Ready {
			return false, fmt.Sprintf("%s: %s", id, s.TServer.Why)
		}
	}
	if m := p.Node(wire.MLayer); m != nil && !m.Manager.Ready {
		return false, "M: " + m.Manager.Why
	}
	return true, "synchronized"
}
