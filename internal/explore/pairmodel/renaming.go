package pairmodel

import (
	"fmt"
	"math/bits"

	"hotpair/internal/canon"
)

// renaming gives the names in use the smallest numbers that keep what is compared.
type renaming struct {
	id   uint32
	used nameSet
	same bool // it changes nothing
	keep keeping

	floor int             // the least event that a T-Server has reached; 64 if there is none
	past  uint64          // watermarks up to it
	late  [maxRefs]uint64 // calls whose ConnID is known early, and of which nothing is to come
	gone  uint64          // incarnations that know ConnIDs, and are gone

	epoch [64]uint8
	event [64]uint8
	birth [maxRefs][64]uint8
	start [2][16]uint8
	ready [2][32]uint8
	named [2][32]uint8
	conn  [256]uint8 // by code: the new one
}

// keeping is what a configuration keeps of numbers, beside what it always does.
type keeping struct {
	connIDs bool // they stay as they are
	early   bool // early ConnIDs of calls of which nothing is to come, and what an incarnation knew that is gone
	reigns  bool // who was primary in epochs in which nobody is named any more
	offers  bool // whether M was told of readiness
}

func newRenaming(id uint32, used *nameSet, keep keeping) *renaming {
	r := &renaming{id: id, used: *used, keep: keep}
	for i, code := range used.conns.list[:used.conns.n] {
		r.conn[code] = uint8(i + 1)
	}
	ranks(r.epoch[:], used.epochs|1) // epoch 0 is before every primary
	// A watermark that every T-Server has reached has no effect any more: calls that they will hear of are later (X1).
	r.floor = bits.TrailingZeros64(used.reach)
	r.past = used.marks
	if r.floor < 63 {
		r.past &= 1<<(r.floor+1) - 1
	}
	if !keep.early {
		r.gone = used.known &^ used.runs
		for i := range used.calls {
			r.late[i] = used.calls[i].early &^ used.calls[i].heard
		}
	}
	r.order(used.events | used.marks&^r.past)
	for i := range 2 {
		ranks(r.start[i][:], (used.starts|used.known&^r.gone)>>(16*i)&0xffff|1) // 0 is no incarnation
		ranks(r.ready[i][:], used.ready>>(32*i)&0xffffffff|1)
		// CallNamed: what was acknowledged last, which is the smallest one in use, becomes 0.
		named := used.named >> (32 * i) & 0xffffffff
		if named&^1 != 0 && named&1 == 0 {
			ranks(r.named[i][:], named)
		} else {
			ranks(r.named[i][:], named|1)
		}
	}
	r.same = r.identity()
	return r
}

// ranks numbers the members of a set from 0, in their order; what is not in it gets the number of the greatest one below.
func ranks(to []uint8, set uint64) {
	n := -1
	for v := range to {
		if set>>v&1 == 1 {
			n++
		}
		to[v] = uint8(max(n, 0))
	}
}

// order numbers events and births. Of events it keeps the order, and whether one follows the other; of the births of a reference their order, and up to which
// event each of them is. So a birth that is the event itself is not told from one between it and the event before, unless that event is under way; and which
// of two calls was created first is kept only if they have one reference.
func (r *renaming) order(events uint64) {
	event, last := -1, -2 // the last number that an event was given, and whose it is
	var since [maxRefs]int
	for v := range r.event {
		most := 0
		for i := range since {
			if r.births(i)>>v&1 == 1 {
				since[i]++
				r.birth[i][v] = uint8(event + since[i])
			}
			most = max(most, since[i])
		}
		if events>>v&1 == 1 {
			switch {
			case v == last+1:
				event++
			case last < 0:
				event = max(event+most, 0)
			default:
				event = max(event+most, event+2)
			}
			for i := range since {
				if r.used.calls[i].exact>>v&1 == 1 {
					r.birth[i][v] = uint8(event)
				}
			}
			last, since = v, [maxRefs]int{}
		}
		r.event[v] = uint8(max(event, 0))
	}
}

// births are those of a reference that are in use.
func (r *renaming) births(i int) uint64 {
	return r.used.calls[i].born | r.used.calls[i].early&^r.late[i]
}

// rename is a canon.Renaming.
func (r *renaming) rename(class canon.Class, v uint64) uint64 {
	c, ref := class.Ref()
	switch c {
	case canon.Epoch, canon.Naming:
		return uint64(r.epoch[min(v, 63)])
	case canon.Watermark:
		if v == 0 || int(v-firstEvent) <= r.floor {
			return 0
		}
		return firstEvent + uint64(r.event[min(v-firstEvent, 63)])
	case canon.Born, canon.Creation, canon.Early:
		if v == 0 || c == canon.Early && r.late[ref-1]>>(v-firstEvent)&1 == 1 {
			return 0
		}
		return firstEvent + uint64(r.birth[ref-1][min(v-firstEvent, 63)])
	case canon.KnownA, canon.KnownB:
		i := c - canon.KnownA
		if v == 0 || r.gone>>(16*uint64(i)+v)&1 == 1 {
			return 0
		}
		return uint64(r.start[i][v])
	case canon.Event, canon.Reached:
		if v == 0 {
			return 0
		}
		return firstEvent + uint64(r.event[min(v-firstEvent, 63)])
	case canon.Told, canon.Place:
		return 0 // there are no clients
	case canon.Offer:
		if !r.keep.offers {
			return 0
		}
		return v
	case canon.StartA, canon.StartB:
		return uint64(r.start[c-canon.StartA][min(v, 15)])
	case canon.ConnID:
		if v == 0 {
			return 0
		}
		if r.keep.connIDs {
			return v
		}
		return uint64(r.conn[connCode(v)])
	case canon.Invented:
		if r.keep.connIDs {
			return v
		}
		return 0 // those in use are of no start any more: see invented
	case canon.ReadyA, canon.ReadyB:
		return uint64(r.ready[c-canon.ReadyA][min(v, 31)])
	case canon.LastReadyA, canon.LastReadyB:
		return uint64(bits.OnesCount64(r.used.ready >> (32 * (c - canon.LastReadyA)) & 0xffffffff))
	case canon.NamedA, canon.NamedB:
		return uint64(r.named[c-canon.NamedA][min(v, 31)])
	}
	panic(fmt.Sprintf("pairmodel: a class of names that it does not know: %d", c))
}

// uses reports whether a name is used by a node or a link; the watch forgets the others.
func (r *renaming) uses(class canon.Class, v uint64) bool {
	var s nameSet
	s.add(class, v)
	c, ref := class.Ref()
	u := &r.used
	switch c {
	case canon.Born:
		return u.calls[ref-1].born&s.calls[ref-1].born != 0
	case canon.Watermark:
		return u.marks&s.marks != 0
	case canon.ConnID:
		return u.conns.has(connCode(v))
	}
	return u.epochs&s.epochs|u.starts&s.starts|u.ready&s.ready|u.named&s.named != 0
}

// isGone reports whether an incarnation does not run any more; nobody of it comes back.
func (r *renaming) isGone(known canon.Class, inc uint64) bool {
	return !r.keep.early && r.used.runs>>(16*uint64(known-canon.KnownA)+inc)&1 == 0
}

// answerable reports whether an acknowledgement of T-Server i's CallNamed num, or of a later one, can still come.
func (r *renaming) answerable(i int, num uint64) bool {
	return r.used.flying>>(32*i)&0xffffffff>>num != 0
}

// over reports whether nobody is named in an epoch any more, nor in an earlier one: M's record and its appointments are of later ones.
func (r *renaming) over(epoch uint64) bool {
	return !r.keep.reigns && r.used.naming != 0 && r.used.naming&(2<<epoch-1) == 0
}

// least returns the new number of the least epoch in use that is not below v, 0 if all of them are not.
func (r *renaming) least(v uint64) uint64 {
	if v == 0 || r.used.epochs&(1<<v-1)&^1 == 0 {
		return 0
	}
	for ; v < 64; v++ {
		if r.used.epochs>>v&1 == 1 {
			return uint64(r.epoch[v])
		}
	}
	return 0
}

// drops reports whether early ConnIDs are forgotten.
func (r *renaming) drops() bool { return r.late != [maxRefs]uint64{} }

// identity reports whether every name in use keeps its number.
func (r *renaming) identity() bool {
	u := &r.used
	same := r.keep.offers || !u.offers
	each := func(set uint64, f func(v int) bool) {
		for ; set != 0; set &= set - 1 {
			same = same && f(bits.TrailingZeros64(set))
		}
	}
	each(u.epochs, func(v int) bool { return int(r.epoch[v]) == v })
	same = same && r.past == 0 && !r.drops() && r.gone == 0
	each(u.events|u.marks, func(v int) bool { return int(r.event[v]) == v })
	for i := range u.calls {
		each(r.births(i), func(v int) bool { return int(r.birth[i][v]) == v })
	}
	for i := range 2 {
		each(u.starts>>(16*i)&0xffff, func(v int) bool { return int(r.start[i][v]) == v })
		each(u.ready>>(32*i)&0xffffffff, func(v int) bool { return int(r.ready[i][v]) == v })
		each(u.named>>(32*i)&0xffffffff, func(v int) bool { return int(r.named[i][v]) == v })
		if last := u.starts >> (48 + 8*i) & 0xff; last != 0 {
			same = same && last-128 == uint64(bits.OnesCount64(u.ready>>(32*i)&0xffffffff))
		}
		if !r.keep.connIDs {
			same = same && u.starts>>(32+8*i)&0xff <= 1
		}
	}
	for i, code := range u.conns.list[:u.conns.n] {
		same = same && (r.keep.connIDs || int(code) == i+1)
	}
	return same
}
