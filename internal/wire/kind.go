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

	// SnapshotBegin starts a snapshot that is consistent at Seq; Sub is how many places the event at Seq takes among those for clients (X8).
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
	// KEY=VALUE, separated by spaces. From version 3 on, Calls is how many calls it holds.
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
	// SyncProgress (since version 3) tells the backup how many tagged calls are in the way of the Backup Ready Num: Calls.
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

	// LicenceState: the primary shares its licence (P2): Seats, 0 if it is not valid, and in Text the features that are, separated by spaces.
	LicenceState
	// ConfigState tells the version of the sender's configuration (P3), ConfigEpoch and Num; who has the higher one sends all of it.
	ConfigState
	// ConfigObject is an object of the whole: Object, its value Text, and the version ConfigEpoch and Num of its last change. Without Text it was deleted.
	ConfigObject
	// ConfigEnd ends the whole: ConfigEpoch and Num.
	ConfigEnd
	// ConfigChange is a change: Object, its value Text, and the version ConfigEpoch and Num.
	ConfigChange
	// ConfigAck: the configuration of version ConfigEpoch and Num is durable.
	ConfigAck

	// Client link, client failover, client → T-Server.

	// Login asks for a session: Text is the user, Proof that the client knows the password, Feature what it needs to be licensed; Epoch.
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
	// Telephony beside two parties that call each other.

	// CTI link, T-Server → switch.

	// SwitchRequest passes a client's request on to the switch (X13): Of is its kind, Client and RefID whose it is, Seq the switch's event number that the
	// client had seen when it made it; calls are named by Call and OtherCall, the rest is as in the request.
	SwitchRequest
	// MarkEpoch asks for an EpochMarked: Epoch.
	MarkEpoch

	// CTI link, switch → T-Server. Events that a request has caused carry its Client and RefID (X13).

	// SnapshotParty is a party of the call of the SnapshotCall before it: ThisDN, PartyState, ThisRole. The parties of a call come all or, where it is one
	// of two parties that ring or talk, not at all.
	SnapshotParty
	// CallHeld: ThisDN has put the call on hold: Seq, Call.
	CallHeld
	// CallRetrieved: ThisDN has taken it up again: Seq, Call.
	CallRetrieved
	// CallOffered: the call is offered to one more DN, ThisDN, which rings or, by PartyState, queues it or waits for a route: Seq, Call; ThirdDN is where
	// it comes from, Queue through which queue or routing point, Cause why.
	CallOffered
	// CallDiverted: the call has left ThisDN for ThirdDN: Seq, Call, Cause.
	CallDiverted
	// PartyLeft: ThisDN has left the call, which goes on: Seq, Call; Cause transferred: for OtherDN.
	PartyLeft
	// CallsJoined: ThisDN has joined Call and its consult call OtherCall, which ends: Seq; Cause transferred: ThisDN has left both; conferenced: it stays.
	CallsJoined
	// DNChanged: at ThisDN calls are refused (Announced) or forwarded (OtherDN), or not any more: Seq; Of is the event that tells of it.
	DNChanged
	// EpochMarked: a primary of Epoch has asked for this number: Seq. Whatever it makes itself has a number behind all that was told before it (X8).
	EpochMarked
	// SwitchAnswer ends a SwitchRequest: Client, RefID, Of; Code and Text if it was not carried out. Call is the call that it made.
	SwitchAnswer

	// HA link.

	// PrimaryEvent tells the backup of an event that the primary has made itself (R12, X8): Num counts with CallNamed, Of is the event's kind, and
	// the rest is as in the event.
	PrimaryEvent
	// AgentTold tells the backup of an agent's emulated state (R12): ThisDN, Agent, Num the ticks that are left of its wrap-up.
	AgentTold
	// RequestTold tells the backup that a request was carried out by the primary itself (X13): Client, RefID, Of. The one that is about no request
	// tells the number of the last event that the primary has made itself: Seq, Sub (X8).
	RequestTold
	// RegistrationTold (since version 2) tells the backup that incarnation Inc of Client has registered ThisDN (R12): Mode, or that it has not any more,
	// without Mode; without ThisDN none of its registrations is left. Num counts with CallNamed, and is acknowledged as that is; without it the message
	// belongs to what a backup that is ready is told of all registrations, at whose end stands one about no client.
	RegistrationTold

	// Client link, T-Server → client. Only answers carry RefID; what answers a request is said at the request.

	// EventACK: the request is carried out, and has no event of its own, or it came before: RefID, Of; ConnID is of the call that it made.
	EventACK
	// EventUnregistered answers UnregisterAddress: ThisDN.
	EventUnregistered
	// EventAddressInfo answers RequestQueryAddress: ThisDN, DNType, Agent, WorkMode, Text the agent's ID, Announced for do-not-disturb, OtherDN for
	// forwarding, Num how many calls there are.
	EventAddressInfo

	// Events of calls, numbered as the others.

	// EventHeld at the party that has put the call on hold.
	EventHeld
	// EventRetrieved at the party that has taken it up again.
	EventRetrieved
	// EventPartyChanged: OtherDN is now the other party, in the place of ThirdDN. PreviousConnID is what the call was called before, TransferConnID the
	// ConnID of the consult call that has ended.
	EventPartyChanged
	// EventPartyAdded: OtherDN has joined the conference, by ThirdDN.
	EventPartyAdded
	// EventPartyDeleted: ThirdDN has left the conference.
	EventPartyDeleted
	// EventQueued at a queue that a call has come to.
	EventQueued
	// EventDiverted from a queue or routing point: ThirdDN has the call now.
	EventDiverted
	// EventRouteRequest at a routing point that a call has come to: a client is to send RequestRouteCall.
	EventRouteRequest
	// EventDestinationBusy at the caller.
	EventDestinationBusy
	// EventAttachedDataChanged: Data is the call's attached data from now on.
	EventAttachedDataChanged

	// Events of DNs and agents, numbered as well: ThisDN.

	// EventAgentLogin: Text is the agent's ID, WorkMode. It implies no ready state.
	EventAgentLogin
	// EventAgentLogout ends that.
	EventAgentLogout
	// EventAgentReady: WorkMode.
	EventAgentReady
	// EventAgentNotReady: WorkMode.
	EventAgentNotReady
	// EventAgentAfterCallWork: the agent is in after-call work, for wrap-up-time, which the T-Server emulates.
	EventAgentAfterCallWork
	// EventDNDOn: calls to ThisDN find it busy.
	EventDNDOn
	// EventDNDOff ends that.
	EventDNDOff
	// EventForwardSet: calls to ThisDN go to OtherDN.
	EventForwardSet
	// EventForwardCancel ends that.
	EventForwardCancel

	// Client link, client → T-Server. Every request carries RefID, and Seq, the switch's event number that the client had seen when it made the request
	// first (X13). Wrong arguments are answered with EventError, so that whatever is missing or too much is valid here.

	// UnregisterAddress ends a registration: ThisDN.
	UnregisterAddress
	// RequestMakeCall: ThisDN calls OtherDN, with Data. It answers with EventDialing.
	RequestMakeCall
	// RequestAnswerCall: ThisDN answers. EventEstablished.
	RequestAnswerCall
	// RequestReleaseCall: ThisDN leaves the call, which ends unless two others stay. EventReleased.
	RequestReleaseCall
	// RequestHoldCall: ThisDN puts the call on hold. EventHeld.
	RequestHoldCall
	// RequestRetrieveCall: ThisDN takes it up again. EventRetrieved.
	RequestRetrieveCall
	// RequestAlternateCall: ThisDN puts ConnID on hold and takes up TransferConnID. EventHeld.
	RequestAlternateCall
	// RequestInitiateTransfer: ThisDN puts ConnID on hold and calls OtherDN about it: a consult call, with Data. EventDialing.
	RequestInitiateTransfer
	// RequestCompleteTransfer: ThisDN joins ConnID and its consult call TransferConnID, and leaves. EventReleased.
	RequestCompleteTransfer
	// RequestInitiateConference: As RequestInitiateTransfer.
	RequestInitiateConference
	// RequestCompleteConference: ThisDN joins ConnID and its consult call TransferConnID, and stays. EventReleased.
	RequestCompleteConference
	// RequestSingleStepTransfer: ThisDN hands the call over to OtherDN, which rings, and leaves. EventReleased.
	RequestSingleStepTransfer
	// RequestSingleStepConference: ThisDN takes OtherDN, which rings, into the call. EventACK.
	RequestSingleStepConference
	// RequestDeleteFromConference: ThisDN has OtherDN leave the conference. EventACK.
	RequestDeleteFromConference
	// RequestRedirectCall: ThisDN, at which the call rings, sends it to OtherDN. EventReleased.
	RequestRedirectCall
	// RequestRouteCall: The routing point ThisDN sends the call to OtherDN. EventDiverted.
	RequestRouteCall
	// RequestAttachUserData: Data is added to the call's; what is there already stays. EventAttachedDataChanged.
	RequestAttachUserData
	// RequestUpdateUserData: Data takes the place of the call's data. EventAttachedDataChanged.
	RequestUpdateUserData
	// RequestDeletePair: The pair whose key is Text is deleted. EventAttachedDataChanged.
	RequestDeletePair
	// RequestDeleteUserData: All attached data is deleted. EventAttachedDataChanged.
	RequestDeleteUserData
	// RequestAgentLogin: Text is the agent's ID; WorkMode is auto-in (the default) or manual-in. EventAgentLogin.
	RequestAgentLogin
	// RequestAgentLogout: EventAgentLogout.
	RequestAgentLogout
	// RequestAgentReady: WorkMode as in RequestAgentLogin; it stays as it was by default. EventAgentReady.
	RequestAgentReady
	// RequestAgentNotReady: WorkMode is aux-work (the default) or after-call-work. EventAgentNotReady.
	RequestAgentNotReady
	// RequestSetDNDOn: Calls to ThisDN find it busy. EventDNDOn.
	RequestSetDNDOn
	// RequestSetDNDOff: EventDNDOff.
	RequestSetDNDOff
	// RequestCallForwardSet: Calls to ThisDN go to OtherDN. EventForwardSet.
	RequestCallForwardSet
	// RequestCallForwardCancel: EventForwardCancel.
	RequestCallForwardCancel
	// RequestQueryAddress: EventAddressInfo.
	RequestQueryAddress
	// RequestQueryCall: EventPartyInfo.
	RequestQueryCall
	// RequestQueryServer: EventServerInfo.
	RequestQueryServer
	// RequestQueryRequest: Num is the reference ID of an earlier request. If that was done, its answer comes; otherwise it is void from now on: EventError.
	RequestQueryRequest

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
	SwitchRequest: "SwitchRequest", MarkEpoch: "MarkEpoch", SnapshotParty: "SnapshotParty", CallHeld: "CallHeld",
	CallRetrieved: "CallRetrieved", CallOffered: "CallOffered", CallDiverted: "CallDiverted", PartyLeft: "PartyLeft",
	CallsJoined: "CallsJoined", DNChanged: "DNChanged", EpochMarked: "EpochMarked", SwitchAnswer: "SwitchAnswer",
	PrimaryEvent: "PrimaryEvent", AgentTold: "AgentTold", RequestTold: "RequestTold", RegistrationTold: "RegistrationTold",
	EventACK: "EventACK", EventUnregistered: "EventUnregistered", EventAddressInfo: "EventAddressInfo", EventHeld: "EventHeld",
	EventRetrieved: "EventRetrieved", EventPartyChanged: "EventPartyChanged", EventPartyAdded: "EventPartyAdded",
	EventPartyDeleted: "EventPartyDeleted", EventQueued: "EventQueued", EventDiverted: "EventDiverted",
	EventRouteRequest: "EventRouteRequest", EventDestinationBusy: "EventDestinationBusy",
	EventAttachedDataChanged: "EventAttachedDataChanged", EventAgentLogin: "EventAgentLogin", EventAgentLogout: "EventAgentLogout",
	EventAgentReady: "EventAgentReady", EventAgentNotReady: "EventAgentNotReady", EventAgentAfterCallWork: "EventAgentAfterCallWork",
	EventDNDOn: "EventDNDOn", EventDNDOff: "EventDNDOff", EventForwardSet: "EventForwardSet", EventForwardCancel: "EventForwardCancel",
	UnregisterAddress: "UnregisterAddress", RequestMakeCall: "RequestMakeCall", RequestAnswerCall: "RequestAnswerCall",
	RequestReleaseCall: "RequestReleaseCall", RequestHoldCall: "RequestHoldCall", RequestRetrieveCall: "RequestRetrieveCall",
	RequestAlternateCall: "RequestAlternateCall", RequestInitiateTransfer: "RequestInitiateTransfer",
	RequestCompleteTransfer: "RequestCompleteTransfer", RequestInitiateConference: "RequestInitiateConference",
	RequestCompleteConference: "RequestCompleteConference", RequestSingleStepTransfer: "RequestSingleStepTransfer",
	RequestSingleStepConference: "RequestSingleStepConference", RequestDeleteFromConference: "RequestDeleteFromConference",
	RequestRedirectCall: "RequestRedirectCall", RequestRouteCall: "RequestRouteCall", RequestAttachUserData: "RequestAttachUserData",
	RequestUpdateUserData: "RequestUpdateUserData", RequestDeletePair: "RequestDeletePair", RequestDeleteUserData: "RequestDeleteUserData",
	RequestAgentLogin: "RequestAgentLogin", RequestAgentLogout: "RequestAgentLogout", RequestAgentReady: "RequestAgentReady",
	RequestAgentNotReady: "RequestAgentNotReady", RequestSetDNDOn: "RequestSetDNDOn", RequestSetDNDOff: "RequestSetDNDOff",
	RequestCallForwardSet: "RequestCallForwardSet", RequestCallForwardCancel: "RequestCallForwardCancel",
	RequestQueryAddress: "RequestQueryAddress", RequestQueryCall: "RequestQueryCall", RequestQueryServer: "RequestQueryServer",
	RequestQueryRequest: "RequestQueryRequest",
	LicenceState:        "LicenceState", ConfigState: "ConfigState", ConfigObject: "ConfigObject", ConfigEnd: "ConfigEnd", ConfigChange: "ConfigChange",
	ConfigAck: "ConfigAck",
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
		PeerHandshake, PeerDeactivated, ActivateRequest, ActivateWithdrawn, AskActivity, HandOver:
		return true
	}
	return false
}

// IsCallEvent reports whether this is an event for clients, of a call or of a DN or agent, that is numbered by (Seq, Sub).
func (k Kind) IsCallEvent() bool {
	return k >= EventDialing && k <= EventAbandoned || k >= EventHeld && k <= EventForwardCancel
}

// IsDNEvent reports whether this is a numbered event of a DN or agent, and of no call.
func (k Kind) IsDNEvent() bool { return k >= EventAgentLogin && k <= EventForwardCancel }

// IsRequest reports whether this is a request of a client with a reference ID, registrations included.
func (k Kind) IsRequest() bool {
	return k == RegisterAddress || k >= UnregisterAddress && k <= RequestQueryRequest
}
