package peerarb

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// handshake is what a server tells the other first when the link comes up (P11).
type handshake struct {
	active   bool
	own      uint64 // epoch of its own last activation
	highest  uint64 // epoch seen
	sessions uint64
	off      bool // System Administration has deactivated it
}

func (a *Arbiter) handshake() handshake {
	return handshake{active: a.state == Active, own: a.dur.Own, highest: a.highest, sessions: uint64(len(a.sessions)), off: a.dur.Off}
}

func (h handshake) send(to wire.ID, out *node.Output) {
	m := out.Send(to, wire.PeerHandshake)
	m.Role = wire.Backup
	if h.active {
		m.Role = wire.Primary
	}
	m.Epoch, m.Num, m.Sessions, m.Deactivated = h.highest, h.own, h.sessions, h.off
}

func read(m *wire.Message) handshake {
	return handshake{active: m.Role == wire.Primary, own: m.Num, highest: m.Epoch, sessions: m.Sessions, off: m.Deactivated}
}

// holder names the holder from the two handshakes alone, the configured primary's and the secondary's (P11): the active server; of two, the one that counts
// more clients, at a tie the one with the higher epoch (P13); of none, the one that is not deactivated, else the one whose own last activation has the
// higher epoch, at a tie the configured primary.
func (a *Arbiter) holder(own, peers handshake) wire.ID {
	if a.self == wire.B {
		own, peers = peers, own
	}
	if own.active && peers.active && a.opt.Without.Has(node.P11Holder) {
		own.sessions, peers.sessions = 0, 0
	}
	return holder(own, peers)
}

func holder(a, b handshake) wire.ID {
	first := func(isA bool) wire.ID {
		if isA {
			return wire.A
		}
		return wire.B
	}
	switch {
	case a.active != b.active:
		return first(a.active)
	case a.active && a.sessions != b.sessions:
		return first(a.sessions > b.sessions)
	case a.active:
		return first(a.own > b.own)
	case a.off != b.off:
		return first(b.off)
	}
	return first(a.own >= b.own)
}

// handshaken: the peer's handshake has come. Before it no timer, census or command has changed the role.
func (a *Arbiter) handshaken(m *wire.Message, out *node.Output) {
	if a.link.told {
		a.Bad("a second handshake on one link", out)
		return
	}
	own, peers := a.link.sent, read(m)
	a.link = link{up: true, told: true, peerOff: peers.off, holder: a.holder(own, peers)}
	a.highest = max(a.highest, peers.highest, peers.own)
	holds := node.Note{Kind: node.NoteHolder, Peer: a.link.holder, N: own.sessions, M: peers.sessions}
	if a.link.holder == a.self {
		out.Note(holds)
		return // Settle does the rest
	}
	why := "P11"
	if own.active && peers.active {
		why = "P13"
	}
	inactive := func(out *node.Output) {
		a.deactivate(why, out)
		out.Note(holds) // and it is durable, if the store takes anything
	}
	if a.noStore {
		inactive(out)
		return
	}
	a.noteLast(out, inactive, inactive)
}

// noteLast durably notes the other server as the last active one, if it is not noted yet, and then goes on; otherwise says what to do if it cannot be stored.
func (a *Arbiter) noteLast(out *node.Output, then, otherwise func(out *node.Output)) {
	if a.dur.Last == a.peer() || a.opt.Without.Has(node.P11Noted) {
		if then != nil {
			then(out)
		}
		return
	}
	d := a.dur
	d.Last, d.Highest = a.peer(), a.highest
	a.store(d, out, then, otherwise)
}

// Bad notes that the peer said something that makes no sense here, and that was dropped.
func (a *Arbiter) Bad(why string, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteBadInput, Peer: a.peer(), Text: why})
}
