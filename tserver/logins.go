package tserver

import (
	"crypto/hmac"
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/hasync/pairconf"
	"hotpair/hasync/peerarb"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// clientUp takes note of a client's link; it reports false if clients need not log in.
func (f *failover) clientUp(id wire.ID, inc uint64) bool {
	if f == nil {
		return false
	}
	i, _ := slices.BinarySearch(f.ports, id)
	f.ports, f.incs = slices.Insert(f.ports, i, id), slices.Insert(f.incs, i, inc)
	return true
}

// incOf returns the incarnation of a client whose link is up.
func (f *failover) incOf(id wire.ID) uint64 {
	i, _ := slices.BinarySearch(f.ports, id)
	return f.incs[i]
}

// dropPort forgets a client's link.
func (f *failover) dropPort(id wire.ID) {
	if i, found := slices.BinarySearch(f.ports, id); found {
		f.ports, f.incs = slices.Delete(f.ports, i, i+1), slices.Delete(f.incs, i, i+1)
	}
}

func (f *failover) clientDown(id wire.ID, out *node.Output) {
	if f == nil {
		return
	}
	f.dropPort(id)
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
	if f.hasSession(id) || m.Kind == wire.Login && f.knows(id, m) { // nobody else's word counts (P13)
		f.arb.HeardOfEpoch(id, m.Epoch, out)
	}
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
	if why := f.refusal(id, m); why != "" {
		answer := out.Send(id, wire.EventLoginRefused)
		answer.Epoch, answer.Text = f.s.engine.Epoch(), why
		out.Note(node.Note{Kind: node.NoteLoginRefused, Peer: id, Text: why})
		return
	}
	answer := out.Send(id, wire.EventLoggedIn)
	answer.Epoch = f.s.engine.Epoch()
	if !f.s.opt.Without.Has(node.LoginTold) {
		answer.Node = f.s.self.Peer() // P5
	}
	if f.hasSession(id) {
		return
	}
	f.arb.LoggedIn(id, out)
	out.Note(node.Note{Kind: node.NoteLogin, Peer: id, N: uint64(f.arb.Sessions())})
	if f.arb.State() == peerarb.Active {
		f.s.welcome(id, f.incOf(id), out)
	} else {
		f.s.beginSession(id, f.incOf(id), out) // it hears more when this T-Server is active
	}
}

// refusal says why a client is not let in, "" if it is.
func (f *failover) refusal(id wire.ID, m *wire.Message) string {
	switch {
	case f.arb.State() == peerarb.Inactive && !f.s.opt.Without.Has(node.LoginRefused):
		return fmt.Sprintf("%s is not active", f.s.self)
	case !f.knows(id, m):
		return "credentials: the user is not known, or the password is wrong"
	case f.hasSession(id):
		return ""
	}
	return f.lic.refuse(m.Feature, f.arb.Sessions())
}

// knows checks the credentials. As long as the configuration has no user, everybody is let in.
func (f *failover) knows(id wire.ID, m *wire.Message) bool {
	key, known := f.conf.conf.Get("user/" + m.Text)
	if !known {
		return !f.conf.conf.HasUsers()
	}
	i, found := slices.BinarySearch(f.ports, id)
	return found && hmac.Equal([]byte(m.Proof), []byte(pairconf.Proof(key, f.s.self, f.inc, id, f.incs[i])))
}

// logout ends a session in order: it is no loss (P8, P9).
func (f *failover) logout(id wire.ID, why string, out *node.Output) {
	if !f.hasSession(id) {
		return
	}
	f.arb.LoggedOut(id)
	f.s.endSession(id, out)
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
	f.dropPort(id)
}

// switchback is System Administration's command to the primary (P10): activate, if the primary is fit; with force=true in any case.
func (f *failover) switchback(cmd *node.Command, out *node.Output) {
	force := cmd.Args["force"] == "true"
	why := ""
	switch {
	case f.s.self != wire.A:
		why = "activity is switched back to the primary: ask A"
	case cmd.Args["force"] != "" && !force:
		why = "force is true, or not given"
	case force:
	case !f.s.engine.PeerUp():
		why = "there is no link to B, so its clients would not be told; force=true does it all the same"
	case !f.conf.synced:
		why = "the configuration is not known to be B's; force=true does it all the same"
	case f.lic.options().Licensed() && f.lic.Seats == 0:
		why = "the licence has expired; force=true does it all the same"
	case !f.s.engine.Announced():
		why = "A has not announced EventLinkConnected; force=true does it all the same"
	}
	if why != "" {
		out.Refuse(cmd, "switchback: "+why)
		return
	}
	f.arb.Activate(cmd, out)
}
