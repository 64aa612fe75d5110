package callmodel

import "fmt"

// CallState is the state of a call as a whole. State proper belongs to the parties: see PartyState.
type CallState uint8

// The states of a call.
const (
	CallRinging     CallState = iota + 1 // offered to the called party
	CallEstablished                      // answered
)

// CallType says where a call comes from.
type CallType uint8

// The types of calls.
const (
	CallInternal CallType = iota + 1 // between two extensions
	CallInbound                      // from a trunk
	CallOutbound                     // to a trunk
	CallConsult                      // made by a party of another call, which it holds meanwhile
)

// DNType is the type of a directory number.
type DNType uint8

// The types of directory numbers.
const (
	DNExtension DNType = iota + 1
	DNTrunk
	DNQueue        // an ACD queue
	DNRoutingPoint // where calls wait for a client to say where they go
)

// AgentState is what the switch knows of the agent at an extension.
type AgentState uint8

// The states of an agent. EventAgentLogin alone implies no ready state, so a fresh login is NotReady here.
const (
	AgentLoggedOut AgentState = iota + 1
	AgentNotReady
	AgentReady
	// AgentAfterCallWork is emulated by the T-Server: to the switch such an agent is not ready.
	AgentAfterCallWork
)

// PartyState is the state of a party of a call.
type PartyState uint8

// The states of a party.
const (
	PartyDialing     PartyState = iota + 1 // it has made the call, which is not answered
	PartyRinging                           // the call is offered to it
	PartyEstablished                       // it is connected
	PartyHeld                              // it has put the call on hold
	PartyQueued                            // a queue, in which the call waits
	PartyRouting                           // a routing point, at which the call waits
	PartyBusy                              // it has made the call, and the destination is busy
)

// PartyRole is the role of a party in a call.
type PartyRole uint8

// The roles of a party.
const (
	RoleOrigination PartyRole = iota + 1
	RoleDestination
	RoleConferenceMember
)

// Cause says why a party's call is as an event tells, where the event alone does not.
type Cause uint8

// The causes.
const (
	CauseTransferred Cause = iota + 1
	CauseConferenced
	CauseRedirected
	CauseForwarded
	CauseBusy
	CauseNoAnswer
	CauseRouted        // by a client
	CauseDefaultRouted // by the switch, since no client did in time
	CauseAbandoned     // its patience was at an end
)

// WorkMode says how an agent works, beside being ready or not.
type WorkMode uint8

// The work modes.
const (
	// WorkAutoIn: after a call the agent is ready again at once.
	WorkAutoIn WorkMode = iota + 1
	// WorkManualIn: after a call the agent is not ready; the T-Server emulates after-call work for wrap-up-time.
	WorkManualIn
	// WorkAfterCall: the agent is not ready, because it works on what a call left.
	WorkAfterCall
	// WorkAux: the agent is not ready for another reason.
	WorkAux
)

// RegMode is how a client registers a DN.
type RegMode uint8

// The modes of registration. The zero value is share.
const (
	RegShare   RegMode = iota + 1 // others may register the DN too
	RegPrivate                    // others may only monitor it
	RegMonitor                    // events only, no requests
)

// ErrorCode is why a request was not carried out.
type ErrorCode uint8

// The error codes. The comment says what the requester can do.
const (
	ErrBadReference    ErrorCode = iota + 1 // the reference ID is 0, or was used before: take a new one
	ErrBadArgument                          // an argument is missing, out of range, or of no use in this request
	ErrUnknownDN                            // the switch has no such DN, or not of a type that the request is for
	ErrNotRegistered                        // the client has not registered the DN, or only to monitor it
	ErrUnknownCall                          // there is no such call
	ErrForeignCall                          // there is, and the DN is no party of it
	ErrWrongState                           // the party, agent or DN is not in a state for this
	ErrBusy                                 // the DN, or all that it would take, is busy
	ErrTooMuchData                          // the attached data would exceed user-data-limit
	ErrNotPrimary                           // only a primary takes requests: ask the other T-Server
	ErrLinkDown                             // the T-Server has no communication with the switch: not done
	ErrStaleEpoch                           // the switch has heard of a later primary: not done, ask the other T-Server
	ErrOutcomeUnknown                       // the request may have been carried out, or still be
	ErrVoid                                 // the request was declared void before it arrived, and will not be carried out
	ErrTooManyRequests                      // so many of the client's requests are unanswered that no more are taken
	ErrUnsupported                          // this is no request
	ErrForgotten                            // nobody remembers whether the request was carried out: it will never be known
)

// CTIState is the state of a T-Server's link with the switch (protocol.md, section 2).
type CTIState uint8

// The states of a CTI link.
const (
	// CTIDown: no communication with the switch.
	CTIDown CTIState = iota + 1
	// CTISynchronizing is the start-up phase: DNs, agents and calls are being read from the switch.
	CTISynchronizing
	// CTISynchronized: the T-Server holds what the switch holds.
	CTISynchronized
)

var (
	callStateNames  = []string{"", "ringing", "established"}
	callTypeNames   = []string{"", "internal", "inbound", "outbound", "consult"}
	dnTypeNames     = []string{"", "extension", "trunk", "queue", "routing-point"}
	agentStateNames = []string{"", "logged-out", "not-ready", "ready", "after-call-work"}
	ctiStateNames   = []string{"", "down", "synchronizing", "synchronized"}
	partyStateNames = []string{"", "dialing", "ringing", "established", "held", "queued", "routing", "busy"}
	partyRoleNames  = []string{"", "origination", "destination", "conference-member"}
	causeNames      = []string{
		"", "transferred", "conferenced", "redirected", "forwarded", "busy", "no-answer", "routed", "default-routed", "abandoned",
	}
	workModeNames  = []string{"", "auto-in", "manual-in", "after-call-work", "aux-work"}
	regModeNames   = []string{"", "share", "private", "monitor"}
	errorCodeNames = []string{
		"", "bad-reference", "bad-argument", "unknown-dn", "not-registered", "unknown-call", "foreign-call", "wrong-state", "busy", "too-much-data",
		"not-primary", "link-down", "stale-epoch", "outcome-unknown", "void", "too-many-requests", "unsupported", "forgotten",
	}
)

func (s CallState) String() string  { return name(callStateNames, int(s)) }
func (t CallType) String() string   { return name(callTypeNames, int(t)) }
func (t DNType) String() string     { return name(dnTypeNames, int(t)) }
func (s AgentState) String() string { return name(agentStateNames, int(s)) }
func (s CTIState) String() string   { return name(ctiStateNames, int(s)) }
func (s PartyState) String() string { return name(partyStateNames, int(s)) }
func (r PartyRole) String() string  { return name(partyRoleNames, int(r)) }
func (c Cause) String() string      { return name(causeNames, int(c)) }
func (m WorkMode) String() string   { return name(workModeNames, int(m)) }
func (m RegMode) String() string    { return name(regModeNames, int(m)) }
func (c ErrorCode) String() string  { return name(errorCodeNames, int(c)) }

// MarshalText and UnmarshalText put the names, not the numbers, on the wire.

func (s CallState) MarshalText() ([]byte, error)  { return []byte(s.String()), nil }
func (t CallType) MarshalText() ([]byte, error)   { return []byte(t.String()), nil }
func (t DNType) MarshalText() ([]byte, error)     { return []byte(t.String()), nil }
func (s AgentState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (s CTIState) MarshalText() ([]byte, error)   { return []byte(s.String()), nil }
func (s PartyState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (r PartyRole) MarshalText() ([]byte, error)  { return []byte(r.String()), nil }
func (c Cause) MarshalText() ([]byte, error)      { return []byte(c.String()), nil }
func (m WorkMode) MarshalText() ([]byte, error)   { return []byte(m.String()), nil }
func (m RegMode) MarshalText() ([]byte, error)    { return []byte(m.String()), nil }
func (c ErrorCode) MarshalText() ([]byte, error)  { return []byte(c.String()), nil }

func (s *CallState) UnmarshalText(b []byte) error { return parse(s, "call state", callStateNames, b) }
func (t *CallType) UnmarshalText(b []byte) error  { return parse(t, "call type", callTypeNames, b) }
func (t *DNType) UnmarshalText(b []byte) error    { return parse(t, "DN type", dnTypeNames, b) }
func (s *AgentState) UnmarshalText(b []byte) error {
	return parse(s, "agent state", agentStateNames, b)
}
func (s *CTIState) UnmarshalText(b []byte) error { return parse(s, "CTI state", ctiStateNames, b) }
func (s *PartyState) UnmarshalText(b []byte) error {
	return parse(s, "party state", partyStateNames, b)
}

func (r *PartyRole) UnmarshalText(b []byte) error { return parse(r, "party role", partyRoleNames, b) }
func (c *Cause) UnmarshalText(b []byte) error     { return parse(c, "cause", causeNames, b) }
func (m *WorkMode) UnmarshalText(b []byte) error  { return parse(m, "work mode", workModeNames, b) }
func (m *RegMode) UnmarshalText(b []byte) error {
	return parse(m, "registration mode", regModeNames, b)
}

func (c *ErrorCode) UnmarshalText(b []byte) error { return parse(c, "error code", errorCodeNames, b) }

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("unknown(%d)", i)
}

func parse[T ~uint8](dst *T, what string, names []string, b []byte) error {
	for i, n := range names {
		if n == string(b) {
			*dst = T(i)
			return nil
		}
	}
	return fmt.Errorf("unknown %s %.40q, known are %q", what, b, names[1:])
}
