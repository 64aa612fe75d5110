package monitor_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

func (t *tape) becomes(id wire.ID, text, why string, epoch uint64) {
	t.note(id, node.Note{Kind: node.NoteActivity, Text: text, N: epoch, Why: why})
}

// shake: both send their handshakes first, A's of an epoch, whether active, and with so many sessions, and then hear the other's.
func (t *tape) shake(activeA, activeB bool, ownA, ownB, sessionsA uint64) {
	of := func(active bool, own, sessions uint64) wire.Message {
		m := wire.Message{Kind: wire.PeerHandshake, Epoch: own, Num: own, Sessions: sessions, Role: wire.Backup}
		if active {
			m.Role = wire.Primary
		}
		return m
	}
	fromA := t.send(a, b, of(activeA, ownA, sessionsA))
	fromB := t.send(b, a, of(activeB, ownB, 0))
	t.receive(fromA)
	t.receive(fromB)
}

// busyPeers: both begin another step.
func (t *tape) busyPeers() {
	for _, id := range []wire.ID{a, b} {
		t.pass(sw, id, wire.Message{Kind: wire.KeepAliveAck})
	}
}

// peers: A is active in epoch 1 and the holder on an open link, with the sessions of three clients.
func peers() *tape {
	t := newTape()
	t.start(sw, a, b)
	t.becomes(a, "inactive", "P11", 0)
	t.becomes(b, "inactive", "P11", 0)
	t.up(a, b)
	t.shake(false, false, 0, 0, 0)
	t.note(a, node.Note{Kind: node.NoteHolder, Peer: a})
	t.becomes(a, "active", "P11", 1)
	t.note(b, node.Note{Kind: node.NoteHolder, Peer: a})
	t.busyPeers()
	for i := range 3 {
		t.note(a, node.Note{Kind: node.NoteLogin, Peer: wire.Client(i + 1), N: uint64(i + 1)})
	}
	t.announce(a, "R3")
	return t
}

// loses: A notices that a client is lost.
func (t *tape) loses(client int) {
	t.down(a, wire.Client(client), node.CauseTimeout)
	t.note(a, node.Note{Kind: node.NoteLogout, Peer: wire.Client(client), Text: "lost"})
}

func (t *tape) split() *tape {
	t.down(b, a, node.CauseTimeout)
	t.becomes(b, "active", "P7", 2)
	t.down(a, b, node.CauseTimeout)
	return t
}

func (t *tape) census(rule string, lost, of uint64) {
	t.note(a, node.Note{Kind: node.NoteCensus, Text: rule, N: lost, M: of})
}

func TestPeer(t *testing.T) {
	for _, c := range []struct {
		name  string
		tape  func() *tape
		wrong string // part of what the monitor says, "" if it holds
	}{
		{"at work", peers, ""},
		{"P7: the link is lost", func() *tape { return peers().split() }, ""},
		{"P7: and the secondary stays inactive", func() *tape {
			t := peers()
			t.down(b, a, node.CauseTimeout)
			t.busyPeers()
			return t
		}, "B has lost the link to the primary, and is not active at once (P7)"},
		{"P7: while its store takes nothing", func() *tape {
			t := peers()
			t.note(b, node.AlarmNote(node.StoreFault, true, wire.None, "full"))
			t.down(b, a, node.CauseTimeout)
			t.note(b, node.AlarmNote(node.StoreFault, false, wire.None, "not full")) // which is too late for "at once"
			t.busyPeers()
			return t
		}, ""},
		{"P7: its store takes something again before", func() *tape {
			t := peers()
			t.note(b, node.AlarmNote(node.StoreFault, true, wire.None, "full"))
			t.note(b, node.AlarmNote(node.StoreFault, false, wire.None, "not full"))
			t.down(b, a, node.CauseTimeout)
			t.busyPeers()
			return t
		}, "is not active at once (P7)"},
		{"P7: its own connection is lost", func() *tape {
			t := peers()
			t.carrier(b, false)
			t.becomes(b, "active", "P7", 2)
			return t
		}, "B becomes active, and its own connection is lost"},
		{"P8: with most clients", func() *tape {
			t := peers().split()
			t.loses(1)
			t.loses(2)
			t.census("P8", 2, 3)
			t.becomes(a, "inactive", "P8", 1)
			t.busyPeers()
			return t
		}, ""},
		{"P8: and the primary stays active", func() *tape {
			t := peers().split()
			t.loses(1)
			t.loses(2)
			t.busyPeers()
			return t
		}, "A has lost the link and 2 of 3 clients in one event, and stays active (P8)"},
		{"P8: with the minority", func() *tape {
			t := peers().split()
			t.loses(1)
			t.census("P8", 1, 3)
			return t
		}, "A deactivates itself, and has not lost the link and most of its clients in one event (P8)"},
		{"P8: a logout is no loss", func() *tape {
			t := peers().split()
			t.note(a, node.Note{Kind: node.NoteLogout, Peer: wire.Client(1), Text: "it logged out"})
			t.loses(2)
			t.census("P8", 2, 3)
			return t
		}, "A counts 2 of 3 clients as lost, and it is 1 of 3 (P8)"},
		{"P8: another event", func() *tape {
			t := peers().split()
			t.at += time.Minute
			t.loses(1)
			t.census("P9", 1, 3)
			return t
		}, "A asks the other one to open"},
		{"P9: a large portion, and nobody is asked", func() *tape {
			t := peers()
			t.loses(1)
			t.loses(2)
			t.busyPeers()
			return t
		}, "A has lost 2 of 3 clients, and asks nobody to open (P9)"},
		{"P9: asked twice", func() *tape {
			t := peers()
			t.loses(1)
			t.loses(2)
			t.census("P9", 2, 3)
			t.pass(a, b, wire.Message{Kind: wire.ActivateRequest, Epoch: 1, Num: 1})
			t.send(a, b, wire.Message{Kind: wire.ActivateRequest, Epoch: 1, Num: 2})
			return t
		}, "A asks for a second time in one window (P9)"},
		{"P9: handed over without a report", func() *tape {
			t := peers()
			t.becomes(a, "inactive", "P9", 1)
			return t
		}, "A hands over, and no client was reported under the number of its outstanding request (P9)"},
		{"P10: active, and deactivated", func() *tape {
			t := peers()
			t.note(a, node.Note{Kind: node.NoteDeactivated, N: 1})
			t.busyPeers()
			return t
		}, "A is active, and System Administration has deactivated it (P10)"},
		{"P11: active on an open link without a hand-over", func() *tape {
			t := peers()
			t.becomes(b, "active", "P10", 2)
			return t
		}, "B becomes active, and A is the holder on an open link (P11)"},
		{"P11: handed over", func() *tape {
			t := peers()
			t.becomes(a, "inactive", "P10", 1)
			t.pass(a, b, wire.Message{Kind: wire.HandOver, Epoch: 1})
			t.becomes(b, "active", "P10", 2)
			t.busyPeers()
			return t
		}, ""},
		{"P11: before the handshake", func() *tape {
			t := peers().split()
			t.at += time.Minute
			t.becomes(a, "inactive", "P8", 1)
			t.upAt(a, b)
			t.becomes(a, "active", "P11", 3)
			return t
		}, "A becomes active, and the other one's handshake has not come yet (P11)"},
		{"P11: the other one was active last", func() *tape {
			t := peers().split()
			t.becomes(a, "inactive", "P8", 1)
			t.at += time.Minute
			t.becomes(a, "active", "P11", 3)
			return t
		}, "A becomes active, and the other one was active last (P10, P11)"},
		{"P13: of the other one's kind", func() *tape {
			t := peers()
			t.down(b, a, node.CauseTimeout)
			t.becomes(b, "active", "P7", 3)
			return t
		}, "B is active in epoch 3, which is of the other server's kind (P13)"},
		{"P13: an epoch again, after a restart", func() *tape {
			t := peers()
			t.kill(a)
			t.at += time.Minute
			t.start(a)
			t.becomes(a, "inactive", "P11", 0)
			t.at += time.Minute
			t.becomes(a, "active", "P11", 1)
			return t
		}, "A is active in epoch 1, and was active in 1"},
		{"P13: a higher epoch was heard of", func() *tape {
			t := peers().split()
			t.upAt(b, a)
			t.upAt(a, b)
			t.shake(true, true, 1, 2, 3)
			t.note(a, node.Note{Kind: node.NoteHolder, Peer: a})
			t.busyPeers()
			return t
		}, "A is active in epoch 1, has heard of 2, and takes no new one (P13)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := config.Default()
			o.Arbitration = config.Peer
			violations := slices.DeleteFunc(judge(c.tape().list, o), func(v monitor.Violation) bool { return v.Monitor != "peer" })
			if c.wrong == "" {
				require.Empty(t, violations)
				return
			}
			require.NotEmpty(t, violations)
			require.Contains(t, violations[0].Text, c.wrong)
			require.NotEmpty(t, violations[0].Records)
		})
	}
}
