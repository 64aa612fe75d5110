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
	dns  map[wire.ID][]registration // what each client registered, in its order, AnyDN included
}

type registration struct {
	name callmodel.DN
	mode callmodel.RegMode
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
	for _, d := range c.dns[id] {
		c.drop(id, d.name)
	}
	delete(c.dns, id)
	c.up = remove(c.up, id)
}

// drop ends what follows from a registration.
func (c *clients) drop(id wire.ID, name callmodel.DN) {
	if name == callmodel.AnyDN {
		c.any = remove(c.any, id)
	} else if rest := remove(c.byDN[name], id); len(rest) > 0 {
		c.byDN[name] = rest
	} else {
		delete(c.byDN, name)
	}
}

// find returns the index of a client's registration of a DN, -1 if it has none.
func (c *clients) find(id wire.ID, name callmodel.DN) int {
	return slices.IndexFunc(c.dns[id], func(r registration) bool { return r.name == name })
}

// mode returns how a client has registered a DN, by its name or with all DNs; 0 if it has not. What allows more counts.
func (c *clients) mode(id wire.ID, name callmodel.DN) (mode callmodel.RegMode) {
	for _, as := range [...]callmodel.DN{name, callmodel.AnyDN} {
		if i := c.find(id, as); i >= 0 && mode != callmodel.RegShare && mode != callmodel.RegPrivate {
			mode = c.dns[id][i].mode
		}
	}
	return mode
}

// private returns the client that has a DN for itself, none if nobody has.
func (c *clients) private(name callmodel.DN) wire.ID {
	for _, id := range c.byDN[name] {
		if i := c.find(id, name); c.dns[id][i].mode == callmodel.RegPrivate {
			return id
		}
	}
	return wire.None
}

func (c *clients) unregister(id wire.ID, name callmodel.DN) bool {
	i := c.find(id, name)
	if i < 0 {
		return false
	}
	c.dns[id] = slices.Delete(c.dns[id], i, i+1)
	c.drop(id, name)
	return true
}

func (c *clients) register(id wire.ID, name callmodel.DN, mode callmodel.RegMode) {
	if i := c.find(id, name); i >= 0 {
		c.dns[id][i].mode = mode
		return
	}
	if c.dns == nil {
		c.dns, c.byDN = map[wire.ID][]registration{}, map[callmodel.DN][]wire.ID{}
	}
	c.dns[id] = append(c.dns[id], registration{name, mode})
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

func (s *Server) clientUp(id wire.ID, inc uint64, out *node.Output) {
	if s.failover.clientUp(id, inc) {
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

// clientDown: nobody hears the answers to what the client has asked for; it will ask again.
func (s *Server) clientDown(id wire.ID, out *node.Output) {
	s.clients.down(id)
	s.requests.forget(id, out)
	s.own.forget(id)
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

func (s *Server) register(id wire.ID, m *wire.Message, out *node.Output) {
	name, mode := m.ThisDN, m.Mode
	if mode == 0 {
		mode = callmodel.RegShare
	}
	// Before it has read the switch, the T-Server cannot tell which DNs there are.
	known := name == callmodel.AnyDN || s.dns.has(name) || s.engine.CTI() != callmodel.CTISynchronized
	owner := s.clients.private(name)
	switch {
	case name == "":
		s.refuse(id, m, callmodel.ErrBadArgument, out, "RegisterAddress needs a DN, or * for all")
	case !known:
		s.refuse(id, m, callmodel.ErrUnknownDN, out, fmt.Sprintf("the switch has no DN %q", name))
	case len(s.clients.dns[id]) >= maxRegistrations:
		s.refuse(id, m, callmodel.ErrTooManyRequests, out, fmt.Sprintf("a client registers at most %d DNs", maxRegistrations))
	case mode > callmodel.RegMonitor || mode == callmodel.RegPrivate && name == callmodel.AnyDN:
		s.refuse(id, m, callmodel.ErrBadArgument, out, "the mode is share, private or monitor; * cannot be private")
	case owner != wire.None && owner != id && mode != callmodel.RegMonitor, mode == callmodel.RegPrivate && s.othersUse(id, name):
		s.refuse(id, m, callmodel.ErrBusy, out, fmt.Sprintf("another client has registered %s, or has it for itself", name))
	default:
		s.clients.register(id, name, mode)
		a := out.Send(id, wire.EventRegistered)
		a.Epoch, a.ThisDN, a.RefID = s.engine.Epoch(), name, m.RefID
		if m.Mode != 0 {
			a.Mode = mode
		}
	}
}

// othersUse reports whether a client other than this one has registered the DN for more than its events.
func (s *Server) othersUse(id wire.ID, name callmodel.DN) bool {
	return slices.ContainsFunc(s.clients.byDN[name], func(other wire.ID) bool {
		return other != id && s.clients.dns[other][s.clients.find(other, name)].mode != callmodel.RegMonitor
	})
}

func (s *Server) unregister(id wire.ID, m *wire.Message, out *node.Output) {
	if !s.clients.unregister(id, m.ThisDN) {
		s.refuse(id, m, callmodel.ErrNotRegistered, out, fmt.Sprintf("%q is not registered by this client", m.ThisDN))
		return
	}
	a := out.Send(id, wire.EventUnregistered)
	a.Epoch, a.ThisDN, a.RefID = s.engine.Epoch(), m.ThisDN, m.RefID
}

// refuse answers a request with EventError.
func (s *Server) refuse(id wire.ID, request *wire.Message, code callmodel.ErrorCode, out *node.Output, why string) {
	m := out.Send(id, wire.EventError)
	m.Epoch, m.ThisDN, m.RefID, m.Of, m.Code, m.Text = s.engine.Epoch(), request.ThisDN, request.RefID, request.Kind, code, why
}
