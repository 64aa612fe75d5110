package trace

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"hotpair/internal/wire"
)

// Merger puts the records of several processes into causal order: those of an incarnation in the order of their numbers, a receive behind
// its send, a port that comes up behind the start of its peer, an incarnation behind the end of the one before it. Add may be called by many goroutines, Take by one.
type Merger struct {
	mu      sync.Mutex
	waiting []Record               // that were added and cannot be released yet, in the order of their arrival
	ready   []Record               // in causal order
	next    map[incarnation]uint64 // the number of the next record
	authors map[wire.ID]bool       // who was booted, or has written; nobody waits for a foreign client's records
	wake    chan struct{}
}

type incarnation struct {
	id  wire.ID
	inc uint64
}

// NewMerger makes an empty merger.
func NewMerger() *Merger {
	return &Merger{next: map[incarnation]uint64{}, authors: map[wire.ID]bool{}, wake: make(chan struct{}, 1)}
}

// Wake receives when there may be something to take.
func (m *Merger) Wake() <-chan struct{} { return m.wake }

// Add hands over records of one author, in their order.
func (m *Merger) Add(records ...Record) {
	m.mu.Lock()
	for i := range records {
		if r := &records[i]; r.Index > 0 || r.Kind == Applied && r.Text == "boot" {
			m.authors[r.Node] = true
		}
	}
	m.waiting = append(m.waiting, records...)
	m.release()
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Take returns what can be said to be in order, those of the same arrival by their time.
func (m *Merger) Take() []Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.ready
	m.ready = nil
	return taken
}

// release moves what has everything before it from waiting to ready.
func (m *Merger) release() {
	slices.SortStableFunc(m.waiting, func(a, b Record) int { return cmp.Compare(a.At, b.At) })
	for moved := true; moved; {
		moved = false
		for i := 0; i < len(m.waiting); i++ {
			r := m.waiting[i]
			if !m.inOrder(&r) {
				continue
			}
			if r.Index > 0 {
				m.next[incarnation{r.Node, r.Inc}] = r.Index + 1
			}
			m.ready = append(m.ready, r)
			m.waiting = slices.Delete(m.waiting, i, i+1)
			i--
			moved = true
		}
	}
}

// inOrder reports whether everything that stands before the record has been released.
func (m *Merger) inOrder(r *Record) bool {
	if (r.Kind == Ended || r.Kind == Started) && m.waitsBefore(r) {
		return false
	}
	if r.Index == 0 {
		return true // the world adds its records when they are due
	}
	if next := m.next[incarnation{r.Node, r.Inc}]; r.Index != max(next, 1) {
		return false
	}
	switch {
	case !m.authors[r.Peer]:
		return true
	case r.Kind == Received && r.PeerIndex > 0:
		return m.next[incarnation{r.Peer, r.PeerInc}] > r.PeerIndex
	case r.Kind == Up:
		return m.next[incarnation{r.Peer, r.PeerInc}] > 1 // whoever it is up to has started
	}
	return true
}

// waitsBefore reports whether a record waits that belongs before the end, or the start, of an incarnation.
func (m *Merger) waitsBefore(r *Record) bool {
	for i := range m.waiting {
		w := &m.waiting[i]
		if w.Node == r.Node && w.Inc > 0 && (w.Inc < r.Inc || w.Inc == r.Inc && r.Kind == Ended && w.Index > 0) {
			return true
		}
	}
	return false
}

// Close releases nothing more; an error names what could not be put into order.
func (m *Merger) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiting) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d records, the first being %s", ErrUnordered, len(m.waiting), m.waiting[0])
}

// ErrUnordered means that records are missing, so that others could not be put into causal order.
var ErrUnordered = errors.New("trace: records without what stands before them")
