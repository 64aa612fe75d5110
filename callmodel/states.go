package callmodel

import "fmt"

// CallState is the state of a two-party call.
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
	CallInbound                      // from a trunk to an extension
)

// DNType is the type of a directory number.
type DNType uint8

// The types of directory numbers.
const (
	DNExtension DNType = iota + 1
	DNTrunk
)

// AgentState is what the switch knows of the agent at an extension.
type AgentState uint8

// The states of an agent. EventAgentLogin alone implies no ready state, so a fresh login is NotReady here.
const (
	AgentLoggedOut AgentState = iota + 1
	AgentNotReady
	AgentReady
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
	callTypeNames   = []string{"", "internal", "inbound"}
	dnTypeNames     = []string{"", "extension", "trunk"}
	agentStateNames = []string{"", "logged-out", "not-ready", "ready"}
	ctiStateNames   = []string{"", "down", "synchronizing", "synchronized"}
)

func (s CallState) String() string  { return name(callStateNames, int(s)) }
func (t CallType) String() string   { return name(callTypeNames, int(t)) }
func (t DNType) String() string     { return name(dnTypeNames, int(t)) }
func (s AgentState) String() string { return name(agentStateNames, int(s)) }
func (s CTIState) String() string   { return name(ctiStateNames, int(s)) }

// MarshalText and UnmarshalText put the names, not the numbers, on the wire.

func (s CallState) MarshalText() ([]byte, error)  { return []byte(s.String()), nil }
func (t CallType) MarshalText() ([]byte, error)   { return []byte(t.String()), nil }
func (t DNType) MarshalText() ([]byte, error)     { return []byte(t.String()), nil }
func (s AgentState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (s CTIState) MarshalText() ([]byte, error)   { return []byte(s.String()), nil }

func (s *CallState) UnmarshalText(b []byte) error { return parse(s, "call state", callStateNames, b) }
func (t *CallType) UnmarshalText(b []byte) error  { return parse(t, "call type", callTypeNames, b) }
func (t *DNType) UnmarshalText(b []byte) error    { return parse(t, "DN type", dnTypeNames, b) }
func (s *AgentState) UnmarshalText(b []byte) error {
	return parse(s, "agent state", agentStateNames, b)
}
func (s *CTIState) UnmarshalText(b []byte) error { return parse(s, "CTI state", ctiStateNames, b) }

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
