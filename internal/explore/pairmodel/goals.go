package pairmodel

import (
	"slices"
	"sync"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Goals are the things that must happen sometimes, by name, and which of them did.
type Goals map[string]bool

// Add notes what was reached.
func (g Goals) Add(reached []string) {
	for _, name := range reached {
		g[name] = true
	}
}

// Len returns how many there are in all.
func (g Goals) Len() int { return len(goalNames()) }

// Missed returns those that did not happen, in the order of the list.
func (g Goals) Missed() (missed []string) {
	for _, name := range goalNames() {
		if !g[name] {
			missed = append(missed, name)
		}
	}
	return missed
}

// moment is a step as goals look at it.
type moment struct {
	at       int
	in       []node.Input
	before   *facts // nil if the node is no T-Server, or did not run
	after    *hasync.Engine
	sent     []wire.Message
	notes    []node.Note
	timers   []node.Timer // set in the step
	restored bool         // M starts with a record
}

func (m *moment) note(kind node.NoteKind, text string) bool {
	return slices.ContainsFunc(m.notes, func(n node.Note) bool { return n.Kind == kind && (text == "" || n.Text == text) })
}

func (m *moment) says(is func(*wire.Message) bool) bool {
	for i := range m.sent {
		if is(&m.sent[i]) {
			return true
		}
	}
	return false
}

func (m *moment) hears(is func(*wire.Message) bool) bool {
	return m.in[0].Kind == node.Receive && is(m.in[0].Msg)
}

func (m *moment) answers(reason wire.Reason) bool {
	return m.says(func(s *wire.Message) bool { return s.Kind == wire.FullSyncDone && s.Reason == reason })
}

func (m *moment) kind(k wire.Kind) bool {
	return m.says(func(s *wire.Message) bool { return s.Kind == k })
}

// rulesExercised are the rules, and where one has parts, its parts. S1 to S5, L1 and L3 are judged, not exercised.
var rulesExercised = []struct {
	name string
	is   func(m *moment) bool
}{
	{"R1: a T-Server takes the role that M gives it", func(m *moment) bool { return m.after != nil && m.note(node.NoteRole, "primary") }},
	{"R2: a call found by reading the switch gets an invented ConnID", func(m *moment) bool {
		return m.note(node.NoteNamed, "invented") && m.hears(func(s *wire.Message) bool { return s.Kind == wire.SnapshotEnd })
	}},
	{"R2: a call that the switch does not have any more is released", func(m *moment) bool {
		return m.note(node.NoteGone, "") && m.hears(func(s *wire.Message) bool { return s.Kind == wire.SnapshotEnd })
	}},
	{"R3: a synchronized primary announces", func(m *moment) bool { return m.note(node.NoteAnnounced, "R3") }},
	{"R4: Backup Ready", func(m *moment) bool { return m.kind(wire.BackupReady) }},
	{"R4: Backup Ready again after start-up or link-down", func(m *moment) bool {
		return m.before != nil && m.before.sync == "answered" && m.kind(wire.BackupReady)
	}},
	{"R5: calls are tagged", func(m *moment) bool {
		return m.hears(func(s *wire.Message) bool { return s.Kind == wire.BackupReady }) && m.note(node.NoteSync, "tagging")
	}},
	{"R6: Full Sync Done (synchronized) at once", func(m *moment) bool {
		return m.hears(func(s *wire.Message) bool { return s.Kind == wire.BackupReady }) && m.answers(wire.Synchronized)
	}},
	{"R6: Full Sync Done (synchronized) when the last tagged call is gone", func(m *moment) bool {
		return m.before != nil && m.before.sync == "tagging" && m.note(node.NoteGone, "") && m.answers(wire.Synchronized)
	}},
	{"R7: Full Sync Done (start-up)", func(m *moment) bool { return m.answers(wire.StartUp) }},
	{"R8: Full Sync Done (link-down)", func(m *moment) bool { return m.answers(wire.LinkDown) }},
	{"R9: a backup announces on Full Sync Done", func(m *moment) bool { return m.note(node.NoteAnnounced, "R9") }},
	{"R10: the backup fails while the primary synchronizes", func(m *moment) bool {
		return m.before != nil && m.before.role == wire.Primary && m.before.sync == "tagging" && m.in[0].Kind == node.PortDown && m.in[0].Peer.IsTServer()
	}},
	{"R11: the primary fails while the backup waits", func(m *moment) bool {
		return m.before != nil && m.before.sync == "awaiting" && m.note(node.NoteAnnounced, "R11")
	}},
	{"R11: a backup that reaches no primary announces", func(m *moment) bool {
		return m.before != nil && m.before.sync != "awaiting" && m.note(node.NoteAnnounced, "R11")
	}},
	{"R12: a backup adopts a ConnID", func(m *moment) bool { return m.note(node.NoteNamed, "adopted") }},
	{"R12: a ConnID is told before the call is known", func(m *moment) bool { return m.note(node.NoteNamed, "kept") }},
	{"R12: who becomes primary names what is unnamed", func(m *moment) bool { return m.note(node.NoteRole, "primary") && m.note(node.NoteNamed, "invented") }},
	{"R13: a backup announces when it has read the switch", func(m *moment) bool { return m.note(node.NoteAnnounced, "R13") }},
	{"R14: M names the other one, since the named one is lost", func(m *moment) bool {
		return m.note(node.NoteRecord, "A is lost") || m.note(node.NoteRecord, "B is lost")
	}},
	{"R14: M names the other one, since the named one has no EventLinkConnected", func(m *moment) bool { return m.note(node.NoteRecord, "A has no EventLinkConnected in force") }},
	{"R14: M names a new incarnation", func(m *moment) bool { return m.note(node.NoteRecord, "A is another incarnation") }},
	{"R14: handed over", func(m *moment) bool {
		return m.says(func(s *wire.Message) bool { return s.Kind == wire.RoleTaken && s.Outcome == wire.HandedOver })
	}},
	{"R14: not handed over, and named again", func(m *moment) bool { return m.note(node.NoteRecord, "it could not hand over") }},
	{"X1: a call that the switch created before the watermark is tagged", func(m *moment) bool {
		return m.before != nil && m.before.sync == "tagging" && m.note(node.NoteTagged, "") && m.hears(func(s *wire.Message) bool { return s.Kind == wire.CallCreated })
	}},
	{"X2: an acknowledgement untags", func(m *moment) bool {
		return m.before != nil && m.before.sync == "tagging" && m.answers(wire.Synchronized) && m.hears(func(s *wire.Message) bool { return s.Kind == wire.CallNamedAck })
	}},
	{"X4: the primary's CTI link goes down while calls are tagged", func(m *moment) bool {
		return m.before != nil && m.before.sync == "tagging" && m.answers(wire.LinkDown)
	}},
	{"X5: Backup Ready again in a new HA session, EventLinkConnected in force", func(m *moment) bool {
		return m.before != nil && m.before.announced && m.before.role == wire.Backup && m.kind(wire.BackupReady)
	}},
	{"X6: an HA message of a lower epoch is ignored", func(m *moment) bool {
		return m.before != nil && m.hears(func(s *wire.Message) bool { return s.Kind == wire.BackupReady && s.Epoch < m.before.epoch })
	}},
	{"X6: a primary that hears of a higher epoch is a backup", func(m *moment) bool {
		return m.before != nil && m.before.role == wire.Primary && m.after.Role() == wire.Backup && m.in[0].Kind == node.Receive && m.in[0].Peer.IsTServer()
	}},
	{"X7: an event waits for the backup", func(m *moment) bool {
		return slices.ContainsFunc(m.timers, func(t node.Timer) bool { return m.after != nil && t.Kind == 16 })
	}},
	{"X7: the primary goes on without the backup", func(m *moment) bool { return m.before != nil && m.in[0].Kind == node.Fired && m.in[0].Timer.Kind == 16 }},
	{"X10: the pair is ready", func(m *moment) bool { return m.note(node.NotePairReady, "synchronized") }},
	{"X10: a switchover is refused at readiness 0", func(m *moment) bool { return m.in[0].Kind == node.Do && m.at == mAt && m.note(node.NoteRefused, "") }},
	{"X11: M waits before it takes a T-Server for failed", func(m *moment) bool {
		return m.at == mAt && slices.ContainsFunc(m.timers, func(t node.Timer) bool { return t.Kind == 3 })
	}},
	{"X12: M returns to its record", func(m *moment) bool { return m.restored }},
}

// goalNames lists the states of protocol.md's section 2, for each T-Server, and the rules.
var goalNames = sync.OnceValue(func() (names []string) {
	for _, id := range []wire.ID{wire.A, wire.B} {
		for _, role := range []string{"primary", "backup"} {
			for _, cti := range []callmodel.CTIState{callmodel.CTIDown, callmodel.CTISynchronizing, callmodel.CTISynchronized} {
				names = append(names, stateName(id, role, "CTI link "+cti.String()))
			}
			phases := []string{"idle", "tagging", "done"}
			if role == "backup" {
				phases = []string{"idle", "awaiting", "answered", "done"}
			}
			for _, phase := range phases {
				names = append(names, stateName(id, role, "synchronization "+phase))
			}
			names = append(names, stateName(id, role, "announced"), stateName(id, role, "not announced"))
		}
	}
	for _, r := range rulesExercised {
		names = append(names, r.name)
	}
	return names
})

func stateName(id wire.ID, role, state string) string {
	return id.String() + " is " + role + ": " + state
}

// reached notes the goals that a model reached.
type reached struct {
	mu    sync.Mutex
	goals Goals
}

// Reached returns the goals that were reached, in the order of the list.
func (m *Model) Reached() (list []string) {
	m.goals.mu.Lock()
	defer m.goals.mu.Unlock()
	for _, name := range goalNames() {
		if m.goals.goals[name] {
			list = append(list, name)
		}
	}
	return list
}

func (g *reached) see(m *moment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.goals == nil {
		g.goals = Goals{}
	}
	if e := m.after; e != nil {
		id, role := ids[m.at], e.Role().String()
		announced := "announced"
		if !e.Announced() {
			announced = "not announced"
		}
		for _, s := range []string{"CTI link " + e.CTI().String(), "synchronization " + e.Sync(), announced} {
			g.goals[stateName(id, role, s)] = true
		}
	}
	for i := range rulesExercised {
		if r := &rulesExercised[i]; !g.goals[r.name] && r.is(m) {
			g.goals[r.name] = true
		}
	}
}
