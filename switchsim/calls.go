package switchsim

import (
	"math/bits"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// call is one call reference and the call that has it, beside its parties.
type call struct {
	born  uint64 // 0: the reference is free
	state callmodel.CallState
	load  int           // the index of the load that made it, plus 1; 0 if none did
	stage stage         // of a load's call
	rest  time.Duration // of a load's call: how long it is held when somebody else has answered
	grows bool          // of a load's call about which somebody is consulted: who is will join it, and not take it over

	consult callmodel.CallID // of a load's call: the call in which somebody is consulted about it

	name  string         // the scenario's, "" if it has none
	waits node.TimerKind // the timer that is armed for it, beside the load's: patienceTimer, noAnswerTimer or routeTimer
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

// take takes the lowest free reference; it returns 0 if there is none.
func (c *calls) take() uint32 {
	ref := c.next()
	if ref != 0 {
		c.occupy(ref)
	}
	return ref
}

// next returns the lowest free reference, 0 if there is none.
func (c *calls) next() uint32 {
	if c.inUse == c.size {
		return 0
	}
	for w := range c.used {
		if free := ^c.used[w]; free != 0 {
			return uint32(w*64+bits.TrailingZeros64(free)) + 1
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

// beginning is a call that is to be made.
type beginning struct {
	from int
	to   target
	load int
	name string
	main callmodel.CallID // of a consult call
	data callmodel.AttachedData
}

// create begins a call between two idle lines; it returns 0 if no call reference is free.
func (s *Switch) create(from, to, ofLoad int, name string, out *node.Output) uint32 {
	return s.begin(&beginning{from: from, to: target{line: to}, load: ofLoad, name: name}, out)
}

// begin makes a call; it returns 0 if no call reference is free.
func (s *Switch) begin(b *beginning, out *node.Output) uint32 {
	ref := s.calls.take()
	if ref == 0 {
		return 0
	}
	from, to := &s.lines[b.from], &s.lines[b.to.line]
	c := &s.calls.table[ref]
	*c = call{born: s.next(), state: callmodel.CallRinging, load: b.load, name: b.name}
	if b.name != "" {
		s.calls.byName[b.name] = ref
	}
	s.note(ref, c.born, "created", out)
	m := wire.Message{
		Kind: wire.CallCreated, Seq: c.born, Call: s.id(ref), CallType: callmodel.CallInternal, ThisDN: from.dn, OtherDN: to.dn,
		PartyState: b.to.state, ThirdDN: b.to.forwarded, OtherCall: b.main, Data: b.data,
	}
	if b.to.forwarded != "" {
		m.Cause = callmodel.CauseForwarded
	}
	switch {
	case b.main != (callmodel.CallID{}):
		m.CallType = callmodel.CallConsult
		if to.typ == callmodel.DNTrunk {
			m.DNType = callmodel.DNTrunk
		}
	case from.typ == callmodel.DNTrunk:
		m.CallType = callmodel.CallInbound
	case to.typ == callmodel.DNTrunk:
		m.CallType = callmodel.CallOutbound
	}
	s.emit(m, out)
	parties := s.table.At(ref)
	parties.At(0).Line, parties.At(1).Line = int32(b.from), int32(b.to.line)
	s.occupy(int32(b.from))
	if b.to.state != callmodel.PartyBusy {
		s.occupy(int32(b.to.line))
	}
	if b.load == 0 {
		s.await(ref, out)
	}
	return ref
}

// answer answers a call where it rings. If a client has sent it elsewhere meanwhile, nobody answers.
func (s *Switch) answer(ref uint32, out *node.Output) {
	c := s.table.At(ref)
	if i := c.Waiting(); i >= 0 && c.At(i).State == callmodel.PartyRinging {
		s.answerAt(ref, "", out)
	}
	s.calls.table[ref].state = callmodel.CallEstablished
}

// answerAt answers a call where it rings, at a party if one is named.
func (s *Switch) answerAt(ref uint32, dn callmodel.DN, out *node.Output) {
	s.stopWaiting(ref, out)
	s.calls.table[ref].state = callmodel.CallEstablished
	seq := s.next()
	s.note(ref, seq, "answered", out)
	s.emit(wire.Message{Kind: wire.CallAnswered, Seq: seq, Call: s.id(ref), ThisDN: dn}, out)
}

// release ends a call. A lost release ends it too, and nobody is told: it takes no event number.
func (s *Switch) release(ref uint32, lost bool, out *node.Output) {
	s.end(ref, ending{lost: lost}, out)
}

// ending is how a call ends.
type ending struct {
	lost  bool
	by    callmodel.DN // who has hung up, if that matters
	cause callmodel.Cause
}

func (s *Switch) end(ref uint32, how ending, out *node.Output) {
	s.stopWaiting(ref, out)
	s.unqueue(ref) // before anybody is free to take it
	parties := *s.table.At(ref)
	if how.lost {
		s.note(ref, s.seq(), "lost-release", out)
		s.table.Clear(ref)
	} else {
		seq := s.next()
		s.note(ref, seq, "released", out)
		s.emit(wire.Message{Kind: wire.CallReleased, Seq: seq, Call: s.id(ref), ThisDN: how.by, Cause: how.cause}, out)
	}
	if s.calls.table[ref].load > 0 {
		out.Cancel(node.Timer{Kind: callTimer, Key: ref})
		defer s.releaseConsult(s.calls.table[ref].consult, out)
	}
	s.calls.free(ref)
	for i := range parties.Len() {
		s.leave(parties.At(i), &parties, out)
	}
}

// releaseConsult: the call about which somebody was consulted is over.
func (s *Switch) releaseConsult(id callmodel.CallID, out *node.Output) {
	if s.calls.of(id) != nil {
		s.release(id.Ref, false, out)
	}
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

// Calls returns how many calls there are, for those who look at the switch's state.
func (s *Switch) Calls() int { return int(s.calls.inUse) }
