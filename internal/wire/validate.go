package wire

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hotpair/callmodel"
)

// MaxEpoch is the greatest epoch that a message may carry: far more switchovers than there will be, and far from overflow.
const MaxEpoch = 1 << 48

// maxText bounds the strings of a message, in bytes.
const maxText = 1024

// field is a set of fields of a message.
type field uint64

const (
	fEpoch field = 1 << iota
	fNum
	fSeq
	fSub
	fCall
	fConnID
	fThisDN
	fOtherDN
	fCallType
	fCallState
	fDNType
	fAgent
	fRole
	fCTI
	fAnnounced
	fReady
	fComplete
	fNormal
	fReason
	fOutcome
	fNode
	fInc
	fText
	fVersion
	fCalls
	fSessions
	fDeactivated
	fProof
)

// fieldNames are the names in the JSON, in the order of the constants.
var fieldNames = [...]string{
	"epoch", "num", "seq", "sub", "call", "connId", "thisDN", "otherDN", "callType", "callState", "dnType", "agent",
	"role", "cti", "announced", "ready", "complete", "normal", "reason", "outcome", "node", "inc", "text", "version", "calls",
	"sessions", "deactivated", "proof",
}

// String lists the fields' names.
func (f field) String() string {
	var names []string
	for i, name := range fieldNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// shape says who sends a kind, which fields it must have, and which it may have beside them.
type shape struct {
	link      Link
	from      func(ID) bool
	need, may field
}

func isSwitch(id ID) bool { return id == Switch }
func isM(id ID) bool      { return id == MLayer }

const callEvent = fSeq | fCall | fConnID | fThisDN | fOtherDN | fCallType

var shapes = [kindEnd]shape{
	SnapshotRequest: {CTILink, ID.IsTServer, 0, fEpoch},
	SnapshotBegin:   {CTILink, isSwitch, fSeq, 0},
	SnapshotDN:      {CTILink, isSwitch, fThisDN | fDNType, fAgent},
	SnapshotCall:    {CTILink, isSwitch, fCall | fCallType | fCallState | fThisDN | fOtherDN, 0},
	SnapshotEnd:     {CTILink, isSwitch, fSeq, 0},
	CallCreated:     {CTILink, isSwitch, fSeq | fCall | fCallType | fThisDN | fOtherDN, 0},
	CallAnswered:    {CTILink, isSwitch, fSeq | fCall, 0},
	CallReleased:    {CTILink, isSwitch, fSeq | fCall, 0},
	AgentChanged:    {CTILink, isSwitch, fSeq | fThisDN | fAgent, 0},
	KeepAlive:       {CTILink, ID.IsTServer, fNum, fEpoch},
	KeepAliveAck:    {CTILink, isSwitch, fNum | fSeq, 0},
	QueryCall:       {CTILink, ID.IsTServer, fCall, fEpoch},
	CallInfo:        {CTILink, isSwitch, fCall, fCallState},

	PeerState:    {HALink, ID.IsTServer, fRole | fCTI, fEpoch | fAnnounced | fText | fVersion | fCalls},
	BackupReady:  {HALink, ID.IsTServer, fNum | fSeq, fEpoch},
	FullSyncDone: {HALink, ID.IsTServer, fNum | fReason, fEpoch | fSeq},
	FullSyncAck:  {HALink, ID.IsTServer, fNum, fEpoch},
	CallNamed:    {HALink, ID.IsTServer, fNum | fCall | fConnID, fEpoch},
	CallNamedAck: {HALink, ID.IsTServer, fNum | fCall | fConnID, fEpoch},
	SyncProgress: {HALink, ID.IsTServer, fNum, fEpoch | fCalls},

	Status:     {ControlLink, ID.IsTServer, fRole | fCTI, fEpoch | fAnnounced | fReady},
	Appoint:    {ControlLink, isM, fNode | fInc, fEpoch | fNormal},
	RoleTaken:  {ControlLink, ID.IsTServer, fRole | fOutcome, fEpoch},
	PeerFailed: {ControlLink, isM, fNode | fInc, fEpoch},

	EventLinkConnected:    {NoLink, ID.IsTServer, 0, fEpoch | fSeq | fSub}, // control link and client link
	EventLinkDisconnected: {NoLink, ID.IsTServer, 0, fEpoch},

	EventServerInfo:  {ClientLink, ID.IsTServer, fRole, fEpoch | fSeq | fSub},
	EventRegistered:  {ClientLink, ID.IsTServer, fThisDN, fEpoch},
	EventError:       {ClientLink, ID.IsTServer, 0, fEpoch | fThisDN | fText},
	EventDialing:     {ClientLink, ID.IsTServer, callEvent, fEpoch | fSub},
	EventRinging:     {ClientLink, ID.IsTServer, callEvent, fEpoch | fSub},
	EventEstablished: {ClientLink, ID.IsTServer, callEvent, fEpoch | fSub},
	EventReleased:    {ClientLink, ID.IsTServer, callEvent, fEpoch | fSub},
	EventAbandoned:   {ClientLink, ID.IsTServer, callEvent, fEpoch | fSub},
	EventResumed:     {ClientLink, ID.IsTServer, 0, fEpoch | fNum | fSeq | fSub | fComplete},
	EventPartyInfo:   {ClientLink, ID.IsTServer, fCall | fCallType | fCallState | fThisDN | fOtherDN, fEpoch | fConnID},
	RegisterAddress:  {ClientLink, ID.IsClient, fThisDN, fEpoch},
	ResumeEvents:     {ClientLink, ID.IsClient, fSeq, fEpoch | fSub},
	EpochSeen:        {ClientLink, ID.IsClient, 0, fEpoch},

	PeerHandshake:     {HALink, ID.IsTServer, fRole, fEpoch | fNum | fSessions | fDeactivated},
	PeerDeactivated:   {HALink, ID.IsTServer, 0, fEpoch | fDeactivated},
	ActivateRequest:   {HALink, ID.IsTServer, fNum, fEpoch},
	ActivateWithdrawn: {HALink, ID.IsTServer, fNum, fEpoch},
	ClientReport:      {HALink, ID.IsTServer, fNum | fNode | fSessions, fEpoch},
	AskActivity:       {HALink, ID.IsTServer, 0, fEpoch},
	HandOver:          {HALink, ID.IsTServer, fText, fEpoch | fDeactivated},

	Login:             {ClientLink, ID.IsClient, fText, fEpoch | fProof},
	Logout:            {ClientLink, ID.IsClient, 0, fEpoch},
	EventLoggedIn:     {ClientLink, ID.IsTServer, fNode, fEpoch},
	EventLoginRefused: {ClientLink, ID.IsTServer, fText, fEpoch},
	EventLoggedOut:    {ClientLink, ID.IsTServer, fText, fEpoch},
}

// Validate reports what is wrong with a message on the link from one node to another: a kind that does not belong there, a field
// that is missing, that the kind does not use, or that is out of range. The error says what is allowed.
func (m *Message) Validate(from, to ID) error {
	if m.Kind == 0 || m.Kind >= kindEnd {
		return fmt.Errorf("kind is missing: %s sends %s one of %s", from, to, strings.Join(kindsBetween(from, to), ", "))
	}
	if err := m.Kind.Check(from, to); err != nil {
		return err
	}
	s := &shapes[m.Kind]
	has := m.fields()
	if missing := s.need &^ has; missing != 0 {
		return fmt.Errorf("%s: missing: %s", m.Kind, missing)
	}
	if more := has &^ (s.need | s.may); more != 0 {
		return fmt.Errorf("%s: not allowed: %s; it has %s", m.Kind, more, s.need|s.may)
	}
	return m.ranges()
}

// Check reports that one node sends another no messages of this kind, and which ones it sends. The kind is a valid one.
func (k Kind) Check(from, to ID) error {
	if shapes[k].fits(from, to) {
		return nil
	}
	return fmt.Errorf("%s is not what %s sends %s; that is one of %s", k, from, to, strings.Join(kindsBetween(from, to), ", "))
}

// Fields returns those of the names, as in the JSON, that messages of this kind may have; none for a kind that is not valid.
func (k Kind) Fields(names []string) (has []string) {
	if k >= kindEnd {
		return nil
	}
	for i, name := range fieldNames {
		if (shapes[k].need|shapes[k].may)&(1<<i) != 0 && slices.Contains(names, name) {
			has = append(has, name)
		}
	}
	return has
}

func (s *shape) fits(from, to ID) bool {
	link := LinkOf(from, to)
	return s.from != nil && s.from(from) && (link == s.link && link != NoLink || s.link == NoLink && (link == ControlLink || link == ClientLink))
}

// kindsBetween returns the names of what one node sends another.
func kindsBetween(from, to ID) (names []string) {
	for k := range shapes {
		if shapes[k].fits(from, to) {
			names = append(names, Kind(k).String())
		}
	}
	return names
}

// fields tells which fields are not zero.
func (m *Message) fields() (f field) {
	for i, set := range [...]bool{
		m.Epoch != 0, m.Num != 0, m.Seq != 0, m.Sub != 0, m.Call != callmodel.CallID{}, m.ConnID != 0, m.ThisDN != "", m.OtherDN != "",
		m.CallType != 0, m.CallState != 0, m.DNType != 0, m.Agent != 0, m.Role != 0, m.CTI != 0, m.Announced, m.Ready, m.Complete, m.Normal,
		m.Reason != 0, m.Outcome != 0, m.Node != 0, m.Inc != 0, m.Text != "", m.Version != 0, m.Calls != 0,
		m.Sessions != 0, m.Deactivated, m.Proof != "",
	} {
		if set {
			f |= 1 << i
		}
	}
	return f
}

func (m *Message) ranges() error {
	if m.Epoch > MaxEpoch {
		return fmt.Errorf("%s: epoch is at most %d, not %d", m.Kind, uint64(MaxEpoch), m.Epoch)
	}
	if m.Call != (callmodel.CallID{}) && (m.Call.Ref == 0 || m.Call.Born == 0) {
		return fmt.Errorf("%s: call has a ref and a born, both above 0", m.Kind)
	}
	if (m.Kind == Appoint || m.Kind == PeerFailed) && !m.Node.IsTServer() {
		return fmt.Errorf("%s: node is A or B, not %s", m.Kind, m.Node)
	}
	if m.Kind == ClientReport && !m.Node.IsClient() {
		return fmt.Errorf("%s: node is a client, not %s", m.Kind, m.Node)
	}
	for _, text := range [...]struct{ field, value string }{{"thisDN", string(m.ThisDN)}, {"otherDN", string(m.OtherDN)}, {"text", m.Text}, {"proof", m.Proof}} {
		if len(text.value) > maxText || !utf8.ValidString(text.value) {
			return fmt.Errorf("%s: %s is valid UTF-8 of at most %d bytes", m.Kind, text.field, maxText)
		}
	}
	return nil
}
