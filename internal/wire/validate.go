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
	fRefID
	fClient
	fOf
	fThirdDN
	fQueue
	fOtherCall
	fPreviousConnID
	fTransferConnID
	fPartyState
	fThisRole
	fOtherRole
	fCause
	fCode
	fWorkMode
	fMode
	fData
	fTime
	fSeats
	fFeature
	fObject
	fConfigEpoch
)

// fieldNames are the names in the JSON, in the order of the constants.
var fieldNames = [...]string{
	"epoch", "num", "seq", "sub", "call", "connId", "thisDN", "otherDN", "callType", "callState", "dnType", "agent",
	"role", "cti", "announced", "ready", "complete", "normal", "reason", "outcome", "node", "inc", "text", "version", "calls",
	"sessions", "deactivated", "proof",
	"refId", "client", "of", "thirdDN", "queue", "otherCall", "previousConnId", "transferConnId", "partyState", "thisRole", "otherRole", "cause", "code",
	"workMode", "mode", "data", "time",
	"seats", "feature", "object", "configEpoch",
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

const (
	callEvent = fSeq | fCall | fConnID | fThisDN | fOtherDN | fCallType
	eventMay  = fEpoch | fSub | fRefID | fThirdDN | fQueue | fPreviousConnID | fTransferConnID | fThisRole | fOtherRole | fCause | fData | fTime
	dnEvent   = fSeq | fThisDN
	dnMay     = fEpoch | fSub | fRefID | fTime
	agentMay  = dnMay | fText | fWorkMode | fAgent
	caused    = fRefID | fClient | fTime // by a request, and when

	// request is what any request may have: the T-Server says what is wrong with it.
	request = fEpoch | fRefID | fSeq | fThisDN | fOtherDN | fConnID | fTransferConnID | fData | fText | fWorkMode | fMode | fNum
)

var shapes = [kindEnd]shape{
	SnapshotRequest: {CTILink, ID.IsTServer, 0, fEpoch},
	SnapshotBegin:   {CTILink, isSwitch, fSeq, fSub},
	SnapshotDN:      {CTILink, isSwitch, fThisDN | fDNType, fAgent | fWorkMode | fText | fAnnounced | fOtherDN},
	SnapshotCall:    {CTILink, isSwitch, fCall | fCallType | fCallState | fThisDN | fOtherDN, fOtherCall},
	SnapshotParty:   {CTILink, isSwitch, fCall | fThisDN | fPartyState | fThisRole, fQueue | fDNType},
	SnapshotEnd:     {CTILink, isSwitch, fSeq, 0},
	CallCreated:     {CTILink, isSwitch, fSeq | fCall | fCallType | fThisDN | fOtherDN, caused | fPartyState | fDNType | fOtherCall | fThirdDN | fCause | fData},
	CallAnswered:    {CTILink, isSwitch, fSeq | fCall, caused | fThisDN},
	CallReleased:    {CTILink, isSwitch, fSeq | fCall, caused | fThisDN | fCause},
	CallHeld:        {CTILink, isSwitch, fSeq | fCall | fThisDN, caused},
	CallRetrieved:   {CTILink, isSwitch, fSeq | fCall | fThisDN, caused},
	CallOffered:     {CTILink, isSwitch, fSeq | fCall | fThisDN, caused | fPartyState | fDNType | fThirdDN | fQueue | fCause | fData},
	CallDiverted:    {CTILink, isSwitch, fSeq | fCall | fThisDN, caused | fThirdDN | fCause},
	PartyLeft:       {CTILink, isSwitch, fSeq | fCall | fThisDN, caused | fOtherDN | fCause},
	CallsJoined:     {CTILink, isSwitch, fSeq | fCall | fThisDN | fOtherCall | fCause, caused},
	AgentChanged:    {CTILink, isSwitch, fSeq | fThisDN | fAgent, caused | fWorkMode | fText | fOf},
	DNChanged:       {CTILink, isSwitch, fSeq | fThisDN | fOf, caused | fAnnounced | fOtherDN},
	EpochMarked:     {CTILink, isSwitch, fSeq, fEpoch | fTime},
	SwitchAnswer:    {CTILink, isSwitch, fClient | fRefID, fOf | fCode | fText | fCall},
	SwitchRequest: {CTILink, ID.IsTServer, fOf, fEpoch | fClient | fRefID | fSeq | fCall | fOtherCall | fThisDN | fOtherDN | fData | fText | fWorkMode |
		fNum},
	MarkEpoch:    {CTILink, ID.IsTServer, 0, fEpoch},
	KeepAlive:    {CTILink, ID.IsTServer, fNum, fEpoch},
	KeepAliveAck: {CTILink, isSwitch, fNum | fSeq, 0},
	QueryCall:    {CTILink, ID.IsTServer, fCall, fEpoch},
	CallInfo:     {CTILink, isSwitch, fCall, fCallState},

	PeerState:    {HALink, ID.IsTServer, fRole | fCTI, fEpoch | fAnnounced | fText | fVersion | fCalls},
	BackupReady:  {HALink, ID.IsTServer, fNum | fSeq, fEpoch},
	FullSyncDone: {HALink, ID.IsTServer, fNum | fReason, fEpoch | fSeq},
	FullSyncAck:  {HALink, ID.IsTServer, fNum, fEpoch},
	CallNamed:    {HALink, ID.IsTServer, fNum | fCall | fConnID, fEpoch | fData},
	CallNamedAck: {HALink, ID.IsTServer, fNum, fEpoch | fCall | fConnID},
	PrimaryEvent: {HALink, ID.IsTServer, fNum | fOf | fSeq | fThisDN, fEpoch | fSub | fCall | fConnID | fOtherDN | fCallType | fAgent | fText | fWorkMode |
		fClient | fRefID | fThisRole | fOtherRole | fData | fTime},
	AgentTold:        {HALink, ID.IsTServer, fThisDN | fAgent, fEpoch | fNum},
	RequestTold:      {HALink, ID.IsTServer, 0, fEpoch | fClient | fRefID | fOf | fSeq | fSub},
	RegistrationTold: {HALink, ID.IsTServer, 0, fEpoch | fNum | fClient | fInc | fThisDN | fMode},
	SyncProgress:     {HALink, ID.IsTServer, fNum, fEpoch | fCalls},

	Status:     {ControlLink, ID.IsTServer, fRole | fCTI, fEpoch | fAnnounced | fReady},
	Appoint:    {ControlLink, isM, fNode | fInc, fEpoch | fNormal},
	RoleTaken:  {ControlLink, ID.IsTServer, fRole | fOutcome, fEpoch},
	PeerFailed: {ControlLink, isM, fNode | fInc, fEpoch},

	EventLinkConnected:    {NoLink, ID.IsTServer, 0, fEpoch | fSeq | fSub}, // control link and client link
	EventLinkDisconnected: {NoLink, ID.IsTServer, 0, fEpoch},

	EventServerInfo:             {ClientLink, ID.IsTServer, fRole, fEpoch | fSeq | fSub | fRefID},
	EventRegistered:             {ClientLink, ID.IsTServer, fThisDN, fEpoch | fRefID | fMode},
	EventError:                  {ClientLink, ID.IsTServer, 0, fEpoch | fThisDN | fText | fRefID | fCode | fOf | fConnID},
	EventDialing:                {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventRinging:                {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventEstablished:            {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventReleased:               {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventAbandoned:              {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventHeld:                   {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventRetrieved:              {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventPartyChanged:           {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventPartyAdded:             {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventPartyDeleted:           {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventQueued:                 {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventDiverted:               {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventRouteRequest:           {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventDestinationBusy:        {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventAttachedDataChanged:    {ClientLink, ID.IsTServer, callEvent, eventMay},
	EventAgentLogin:             {ClientLink, ID.IsTServer, dnEvent, agentMay},
	EventAgentLogout:            {ClientLink, ID.IsTServer, dnEvent, agentMay},
	EventAgentReady:             {ClientLink, ID.IsTServer, dnEvent, agentMay},
	EventAgentNotReady:          {ClientLink, ID.IsTServer, dnEvent, agentMay},
	EventAgentAfterCallWork:     {ClientLink, ID.IsTServer, dnEvent, agentMay},
	EventDNDOn:                  {ClientLink, ID.IsTServer, dnEvent, dnMay},
	EventDNDOff:                 {ClientLink, ID.IsTServer, dnEvent, dnMay},
	EventForwardSet:             {ClientLink, ID.IsTServer, dnEvent, dnMay | fOtherDN},
	EventForwardCancel:          {ClientLink, ID.IsTServer, dnEvent, dnMay | fOtherDN},
	EventACK:                    {ClientLink, ID.IsTServer, fRefID, fEpoch | fOf | fConnID},
	EventUnregistered:           {ClientLink, ID.IsTServer, fThisDN, fEpoch | fRefID},
	EventAddressInfo:            {ClientLink, ID.IsTServer, fThisDN | fDNType, fEpoch | fRefID | fAgent | fWorkMode | fText | fAnnounced | fOtherDN | fNum},
	EventResumed:                {ClientLink, ID.IsTServer, 0, fEpoch | fNum | fSeq | fSub | fComplete},
	EventPartyInfo:              {ClientLink, ID.IsTServer, fCall | fCallType | fCallState | fThisDN | fOtherDN, fEpoch | fConnID | fRefID | fData | fPartyState | fThisRole},
	RegisterAddress:             {ClientLink, ID.IsClient, 0, request},
	UnregisterAddress:           {ClientLink, ID.IsClient, 0, request},
	RequestMakeCall:             {ClientLink, ID.IsClient, 0, request},
	RequestAnswerCall:           {ClientLink, ID.IsClient, 0, request},
	RequestReleaseCall:          {ClientLink, ID.IsClient, 0, request},
	RequestHoldCall:             {ClientLink, ID.IsClient, 0, request},
	RequestRetrieveCall:         {ClientLink, ID.IsClient, 0, request},
	RequestAlternateCall:        {ClientLink, ID.IsClient, 0, request},
	RequestInitiateTransfer:     {ClientLink, ID.IsClient, 0, request},
	RequestCompleteTransfer:     {ClientLink, ID.IsClient, 0, request},
	RequestInitiateConference:   {ClientLink, ID.IsClient, 0, request},
	RequestCompleteConference:   {ClientLink, ID.IsClient, 0, request},
	RequestSingleStepTransfer:   {ClientLink, ID.IsClient, 0, request},
	RequestSingleStepConference: {ClientLink, ID.IsClient, 0, request},
	RequestDeleteFromConference: {ClientLink, ID.IsClient, 0, request},
	RequestRedirectCall:         {ClientLink, ID.IsClient, 0, request},
	RequestRouteCall:            {ClientLink, ID.IsClient, 0, request},
	RequestAttachUserData:       {ClientLink, ID.IsClient, 0, request},
	RequestUpdateUserData:       {ClientLink, ID.IsClient, 0, request},
	RequestDeletePair:           {ClientLink, ID.IsClient, 0, request},
	RequestDeleteUserData:       {ClientLink, ID.IsClient, 0, request},
	RequestAgentLogin:           {ClientLink, ID.IsClient, 0, request},
	RequestAgentLogout:          {ClientLink, ID.IsClient, 0, request},
	RequestAgentReady:           {ClientLink, ID.IsClient, 0, request},
	RequestAgentNotReady:        {ClientLink, ID.IsClient, 0, request},
	RequestSetDNDOn:             {ClientLink, ID.IsClient, 0, request},
	RequestSetDNDOff:            {ClientLink, ID.IsClient, 0, request},
	RequestCallForwardSet:       {ClientLink, ID.IsClient, 0, request},
	RequestCallForwardCancel:    {ClientLink, ID.IsClient, 0, request},
	RequestQueryAddress:         {ClientLink, ID.IsClient, 0, request},
	RequestQueryCall:            {ClientLink, ID.IsClient, 0, request},
	RequestQueryServer:          {ClientLink, ID.IsClient, 0, request},
	RequestQueryRequest:         {ClientLink, ID.IsClient, 0, request},
	ResumeEvents:                {ClientLink, ID.IsClient, fSeq, fEpoch | fSub},
	EpochSeen:                   {ClientLink, ID.IsClient, 0, fEpoch},
	PeerHandshake:               {HALink, ID.IsTServer, fRole, fEpoch | fNum | fSessions | fDeactivated},
	PeerDeactivated:             {HALink, ID.IsTServer, 0, fEpoch | fDeactivated},
	ActivateRequest:             {HALink, ID.IsTServer, fNum, fEpoch},
	ActivateWithdrawn:           {HALink, ID.IsTServer, fNum, fEpoch},
	ClientReport:                {HALink, ID.IsTServer, fNum | fNode | fSessions, fEpoch},
	AskActivity:                 {HALink, ID.IsTServer, 0, fEpoch},
	HandOver:                    {HALink, ID.IsTServer, fText, fEpoch | fDeactivated},
	Login:                       {ClientLink, ID.IsClient, fText, fEpoch | fProof | fFeature},
	Logout:                      {ClientLink, ID.IsClient, 0, fEpoch},
	EventLoggedIn:               {ClientLink, ID.IsTServer, fNode, fEpoch},
	EventLoginRefused:           {ClientLink, ID.IsTServer, fText, fEpoch},
	EventLoggedOut:              {ClientLink, ID.IsTServer, fText, fEpoch},
	LicenceState:                {HALink, ID.IsTServer, 0, fEpoch | fSeats | fText},
	ConfigState:                 {HALink, ID.IsTServer, 0, fEpoch | fConfigEpoch | fNum},
	ConfigObject:                {HALink, ID.IsTServer, fObject | fNum, fEpoch | fConfigEpoch | fText},
	ConfigEnd:                   {HALink, ID.IsTServer, fNum, fEpoch | fConfigEpoch},
	ConfigChange:                {HALink, ID.IsTServer, fObject | fNum, fEpoch | fConfigEpoch | fText},
	ConfigAck:                   {HALink, ID.IsTServer, 0, fEpoch | fConfigEpoch | fNum},
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
		m.RefID != 0, m.Client != 0, m.Of != 0, m.ThirdDN != "", m.Queue != "", m.OtherCall != callmodel.CallID{}, m.PreviousConnID != 0, m.TransferConnID != 0,
		m.PartyState != 0, m.ThisRole != 0, m.OtherRole != 0, m.Cause != 0, m.Code != 0, m.WorkMode != 0, m.Mode != 0, m.Data != "", m.Time != 0,
		m.Seats != 0, m.Feature != "", m.Object != "", m.ConfigEpoch != 0,
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
	for _, text := range [...]struct{ field, value string }{
		{"thisDN", string(m.ThisDN)},
		{"otherDN", string(m.OtherDN)},
		{"text", m.Text},
		{"proof", m.Proof},
		{"thirdDN", string(m.ThirdDN)},
		{"queue", string(m.Queue)},
		{"feature", m.Feature},
		{"object", m.Object},
	} {
		if len(text.value) > maxText || !utf8.ValidString(text.value) {
			return fmt.Errorf("%s: %s is valid UTF-8 of at most %d bytes", m.Kind, text.field, maxText)
		}
	}
	return nil
}
