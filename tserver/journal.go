package tserver

import (
	"math"
	"sort"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// number is an event's number (s, k) (X8): s is the switch's event number, k the place among the events at s.
type number struct {
	seq uint64
	sub uint32
}

func (n number) after(m number) bool { return n.seq > m.seq || n.seq == m.seq && n.sub > m.sub }

// nowhere is behind every number: the base of a journal from which nobody can go on.
var nowhere = number{seq: math.MaxUint64}

// event is an event of a call as the journal keeps it.
type event struct {
	number
	kind            wire.Kind
	typ             callmodel.CallType
	call            callmodel.CallID
	connID          callmodel.ConnID
	thisDN, otherDN callmodel.DN
	need            uint64 // the CallNamed that is to be acknowledged before it is published (X7); 0: none
	guess           bool   // connID was invented by a backup, and the primary may have called the call otherwise
}

// minJournal is the least number of events that a journal has room for: those that wait need some even if none are kept.
const minJournal = 256

// journal holds the events of calls in their order: the last ones wait to be published (X7), those before them are kept for clients that change
// over (X8). It is a ring, so that in steady state nothing is allocated.
type journal struct {
	keep    int // resume-buffer
	ring    []event
	head    int // of the oldest
	size    int
	pending int    // the newest ones, which wait
	base    number // every event behind it, up to the newest one, is here
	agreed  uint64 // the event number up to which ConnIDs were agreed on with a primary
	told    number // the last one that does not wait
}

func (j *journal) at(i int) *event { return &j.ring[(j.head+i)%len(j.ring)] }

// next returns the oldest event that waits; there is one.
func (j *journal) next() *event { return j.at(j.size - j.pending) }

// full reports that there is no room for one more event, since all of them wait.
func (j *journal) full() bool { return j.pending == max(j.keep, minJournal) }

// add takes up an event, whose number is greater than any before. It waits until release.
func (j *journal) add(e *event) {
	if j.size == len(j.ring) {
		j.makeRoom()
	}
	j.size++
	j.pending++
	*j.at(j.size - 1) = *e
}

func (j *journal) makeRoom() {
	limit := max(j.keep, minJournal)
	if len(j.ring) == limit {
		j.dropOldest()
		return
	}
	grown := make([]event, min(max(2*len(j.ring), 64), limit))
	for i := range j.size {
		grown[i] = *j.at(i)
	}
	j.ring, j.head = grown, 0
}

func (j *journal) dropOldest() {
	j.base = j.at(0).number
	*j.at(0) = event{}
	j.head = (j.head + 1) % len(j.ring)
	j.size--
}

// release ends the waiting of the oldest event that waits.
func (j *journal) release() {
	j.told = j.next().number
	j.pending--
	for j.size-j.pending > j.keep {
		j.dropOldest()
	}
}

// releaseAll: nobody is to be told of the events that wait; whoever changes over will ask for them.
func (j *journal) releaseAll() {
	for j.pending > 0 {
		j.release()
	}
}

// lose: what comes from now on does not follow from what was kept (X8: the loss of the CTI link empties the buffer). What waits goes on waiting.
func (j *journal) lose() {
	for j.size > j.pending {
		j.dropOldest()
	}
	j.base = nowhere
}

// resync: from now on events follow each other again. told is behind what follows from the switch alone, and behind what a primary has told of what
// it found by reading the switch: nobody else can tell that again.
func (j *journal) resync(told number) {
	j.base = told
	if j.pending == 0 {
		j.told = told
	}
}

// behind returns the index of the first event behind a number, and reports whether everything behind it is known.
func (j *journal) behind(last number) (i int, complete bool) {
	if j.base.after(last) {
		return 0, false
	}
	return sort.Search(j.size, func(i int) bool { return j.at(i).after(last) }), true
}

// rename gives the events of a call its ConnID. They follow its creation, so the search goes backwards no further than that.
func (j *journal) rename(call callmodel.CallID, connID callmodel.ConnID) {
	for i := j.size - 1; i >= 0 && j.at(i).seq >= call.Born; i-- {
		if e := j.at(i); e.call == call {
			e.connID, e.guess = connID, false
		}
	}
}

// distrust gives up what stands before, and at, the last event of a call that was over before ConnIDs were agreed on, and whose ConnID the primary
// never told: clients may have seen another one. Whoever asks for that is told that it is not known. held says which calls are not over.
func (j *journal) distrust(held func(callmodel.CallID) bool) {
	for i := j.size - 1; i >= 0; i-- {
		if e := j.at(i); e.seq <= j.agreed && (e.connID == 0 || e.guess) && !held(e.call) {
			if e.after(j.base) {
				j.base = e.number
			}
			return
		}
	}
}

func (j *journal) append(b []byte) []byte {
	b = j.base.append(b)
	b = j.told.append(b)
	b = canon.Uint(b, j.agreed)
	b = canon.Uint(b, j.pending)
	b = canon.Uint(b, j.size)
	for i := range j.size {
		b = j.at(i).append(b)
	}
	return b
}

func (e *event) append(b []byte) []byte {
	b = e.number.append(b)
	b = canon.Uint(b, e.kind)
	b = canon.Uint(b, e.typ)
	b = canon.Uint(b, e.call.Ref)
	b = canon.Uint(b, e.call.Born)
	b = canon.Uint(b, uint64(e.connID))
	b = canon.String(b, e.thisDN)
	b = canon.String(b, e.otherDN)
	b = canon.Uint(b, e.need)
	return canon.Bool(b, e.guess)
}

func (n number) append(b []byte) []byte {
	b = canon.Uint(b, n.seq)
	return canon.Uint(b, n.sub)
}

func (n *number) restore(r *canon.Reader) {
	n.seq, n.sub = canon.Read[uint64](r), canon.Read[uint32](r)
}

func (j *journal) restore(r *canon.Reader) {
	*j = journal{keep: j.keep}
	var base, told number
	base.restore(r)
	told.restore(r)
	agreed, pending := canon.Read[uint64](r), canon.Read[int](r)
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		var e event
		e.restore(r)
		j.add(&e)
	}
	j.base, j.told, j.agreed, j.pending = base, told, agreed, pending
}

func (e *event) restore(r *canon.Reader) {
	e.number.restore(r)
	e.kind, e.typ = canon.Read[wire.Kind](r), canon.Read[callmodel.CallType](r)
	e.call = callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}
	e.connID = callmodel.ConnID(canon.Read[uint64](r))
	e.thisDN, e.otherDN = callmodel.DN(r.String()), callmodel.DN(r.String())
	e.need, e.guess = canon.Read[uint64](r), r.Bool()
}
