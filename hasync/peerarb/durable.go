package peerarb

import (
	"errors"
	"fmt"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Durable is what an arbiter keeps across restarts. Servers store it as JSON, so that an operator can read it.
type Durable struct {
	// Own is the epoch of the server's own last activation, 0 if there was none.
	Own uint64 `json:"own,omitempty"`
	// Highest is the highest epoch seen, at least when it was stored last.
	Highest uint64 `json:"highest,omitempty"`
	// Last is the server that was active last, as far as this one noted; None at first.
	Last wire.ID `json:"last,omitempty"`
	// Off says that System Administration has deactivated this server (P10).
	Off bool `json:"deactivated,omitempty"`
}

// Check reports what cannot be in what server self has stored.
func (d *Durable) Check(self wire.ID) error {
	switch {
	case d.Last != wire.None && !d.Last.IsTServer():
		return fmt.Errorf("last is A or B, not %s", d.Last)
	case d.Own > wire.MaxEpoch || d.Highest > wire.MaxEpoch:
		return fmt.Errorf("epochs are at most %d", uint64(wire.MaxEpoch))
	case d.Own != 0 && (d.Own%2 == 1) != (self == wire.A):
		return errors.New("own is odd at A and even at B (P13)")
	}
	return nil
}

// storing is something that is to be stored at the end of a step. What depends on it waits until it is: before that nothing has happened, so that nothing has to be
// undone if the store takes nothing.
type storing struct {
	is        bool
	what      Durable
	then      func(out *node.Output) // when it is stored; nil: nothing
	otherwise func(out *node.Output) // if it is not; nil: nothing
}

// Why something is not done.
const (
	tookNothing = "the store takes nothing"
	notStored   = "it was not stored: " + tookNothing
)

// Durable returns what is to be stored.
func (a *Arbiter) Durable() Durable {
	d := a.dur
	if a.storing.is {
		d = a.storing.what
	}
	if a.opt.Without.Has(node.P10Durable) {
		d.Off = false
	}
	return d
}

// store makes d durable, at the end of this step; what depends on it happens then, and not before.
func (a *Arbiter) store(d Durable, out *node.Output, then, otherwise func(out *node.Output)) {
	if a.storing.is {
		panic(fmt.Sprintf("peerarb: %s stores two things in one step", a.self))
	}
	a.storing = storing{true, d, then, otherwise}
	a.server.Store(out)
}

// Stored tells that what was to be stored in the last step is. It reports whether the store had taken nothing before.
func (a *Arbiter) Stored(out *node.Output) (again bool) {
	if a.noStore {
		a.noStore, again = false, true
		out.Cancel(node.Timer{Kind: storeTimer})
	}
	s := a.storing
	if a.storing = (storing{}); !s.is {
		return again // it was something else of the server's
	}
	if a.dur = s.what; s.then != nil {
		s.then(out)
	}
	return again
}

// Unstored tells that what was to be stored in the last step was not, and what is stored instead. The store is left alone for a while. With taken, another
// incarnation of this server has written: it is that one's turn.
func (a *Arbiter) Unstored(stored Durable, taken bool, out *node.Output) {
	s := a.storing
	a.storing = storing{}
	a.dur, a.highest = stored, max(a.highest, stored.Highest)
	a.noStore = true
	out.Set(node.Timer{Kind: storeTimer}, a.opt.StoreRetry)
	if s.otherwise != nil {
		s.otherwise(out)
	}
	if taken {
		a.unask("another incarnation has taken its place", out)
		a.deactivate("another incarnation has taken its place", out)
		if a.link.up {
			a.renewLink(out)
		}
	}
}
