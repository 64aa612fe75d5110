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

// Durable returns what is to be stored.
func (a *Arbiter) Durable() Durable {
	d := a.dur
	if a.opt.Without.Has(node.P10Durable) {
		d.Off = false
	}
	return d
}

// store makes the role's durable part durable.
func (a *Arbiter) store(out *node.Output) {
	if !a.touched {
		a.touched, a.before = true, a.state
	}
	a.server.Store(out)
}

// Unstored tells that what was to be stored in the last step was not, that what followed in it has been dropped, and what is stored instead. If the role
// depended on it, the server does without: it is what it was before, and all its links begin anew, since nobody can tell what the others were told.
// The store is left alone for a while. With taken, another incarnation of this server has written: it is that one's turn.
func (a *Arbiter) Unstored(stored Durable, taken bool, out *node.Output) {
	a.dur = stored
	a.notedOff = !stored.Off // what was noted in that step has been dropped
	// The epoch that was not stored is still free, unless somebody tells of it.
	if a.took {
		a.highest = a.seen
	}
	a.highest = max(a.highest, stored.Highest)
	a.noStore = true
	out.Set(node.Timer{Kind: storeTimer}, a.opt.StoreRetry)
	if !a.touched {
		return
	}
	a.link = link{}
	a.asked = asked{}
	a.sessions = a.sessions[:0]
	a.request, a.window, a.grace = request{}, window{}, false
	for _, t := range []node.TimerKind{graceTimer, windowTimer, reportTimer} {
		out.Cancel(node.Timer{Kind: t})
	}
	a.state = Inactive
	if a.before == Active && !taken {
		a.state = Active
	}
	a.server.CloseAll(out)
	a.note("the store takes nothing", out)
	a.server.ActivityChanged(out)
}
