package tserver

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// clients holds the sessions of the clients whose links are up, and who wants which DN's events.
type clients struct {
	up   []wire.ID // in the order of their IDs
	incs []uint64  // their incarnations
	registry
}

func (c *clients) add(id wire.ID, inc uint64) {
	i, found := slices.BinarySearch(c.up, id)
	if !found {
		c.up, c.incs = slices.Insert(c.up, i, id), slices.Insert(c.incs, i, inc)
	}
}

func (c *clients) connected(id wire.ID) bool {
	_, found := slices.BinarySearch(c.up, id)
	return found
}

// inc returns a client's incarnation, 0 if it has no session.
func (c *clients) inc(id wire.ID) uint64 {
	if i, found := slices.BinarySearch(c.up, id); found {
		return c.incs[i]
	}
	return 0
}

func (c *clients) down(id wire.ID) {
	if i, found := slices.BinarySearch(c.up, id); found {
		c.forget(id)
		c.up, c.incs = slices.Delete(c.up, i, i+1), slices.Delete(c.incs, i, i+1)
	}
}

func (s *Server) clientUp(id wire.ID, inc uint64, out *node.Output) {
	if s.failover.clientUp(id, inc) {
		return // it has to log in first
	}
	s.welcome(id, inc, out)
}

// welcome begins a client's session.
func (s *Server) welcome(id wire.ID, inc uint64, out *node.Output) {
	s.beginSession(id, inc, out)
	s.serverInfo(id, out)
	if s.engine.Announced() {
		s.linkEvent(id, out)
	}
}

func (s *Server) serverInfo(id wire.ID, out *node.Output) {
	m := out.Send(id, wire.EventServerInfo)
	m.Epoch, m.Role = s.engine.Epoch(), s.engine.Role()
	s.tellPosition(m)
}

func (s *Server) linkEvent(id wire.ID, out *node.Output) {
	kind := wire.EventLinkDisconnected
	if s.engine.Announced() {
		kind = wire.EventLinkConnected
	}
	m := out.Send(id, kind)
	m.Epoch = s.engine.Epoch()
	if s.engine.Announced() {
		s.tellPosition(m)
	}
}

// tellPosition: a client that has seen nothing yet begins behind this event (X8).
func (s *Server) tellPosition(m *wire.Message) {
	if s.engine.Role() == wire.Primary {
		m.Seq, m.Sub = s.journal.told.seq, s.journal.told.sub
	}
}

// clientDown: the link to a client has ended.
func (s *Server) clientDown(id wire.ID, cause node.Cause, out *node.Output) {
	if cause == node.CauseGoodbye {
		s.endSession(id, out)
	} else {
		s.loseSession(id, out)
	}
}

// fromClient handles a message of a client.
func (s *Server) fromClient(id wire.ID, m *wire.Message, out *node.Output) {
	if s.failover.fromClient(id, m, out) {
		return
	}
	s.engine.HeardOfEpoch(id, m.Epoch, out)
	switch {
	case m.Kind == wire.RegisterAddress:
		s.register(id, m, out)
	case m.Kind == wire.UnregisterAddress:
		s.unregister(id, m, out)
	case m.Kind.IsRequest():
		s.request(id, m, out)
	case m.Kind == wire.ResumeEvents:
		s.resume(id, number{m.Seq, m.Sub}, out)
	case m.Kind == wire.EpochSeen:
	default:
		s.refuse(id, m, callmodel.ErrUnsupported, out, m.Kind.String()+" is not a request of a client")
	}
}

// refuse answers a request with EventError.
func (s *Server) refuse(id wire.ID, request *wire.Message, code callmodel.ErrorCode, out *node.Output, why string) {
	m := out.Send(id, wire.EventError)
	m.Epoch, m.ThisDN, m.RefID, m.Of, m.Code, m.Text = s.engine.Epoch(), request.ThisDN, request.RefID, request.Kind, code, why
}
