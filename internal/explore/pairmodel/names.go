package pairmodel

import (
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
)

// nameSet is a set of the numbers that components use, by class: a bit for each. Renamed numbers are small, and a step adds few.
type nameSet struct {
	epochs uint64 // bit n: epoch n
	naming uint64 // the same for those in which a primary is named
	offers bool   // M was told of readiness
	events uint64 // bit n: event n of the switch's first start, from 0
	marks  uint64 // the same for watermarks
	reach  uint64 // the same for events that a T-Server has reached, or will by a snapshot under way
	calls  [maxRefs]births
	known  uint64 // bit n: start n of A knows ConnIDs, and nobody has a link to it; bit 16+n: of B
	runs   uint64 // the same for those that run
	starts uint64 // bit n: start n of A; bit 16+n: of B; 32 and 40: A's and B's inventions; 48 and 56: their last Backup Ready
	ready  uint64 // bit n: Backup Ready n of A; bit 32+n: of B
	named  uint64 // bit n: CallNamed n of A; bit 32+n: of B
	flying uint64 // of these, those that are under way, or whose acknowledgement is
	conns  connList
}

// births are the events at which calls of one reference were created.
type births struct {
	born  uint64 // bit n: event n
	early uint64 // the same for calls whose ConnID is known early
	heard uint64 // of those born, the calls of which the switch may still tell
	exact uint64 // of those born, the calls whose creation is under way
}

// connList are ConnIDs in the order in which they are first met, as connCode writes them.
type connList struct {
	n    uint8
	list [15]uint8
}

func (l *connList) has(code uint8) bool { return slices.Contains(l.list[:l.n], code) }

func (l *connList) add(code uint8) {
	if l.has(code) {
		return
	}
	if int(l.n) == len(l.list) {
		tooMany("ConnIDs", uint64(l.n))
	}
	l.list[l.n] = code
	l.n++
}

const (
	firstEvent  = 1 << 40 // of the switch's first start
	connIDStart = 40      // where a ConnID holds its start number
)

func (s *nameSet) union(o *nameSet) {
	s.epochs |= o.epochs
	s.naming |= o.naming
	s.offers = s.offers || o.offers
	s.events |= o.events
	s.marks |= o.marks
	s.reach |= o.reach
	for i := range s.calls {
		c, d := &s.calls[i], &o.calls[i]
		c.born, c.early, c.heard, c.exact = c.born|d.born, c.early|d.early, c.heard|d.heard, c.exact|d.exact
	}
	s.known |= o.known
	s.runs |= o.runs
	s.starts |= o.starts
	s.ready |= o.ready
	s.named |= o.named
	s.flying |= o.flying
	for _, c := range o.conns.list[:o.conns.n] {
		s.conns.add(c)
	}
}

func (s *nameSet) addBirth(c canon.Class, ref int, v uint64) {
	if v == 0 {
		return
	}
	calls, b := &s.calls[ref-1], bit(v-firstEvent, 64, "events")
	switch c {
	case canon.Early:
		calls.early |= b
	case canon.Creation:
		s.events |= b
		calls.exact |= b
		fallthrough
	default:
		calls.born |= b
	}
}

// mayHear: of the calls that a component knows, the switch may still tell.
func (s *nameSet) mayHear() {
	for i := range s.calls {
		s.calls[i].heard = s.calls[i].born
	}
}

// connCode writes a ConnID as a byte: its T-Server, one of eight starts, and one of fifteen inventions. Start 0 has those that were renamed.
func connCode(v uint64) uint8 {
	start, n := v>>connIDStart&0x3fffff, v&callmodel.MaxInvention
	if start > 7 || n > 15 {
		tooMany("ConnIDs", v)
	}
	return callmodel.ConnID(v).Server()<<7 | uint8(start)<<4 | uint8(n)
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
func (s *nameSet) add(class canon.Class, v uint64) uint64 {
	c, ref := class.Ref()
	switch c {
	case canon.Told, canon.Place:
		return 0
	case canon.Epoch:
		s.epochs |= bit(v, 64, "epochs")
	case canon.Naming:
		b := bit(v, 64, "epochs")
		s.epochs, s.naming = s.epochs|b, s.naming|b
	case canon.Offer:
		s.offers = true
	case canon.Event:
		if v != 0 {
			s.events |= bit(v-firstEvent, 64, "events")
		}
	case canon.Born, canon.Early, canon.Creation:
		s.addBirth(c, ref, v)
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
	case canon.KnownA, canon.KnownB:
		if v != 0 {
			s.known |= bit(v, 16, "starts") << (16 * (c - canon.KnownA))
		}
	case canon.ConnID:
		if v == 0 {
			break
		}
		s.conns.add(connCode(v))
	case canon.Invented:
		code := connCode(v)
		s.starts |= uint64(1+code&15) << (32 + 8*(code>>7))
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

// invented returns how many ConnIDs a T-Server has invented since it was renamed.
func (s *nameSet) invented(server int) uint64 {
	return max(s.starts>>(32+8*server)&0xff, 1) - 1
}
