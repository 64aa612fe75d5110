package switchsim

import (
	"math/bits"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// call is one call reference and the call that has it.
type call struct {
	born     uint64 // 0: the reference is free
	from, to int32  // lines
	typ      callmodel.CallType
	state    callmodel.CallState
	load     int    // 1 more than the index of its load, 0 if it has none
	name     string // the scenario's, "" if it has none
}

// calls is the table of calls by reference. The lowest free reference is found by its bit.
type calls struct {
	table  []call   // grows as references come into use
	used   []uint64 // bit ref-1
	size   uint32   // of the reference space
	inUse  uint32
	byName map[string]uint32
}

func (c *calls) init(size uint32) {
	c.size = size
	c.used = make([]uint64, (size+63)/64)
	c.byName = map[string]uint32{}
}

// take returns the lowest free reference, 0 if there is none.
func (c *calls) take() uint32 {
	if c.inUse == c.size {
		return 0
	}
	for w := range c.used {
		if free := ^c.used[w]; free != 0 {
			ref := uint32(w*64+bits.TrailingZeros64(free)) + 1
			c.occupy(ref)
			return ref
		}
	}
	return 0
}

func (c *calls) occupy(ref uint32) {
	c.used[(ref-1)/64] |= 1 << ((ref - 1) % 64)
	c.inUse++
	for int(ref) >= len(c.table) {
		c.table = append(c.table, call{})
	}
}

func (c *calls) free(ref uint32) {
	if name := c.table[ref].name; name != "" {
		delete(c.byName, name)
	}
	c.table[ref] = call{}
	c.used[(ref-1)/64] &^= 1 << ((ref - 1) % 64)
	c.inUse--
}

// of returns the call with this identity, nil if there is none.
func (c *calls) of(id callmodel.CallID) *call {
	if int(id.Ref) >= len(c.table) || id.Born == 0 || c.table[id.Ref].born != id.Born {
		return nil
	}
	return &c.table[id.Ref]
}

func (s *Switch) id(ref uint32) callmodel.CallID {
	return callmodel.CallID{Ref: ref, Born: s.calls.table[ref].born}
}

// create begins a call between two idle lines; it returns 0 if no call reference is free.
func (s *Switch) create(from, to, ofLoad int, name string, out *node.Output) uint32 {
	ref := s.calls.take()
	if ref == 0 {
		return 0
	}
	c := &s.calls.table[ref]
	*c = call{
		born: s.next(), from: int32(from), to: int32(to), typ: callmodel.CallInternal,
		state: callmodel.CallRinging, load: ofLoad, name: name,
	}
	if s.lines[from].typ == callmodel.DNTrunk {
		c.typ = callmodel.CallInbound
	}
	if name != "" {
		s.calls.byName[name] = ref
	}
	s.lines[from].busy, s.lines[to].busy = true, true
	s.note(ref, c.born, "created", out)
	s.emit(wire.Message{
		Kind: wire.CallCreated, Seq: c.born, Call: s.id(ref), CallType: c.typ,
		ThisDN: s.lines[from].dn, OtherDN: s.lines[to].dn,
	}, out)
	return ref
}

func (s *Switch) answer(ref uint32, out *node.Output) {
	s.calls.table[ref].state = callmodel.CallEstablished
	seq := s.next()
	s.note(ref, seq, "answered", out)
	s.emit(wire.Message{Kind: wire.CallAnswered, Seq: seq, Call: s.id(ref)}, out)
}

// release ends a call. A lost release ends it too, and nobody is told: it takes no event number.
func (s *Switch) release(ref uint32, lost bool, out *node.Output) {
	c := s.calls.table[ref]
	if lost {
		s.note(ref, s.seq(), "lost-release", out)
	} else {
		seq := s.next()
		s.note(ref, seq, "released", out)
		s.emit(wire.Message{Kind: wire.CallReleased, Seq: seq, Call: s.id(ref)}, out)
	}
	s.lines[c.from].busy, s.lines[c.to].busy = false, false
	if c.load > 0 {
		out.Cancel(node.Timer{Kind: callTimer, Key: ref})
	}
	s.calls.free(ref)
}

func (s *Switch) releaseAll(out *node.Output) {
	for ref := range s.calls.table {
		if s.calls.table[ref].born != 0 {
			s.release(uint32(ref), false, out)
		}
	}
}

func (s *Switch) note(ref uint32, seq uint64, what string, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteCall, Call: s.id(ref), N: seq, M: uint64(s.calls.table[ref].load), Text: what})
}
