package hasync

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
)

// early is a ConnID that the primary sent for a call which the switch has not reported here yet (R12).
type early struct {
	call   callmodel.CallID
	connID callmodel.ConnID
	from   uint64 // the peer's incarnation that sent it
}

// maxOlder bounds how many early ConnIDs are kept beside the newest one of each call reference. They are needed while this T-Server's switch is behind the
// primary's by several calls of one reference; a CTI link that is down for long must not let them grow.
const maxOlder = 4096

// tellEarly keeps an early ConnID. References are reused, so several calls of one reference may be waited for.
func (n *names) tellEarly(told early) {
	c := n.at(told.call.Ref)
	switch {
	case c.earlyID == 0 || c.earlyBorn == told.call.Born:
	case told.call.Born > c.earlyBorn:
		n.keepOlder(early{callmodel.CallID{Ref: told.call.Ref, Born: c.earlyBorn}, c.earlyID, c.earlyFrom})
	default:
		n.keepOlder(told)
		return
	}
	c.earlyBorn, c.earlyID, c.earlyFrom = told.call.Born, told.connID, told.from
}

// earlyCall returns the call that was told under a ConnID, and is not known from the switch yet; the zero CallID if there is none.
func (n *names) earlyCall(connID callmodel.ConnID) callmodel.CallID {
	for ref := range n.calls {
		if c := &n.calls[ref]; c.earlyID == connID {
			return callmodel.CallID{Ref: uint32(ref), Born: c.earlyBorn}
		}
	}
	for _, o := range n.older {
		if o.connID == connID {
			return o.call
		}
	}
	return callmodel.CallID{}
}

func (n *names) keepOlder(told early) {
	n.older = slices.DeleteFunc(n.older, func(o early) bool { return o.call == told.call })
	if len(n.older) == maxOlder {
		n.older = slices.Delete(n.older, 0, 1)
	}
	n.older = append(n.older, told)
}

// takeEarly returns the early ConnID of a call that the switch reports now, 0 if there is none, and forgets those of calls that had its reference before. With
// byRef the reference alone decides (X3 off).
func (n *names) takeEarly(call callmodel.CallID, byRef bool) (told early) {
	if c := &n.calls[call.Ref]; c.earlyID != 0 && (c.earlyBorn == call.Born || byRef) {
		told = early{call, c.earlyID, c.earlyFrom}
		c.dropEarly()
	}
	if len(n.older) > 0 {
		n.older = slices.DeleteFunc(n.older, func(o early) bool {
			if o.call == call {
				told = o
			}
			return o.call.Ref == call.Ref && o.call.Born <= call.Born
		})
	}
	return told
}

// dropEarly: what is older than the snapshot, which is consistent at seq, and not in it, is dropped (R12).
func (n *names) dropEarly(seq uint64) {
	for i := range n.calls {
		if c := &n.calls[i]; c.earlyID != 0 && c.earlyBorn <= seq {
			c.dropEarly()
		}
	}
	n.older = slices.DeleteFunc(n.older, func(o early) bool { return o.call.Born <= seq })
	n.earlyData = slices.DeleteFunc(n.earlyData, func(o dataOf) bool { return o.call.Born <= seq })
}

// dataOf is the data of a call that is not known yet.
type dataOf struct {
	call callmodel.CallID
	data callmodel.AttachedData
}

// keepEarlyData keeps the data that came with an early ConnID.
func (n *names) keepEarlyData(call callmodel.CallID, d callmodel.AttachedData) {
	n.earlyData = slices.DeleteFunc(n.earlyData, func(o dataOf) bool { return o.call == call })
	if d != "" && len(n.earlyData) < maxOlder {
		n.earlyData = append(n.earlyData, dataOf{call, d})
	}
}

// takeEarlyData returns the data that came with a call's early ConnID, and forgets those of calls that had its reference before.
func (n *names) takeEarlyData(call callmodel.CallID) (d callmodel.AttachedData, ok bool) {
	if len(n.earlyData) == 0 {
		return "", false
	}
	n.earlyData = slices.DeleteFunc(n.earlyData, func(o dataOf) bool {
		if o.call == call {
			d, ok = o.data, true
		}
		return o.call.Ref == call.Ref && o.call.Born <= call.Born
	})
	return d, ok
}

// appendOlder appends the canonical bytes of the older ones, in the order in which they are kept.
func (n *names) appendOlder(b []byte) []byte {
	b = canon.Uint(b, len(n.older))
	for _, o := range n.older {
		b = canon.Uint(b, o.call.Ref)
		b = canon.Uint(b, o.call.Born)
		b = canon.Uint(b, uint64(o.connID))
		b = canon.Bool(b, o.from == n.peerInc)
	}
	b = canon.Uint(b, len(n.earlyData))
	for _, o := range n.earlyData {
		b = canon.Uint(b, o.call.Ref)
		b = canon.Uint(b, o.call.Born)
		b = canon.String(b, o.data)
	}
	return b
}

func (n *names) restoreOlder(r *canon.Reader) {
	for count := canon.Read[int](r); count > 0 && r.Good(); count-- {
		o := early{call: callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}}
		o.connID = callmodel.ConnID(canon.Read[uint64](r))
		if r.Bool() {
			o.from = n.peerInc
		}
		n.older = append(n.older, o)
	}
	for count := canon.Read[int](r); count > 0 && r.Good(); count-- {
		call := callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}
		n.keepEarlyData(call, callmodel.AttachedData(r.String()))
	}
}
