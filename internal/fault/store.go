package fault

import "errors"

// Store is the state of the pair's durable store. What it holds can be read in every state.
type Store uint8

// The states of the store.
const (
	StoreWorks Store = iota
	// StoreFull: nothing that is written is taken, for want of room.
	StoreFull
	// StoreReadOnly: nothing that is written is taken, since nothing may be.
	StoreReadOnly
)

// String describes the state as a scenario would write it.
func (s Store) String() string {
	return [...]string{StoreWorks: "store healed", StoreFull: "store full", StoreReadOnly: "store read-only"}[s]
}

// ErrStore is what a world wraps when the store does not take what is written, being full or read-only. Trying again does not help until somebody
// does something about it.
var ErrStore = errors.New("the store takes nothing")
