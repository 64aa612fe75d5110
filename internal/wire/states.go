package wire

import "fmt"

// Role is a T-Server's role in the pair.
type Role uint8

// The roles. A T-Server starts as a backup of epoch 0, until it is told otherwise.
const (
	Backup Role = iota + 1
	Primary
)

// Reason is the reason that a Full Sync Done carries (R6, R7, R8).
type Reason uint8

// The reasons of a Full Sync Done. Only Synchronized means that the two T-Servers agree; the others are answers.
const (
	Synchronized Reason = iota + 1 // R6: every tagged call is gone or acknowledged
	StartUp                        // R7: the primary is still in switch synchronization
	LinkDown                       // R8, X4: the primary has no communication with the switch
)

// Outcome is what a T-Server answers when it is told its role (R14).
type Outcome uint8

// The outcomes.
const (
	Taken         Outcome = iota + 1 // the role is taken; in every case but a normal command
	HandedOver                       // on a normal command: the last HA message was acknowledged, readiness was 1
	NotHandedOver                    // on a normal command: it was not
)

var (
	roleNames    = []string{"", "backup", "primary"}
	reasonNames  = []string{"", "synchronized", "start-up", "link-down"}
	outcomeNames = []string{"", "taken", "handed-over", "not-handed-over"}
)

func (r Role) String() string    { return enumName(roleNames, int(r)) }
func (r Reason) String() string  { return enumName(reasonNames, int(r)) }
func (o Outcome) String() string { return enumName(outcomeNames, int(o)) }

// MarshalText and UnmarshalText put the names, not the numbers, on the wire.

func (r Role) MarshalText() ([]byte, error)    { return []byte(r.String()), nil }
func (r Reason) MarshalText() ([]byte, error)  { return []byte(r.String()), nil }
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

func (r *Role) UnmarshalText(b []byte) error    { return parseEnum(r, "role", roleNames, b) }
func (r *Reason) UnmarshalText(b []byte) error  { return parseEnum(r, "reason", reasonNames, b) }
func (o *Outcome) UnmarshalText(b []byte) error { return parseEnum(o, "outcome", outcomeNames, b) }

func enumName(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("unknown(%d)", i)
}

func parseEnum[T ~uint8](dst *T, what string, names []string, b []byte) error {
	for i, n := range names {
		if n == string(b) {
			*dst = T(i)
			return nil
		}
	}
	return fmt.Errorf("unknown %s %.40q, known are %q", what, b, names[1:])
}
