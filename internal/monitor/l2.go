package monitor

import (
	"maps"
	"slices"
	"strings"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// l2: under peer arbitration, once faults have stopped, every client that wants a session has one, at the one server that is active, as far as seats,
// credentials and grace allow. It is judged where L1 is.
type l2 struct {
	healed  bool
	servers [2]trace.Record // the last note of activity; Kind 0: it does not run
	seats   [2]uint64       // 0: not limited
	clients map[wire.ID]*seeker
}

// seeker follows one client that runs.
type seeker struct {
	wants   bool
	session trace.Record // the last note of it
	why     [2]string    // A, B has said last that it gets none, since that server's activity or sessions have changed
}

func newL2() *l2 { return &l2{clients: map[wire.ID]*seeker{}} }

func (m *l2) name() string { return "L2" }

func (m *l2) record(_ *Set, r *trace.Record) {
	switch {
	case r.Kind == trace.Applied && r.Node == wire.World && r.Text == "converge":
		m.healed = true
	case r.Kind == trace.Ended && r.Node.IsTServer():
		m.servers[r.Node-wire.A], m.seats[r.Node-wire.A] = trace.Record{}, 0
	case r.Kind == trace.Ended:
		delete(m.clients, r.Node)
	case r.Kind != trace.Noted:
	case r.Note.Kind == node.NoteActivity:
		m.servers[r.Node-wire.A] = keep(r)
		m.forgetRefusals(r.Node)
	case r.Note.Kind == node.NoteLogout:
		m.forgetRefusals(r.Node)
	case r.Note.Kind == node.NoteSeats:
		m.seats[r.Node-wire.A] = r.Note.N
	case r.Note.Kind == node.NoteWants:
		m.client(r.Node).wants = r.Note.N == 1
	case r.Note.Kind == node.NoteSession:
		c := m.client(r.Node)
		c.session = keep(r)
		if r.Note.Peer.IsTServer() {
			c.why[r.Note.Peer-wire.A] = r.Note.Text
		}
	}
}

// forgetRefusals: what a server has said to clients that it did not let in, it might say otherwise now.
func (m *l2) forgetRefusals(server wire.ID) {
	for _, c := range m.clients {
		c.why[server-wire.A] = ""
	}
}

func (m *l2) client(id wire.ID) *seeker {
	c := m.clients[id]
	if c == nil {
		c = &seeker{}
		m.clients[id] = c
	}
	return c
}

func (m *l2) finish(s *Set) {
	if !m.healed {
		return
	}
	active := wire.None
	for i := range m.servers {
		if r := &m.servers[i]; r.Kind != 0 && r.Note.Text == "active" {
			if active != wire.None {
				s.report(records(&m.servers[0], &m.servers[1]), "at the end two servers are active")
				return
			}
			active = r.Node
		}
	}
	if active == wire.None {
		s.report(records(&m.servers[0], &m.servers[1]), "at the end no server is active")
		return
	}
	served, waiting := uint64(0), []wire.ID{}
	for _, id := range slices.Sorted(maps.Keys(m.clients)) {
		c := m.clients[id]
		switch at := c.session.Note; {
		case !c.wants:
		case c.session.Kind != 0 && at.N == 1 && at.Peer == active:
			served++
		case excused(c.why[active-wire.A]):
		default:
			waiting = append(waiting, id)
		}
	}
	if seats := m.seats[active-wire.A]; seats > 0 && served >= seats {
		return // there is no seat left
	}
	for _, id := range waiting {
		s.report(records(&m.servers[active-wire.A], &m.clients[id].session), "at the end %s wants a session, and has none at %s, which is active", id, active)
	}
}

// Excuses are the beginnings of reasons for which an active server keeps a client out that L2 allows.
var excuses = []string{"credentials: ", "licence: "}

func excused(why string) bool {
	return slices.ContainsFunc(excuses, func(e string) bool { return strings.HasPrefix(why, e) })
}
