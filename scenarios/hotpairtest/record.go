package hotpairtest

import (
	"sync"
	"time"

	"hotpair/internal/trace"
)

// Record is one line of the trace: what a node sent, received or stated, or what was done to it. docs/nats.md has the messages; a note's kinds are those of
// the trace files.
type Record = trace.Record

// The kinds of records.
const (
	Started     = trace.Started
	Ended       = trace.Ended
	Up          = trace.Up
	Down        = trace.Down
	CarrierUp   = trace.CarrierUp
	CarrierDown = trace.CarrierDown
	Sent        = trace.Sent
	Received    = trace.Received
	Noted       = trace.Noted
	Applied     = trace.Applied
)

// maxTape bounds the records that are kept since the last act; the oldest go first.
const maxTape = 100_000

// tape keeps the records since the last act, so that what follows at once is not missed.
type tape struct {
	mu      sync.Mutex
	since   time.Duration // records of before may come late, in real worlds
	records []Record
	dropped int // of them, from the beginning
}

// record is called by whoever lets the world go on.
func (t *tape) record(r *trace.Record) {
	kept := *r
	if r.Msg != nil {
		msg := *r.Msg
		kept.Msg = &msg
	}
	if r.Note != nil {
		note := *r.Note
		kept.Note = &note
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.At < t.since {
		return
	}
	if len(t.records) == maxTape {
		t.records = append(t.records[:0], t.records[maxTape/2:]...)
		t.dropped += maxTape / 2
	}
	t.records = append(t.records, kept)
}

// act: what was before it is not looked for any more.
func (t *tape) act(now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since, t.records, t.dropped = now, t.records[:0], 0
}

// find returns the first record from the next-th since the last act on that matches, and moves next behind those that were looked at.
func (t *tape) find(next *int, match func(*Record) bool) (Record, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := max(*next-t.dropped, 0); i < len(t.records); i++ {
		*next = t.dropped + i + 1
		if match(&t.records[i]) {
			return t.records[i], true
		}
	}
	return Record{}, false
}

// AwaitRecord waits until a record matches, of those since the last act (a line that is no judgement, and no wait), and returns it. It fails the test if none does within the time,
// on the run's clock. what stands in the failure; match must not call the pair.
func (p *Pair) AwaitRecord(what string, within time.Duration, match func(*Record) bool) Record {
	p.t.Helper()
	next, found := 0, Record{}
	look := func() (ok bool) {
		found, ok = p.tape.find(&next, match)
		return ok
	}
	ok, err := p.session.Wait(p.ctx, within, look)
	if err != nil {
		p.t.Fatal(err)
	}
	if !ok {
		p.t.Fatalf("no record within %s: %s%s", within, what, p.story())
	}
	return found
}

// OnRecord lets f hear every record from now on, until stop is called; f must not call the pair, nor keep the record. It is called by another goroutine, and
// not any more when stop has returned.
func (p *Pair) OnRecord(f func(*Record)) (stop func()) {
	p.t.Helper()
	stop, err := p.session.Listen(f)
	if err != nil {
		p.t.Fatal(err)
	}
	return stop
}
