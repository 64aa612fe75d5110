package pairmodel

import (
	"fmt"
	"math/bits"

	"hotpair/callmodel"
	"hotpair/internal/canon"
)

// nameSet is a set of the numbers that components use, by class: a bit for each. Renamed numbers are small, and a step adds few.
type nameSet struct {
	epochs uint64 // bit n: epoch n
	events uint64 // bit n: event n of the switch's first start, from 0
	marks  uint64 // the same for watermarks
	reach  uint64 // the same for events that a T-Server has reached, or will by a snapshot under way
	born   uint64 // the same for events at which calls were created
	exact  uint64 // of these, those whose events are under way
	starts uint64 // bit n: start n of A; bit 16+n: of B; 32 and 40: A's and B's inventions; 48 and 56: their last Backup Ready
	ready  uint64 // bit n: Backup Ready n of A; bit 32+n: of B
	named  uint64 // bit n: CallNamed n of A; bit 32+n: of B
	flying uint64 // of these, those that are under way, or whose acknowledgement is
	connA  [2]uint64
	connB  [2]uint64
}

const (
	firstEvent  = 1 << 40 // of the switch's first start
	connIDStart = 40      // where a ConnID holds its start number
)

func (s *nameSet) union(o *nameSet) {
	s.epochs |= o.epochs
	s.events |= o.events
	s.marks |= o.marks
	s.reach |= o.reach
	s.born |= o.born
	s.exact |= o.exact
	s.starts |= o.starts
	s.ready |= o.ready
	s.named |= o.named
	s.flying |= o.flying
	s.connA[0] |= o.connA[0]
	s.connA[1] |= o.connA[1]
	s.connB[0] |= o.connB[0]
	s.connB[1] |= o.connB[1]
}

// connBit is the place of a ConnID among those of its T-Server: eight starts with sixteen ConnIDs each.
func connBit(v uint64) (server, bit int) {
	c := callmodel.ConnID(v)
	start, n := int(v>>connIDStart&0xffff), int(v&0xffff)
	if start > 7 || n > 15 {
		tooMany("ConnIDs", v)
	}
	return int(c.Server()), start*16 + n
}

func tooMany(what string, v uint64) {
	panic(fmt.Sprintf("pairmodel: more %s than there is room for in a set of names (%d): the configuration is too large for it", what, v))
}

func bit(v uint64, most int, what string) uint64 {
	if v >= uint64(most) {
		tooMany(what, v)
	}
	return 1 << v
}

// add is a canon.Renaming that notes what is used, and changes nothing but what clients would be told, who are not there.
func (s *nameSet) add(c canon.Class, v uint64) uint64 {
	switch c {
	case canon.Told, canon.Place:
		return 0
	case canon.Epoch:
		s.epochs |= bit(v, 64, "epochs")
	case canon.Event:
		if v != 0 {
			s.events |= bit(v-firstEvent, 64, "events")
		}
	case canon.Born:
		if v != 0 {
			s.born |= bit(v-firstEvent, 64, "events")
		}
	case canon.Creation:
		b := bit(v-firstEvent, 64, "events")
		s.events, s.born, s.exact = s.events|b, s.born|b, s.exact|b
	case canon.Watermark:
		if v != 0 {
			s.marks |= bit(v-firstEvent, 64, "events")
		}
	case canon.Reached:
		if v != 0 {
			s.events |= bit(v-firstEvent, 64, "events")
			s.reach |= bit(v-firstEvent, 64, "events")
		}
	case canon.StartA, canon.StartB:
		if v != 0 {
			s.starts |= bit(v, 16, "starts") << (16 * (c - canon.StartA))
		}
	case canon.ConnID:
		if v == 0 {
			break
		}
		server, at := connBit(v)
		s.conns(server)[at/64] |= 1 << (at % 64)
	case canon.Invented:
		server, at := connBit(v)
		s.starts |= uint64(1+at&15) << (32 + 8*server)
	case canon.ReadyA, canon.ReadyB:
		if v != 0 {
			s.ready |= bit(v, 32, "Backup Ready") << (32 * (c - canon.ReadyA))
		}
	case canon.LastReadyA, canon.LastReadyB:
		if v > 31 {
			tooMany("Backup Ready", v)
		}
		s.starts |= (128 + v) << (48 + 8*(c-canon.LastReadyA))
	case canon.NamedA, canon.NamedB:
		s.named |= bit(v, 32, "CallNamed") << (32 * (c - canon.NamedA))
	}
	return v
}

func (s *nameSet) conns(server int) *[2]uint64 {
	if server == 0 {
		return &s.connA
	}
	return &s.connB
}

// renaming gives the names in use the smallest numbers that keep what is compared.
type renaming struct {
	id   uint32
	used nameSet
	same bool // it changes nothing

	floor int    // the least event that a T-Server has reached; 64 if there is none
	past  uint64 // watermarks up to it

	epoch  [64]uint8
	event  [64]uint8
	birth  [64]uint8
	start  [2][16]uint8
	ready  [2][32]uint8
	named  [2][32]uint8
	conn   [2][128]uint64
	conns  [2]int    // how many ConnIDs are in use
	latest [2]uint64 // the last start of A, of B
	frozen [2]bool   // ConnIDs stay as they are: see conn
}

func newRenaming(id uint32, used *nameSet, frozen bool) *renaming {
	r := &renaming{id: id, used: *used, frozen: [2]bool{frozen, frozen}}
	ranks(r.epoch[:], used.epochs|1) // epoch 0 is before every primary
	// A watermark that every T-Server has reached has no effect any more: calls that they will hear of are later (X1).
	r.floor = bits.TrailingZeros64(used.reach)
	r.past = used.marks
	if r.floor < 63 {
		r.past &= 1<<(r.floor+1) - 1
	}
	r.order(used.events | used.marks&^r.past)
	for i := range 2 {
		ranks(r.start[i][:], used.starts>>(16*i)&0xffff|1) // 0 is no incarnation
		ranks(r.ready[i][:], used.ready>>(32*i)&0xffffffff|1)
		r.latest[i] = uint64(max(bits.Len64(used.starts>>(16*i)&0xffff)-1, 0))
		// CallNamed: what was acknowledged last, which is the smallest one in use, becomes 0.
		named := used.named >> (32 * i) & 0xffffffff
		if named&^1 != 0 && named&1 == 0 {
			ranks(r.named[i][:], named)
		} else {
			ranks(r.named[i][:], named|1)
		}
		r.connIDs(i)
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

// order numbers events and births. Of events it keeps the order, and whether one follows the other; of births their order, and up to which event each of them
// is. So a birth that is the event itself is not told from one between it and the event before, unless that event is under way.
func (r *renaming) order(events uint64) {
	n, event, last := -1, -1, -2 // the last number given, to an event, and whose it is
	for v := range r.event {
		exact := r.used.exact>>v&1 == 1
		if r.used.born>>v&1 == 1 && !exact {
			n++
			r.birth[v] = uint8(n)
		}
		if events>>v&1 == 1 {
			switch {
			case v == last+1:
				n = event + 1
			case last < 0:
				n = max(n, 0)
			default:
				n = max(n, event+2)
			}
			event, last = n, v
		}
		if exact {
			r.birth[v] = uint8(n)
		}
		r.event[v] = uint8(max(event, 0))
	}
}

// connIDs: those in use become the first ones of the T-Server's last start, in their order; the next one that it invents is behind them.
// Where one of that start is in use which the T-Server does not know to have invented, the protocol is broken (S5), and nothing is renamed.
func (r *renaming) connIDs(server int) {
	used := r.used.conns(server)
	invented := int(r.used.starts>>(32+8*server)&0xff) - 1 // of the start that runs; -1: none runs
	latest := r.latest[server]
	for at := range 128 {
		if used[at/64]>>(at%64)&1 == 0 {
			continue
		}
		if invented >= 0 && at/16 == int(latest) && at&15 > invented || at/16 > int(latest) {
			r.frozen[server] = true
		}
	}
	inc := uint64(r.start[server][latest])
	for at := range 128 {
		if r.frozen[server] {
			inc = uint64(at / 16)
			r.conn[server][at] = uint64(callmodel.NewConnID(uint8(server), max(inc, 1), 1)) - 1 + uint64(at&15)
			continue
		}
		if used[at/64]>>(at%64)&1 == 1 {
			r.conns[server]++
			r.conn[server][at] = uint64(callmodel.NewConnID(uint8(server), max(inc, 1), uint64(r.conns[server])))
		}
	}
}

// rename is a canon.Renaming.
func (r *renaming) rename(c canon.Class, v uint64) uint64 {
	switch c {
	case canon.Epoch:
		return uint64(r.epoch[min(v, 63)])
	case canon.Watermark:
		if v == 0 || int(v-firstEvent) <= r.floor {
			return 0
		}
		return firstEvent + uint64(r.event[min(v-firstEvent, 63)])
	case canon.Born:
		if v == 0 {
			return 0
		}
		return firstEvent + uint64(r.birth[min(v-firstEvent, 63)])
	case canon.Event, canon.Reached, canon.Creation:
		if v == 0 {
			return 0
		}
		return firstEvent + uint64(r.event[min(v-firstEvent, 63)])
	case canon.Told, canon.Place:
		return 0 // there are no clients
	case canon.StartA, canon.StartB:
		return uint64(r.start[c-canon.StartA][min(v, 15)])
	case canon.ConnID:
		if v == 0 {
			return 0
		}
		server, at := connBit(v)
		return r.conn[server][at]
	case canon.Invented:
		server, _ := connBit(v)
		if r.frozen[server] {
			return v
		}
		return uint64(callmodel.NewConnID(uint8(server), uint64(r.start[server][r.latest[server]]), 1)) - 1 + uint64(r.conns[server])
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
func (r *renaming) uses(c canon.Class, v uint64) bool {
	var s nameSet
	s.add(c, v)
	u := &r.used
	switch c {
	case canon.Born:
		return u.born&s.born != 0
	case canon.Watermark:
		return u.marks&s.marks != 0
	case canon.ConnID:
		return u.connA[0]&s.connA[0]|u.connA[1]&s.connA[1]|u.connB[0]&s.connB[0]|u.connB[1]&s.connB[1] != 0
	}
	return u.epochs&s.epochs|u.starts&s.starts|u.ready&s.ready|u.named&s.named != 0
}

// answerable reports whether an acknowledgement of T-Server i's CallNamed num, or of a later one, can still come.
func (r *renaming) answerable(i int, num uint64) bool {
	return r.used.flying>>(32*i)&0xffffffff>>num != 0
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

// identity reports whether every name in use keeps its number.
func (r *renaming) identity() bool {
	u := &r.used
	same := true
	each := func(set uint64, f func(v int) bool) {
		for ; set != 0; set &= set - 1 {
			same = same && f(bits.TrailingZeros64(set))
		}
	}
	each(u.epochs, func(v int) bool { return int(r.epoch[v]) == v })
	same = same && r.past == 0
	each(u.events|u.marks, func(v int) bool { return int(r.event[v]) == v })
	each(u.born, func(v int) bool { return int(r.birth[v]) == v })
	for i := range 2 {
		each(u.starts>>(16*i)&0xffff, func(v int) bool { return int(r.start[i][v]) == v })
		each(u.ready>>(32*i)&0xffffffff, func(v int) bool { return int(r.ready[i][v]) == v })
		each(u.named>>(32*i)&0xffffffff, func(v int) bool { return int(r.named[i][v]) == v })
		if last := u.starts >> (48 + 8*i) & 0xff; last != 0 {
			same = same && last-128 == uint64(bits.OnesCount64(u.ready>>(32*i)&0xffffffff))
		}
		if r.frozen[i] {
			continue
		}
		for k, w := range u.conns(i) {
			each(w, func(v int) bool {
				at := 64*k + v
				return r.conn[i][at] == uint64(callmodel.NewConnID(uint8(i), uint64(max(at/16, 1)), 1))-1+uint64(at&15) && at/16 > 0
			})
		}
		if n := u.starts >> (32 + 8*i) & 0xff; n != 0 {
			same = same && int(n)-1 == r.conns[i]
		}
	}
	return same
}
