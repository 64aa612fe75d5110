package wire

// Kind says what a message is. The comment at each kind names its direction and the fields that it uses, beside
// Epoch, which every message of a T-Server, the Management Layer and a client carries (X6).
type Kind uint8

// The kinds of messages.
const (
	// CTI link, T-Server → switch.

	// SnapshotRequest asks for everything that the switch holds (R2).
	SnapshotRequest Kind = iota + 1

	// CTI link, switch → T-Server.

	// SnapshotBegin starts a snapshot that is consistent at Seq.
	SnapshotBegin
	// SnapshotDN is one DN of the snapshot: ThisDN, DNType, Agent.
	SnapshotDN
	// SnapshotCall is one call of the snapshot: Call, CallType, CallState, ThisDN (origin), OtherDN (destination).
	SnapshotCall
	// SnapshotEnd ends the snapshot: Seq as in its beginning. Live events follow from Seq+1.
	SnapshotEnd
	// CallCreated: a call was offered: Seq (= Call.Born), Call, CallType, ThisDN (origin), OtherDN (destination).
	CallCreated
	// CallAnswered: the called party answered: Seq, Call.
	CallAnswered
	// CallReleased: the call ended: Seq, Call.
	CallReleased
	// AgentChanged: the agent at ThisDN changed its state: Seq, ThisDN, Agent.
	AgentChanged

	// HA link.

	// PeerState tells the other T-Server role, epoch, CTI state, and whether EventLinkConnected is announced (R4): Role, CTI, Announced. It tells the
	// sender's version of the protocol, Version (0 is 1), and the first one of a session, in Text, its options that should be the other's as well:
	// KEY=VALUE, separated by spaces. From version 2 on, Calls is how many calls it holds.
	PeerState
	// BackupReady (R4): Num numbers it, Seq is the watermark W (X1).
	BackupReady
	// FullSyncDone (R6, R7, R8): Num of the Backup Ready that it answers, Reason, Seq of the switch's last event that the primary has processed.
	FullSyncDone
	// FullSyncAck acknowledges a Full Sync Done (X10): Num.
	FullSyncAck
	// CallNamed tells the backup the ConnID of a call (R12, X2): Num counts them within the HA session, Call, ConnID.
	CallNamed
	// CallNamedAck acknowledges all CallNamed up to Num, and names the last one: Num, Call, ConnID.
	CallNamedAck
	// SyncProgress (since version 2) tells the backup how many tagged calls are in the way of the Backup Ready Num: Calls.
	SyncProgress

	// Control link.

	// Status tells the Management Layer all that it decides on: Role, CTI, Announced, Ready (X10).
	Status
	// Appoint tells a T-Server who is primary in Epoch (R14): Node and Inc name the primary's incarnation; Normal when a normal
	// command caused it.
	Appoint
	// RoleTaken answers Appoint: Epoch of the appointment, Role, Outcome.
	RoleTaken
	// PeerFailed tells a T-Server that incarnation Inc of its peer Node has failed (R11: "or M says so").
	PeerFailed

	// Control link and client link, T-Server →.

	// EventLinkConnected: the T-Server is available (R3, R9, R11). A primary tells clients the number Seq, Sub of the last event that it has
	// published (X8).
	EventLinkConnected
	// EventLinkDisconnected: the T-Server has lost communication with the switch.
	EventLinkDisconnected

	// Client link, T-Server → client.

	// EventServerInfo tells a client the T-Server's Role, and a primary's the number Seq, Sub of the last event that it has published (X8).
	EventServerInfo
	// EventRegistered answers RegisterAddress: ThisDN.
	EventRegistered
	// EventError refuses a request: Text says why.
	EventError
	// EventDialing at the origin of a new call. Events of calls carry Seq and Sub, the event's number (s, k) (X8), Call, CallType, ConnID,
	// ThisDN and OtherDN.
	EventDialing
	// EventRinging at the destination of a new call.
	EventRinging
	// EventEstablished at both parties when the call is answered.
	EventEstablished
	// EventReleased at both parties when an answered call ends, and at the origin when it is given up.
	EventReleased
	// EventAbandoned at the destination of a call that is given up before the answer.
	EventAbandoned

	// EventResumed answers ResumeEvents (X8): with Complete, Num events follow that the client has missed; otherwise Num times EventPartyInfo: the current
	// state, as it is at the event number Seq, Sub.
	EventResumed
	// EventPartyInfo is a call in progress: Call, CallType, CallState, ConnID, ThisDN (origin) and OtherDN (destination).
	EventPartyInfo

	// Client link, client → T-Server.

	// RegisterAddress asks for the events of ThisDN, or of AnyDN.
	RegisterAddress
	// EpochSeen tells a T-Server of the epoch that the client has seen (X6: "from anybody"): Epoch.
	EpochSeen
	// ResumeEvents asks a primary for the events behind the number Seq, Sub, which is the last one that the client has seen (X8).
	ResumeEvents

	// CTI link, T-Server → switch and back.

	// KeepAlive asks the switch for a sign of life (kpl-interval): Num.
	KeepAlive
	// KeepAliveAck answers it: Num, Seq of the switch's last event.
	KeepAliveAck
	// QueryCall asks the switch about a call (X9): Call.
	QueryCall
	// CallInfo answers it: Call, and CallState if the switch has the call.
	CallInfo

	// HA link, client failover (arbitration: peer).

	// PeerHandshake is the first message on the link (P11): Role (primary: active), Num the epoch of the sender's own last activation, Epoch the highest
	// that it has seen, Sessions, Deactivated.
	PeerHandshake
	// PeerDeactivated: System Administration has deactivated the sender, or activated it (P10): Deactivated.
	PeerDeactivated
	// ActivateRequest: the primary asks the secondary to open for logins (P9): Num numbers it.
	ActivateRequest
	// ActivateWithdrawn: the request Num is withdrawn (P9).
	ActivateWithdrawn
	// ClientReport: a client has logged in at the secondary that opened for the request Num (P9): Node, Sessions.
	ClientReport
	// AskActivity asks the holder to hand over (P10).
	AskActivity
	// HandOver: the sender was the holder, and the receiver is (P11): Epoch is the highest seen, Deactivated, Text the rule.
	HandOver

	// Client link, client failover, client → T-Server.

	// Login asks for a session: Text is the user, Proof that the client knows the password; Epoch.
	Login
	// Logout ends the session in order.
	Logout

	// Client link, client failover, T-Server → client.

	// EventLoggedIn: the session begins; Node is the other server, to go to when this one is lost (P5).
	EventLoggedIn
	// EventLoginRefused: there is no session, for the reason Text (P4).
	EventLoginRefused
	// EventLoggedOut: the session is over, for the reason Text.
	EventLoggedOut

	kindEnd
)

var kindNames = [...]string{
	SnapshotRequest: "SnapshotRequest", SnapshotBegin: "SnapshotBegin", SnapshotDN: "SnapshotDN",
	SnapshotCall: "SnapshotCall", SnapshotEnd: "SnapshotEnd", CallCreated: "CallCreated",
	CallAnswered: "CallAnswered", CallReleased: "CallReleased", AgentChanged: "AgentChanged",
	PeerState: "PeerState", BackupReady: "BackupReady", FullSyncDone: "FullSyncDone", FullSyncAck: "FullSyncAck",
	CallNamed: "CallNamed", CallNamedAck: "CallNamedAck", SyncProgress: "SyncProgress",
	Status: "Status", Appoint: "Appoint", RoleTaken: "RoleTaken", PeerFailed: "PeerFailed",
	EventLinkConnected: "EventLinkConnected", EventLinkDisconnected: "EventLinkDisconnected",
	EventServerInfo: "EventServerInfo", EventRegistered: "EventRegistered", EventError: "EventError",
	EventDialing: "EventDialing", EventRinging: "EventRinging", EventEstablished: "EventEstablished",
	EventReleased: "EventReleased", EventAbandoned: "EventAbandoned",
	EventResumed: "EventResumed", EventPartyInfo: "EventPartyInfo",
	RegisterAddress: "RegisterAddress", EpochSeen: "EpochSeen", ResumeEvents: "ResumeEvents",
	KeepAlive: "KeepAlive", KeepAliveAck: "KeepAliveAck", QueryCall: "QueryCall", CallInfo: "CallInfo",
	PeerHandshake: "PeerHandshake", PeerDeactivated: "PeerDeactivated", ActivateRequest: "ActivateRequest", ActivateWithdrawn: "ActivateWithdrawn",
	ClientReport: "ClientReport", AskActivity: "AskActivity", HandOver: "HandOver",
	Login: "Login", Logout: "Logout", EventLoggedIn: "EventLoggedIn", EventLoginRefused: "EventLoginRefused", EventLoggedOut: "EventLoggedOut",
}

// Kinds returns the names of all kinds, in the order of their numbers.
func Kinds() []string { return kindNames[1:] }

// ParseKind reads the name of a kind.
func ParseKind(s string) (Kind, error) {
	var k Kind
	err := k.UnmarshalText([]byte(s))
	return k, err
}

// String returns the name of the kind.
func (k Kind) String() string {
	if k == Unknown {
		return "Unknown"
	}
	return enumName(kindNames[:], int(k))
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(b []byte) error { return parseEnum(k, "message kind", kindNames[:], b) }

// IsLadder reports whether messages of this kind are drawn in a ladder unless more is asked for: the named messages of
// the pair's protocol, no call traffic and no state reports, whose number depends on timing.
func (k Kind) IsLadder() bool {
	switch k {
	case BackupReady, FullSyncDone, Appoint, RoleTaken, PeerFailed, EventLinkConnected, EventLinkDisconnected,
		PeerHandshake, PeerDeactivated, ActivateRequest, ActivateWithdrawn, ClientReport, AskActivity, HandOver:
		return true
	}
	return false
}

// IsCallEvent reports whether this is an event of a call for clients, numbered by (Seq, Sub).
func (k Kind) IsCallEvent() bool { return k >= EventDialing && k <= EventAbandoned }
