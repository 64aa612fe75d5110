package tserver

import (
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// maxRegistrations is the greatest number of DNs that one client may register: more than a switch has trunks and
// extensions would only be an attack on the T-Server's memory.
const maxRegistrations = 20_000

// registry says which clients have registered which DNs.
type registry struct {
	any  []wire.ID // registered for every DN
	byDN map[callmodel.DN][]wire.ID
	dns  map[wire.ID][]registration // what each client registered, in its order, AnyDN included
}

type registration struct {
	name callmodel.DN
	mode callmodel.RegMode
	sure bool // of one that a backup was told: in this HA session
}

// forget ends all registrations of a client.
func (r *registry) forget(id wire.ID) {
	for _, d := range r.dns[id] {
		r.drop(id, d.name)
	}
	delete(r.dns, id)
}

// drop ends what follows from a registration.
func (r *registry) drop(id wire.ID, name callmodel.DN) {
	if name == callmodel.AnyDN {
		r.any = remove(r.any, id)
	} else if rest := remove(r.byDN[name], id); len(rest) > 0 {
		r.byDN[name] = rest
	} else {
		delete(r.byDN, name)
	}
}

// find returns the index of a client's registration of a DN, -1 if it has none.
func (r *registry) find(id wire.ID, name callmodel.DN) int {
	return slices.IndexFunc(r.dns[id], func(d registration) bool { return d.name == name })
}

// mode returns how a client has registered a DN, by its name or with all DNs; 0 if it has not. What allows more counts.
func (r *registry) mode(id wire.ID, name callmodel.DN) (mode callmodel.RegMode) {
	for _, as := range [...]callmodel.DN{name, callmodel.AnyDN} {
		if i := r.find(id, as); i >= 0 && mode != callmodel.RegShare && mode != callmodel.RegPrivate {
			mode = r.dns[id][i].mode
		}
	}
	return mode
}

// wants reports whether a client gets the events of a DN.
func (r *registry) wants(id wire.ID, name callmodel.DN) bool {
	if _, any := slices.BinarySearch(r.any, id); any {
		return true
	}
	_, one := slices.BinarySearch(r.byDN[name], id)
	return one
}

// taken reports whether a client cannot have a DN in this mode, because another one has it for itself, or uses what this one wants for itself.
func (r *registry) taken(id wire.ID, name callmodel.DN, mode callmodel.RegMode) bool {
	return slices.ContainsFunc(r.byDN[name], func(other wire.ID) bool {
		if other == id {
			return false
		}
		has := r.dns[other][r.find(other, name)].mode
		return has == callmodel.RegPrivate && mode != callmodel.RegMonitor || mode == callmodel.RegPrivate && has != callmodel.RegMonitor
	})
}

func (r *registry) unregister(id wire.ID, name callmodel.DN) bool {
	i := r.find(id, name)
	if i < 0 {
		return false
	}
	r.dns[id] = slices.Delete(r.dns[id], i, i+1)
	r.drop(id, name)
	return true
}

func (r *registry) register(id wire.ID, d registration) {
	if i := r.find(id, d.name); i >= 0 {
		r.dns[id][i] = d
		return
	}
	if r.dns == nil {
		r.dns, r.byDN = map[wire.ID][]registration{}, map[callmodel.DN][]wire.ID{}
	}
	r.dns[id] = append(r.dns[id], d)
	if d.name == callmodel.AnyDN {
		r.any = insert(r.any, id)
	} else {
		r.byDN[d.name] = insert(r.byDN[d.name], id)
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

// reply is the answer to a registration, or to its end, which waits until the backup knows of it or the HA link is down. Unlike an event (X7) it does not
// make the primary close the HA link after a while: nobody else waits for it, and what was registered is in force meanwhile.
type reply struct {
	client wire.ID
	kind   wire.Kind
	name   callmodel.DN
	mode   callmodel.RegMode
	refID  uint64
	need   uint64 // the number that the backup has to acknowledge
}

func (s *Server) register(id wire.ID, m *wire.Message, out *node.Output) {
	name, mode := m.ThisDN, m.Mode
	if mode == 0 {
		mode = callmodel.RegShare
	}
	// Before it has read the switch, the T-Server cannot tell which DNs there are.
	known := name == callmodel.AnyDN || s.dns.has(name) || s.engine.CTI() != callmodel.CTISynchronized
	switch {
	case name == "":
		s.refuse(id, m, callmodel.ErrBadArgument, out, "RegisterAddress needs a DN, or * for all")
	case !known:
		s.refuse(id, m, callmodel.ErrUnknownDN, out, fmt.Sprintf("the switch has no DN %q", name))
	case len(s.clients.dns[id]) >= maxRegistrations:
		s.refuse(id, m, callmodel.ErrTooManyRequests, out, fmt.Sprintf("a client registers at most %d DNs", maxRegistrations))
	case mode > callmodel.RegMonitor || mode == callmodel.RegPrivate && name == callmodel.AnyDN:
		s.refuse(id, m, callmodel.ErrBadArgument, out, "the mode is share, private or monitor; * cannot be private")
	case s.clients.taken(id, name, mode) || s.absent.taken(id, name, mode):
		s.refuse(id, m, callmodel.ErrBusy, out, fmt.Sprintf("another client has registered %s, or has it for itself", name))
	default:
		s.clients.register(id, registration{name: name, mode: mode})
		need := s.engine.TellRegistration(id, s.clients.inc(id), name, mode, out)
		s.reply(reply{id, wire.EventRegistered, name, m.Mode, m.RefID, need}, out)
	}
}

func (s *Server) unregister(id wire.ID, m *wire.Message, out *node.Output) {
	was := s.clients.unregister(id, m.ThisDN)
	if s.absent.inc(id) == s.clients.inc(id) && s.absent.unregister(id, m.ThisDN) {
		was = true // the primary may not live to tell this backup
	}
	if !was {
		s.refuse(id, m, callmodel.ErrNotRegistered, out, fmt.Sprintf("%q is not registered by this client", m.ThisDN))
		return
	}
	need := s.engine.TellRegistration(id, s.clients.inc(id), m.ThisDN, 0, out)
	s.reply(reply{id, wire.EventUnregistered, m.ThisDN, 0, m.RefID, need}, out)
}

// reply answers when the backup knows of it, and in the order of the requests.
func (s *Server) reply(r reply, out *node.Output) {
	s.replies = append(s.replies, r)
	s.sendReplies(out)
}

func (s *Server) sendReplies(out *node.Output) {
	n := 0
	for ; n < len(s.replies) && s.engine.MayPublish(s.replies[n].need); n++ {
		r := &s.replies[n]
		m := out.Send(r.client, r.kind)
		m.Epoch, m.ThisDN, m.Mode, m.RefID = s.engine.Epoch(), r.name, r.mode, r.refID
	}
	s.replies = slices.Delete(s.replies, 0, n)
}

// appendOf appends the registrations of clients.
func (r *registry) appendOf(b []byte, ids []wire.ID, incs []uint64) []byte {
	b = canon.Uint(b, len(ids))
	for i, id := range ids {
		b = canon.Uint(b, id)
		b = canon.Uint(b, incs[i])
		b = canon.Uint(b, len(r.dns[id]))
		for _, d := range r.dns[id] {
			b = canon.String(b, d.name)
			b = canon.Uint(b, d.mode)
			b = canon.Bool(b, d.sure)
		}
	}
	return b
}

// restoreOf is its inverse.
func (r *registry) restoreOf(c *canon.Reader, add func(id wire.ID, inc uint64)) {
	for n := canon.Read[int](c); n > 0 && c.Good(); n-- {
		id := canon.Read[wire.ID](c)
		add(id, canon.Read[uint64](c))
		for k := canon.Read[int](c); k > 0 && c.Good(); k-- {
			r.register(id, registration{callmodel.DN(c.String()), canon.Read[callmodel.RegMode](c), c.Bool()})
		}
	}
}

func appendReplies(b []byte, list []reply) []byte {
	b = canon.Uint(b, len(list))
	for _, r := range list {
		b = canon.Uint(b, r.client)
		b = canon.Uint(b, r.kind)
		b = canon.String(b, r.name)
		b = canon.Uint(b, r.mode)
		b = canon.Uint(b, r.refID)
		b = canon.Uint(b, r.need)
	}
	return b
}

func restoreReplies(c *canon.Reader) (list []reply) {
	for n := canon.Read[int](c); n > 0 && c.Good(); n-- {
		r := reply{client: canon.Read[wire.ID](c), kind: canon.Read[wire.Kind](c), name: callmodel.DN(c.String())}
		r.mode, r.refID, r.need = canon.Read[callmodel.RegMode](c), canon.Read[uint64](c), canon.Read[uint64](c)
		list = append(list, r)
	}
	return list
}
