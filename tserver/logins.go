package tserver

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/hasync/peerarb"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// clientUp takes note of a client's link; it reports false if clients need not log in.
func (f *failover) clientUp(id wire.ID) bool {
	if f == nil {
		return false
	}
	f.ports = insert(f.ports, id)
	return true
}

func (f *failover) clientDown(id wire.ID, out *node.Output) {
	if f == nil {
		return
	}
	f.ports = remove(f.ports, id)
	if f.hasSession(id) {
		f.arb.Lost(id, out)
		f.noteLogout(id, "lost", out)
	}
}

func (f *failover) hasSession(id wire.ID) bool {
	return f.arb.HasSession(id)
}

func (f *failover) noteLogout(id wire.ID, why string, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteLogout, Peer: id, N: uint64(f.arb.Sessions()), Text: why})
}

// fromClient handles what concerns a client's session; it reports false if the request is another one, and the client has a session.
func (f *failover) fromClient(id wire.ID, m *wire.Message, out *node.Output) bool {
	if f == nil {
		return false
	}
	f.arb.HeardOfEpoch(id, m.Epoch, out)
	switch {
	case m.Kind == wire.Login:
		f.login(id, m, out)
	case m.Kind == wire.Logout:
		f.logout(id, "it logged out", out)
	case !f.hasSession(id):
		f.s.refuse(id, m, callmodel.ErrNotRegistered, out, "log in first")
	default:
		return false
	}
	return true
}

// login begins a session, or refuses it with the reason (P4). A client that has one already is told so again.
func (f *failover) login(id wire.ID, m *wire.Message, out *node.Output) {
	if why := f.refusal(id); why != "" {
		answer := out.Send(id, wire.EventLoginRefused)
		answer.Epoch, answer.Text = f.s.engine.Epoch(), why
		out.Note(node.Note{Kind: node.NoteLoginRefused, Peer: id, Text: why})
		return
	}
	answer := out.Send(id, wire.EventLoggedIn)
	answer.Epoch, answer.Node = f.s.engine.Epoch(), f.s.self.Peer() // P5
	if f.hasSession(id) {
		return
	}
	f.arb.LoggedIn(id, out)
	out.Note(node.Note{Kind: node.NoteLogin, Peer: id, N: uint64(f.arb.Sessions())})
	if f.arb.State() == peerarb.Active {
		f.s.welcome(id, out)
	} else {
		f.s.clients.add(id) // it hears more when this T-Server is active
	}
}

func (f *failover) refusal(wire.ID) string {
	if f.arb.State() == peerarb.Inactive {
		return fmt.Sprintf("%s is not active", f.s.self)
	}
	return ""
}

// logout ends a session in order: it is no loss (P8, P9).
func (f *failover) logout(id wire.ID, why string, out *node.Output) {
	if !f.hasSession(id) {
		return
	}
	f.arb.LoggedOut(id)
	f.s.clients.down(id)
	f.noteLogout(id, why, out)
}

// kicked: an operator ends a session: no loss, either.
func (f *failover) kicked(id wire.ID, out *node.Output) {
	if f == nil {
		return
	}
	m := out.Send(id, wire.EventLoggedOut)
	m.Epoch, m.Text = f.s.engine.Epoch(), "an operator ended the session"
	f.logout(id, "kicked", out)
	f.ports = remove(f.ports, id)
}
