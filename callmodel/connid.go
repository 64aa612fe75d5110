package callmodel

import (
	"fmt"
	"strconv"
)

// ConnID is a Connection ID: the 64-bit name that a T-Server gives a call. Zero means "not named yet".
//
// ConnIDs are unique for ever, across restarts and across both T-Servers of a pair (S5). They are not drawn from
// a clock, which may be wrong, but composed: one bit says which T-Server invented it, 22 bits hold that
// T-Server's durable start number, 40 bits count its inventions since that start.
type ConnID uint64

const (
	counterBits = 40
	startBits   = 22

	// MaxStart is the greatest start number that fits into a ConnID: about four million starts of a T-Server.
	MaxStart = 1<<startBits - 1
	// MaxInvention is the greatest number of ConnIDs that one run of a T-Server can invent.
	MaxInvention = 1<<counterBits - 1
)

// NewConnID composes the n-th ConnID (n from 1) that the T-Server with index server (0 or 1) invents in the run with
// start number start (from 1). It panics if one of them is out of range, because a ConnID that wrapped round would
// break S5; a T-Server checks its start number when it starts.
func NewConnID(server uint8, start, n uint64) ConnID {
	if server > 1 || start == 0 || start > MaxStart || n == 0 || n > MaxInvention {
		panic(fmt.Sprintf("callmodel: no ConnID for T-Server %d, start %d, invention %d", server, start, n))
	}
	return ConnID(uint64(server)<<(startBits+counterBits) | start<<counterBits | n)
}

// Server returns the index (0 or 1) of the T-Server that invented the ConnID.
func (c ConnID) Server() uint8 { return uint8(c >> (startBits + counterBits) & 1) }

// String shows a ConnID as the field does: 16 hexadecimal digits.
func (c ConnID) String() string { return fmt.Sprintf("%016x", uint64(c)) }

// MarshalText implements encoding.TextMarshaler.
func (c ConnID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It accepts exactly what String prints.
func (c *ConnID) UnmarshalText(b []byte) error {
	if len(b) != 16 {
		return fmt.Errorf("a ConnID has 16 hexadecimal digits, %q has %d characters", b, len(b))
	}
	n, err := strconv.ParseUint(string(b), 16, 64)
	if err != nil {
		return fmt.Errorf("a ConnID has 16 hexadecimal digits, not %q", b)
	}
	*c = ConnID(n)
	return nil
}
