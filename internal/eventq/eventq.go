// Package eventq is a queue of timed events: a 4-ary heap in which events of the same time keep the order in which
// they were pushed.
//
// It must not know what an event is, nor whose time it is.
package eventq

import "time"

// Event is an event in a queue. Seq is the order of pushing and names the event.
type Event[P any] struct {
	At      time.Duration
	Seq     uint64
	Payload P
}

func (e *Event[P]) before(o *Event[P]) bool {
	return e.At < o.At || (e.At == o.At && e.Seq < o.Seq)
}

// Queue is a queue of events; the zero value is empty. It is used by one goroutine at a time.
type Queue[P any] struct {
	heap []Event[P]
	seq  uint64
}

// Len returns how many events are pending.
func (q *Queue[P]) Len() int { return len(q.heap) }

// Push adds an event and returns its number.
func (q *Queue[P]) Push(at time.Duration, payload P) uint64 {
	q.seq++
	q.heap = append(q.heap, Event[P]{})
	q.up(len(q.heap)-1, Event[P]{At: at, Seq: q.seq, Payload: payload})
	return q.seq
}

// Peek returns the time of the first event; the queue is not empty.
func (q *Queue[P]) Peek() time.Duration { return q.heap[0].At }

// Pop removes the first event; the queue is not empty.
func (q *Queue[P]) Pop() Event[P] {
	first := q.heap[0]
	last := len(q.heap) - 1
	moved := q.heap[last]
	q.heap[last] = Event[P]{}
	q.heap = q.heap[:last]
	if last > 0 {
		q.down(moved)
	}
	return first
}

// up puts e at i or above.
func (q *Queue[P]) up(i int, e Event[P]) {
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&q.heap[parent]) {
			break
		}
		q.heap[i] = q.heap[parent]
		i = parent
	}
	q.heap[i] = e
}

// down puts e at the root or below.
func (q *Queue[P]) down(e Event[P]) {
	i, n := 0, len(q.heap)
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, n); c++ {
			if q.heap[c].before(&q.heap[least]) {
				least = c
			}
		}
		if !q.heap[least].before(&e) {
			break
		}
		q.heap[i] = q.heap[least]
		i = least
	}
	q.heap[i] = e
}
