package pairmodel

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

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
