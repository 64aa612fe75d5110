package wire

import (
	"fmt"
	"strconv"
)

// ID is the name of a node. It is a small number, so that worlds can index tables by it.
type ID uint16

// The nodes of a pair. Clients are numbered from 1: Client(1) is C1.
const (
	None   ID = 0
	Switch ID = 1 // S
	A      ID = 2 // the T-Server that is configured as primary
	B      ID = 3 // the T-Server that is configured as backup
	MLayer ID = 4 // M
	NATS   ID = 5 // the NATS server: no participant of the protocol, but a process that can be killed
	World  ID = 6 // the world itself: author of the records of faults and commands

	firstClient ID = 16
	// MaxClients is the greatest number of clients in one world.
	MaxClients = 4096
	// MaxID is the greatest ID there is.
	MaxID = firstClient + MaxClients - 1
)

var fixedNames = [...]string{Switch: "S", A: "A", B: "B", MLayer: "M", NATS: "NATS", World: "world"}

// Client returns the ID of the n-th client, n from 1 to MaxClients.
func Client(n int) ID {
	if n < 1 || n > MaxClients {
		panic(fmt.Sprintf("wire: no client number %d", n))
	}
	return firstClient + ID(n-1)
}

// IsClient reports whether the node is a client.
func (id ID) IsClient() bool { return id >= firstClient && id <= MaxID }

// IsTServer reports whether the node is one of the two T-Servers.
func (id ID) IsTServer() bool { return id == A || id == B }

// Peer returns the other T-Server of the pair, and None for a node that is no T-Server.
func (id ID) Peer() ID {
	switch id {
	case A:
		return B
	case B:
		return A
	}
	return None
}

// String returns the node's name.
func (id ID) String() string {
	if int(id) < len(fixedNames) {
		return fixedNames[id]
	}
	if id.IsClient() {
		return "C" + strconv.Itoa(int(id-firstClient)+1)
	}
	return fmt.Sprintf("node(%d)", uint16(id))
}

// ParseID reads a node's name as String prints it.
func ParseID(s string) (ID, error) {
	for id, name := range fixedNames {
		if name != "" && name == s {
			return ID(id), nil
		}
	}
	if len(s) > 1 && s[0] == 'C' && s[1] != '0' && s[1] != '+' {
		if n, err := strconv.Atoi(s[1:]); err == nil && n >= 1 && n <= MaxClients {
			return Client(n), nil
		}
	}
	return None, fmt.Errorf("unknown node %.40q: nodes are S, A, B, M, NATS and C1 to C%d", s, MaxClients)
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = None
		return nil
	}
	n, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = n
	return nil
}

// Link is the kind of a logical connection (protocol.md, section 1).
type Link uint8

// The kinds of links. NoLink is the answer for two nodes that do not talk to each other.
const (
	NoLink Link = iota
	CTILink
	HALink
	ControlLink
	ClientLink
)

var linkNames = [...]string{"", "cti", "ha", "control", "client"}

// String returns the link's name, which is also the token in a NATS subject.
func (l Link) String() string { return linkNames[l] }

// LinkOf returns the kind of the link between two nodes, whatever their order.
func LinkOf(a, b ID) Link {
	if a > b {
		a, b = b, a
	}
	switch {
	case a == Switch && b.IsTServer():
		return CTILink
	case a == A && b == B:
		return HALink
	case a.IsTServer() && b == MLayer:
		return ControlLink
	case a.IsTServer() && b.IsClient():
		return ClientLink
	}
	return NoLink
}

// Dials reports whether a opens the link between a and b; the other end accepts. T-Servers dial the switch, A dials
// B, the Management Layer and clients dial T-Servers.
func Dials(a, b ID) bool {
	switch LinkOf(a, b) {
	case CTILink:
		return a.IsTServer()
	case HALink:
		return a == A
	case ControlLink:
		return a == MLayer
	case ClientLink:
		return a.IsClient()
	}
	return false
}

// PeersOf appends to ids the nodes with which a node keeps links, given how many clients there are.
func PeersOf(ids []ID, id ID, clients int) []ID {
	switch {
	case id == Switch, id == MLayer, id.IsClient():
		return append(ids, A, B)
	case id.IsTServer():
		ids = append(ids, Switch, id.Peer(), MLayer)
		for i := 1; i <= clients; i++ {
			ids = append(ids, Client(i))
		}
	}
	return ids
}
