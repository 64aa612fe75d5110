package tserver

import (
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// maxRegistrations is the greatest number of DNs that one client may register: more than a switch has trunks and
// extensions would only be an attack on the T-Server's memory.
const maxRegistrations = 20_000

// clients holds the sessions of the clients whose links are up, and who wants which DN's events.
type clients struct {
	up   []wire.ID // in the order of their IDs
	any  []wire.ID // registered for every DN
	byDN map[callmodel.DN][]wire.ID
	dns  map[wire.ID][]callmodel.DN // what each client registered, in its order, AnyDN included
}

func (c *clients) add(id wire.ID) {
	i, found := slices.BinarySearch(c.up, id)
	if !found {
		c.up = slices.Insert(c.up, i, id)
	}
}

func (c *clients) connected(id wire.ID) bool {
	_, found := slices.BinarySearch(c.up, id)
	return found
}

func (c *clients) down(id wire.ID) {
	for _, name := range c.dns[id] {
		if name == callmodel.AnyDN {
			c.any = remove(c.any, id)
		} else if rest := remove(c.byDN[name], id); len(rest) > 0 {
			c.byDN[name] = rest
		} else {
			delete(c.byDN, name)
		}
	}
	delete(c.dns, id)
	c.up = remove(c.up, id)
}

func (c *clients) register(id wire.ID, name callmodel.DN) {
	if slices.Contains(c.dns[id], name) {
		return
	}
	if c.dns == nil {
		c.dns, c.byDN = map[wire.ID][]callmodel.DN{}, map[callmodel.DN][]wire.ID{}
	}
	c.dns[id] = append(c.dns[id], name)
	if name == callmodel.AnyDN {
		c.any = insert(c.any, id)
	} else {
		c.byDN[name] = insert(c.byDN[name], id)
	}
}

func insert(ids []wire.ID, id wire.ID) []wire.ID {
	i, _ := slices.BinarySearch(ids, id)
	return slices.Insert(ids, i, id)
}

func remove(ids []wire.ID, id wire.ID) []wire.ID {
	if i, found := slices.BinarySearch(ids, id); found {
		return slices.Delete(ids, i, i+1)
	}
	return ids
}

func (s *Server) clientUp(id wire.ID, out *node.Output) {
	if s.failover.clientUp(id) {
		return // it has to log in first
	}
	s.welcome(id, out)
}

// welcome begins a client's session.
func (s *Server) welcome(id wire.ID, out *node.Output) {
	s.clients.add(id)
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

// fromClient handles a request of a client.
func (s *Server) fromClient(id wire.ID, m *wire.Message, out *node.Output) {
	if s.failover.fromClient(id, m, out) {
		return
	}
	s.engine.HeardOfEpoch(id, m.Epoch, out)
	switch m.Kind {
	case wire.RegisterAddress:
		s.register(id, m.ThisDN, out)
	case wire.ResumeEvents:
		s.resume(id, number{m.Seq, m.Sub}, out)
	case wire.EpochSeen:
	default:
		s.refuse(id, m.ThisDN, out, m.Kind.String()+" is not a request of a client")
	}
}

func (s *Server) register(id wire.ID, name callmodel.DN, out *node.Output) {
	// Before it has read the switch, the T-Server cannot tell which DNs there are.
	known := name == callmodel.AnyDN || s.dns.has(name) || s.engine.CTI() != callmodel.CTISynchronized
	switch {
	case name == "":
		s.refuse(id, name, out, "RegisterAddress needs a DN, or * for all")
	case !known:
		s.refuse(id, name, out, fmt.Sprintf("the switch has no DN %q", name))
	case len(s.clients.dns[id]) >= maxRegistrations:
		s.refuse(id, name, out, fmt.Sprintf("a client registers at most %d DNs", maxRegistrations))
	default:
		s.clients.register(id, name)
		m := out.Send(id, wire.EventRegistered)
		m.Epoch, m.ThisDN = s.engine.Epoch(), name
	}
}

func (s *Server) refuse(id wire.ID, name callmodel.DN, out *node.Output, why string) {
	m := out.Send(id, wire.EventError)
	m.Epoch, m.ThisDN, m.Text = s.engine.Epoch(), name, why
}
