package monitor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// verdicts of a tape under peer arbitration: the violations of one monitor.
func peerViolations(t *testing.T, name string, tp *tape) (found []string) {
	t.Helper()
	c := config.Default()
	require.NoError(t, c.SetPeer())
	s := monitor.NewSet(&c)
	require.Subset(t, s.Names(), []string{"S7", "S8", "L2"})
	for i := range tp.list {
		s.Record(&tp.list[i])
	}
	s.Finish()
	for _, v := range s.Violations() {
		if v.Monitor == name {
			found = append(found, v.Text)
		}
	}
	return found
}

func (t *tape) activity(id wire.ID, text string, epoch uint64) {
	t.note(id, node.Note{Kind: node.NoteActivity, Text: text, N: epoch, Why: "P7"})
}

func (t *tape) login(at, client wire.ID) {
	t.send(at, client, wire.Message{Kind: wire.EventLoggedIn, Node: at.Peer()})
	t.note(at, node.Note{Kind: node.NoteLogin, Peer: client})
}

func (t *tape) session(client, at wire.ID, in uint64, why string) {
	t.note(client, node.Note{Kind: node.NoteSession, Peer: at, N: in, Text: why})
}

// served is a tape with both servers, of which A is active, and C1, which has a session there.
func served() *tape {
	t := newTape()
	t.start(a, b, c1)
	t.activity(a, "inactive", 0)
	t.activity(b, "inactive", 0)
	t.note(c1, node.Note{Kind: node.NoteWants, N: 1})
	t.activity(a, "active", 1)
	t.up(c1, a)
	t.login(a, c1)
	t.session(c1, a, 1, "")
	return t
}

func TestS7OnlyAnActiveServerLetsClientsIn(t *testing.T) {
	require.Empty(t, peerViolations(t, "S7", served()))

	tp := served()
	tp.up(c1, b)
	tp.send(b, c1, wire.Message{Kind: wire.EventLoggedIn, Node: a})
	require.Equal(t, []string{"B lets C1 in, and is not active"}, peerViolations(t, "S7", tp))

	tp = served()
	tp.note(b, node.Note{Kind: node.NoteLogin, Peer: c1})
	require.Equal(t, []string{"B begins a session of C1, and is not active"}, peerViolations(t, "S7", tp))

	tp = served()
	tp.activity(b, "open", 0)
	tp.up(c1, b)
	tp.login(b, c1)
	require.Empty(t, peerViolations(t, "S7", tp), "open for logins (P9)")

	tp = served()
	tp.activity(a, "inactive", 1)
	require.Equal(t, []string{"A is not active any more, and keeps the sessions of 1 clients"}, peerViolations(t, "S7", tp))

	tp = served()
	tp.note(a, node.Note{Kind: node.NoteLogout, Peer: c1, Text: "dropped"})
	tp.activity(a, "inactive", 1)
	require.Empty(t, peerViolations(t, "S7", tp))
}

func TestS7SessionsNeverExceedTheSeats(t *testing.T) {
	tp := newTape()
	tp.start(a, b)
	tp.note(a, node.Note{Kind: node.NoteSeats, N: 1})
	tp.activity(a, "active", 1)
	tp.note(a, node.Note{Kind: node.NoteLogin, Peer: c1})
	require.Empty(t, peerViolations(t, "S7", tp))
	tp.note(a, node.Note{Kind: node.NoteLogin, Peer: wire.Client(2)})
	require.Equal(t, []string{"A has the sessions of 2 clients, and 1 seats"}, peerViolations(t, "S7", tp))
}

func TestS7TheHolderFollowsFromTheHandshakes(t *testing.T) {
	shake := func(of, to wire.Message, named wire.ID) []string {
		tp := newTape()
		tp.start(a, b)
		tp.up(a, b)
		of.Kind, to.Kind = wire.PeerHandshake, wire.PeerHandshake
		tp.pass(a, b, of)
		tp.pass(b, a, to)
		tp.note(a, node.Note{Kind: node.NoteHolder, Peer: named})
		return peerViolations(t, "S7", tp)
	}
	off := wire.Message{Role: wire.Backup, Deactivated: true}
	idle := wire.Message{Role: wire.Backup}
	later := wire.Message{Role: wire.Backup, Num: 4}
	few, many := wire.Message{Role: wire.Primary, Num: 1, Sessions: 1}, wire.Message{Role: wire.Primary, Num: 2, Sessions: 2}
	tie := wire.Message{Role: wire.Primary, Num: 2, Sessions: 1}
	for i, tc := range []struct {
		a, b   wire.Message
		holder wire.ID
	}{
		{idle, idle, a}, {idle, later, b}, {later, idle, a}, {off, idle, b}, {idle, off, a}, {off, off, a}, {few, later, a}, {idle, many, b}, {few, many, b}, {many, few, a}, {few, tie, b},
	} {
		require.Empty(t, shake(tc.a, tc.b, tc.holder), i)
		require.Len(t, shake(tc.a, tc.b, tc.holder.Peer()), 1, i)
	}
	tp := newTape()
	tp.start(a, b)
	tp.note(a, node.Note{Kind: node.NoteHolder, Peer: a})
	require.Equal(t, []string{"A names a holder without both handshakes"}, peerViolations(t, "S7", tp))
}

func TestL2EveryClientIsServed(t *testing.T) {
	ended := func(then func(tp *tape)) []string {
		tp := served()
		then(tp)
		tp.world(wire.World, "converge")
		return peerViolations(t, "L2", tp)
	}
	require.Empty(t, ended(func(*tape) {}))
	require.Equal(t, []string{"at the end no server is active"}, ended(func(tp *tape) { tp.kill(a) }))
	require.Equal(t, []string{"at the end two servers are active"}, ended(func(tp *tape) { tp.activity(b, "active", 2) }))
	require.Equal(t, []string{"at the end C1 wants a session, and has none at A, which is active"}, ended(func(tp *tape) { tp.session(c1, a, 0, "lost") }))
	require.Equal(t, []string{"at the end C1 wants a session, and has none at B, which is active"}, ended(func(tp *tape) {
		tp.kill(a)
		tp.activity(b, "active", 2)
	}), "it believes to have one at A")
	require.Empty(t, ended(func(tp *tape) { tp.session(c1, a, 0, "licence: all 1 seats are taken") }))
	require.Empty(t, ended(func(tp *tape) { tp.session(c1, a, 0, "credentials: the password is wrong") }))
	require.Empty(t, ended(func(tp *tape) {
		tp.session(c1, a, 0, "it logged out")
		tp.note(c1, node.Note{Kind: node.NoteWants})
	}))
	require.Empty(t, ended(func(tp *tape) { tp.kill(c1) }))
	// Not healed: nothing is demanded.
	tp := served()
	tp.kill(a)
	require.Empty(t, peerViolations(t, "L2", tp))
}

func TestS8TheConfiguration(t *testing.T) {
	note := func(tp *tape, at wire.ID, kind node.NoteKind, epoch, n uint64, text, why string) {
		tp.note(at, node.Note{Kind: kind, N: epoch, M: n, Text: text, Why: why})
	}
	change := func(tp *tape, at wire.ID, epoch, n uint64, value string) {
		note(tp, at, node.NoteConfigObject, epoch, n, "dn/1", value)
		note(tp, at, node.NoteConfigChanged, epoch, n, "dn/1", value)
	}
	fresh := func() *tape {
		tp := newTape()
		tp.start(a, b)
		return tp
	}
	tp := fresh()
	note(tp, a, node.NoteConfig, 1, 1, "x", "")
	note(tp, b, node.NoteConfig, 1, 1, "x", "")
	require.Empty(t, peerViolations(t, "S8", tp))
	note(tp, b, node.NoteConfig, 1, 1, "y", "")
	require.Equal(t, []string{"two configurations have version 1.1 and are not equal"}, peerViolations(t, "S8", tp))

	tp = fresh()
	change(tp, a, 1, 1, "v")
	require.Empty(t, peerViolations(t, "S8", tp), "it is in force here")
	note(tp, a, node.NoteConfigObject, 2, 1, "dn/1", "w") // the other server's
	lost := []string{"an acknowledged change of dn/1, version 1.1, is in no conflict record, and A does not have it any more"}
	require.Equal(t, lost, peerViolations(t, "S8", tp), "it was replaced by somebody who did not have it")
	note(tp, a, node.NoteConflict, 1, 1, "dn/1", "v")
	require.Empty(t, peerViolations(t, "S8", tp))

	tp = fresh()
	change(tp, a, 1, 1, "v")
	note(tp, b, node.NoteConfigObject, 1, 1, "dn/1", "v")
	change(tp, b, 2, 1, "w")
	note(tp, a, node.NoteConfigObject, 2, 1, "dn/1", "w")
	require.Empty(t, peerViolations(t, "S8", tp), "the other one had it, and changed it")

	tp = fresh()
	change(tp, a, 1, 1, "v")
	change(tp, a, 1, 2, "w")
	require.Empty(t, peerViolations(t, "S8", tp), "it was changed again")

	tp = fresh()
	tp.up(a, b)
	change(tp, a, 1, 1, "v")
	early := []string{"a change of dn/1, version 1.1, is acknowledged, and B does not have it, with the link up"}
	require.Equal(t, early, peerViolations(t, "S8", tp))

	tp = fresh()
	tp.up(a, b)
	note(tp, b, node.NoteConfigObject, 1, 1, "dn/1", "v")
	change(tp, a, 1, 1, "v")
	tp.down(a, b, node.CauseTimeout)
	change(tp, a, 1, 2, "w")
	require.Empty(t, peerViolations(t, "S8", tp), "both have the first, and nobody can have the second")
}
