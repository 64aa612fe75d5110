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

	thisRole, otherRole callmodel.PartyRole
	cause               callmodel.Cause
	client              wire.ID // whose request has caused it
	refID               uint64
	data                callmodel.AttachedData
	time                uint64
	more                *more // what few events have; it is never changed
}

// more is what few events have.
type more struct {
	thirdDN, queue     callmodel.DN
	previous, transfer callmodel.ConnID
	agent              callmodel.AgentState
	mode               callmodel.WorkMode
	agentID            string
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

// insert takes up an event that a primary has made, at its place among those of the switch, unless what is there begins behind it.
func (j *journal) insert(e *event) {
	if !e.after(j.base) {
		return
	}
	j.add(e)
	i := j.size - 1
	for ; i > 0 && j.at(i-1).after(e.number); i-- {
		*j.at(i) = *j.at(i - 1)
	}
	*j.at(i) = *e
	for i++; i < j.size; i++ { // what came later shows what has changed
		if later := j.at(i); later.call == e.call && e.kind == wire.EventAttachedDataChanged {
			later.data = e.data
		}
	}
	j.release()
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
	j.skip(j.at(0).number) // the base may be behind it already: what stands before is not to be told any more
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

// skip: what comes up to this number is not all here.
func (j *journal) skip(upTo number) {
	if upTo.after(j.base) {
		j.base = upTo
	}
}

// behind returns the index of the first event behind a number, and reports whether everything behind it is known.
func (j *journal) behind(last number) (i int, complete bool) {
	if j.base.after(last) {
		return 0, false
	}
	return sort.Search(j.size, func(i int) bool { return j.at(i).after(last) }), true
}

// rename gives the events of a call its ConnID, and those that had none the data that it was named with. They follow its creation, so the search goes
// backwards no further than that.
func (j *journal) rename(call callmodel.CallID, connID callmodel.ConnID, data callmodel.AttachedData) {
	for i := j.size - 1; i >= 0 && j.at(i).seq >= call.Born; i-- {
		if e := j.at(i); e.call == call {
			if e.connID == 0 {
				e.data = data
			}
			e.connID, e.guess = connID, false
		}
	}
}

// distrust gives up what stands before, and at, the last event of a call that was over before ConnIDs were agreed on, and whose ConnID the primary
// never told: clients may have seen another one. Whoever asks for that is told that it is not known. held says which calls are not over.
func (j *journal) distrust(held func(callmodel.CallID) bool) {
	for i := j.size - 1; i >= 0; i-- {
		if e := j.at(i); e.seq <= j.agreed && e.call.Born != 0 && (e.connID == 0 || e.guess) && !held(e.call) {
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
	b = canon.Bool(b, e.guess)
	b = canon.Uint(b, e.thisRole)
	b = canon.Uint(b, e.otherRole)
	b = canon.Uint(b, e.cause)
	b = canon.Uint(b, e.client)
	b = canon.Uint(b, e.refID)
	b = canon.String(b, e.data)
	b = canon.Uint(b, e.time)
	b = canon.Bool(b, e.more != nil)
	if r := e.more; r != nil {
		b = canon.String(b, r.thirdDN)
		b = canon.String(b, r.queue)
		b = canon.Uint(b, uint64(r.previous))
		b = canon.Uint(b, uint64(r.transfer))
		b = canon.Uint(b, r.agent)
		b = canon.Uint(b, r.mode)
		b = canon.String(b, r.agentID)
	}
	return b
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
	e.thisRole, e.otherRole = canon.Read[callmodel.PartyRole](r), canon.Read[callmodel.PartyRole](r)
	e.cause, e.client, e.refID = canon.Read[callmodel.Cause](r), canon.Read[wire.ID](r), canon.Read[uint64](r)
	e.data, e.time = callmodel.AttachedData(r.String()), canon.Read[uint64](r)
	if r.Bool() {
		e.more = &more{thirdDN: callmodel.DN(r.String()), queue: callmodel.DN(r.String())}
		e.more.previous, e.more.transfer = callmodel.ConnID(canon.Read[uint64](r)), callmodel.ConnID(canon.Read[uint64](r))
		e.more.agent, e.more.mode, e.more.agentID = canon.Read[callmodel.AgentState](r), canon.Read[callmodel.WorkMode](r), r.String()
	}
}
