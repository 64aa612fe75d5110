package wire

import (
	"fmt"
	"unicode/utf8"
)

// MaxEpoch is the greatest epoch that a message may carry: far more switchovers than there will be, and far from overflow.
const MaxEpoch = 1 << 48

// maxText bounds the strings of a message, in bytes.
const maxText = 1024

// field is a set of fields of a message.
type field uint32

const (
	fNum field = 1 << iota
	fSeq
	fCall
	fConnID
	fThisDN
	fOtherDN
	fCallType
	fCallState
	fDNType
	fRole
	fCTI
	fReason
	fOutcome
	fNode
	fInc
	fAgent
)

var fieldNames = []string{
	"num", "seq", "call", "connId", "thisDN", "otherDN", "callType", "callState", "dnType", "role", "cti", "reason", "outcome", "node", "inc", "agent",
}

// shape says who sends a kind, and which fields it must have.
type shape struct {
	link Link
	from func(ID) bool
	need field
}

func isSwitch(id ID) bool { return id == Switch }
func isM(id ID) bool      { return id == MLayer }

const callEvent = fSeq | fCall | fConnID | fThisDN | fOtherDN | fCallType

var shapes = [kindEnd]shape{
	SnapshotRequest: {CTILink, ID.IsTServer, 0},
	SnapshotBegin:   {CTILink, isSwitch, fSeq},
	SnapshotDN:      {CTILink, isSwitch, fThisDN | fDNType},
	SnapshotCall:    {CTILink, isSwitch, fCall | fCallType | fCallState | fThisDN | fOtherDN},
	SnapshotEnd:     {CTILink, isSwitch, fSeq},
	CallCreated:     {CTILink, isSwitch, fSeq | fCall | fCallType | fThisDN | fOtherDN},
	CallAnswered:    {CTILink, isSwitch, fSeq | fCall},
	CallReleased:    {CTILink, isSwitch, fSeq | fCall},
	AgentChanged:    {CTILink, isSwitch, fSeq | fThisDN | fAgent},

	PeerState:    {HALink, ID.IsTServer, fRole | fCTI},
	BackupReady:  {HALink, ID.IsTServer, fNum | fSeq},
	FullSyncDone: {HALink, ID.IsTServer, fNum | fReason},
	FullSyncAck:  {HALink, ID.IsTServer, fNum},
	CallNamed:    {HALink, ID.IsTServer, fNum | fCall | fConnID},
	CallNamedAck: {HALink, ID.IsTServer, fNum | fCall | fConnID},

	Status:     {ControlLink, ID.IsTServer, fRole | fCTI},
	Appoint:    {ControlLink, isM, fNode | fInc},
	RoleTaken:  {ControlLink, ID.IsTServer, fRole | fOutcome},
	PeerFailed: {ControlLink, isM, fNode | fInc},

	EventLinkConnected:    {NoLink, ID.IsTServer, 0}, // control link and client link
	EventLinkDisconnected: {NoLink, ID.IsTServer, 0},

	EventServerInfo:  {ClientLink, ID.IsTServer, fRole},
	EventRegistered:  {ClientLink, ID.IsTServer, fThisDN},
	EventError:       {ClientLink, ID.IsTServer, 0},
	EventDialing:     {ClientLink, ID.IsTServer, callEvent},
	EventRinging:     {ClientLink, ID.IsTServer, callEvent},
	EventEstablished: {ClientLink, ID.IsTServer, callEvent},
	EventReleased:    {ClientLink, ID.IsTServer, callEvent},
	EventAbandoned:   {ClientLink, ID.IsTServer, callEvent},
	RegisterAddress:  {ClientLink, ID.IsClient, fThisDN},
	EpochSeen:        {ClientLink, ID.IsClient, 0},
}

// Validate reports what is wrong with a message on the link from one node to another: a kind that does not belong there, a field
// that is missing or out of range.
func (m *Message) Validate(from, to ID) error {
	if m.Kind == 0 || m.Kind >= kindEnd {
		return fmt.Errorf("kind is missing")
	}
	s := &shapes[m.Kind]
	link := LinkOf(from, to)
	fits := link == s.link || s.link == NoLink && (link == ControlLink || link == ClientLink)
	if !fits || !s.from(from) {
		return fmt.Errorf("%s is not what %s sends to %s", m.Kind, from, to)
	}
	if missing := s.need &^ m.fields(); missing != 0 {
		for i, name := range fieldNames {
			if missing&(1<<i) != 0 {
				return fmt.Errorf("%s: %s is missing", m.Kind, name)
			}
		}
	}
	return m.ranges()
}

// fields tells which fields are not zero.
func (m *Message) fields() (f field) {
	for i, set := range [...]bool{
		m.Num != 0, m.Seq != 0, m.Call.Ref != 0 && m.Call.Born != 0, m.ConnID != 0, m.ThisDN != "", m.OtherDN != "", m.CallType != 0,
		m.CallState != 0, m.DNType != 0, m.Role != 0, m.CTI != 0, m.Reason != 0, m.Outcome != 0, m.Node != 0, m.Inc != 0, m.Agent != 0,
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
	if (m.Kind == Appoint || m.Kind == PeerFailed) && !m.Node.IsTServer() {
		return fmt.Errorf("%s: node is A or B, not %s", m.Kind, m.Node)
	}
	for _, text := range []string{string(m.ThisDN), string(m.OtherDN), m.Text} {
		if len(text) > maxText || !utf8.ValidString(text) {
			return fmt.Errorf("%s: a text is valid UTF-8 of at most %d bytes", m.Kind, maxText)
		}
	}
	return nil
}
