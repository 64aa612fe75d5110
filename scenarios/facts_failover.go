package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// failoverFacts is what is known of one node under peer arbitration.
type failoverFacts struct {
	// A T-Server.
	activity    string
	sessions    uint64
	refused     uint64 // logins
	holder      wire.ID
	deactivated bool
	seats       uint64
	config      [2]uint64 // epoch and number of its version
	digest      string
	conflicts   uint64

	// A client.
	session wire.ID   // as it believes
	why     [2]string // A, B has said last that it gets none, since that server's activity or sessions have changed
	wants   bool      // one
}

func (n *failoverFacts) note(note *node.Note) {
	switch note.Kind {
	case node.NoteActivity:
		n.activity, n.sessions = note.Text, note.M
	case node.NoteDeactivated:
		n.deactivated = note.N == 1
	case node.NoteHolder:
		n.holder = note.Peer
	case node.NoteLogin, node.NoteLogout:
		n.sessions = note.N
	case node.NoteLoginRefused:
		n.refused++
	case node.NoteSeats:
		n.seats = note.N
	case node.NoteConfig:
		n.config, n.digest = [2]uint64{note.N, note.M}, note.Text
	case node.NoteConflict:
		n.conflicts++
	case node.NoteSession:
		n.session = wire.None
		if note.N == 1 {
			n.session = note.Peer
		}
		if note.Peer.IsTServer() {
			n.why[note.Peer-wire.A] = note.Text
		}
	case node.NoteWants:
		n.wants = note.N == 1
	}
}

func (n *failoverFacts) value(key string) string {
	name := func(id wire.ID) string {
		if id == wire.None {
			return "none"
		}
		return id.String()
	}
	switch key {
	case "activity":
		if n.activity == "" {
			return "inactive"
		}
		return n.activity
	case "holder":
		return name(n.holder)
	case "deactivated":
		return strconv.FormatBool(n.deactivated)
	}
	return name(n.session)
}

// sameConfig reports whether both servers have the same version of the configuration, and the same objects and values.
func (f *facts) sameConfig() bool {
	a, b := &f.node(wire.A).failover, &f.node(wire.B).failover
	return a.config == b.config && a.digest == b.digest
}

// active returns the server that is active; none if there is none, both if both are.
func (f *facts) active() string {
	a, b := f.node(wire.A), f.node(wire.B)
	isA, isB := a.running && a.failover.activity == "active", b.running && b.failover.activity == "active"
	switch {
	case isA && isB:
		return "both"
	case isA:
		return "A"
	case isB:
		return "B"
	}
	return "none"
}

// clientsAt counts the clients that believe to have a session at the server of this name.
func (f *facts) clientsAt(server string) (count int) {
	for id := wire.Client(1); int(id) < len(f.nodes); id++ {
		if n := &f.nodes[id]; n.running && n.failover.session.String() == server {
			count++
		}
	}
	return count
}

// served is L2, and why it does not hold: every client that wants a session has one, at the one server that is active.
func (f *facts) served() (bool, string) {
	if f.node(wire.A).running && f.node(wire.B).running && !f.sameConfig() {
		return false, "S8: the configurations differ"
	}
	active := f.active()
	if active != "A" && active != "B" {
		return false, "there is no single active server: " + active
	}
	for id := wire.Client(1); int(id) < len(f.nodes); id++ {
		if n := &f.nodes[id]; n.running && n.failover.wants && n.failover.session.String() != active && !n.failover.excused(active) {
			return false, fmt.Sprintf("L2: %s has no session at %s, which is active", id, active)
		}
	}
	return true, ""
}

// excused reports whether seats, credentials or grace keep the client out of the active server (L2).
func (n *failoverFacts) excused(active string) bool {
	why := n.why[0]
	if active == wire.B.String() {
		why = n.why[1]
	}
	return strings.HasPrefix(why, "credentials: ") || strings.HasPrefix(why, "licence: ")
}

// forgetRefusals: what a server has said to clients that it did not let in, it might say otherwise now.
func (f *facts) forgetRefusals(server *nodeFacts) {
	i := 0
	if server == f.node(wire.B) {
		i = 1
	}
	for id := wire.Client(1); int(id) < len(f.nodes); id++ {
		f.nodes[id].failover.why[i] = ""
	}
}

// nowhere counts the clients that want a session, and have none anywhere.
func (f *facts) nowhere() (count uint64) {
	for id := wire.Client(1); int(id) < len(f.nodes); id++ {
		if n := &f.nodes[id]; n.running && n.failover.wants && n.failover.session == wire.None {
			count++
		}
	}
	return count
}
