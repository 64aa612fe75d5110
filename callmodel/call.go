package callmodel

import "fmt"

// CallID is the identity of a call at the switch (X3). A call reference alone does not name a call, since the switch
// reuses it; with the number of the event that created the call it does, for ever. The zero CallID is no call.
type CallID struct {
	// Ref is the switch's call reference, from 1 to the switch's option call-refs.
	Ref uint32 `json:"ref"`
	// Born is the switch's event number at which the call was created.
	Born uint64 `json:"born"`
}

// String shows the identity as reference@number.
func (c CallID) String() string { return fmt.Sprintf("%d@%d", c.Ref, c.Born) }

// DN is a directory number: the address of an extension or a trunk, such as "1001" or "T01".
type DN string

// AnyDN registers a client for the events of every DN.
const AnyDN DN = "*"

// Grown returns how long a table that is indexed by call reference becomes when it has to hold ref: twice as long as it was, or, once it is large, longer by a
// quarter, so that what is empty costs little.
func Grown(length int, ref uint32) int {
	const small, large = 64, 4096
	more := length
	if length > large {
		more = length / 4
	}
	return max(length+more, int(ref)+1, small)
}
