package node

// The guards that can be switched off, each for itself: what a rule's implementation checks, or does, at one place. A system without one of them is a
// mutant (hotpair mutants). guards says of each what is off.
const (
	HAEpoch Rule = iota + rulesEnd
	AppointEpoch
	StepDown
	AppointInc
	PeerFailedInc
	TagAtBackupReady
	R10Abort
	R11AtOnce
	R11Alone
	StartNumber
	ServerBit
	R3State
	R4State
	R14State
	KnownInc
	EarlyInc
	EarlyOlder
	FullSyncNum
	FullSyncAcked
	Withdrawal
	Adoption
	HandoverAck
	NameUnnamed
	R7StartUp
	R8LinkDown
	OwnCarrier
	CTIGap
	KplNumber
	Learning
	LookAgain
	OldFirst
	OldAnswer
	PersistFirst
	HighestEpoch
	RecordInc
	ClientEpoch
	ClientSeen
	LinkGap
	LinkDuplicate
	LinkSession
	ReachAgreed
	RequestEpoch
	RequestOnce
	RequestPrimary
	RequestAsk
	guardsEnd
)

// Guard is what can be switched off by name.
type Guard struct {
	// Name is what --without takes, and Rule the rule of protocol.md that it belongs to.
	Name, Rule string
	// Off says what is done without it.
	Off string
	// Is is what Rules.Has takes.
	Is Rule
}

var guards = []Guard{
	{"ha-epoch", "X6", "an HA message of a lower epoch counts", HAEpoch},
	{"appoint-epoch", "X6", "an assignment of a lower epoch counts", AppointEpoch},
	{"step-down", "X6", "a T-Server that hears of a higher epoch stays what it is", StepDown},
	{"appoint-inc", "X6", "an assignment for another incarnation counts", AppointInc},
	{"peer-failed-inc", "R11", "that another incarnation of the peer has failed closes the HA link", PeerFailedInc},
	{"tag-at-backup-ready", "R5", "no call is tagged at Backup Ready", TagAtBackupReady},
	{"r10-abort", "R10", "the primary goes on synchronizing when the backup has failed, or has lost its CTI link", R10Abort},
	{"r11-at-once", "R11", "a backup whose primary fails while it waits does not announce at once", R11AtOnce},
	{"r11-alone", "R11", "a backup that reaches no primary never announces", R11Alone},
	{"start-number", "S5", "ConnIDs do not hold the durable start number", StartNumber},
	{"server-bit", "S5", "ConnIDs do not hold the T-Server's bit", ServerBit},
	{"r3-state", "R3", "a primary announces at the moment at which it has read the switch only", R3State},
	{"r4-state", "R4", "Backup Ready is sent at the moment at which the switch has been read only", R4State},
	{"r14-state", "R14", "M looks at the moment at which the named one is lost only", R14State},
	{"known-inc", "R5", "what an earlier incarnation of the backup acknowledged, its next one is taken to know", KnownInc},
	{"early-inc", "R12", "an early ConnID of a dead incarnation is taken to be known to the next one", EarlyInc},
	{"early-older", "R12", "of several early ConnIDs of one call reference the newest only is kept", EarlyOlder},
	{"full-sync-num", "R9", "Full Sync Done for an earlier Backup Ready counts", FullSyncNum},
	{"full-sync-acked", "X10", "the primary is ready before Full Sync Done is acknowledged", FullSyncAcked},
	{"withdrawal", "R3", "EventLinkConnected stays in force when the CTI link is lost", Withdrawal},
	{"adoption", "R12", "a backup acknowledges a ConnID and keeps its own", Adoption},
	{"reach-agreed", "X10", "a backup is ready before it has heard from the switch what the primary had heard at Full Sync Done", ReachAgreed},
	{"handover-ack", "R14", "a primary hands over before its last HA message is acknowledged", HandoverAck},
	{"name-unnamed", "R12", "a T-Server that becomes primary leaves unnamed calls unnamed", NameUnnamed},
	{"r7-start-up", "R7", "a primary that is reading the switch does not answer Backup Ready", R7StartUp},
	{"r8-link-down", "R8", "a primary whose CTI link is down does not answer Backup Ready", R8LinkDown},
	{"own-carrier", "R11", "a T-Server whose own carrier is down takes its peer for failed", OwnCarrier},
	{"cti-gap", "R2", "a hole in the switch's event numbers is not noticed", CTIGap},
	{"kpl-number", "R2", "the event number in the answer to a keep-alive request is not compared", KplNumber},
	{"learning", "X12", "M acts at once when it has returned", Learning},
	{"look-again", "X11", "M does not wait for disconnect-switchover-timeout", LookAgain},
	{"old-first", "R14", "the old primary is not told first", OldFirst},
	{"old-answer", "R14", "the old primary's answer is not waited for", OldAnswer},
	{"persist-first", "X6", "an assignment is sent before the record is durable", PersistFirst},
	{"highest-epoch", "X6", "M names by the record's epoch alone, whatever epochs it has seen", HighestEpoch},
	{"record-inc", "R14", "another incarnation of the named one is taken for it", RecordInc},
	{"client-epoch", "X6", "a client acts on events of lower epochs than it has seen", ClientEpoch},
	{"client-seen", "X8", "a client acts on events that it has seen before", ClientSeen},
	{"request-epoch", "X13", "the switch carries out requests of lower epochs than it has heard of", RequestEpoch},
	{"request-once", "X13", "the switch does not remember the requests that it has carried out", RequestOnce},
	{"request-primary", "X13", "a backup takes requests", RequestPrimary},
	{"request-ask", "X13", "a client makes a request again without asking what became of it", RequestAsk},
	{"link-gap", "1", "a link does not notice that a message is missing", LinkGap},
	{"link-duplicate", "1", "a link delivers what arrives twice", LinkDuplicate},
	{"link-session", "1", "a link delivers messages of another session", LinkSession},
}

// Guards returns all guards, and before them the rules, with what is done without each.
func Guards() []Guard {
	var all []Guard
	for i, name := range ruleNames {
		all = append(all, Guard{Name: name, Rule: name, Off: ruleOff[i], Is: Rule(i)})
	}
	return append(all, guards...)
}
