package node

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// NoteKind says what a note states. The comment at each kind names the fields that it uses.
type NoteKind uint8

// The kinds of notes.
const (
	// NoteDone and NoteRefused answer the command N; Text is the verb, or what was asked for (JSON), or the reason.
	NoteDone NoteKind = iota + 1
	NoteRefused
	// NoteBadInput: a message made no sense and was dropped; Text says why.
	NoteBadInput
	// NoteAlarm: Alarm is raised (N is 1) or cleared (0); Peer is whom it concerns, if anybody; Text says why.
	NoteAlarm

	// NoteSkipped: a message of Peer, of a later version of the protocol, means nothing to this node; Text is its kind.
	NoteSkipped

	// NoteSuperseded: the node was started once more, as incarnation N, and this incarnation ends: nothing follows in its name.
	NoteSuperseded

	// Of a T-Server.

	// NoteRole: the T-Server takes a role: Text is the wire.Role's name, N the epoch.
	NoteRole
	// NoteCTI: the CTI link changes: Text is the callmodel.CTIState's name, N the switch's event number so far.
	NoteCTI
	// NoteSync: T-Server synchronization changes: Text is idle, awaiting, answered, tagging or done; N the number of the Backup Ready.
	NoteSync
	// NoteTagged: N tagged calls remain.
	NoteTagged
	// NoteAnnounced: EventLinkConnected is announced: Text is the rule (R3, R9, R11, R13).
	NoteAnnounced
	// NoteWithdrawn: EventLinkDisconnected is in force.
	NoteWithdrawn
	// NoteReady: readiness (X10) is N, 0 or 1; Text is the reason, and M how many calls are in the way, as far as the T-Server knows. It comes when
	// readiness or the reason changes.
	NoteReady
	// NoteNamed: Call has ConnID; Text is how: invented, adopted (by R12) or kept (told before the call was known).
	NoteNamed
	// NoteGone: Call is no longer held, and was named ConnID (0 if not).
	NoteGone
	// NoteHeld: Call is held from now on, without a name yet.
	NoteHeld
	// NoteCleanedUp: Call is given up, because the switch does not know it any more (X9).
	NoteCleanedUp

	// Of the Management Layer.

	// NoteRecord: the record is now epoch N and names Peer's incarnation M; Text is why.
	NoteRecord
	// NoteRestart: the Management Layer decides that Peer is to be restarted.
	NoteRestart
	// NoteFence: the Management Layer decides that the connection of Peer, whose incarnation is M, is to be closed by the carrier (fence: kick).
	NoteFence
	// NotePairReady: the pair's readiness (X10) is N; Text is the reason.
	NotePairReady

	// Of the switch.

	// NoteCall: a call changes at the switch: Call, N the event number, M the number of its load (0: of none), Text is created, answered, released,
	// lost-release (released, and nobody is told) or blocked.
	NoteCall
	// NoteLink: the CTI link of Peer is, at the switch, Text: up, down or silent.
	NoteLink

	// Of a client.

	// NoteActed: the client acts on an event of Peer: N the epoch, (M, Sub) the event's number (X8), Call, ConnID; Text is the event's
	// name. M is 0 for an EventPartyInfo, which has no number.
	NoteActed
	// NoteIgnored: the client ignores an event of Peer, whose epoch N is lower than one it has seen (X6).
	NoteIgnored
	// NoteResumed: Peer has told the client what it missed (X8): N events follow, up to the number (M, Sub); Text is complete, or incomplete: what it
	// missed is not known any more, and the current state follows.
	NoteResumed

	// NoteLoad, of the switch: the load whose number is N, from 1, goes on or off: Text is on or off, a space, and its name ("" if it has none).
	NoteLoad

	// Of a T-Server, client failover (arbitration: peer).

	// NoteActivity: what the T-Server does for clients changes, or its epoch: Text is inactive, open or active, N the epoch of its own last activation, M how
	// many clients have a session, Why the rule.
	NoteActivity
	// NoteHolder: both handshakes are known, and Peer holds the activity (P11); this T-Server's counted N clients, the other's M.
	NoteHolder
	// NoteCensus: N of M clients are lost, and Text is the rule that this fulfils: P8, P9, or "P9: reported" when the client Peer got to the secondary.
	NoteCensus
	// NoteDeactivated: System Administration has deactivated the T-Server (N is 1), or activated it again (0) (P10).
	NoteDeactivated
	// NoteSeats: N clients may have a session at once, by the licence (P2); Text says why.
	NoteSeats
	// NoteConfig: the configuration's version is (N, M) now (P3), and Text its digest, the same for equal configurations.
	NoteConfig
	// NoteConfigObject: the object Text of the configuration has a value whose digest is Why, in version (N, M).
	NoteConfigObject
	// NoteConfigChanged: a change is acknowledged (P3): the object Text has a value whose digest is Why, in version (N, M).
	NoteConfigChanged
	// NoteConflict: a change that was made here on the other side of a split is not in the configuration (P3): the object Text with the value whose digest is
	// Why, of version (N, M).
	NoteConflict
	// NoteLogin: the session of the client Peer begins; N clients have one.
	NoteLogin
	// NoteLoginRefused: the client Peer gets no session, for the reason Text.
	NoteLoginRefused
	// NoteLogout: the session of the client Peer is over, for the reason Text; N clients have one.
	NoteLogout

	// Of a client.

	// NoteSession: the client's session at Peer begins (N is 1) or is over (0), for the reason Text.
	NoteSession
	// NoteWants: the client wants a session (N is 1), or none (0).
	NoteWants
	// NoteAnswered, of a client: the request whose reference ID is N has an outcome: Text is done, not done or unknown, and why. M is the reference ID under
	// which it was made last, if it was made again.
	NoteAnswered
	// NotePrimaryChanged, of a client (EventPrimaryChanged): Peer is primary, in epoch N, and was not before.
	NotePrimaryChanged
)

var noteNames = [...]string{
	NoteDone: "done", NoteRefused: "refused", NoteBadInput: "bad-input", NoteSkipped: "skipped", NoteSuperseded: "superseded", NoteAlarm: "alarm",
	NoteRole: "role", NoteCTI: "cti", NoteSync: "sync", NoteTagged: "tagged", NoteAnnounced: "announced",
	NoteWithdrawn: "withdrawn", NoteReady: "ready", NoteNamed: "named", NoteGone: "gone", NoteHeld: "held", NoteCleanedUp: "cleaned-up",
	NoteRecord: "record", NoteRestart: "restart", NoteFence: "fence", NotePairReady: "pair-ready",
	NoteCall: "call", NoteLink: "link", NoteActed: "acted", NoteIgnored: "ignored", NoteResumed: "resumed",
	NoteLoad: "load", NoteAnswered: "answered", NotePrimaryChanged: "primary-changed",
	NoteActivity: "activity", NoteHolder: "holder", NoteCensus: "census",
	NoteLogin: "login", NoteLoginRefused: "login-refused", NoteLogout: "logout", NoteSession: "session",
	NoteSeats: "seats", NoteConfig: "config", NoteConfigObject: "config-object", NoteConfigChanged: "config-changed", NoteConflict: "config-conflict",
	NoteDeactivated: "deactivated", NoteWants: "wants-session",
}

// String returns the name of the kind.
func (k NoteKind) String() string {
	if int(k) < len(noteNames) {
		return noteNames[k]
	}
	return fmt.Sprintf("unknown(%d)", uint8(k))
}

// MarshalText implements encoding.TextMarshaler.
func (k NoteKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *NoteKind) UnmarshalText(b []byte) error {
	for i, n := range noteNames {
		if n == string(b) {
			*k = NoteKind(i)
			return nil
		}
	}
	return fmt.Errorf("unknown note %q", b)
}

// Note is a fact that a node states about itself.
type Note struct {
	Kind   NoteKind         `json:"kind"`
	Peer   wire.ID          `json:"peer,omitempty"`
	Call   callmodel.CallID `json:"call,omitzero"`
	ConnID callmodel.ConnID `json:"connId,omitempty"`
	N      uint64           `json:"n,omitempty"`
	M      uint64           `json:"m,omitempty"`
	Sub    uint32           `json:"sub,omitempty"`
	Alarm  Alarm            `json:"alarm,omitempty"`
	Text   string           `json:"text,omitempty"`
	Why    string           `json:"why,omitempty"`
}
