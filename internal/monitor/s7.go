package monitor

import (
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s7: under peer arbitration a server that is neither active nor open (P9) lets no client in, and keeps none; sessions at one server never exceed the
// licensed seats. And (P11) each server names as holder whom the two handshakes make it.
type s7 struct {
	servers [2]doorkeeper
}

// doorkeeper follows one server.
type doorkeeper struct {
	activity trace.Record // the last note of it; Kind 0: it has not said anything
	seats    *trace.Record
	sessions map[wire.ID]bool
	sent     wire.Message // its handshake on the link that is up, and the peer's; Kind 0: none
	got      wire.Message
}

func newS7() *s7 { return &s7{} }

func (m *s7) name() string { return "S7" }

func (d *doorkeeper) letsIn() bool { return d.activity.Kind != 0 && d.activity.Note.Text != "inactive" }

func (m *s7) record(s *Set, r *trace.Record) {
	if !r.Node.IsTServer() {
		return
	}
	d := &m.servers[r.Node-wire.A]
	switch r.Kind {
	case trace.Started:
		*d = doorkeeper{sessions: map[wire.ID]bool{}}
	case trace.CarrierDown:
		clear(d.sessions)
	case trace.Down:
		if r.Peer.IsTServer() {
			d.sent, d.got = wire.Message{}, wire.Message{}
		}
		delete(d.sessions, r.Peer) // a server that could not store something closes all links, and speaks of no session
	case trace.Sent:
		m.sent(s, d, r)
	case trace.Received:
		if r.Msg.Kind == wire.PeerHandshake {
			d.got = *r.Msg
		}
	case trace.Noted:
		m.note(s, d, r)
	}
}

func (m *s7) sent(s *Set, d *doorkeeper, r *trace.Record) {
	switch r.Msg.Kind {
	case wire.PeerHandshake:
		d.sent = *r.Msg
	case wire.EventLoggedIn:
		if !d.letsIn() {
			s.report(records(&d.activity, r), "%s lets %s in, and is not active", r.Node, r.Peer)
		}
	}
}

func (m *s7) note(s *Set, d *doorkeeper, r *trace.Record) {
	switch n := r.Note; n.Kind {
	case node.NoteActivity:
		d.activity = keep(r)
		if !d.letsIn() && len(d.sessions) > 0 {
			s.report(records(r), "%s is not active any more, and keeps the sessions of %d clients", r.Node, len(d.sessions))
		}
	case node.NoteSeats:
		k := keep(r)
		d.seats = &k
	case node.NoteLogin:
		d.sessions[n.Peer] = true
		if !d.letsIn() {
			s.report(records(&d.activity, r), "%s begins a session of %s, and is not active", r.Node, n.Peer)
		}
		if d.seats != nil && uint64(len(d.sessions)) > d.seats.Note.N {
			s.report(records(d.seats, r), "%s has the sessions of %d clients, and %d seats", r.Node, len(d.sessions), d.seats.Note.N)
		}
	case node.NoteLogout:
		delete(d.sessions, n.Peer)
	case node.NoteHolder:
		if d.sent.Kind == 0 || d.got.Kind == 0 {
			s.report(records(r), "%s names a holder without both handshakes", r.Node)
			return
		}
		a, b := &d.sent, &d.got
		if r.Node == wire.B {
			a, b = b, a
		}
		if want := rightfulHolder(a, b); want != n.Peer {
			s.report(records(r), "%s takes %s for the holder, and by the handshakes it is %s (P11, P13)", r.Node, n.Peer, want)
		}
	}
}

// rightfulHolder is P11's, in the order of its sentences.
func rightfulHolder(a, b *wire.Message) wire.ID {
	activeA, activeB := a.Role == wire.Primary, b.Role == wire.Primary
	if activeA && activeB { // P13
		if a.Sessions > b.Sessions || a.Sessions == b.Sessions && a.Num > b.Num {
			return wire.A
		}
		return wire.B
	}
	switch {
	case activeA:
		return wire.A
	case activeB:
		return wire.B
	case !a.Deactivated && b.Deactivated:
		return wire.A
	case a.Deactivated && !b.Deactivated:
		return wire.B
	case b.Num > a.Num:
		return wire.B
	}
	return wire.A
}

func (m *s7) finish(*Set) {}
