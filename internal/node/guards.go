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
	AskDoubted
	RequestEpoch
	RequestOnce
	RequestPrimary
	RequestAsk
	CensusWindow
	CensusLogout
	CensusState
	CensusCarrier
	RequestWithdrawn
	RequestPerWindow
	ReportNumber
	OpenDeactivated
	P7AtOnce
	P7Carrier
	P7Deactivated
	P8Deactivates
	P10Durable
	P11HandOver
	P11Handshake
	P11Holder
	P11Noted
	P11HandBack
	P11Grace
	P12HandOver
	P13Kind
	P13Durable
	P13Above
	P13Clients
	LoginRefused
	LicenceSeats
	LicenceGrace
	ConfigVersion
	ConfigConflict
	ConfigAcked
	LoginTurns
	LoginTold
	RecordCAS
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
	{"ask-doubted", "X10", "a backup is ready while it has calls of before Full Sync Done that the primary may not have", AskDoubted},
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
	{"record-cas", "X6", "who finds that another incarnation has written the durable state writes over it", RecordCAS},
	{"census-window", "P8", "the window of the census never closes", CensusWindow},
	{"census-logout", "P9", "a logout counts as a loss", CensusLogout},
	{"census-state", "P8", "the census is looked at when a client is lost only, not when the link is", CensusState},
	{"census-carrier", "P8", "a primary whose own connection is lost takes that for the network's failure", CensusCarrier},
	{"request-withdrawn", "P9", "a request to open to which no report comes is not withdrawn", RequestWithdrawn},
	{"request-per-window", "P9", "the secondary is asked to open at every loss", RequestPerWindow},
	{"report-number", "P9", "a client's report counts whatever its number, and when the request is withdrawn", ReportNumber},
	{"open-deactivated", "P9", "a secondary that is deactivated opens for logins", OpenDeactivated},
	{"p7-at-once", "P7", "a secondary that has lost the link waits for activation-grace", P7AtOnce},
	{"p7-carrier", "P7", "a secondary whose own connection is lost becomes active", P7Carrier},
	{"p7-deactivated", "P10", "a secondary that is deactivated becomes active when it loses the link", P7Deactivated},
	{"p8-deactivates", "P8", "a primary that loses the link and most of its clients stays active", P8Deactivates},
	{"p10-durable", "P10", "that System Administration has deactivated a server is not stored", P10Durable},
	{"p11-hand-over", "P11", "on an open link a server that is told to becomes active without the holder's hand-over", P11HandOver},
	{"p11-handshake", "P11", "a server does not wait for the peer's handshake before it takes commands", P11Handshake},
	{"p11-holder", "P11", "of two active servers the one with the higher epoch is the holder, whatever clients there are", P11Holder},
	{"p11-noted", "P11", "a server does not note that the other one was active last", P11Noted},
	{"p11-hand-back", "P11", "a holder that is deactivated does not hand back", P11HandBack},
	{"p11-grace", "P11", "a server without a link does not wait for activation-grace", P11Grace},
	{"p12-hand-over", "P12", "an active server that has lost the switch does not hand over", P12HandOver},
	{"p13-kind", "P13", "an activation takes the next epoch, odd or even", P13Kind},
	{"p13-durable", "P13", "an epoch is not stored before it is used", P13Durable},
	{"p13-above", "P13", "an active server that hears of a higher epoch keeps its own", P13Above},
	{"p13-clients", "P13", "what epoch a client has seen counts for nothing", P13Clients},
	{"login-refused", "P4", "a server that is not active lets clients in", LoginRefused},
	{"licence-seats", "P2", "clients get a session whatever the seats", LicenceSeats},
	{"licence-grace", "P2", "the secondary lets clients in when licence-grace is over", LicenceGrace},
	{"config-version", "P3", "the configured primary's configuration wins, whatever its version", ConfigVersion},
	{"config-conflict", "P3", "what a replaced configuration had is not recorded", ConfigConflict},
	{"config-acked", "P3", "a change is acknowledged before the other server has it", ConfigAcked},
	{"login-turns", "P6", "a client tries the server that it knows, and never the other one", LoginTurns},
	{"login-told", "P5", "a client is not told of the other server", LoginTold},
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
