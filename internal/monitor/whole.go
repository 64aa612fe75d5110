package monitor

import (
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// whole holds the trace itself: the records of an incarnation are numbered without a hole, incarnations follow each other, and
// every message that was received was sent, unchanged and in this order.
type whole struct {
	nodes map[wire.ID]*author
	sent  map[flow][]trace.Record // under way, in order
}

// author is the present incarnation of a node.
type author struct {
	inc, index uint64
	ended      bool
}

// flow is from one incarnation of a node to another node.
type flow struct {
	from wire.ID
	inc  uint64
	to   wire.ID
}

func newWhole() *whole {
	return &whole{nodes: map[wire.ID]*author{}, sent: map[flow][]trace.Record{}}
}

func (w *whole) name() string { return "trace" }

func (w *whole) record(s *Set, r *trace.Record) {
	if r.Index > 0 {
		w.number(s, r)
	}
	switch r.Kind {
	case trace.Ended:
		w.end(s, r)
	case trace.Sent:
		f := flow{r.Node, r.Inc, r.Peer}
		w.sent[f] = append(w.sent[f], keep(r))
	case trace.Received:
		w.received(s, r)
	}
}

func (w *whole) number(s *Set, r *trace.Record) {
	a := w.nodes[r.Node]
	if a == nil {
		a = &author{ended: true}
		w.nodes[r.Node] = a
	}
	switch {
	case r.Kind == trace.Started && r.Inc > a.inc && r.Index == 1:
		*a = author{inc: r.Inc, index: 1}
		w.forget(r.Node)
		return
	case r.Inc != a.inc || a.ended:
		s.report(records(r), "%s speaks as incarnation %d, which does not run", r.Node, r.Inc)
	case r.Index != a.index+1:
		s.report(records(r), "%s, incarnation %d: record %d follows record %d", r.Node, r.Inc, r.Index, a.index)
	}
	a.inc, a.index = r.Inc, r.Index
}

func (w *whole) end(s *Set, r *trace.Record) {
	a := w.nodes[r.Node]
	if a == nil || a.ended || a.inc != r.Inc {
		s.report(records(r), "%s ends as incarnation %d, which does not run", r.Node, r.Inc)
		return
	}
	a.ended = true
	w.forget(r.Node)
}

// forget drops what was under way to a node: its new incarnation gets none of it.
func (w *whole) forget(to wire.ID) {
	for f := range w.sent {
		if f.to == to {
			delete(w.sent, f)
		}
	}
}

// received: messages that were sent before it on the same flow and did not arrive are lost with their session.
func (w *whole) received(s *Set, r *trace.Record) {
	f := flow{r.Peer, r.PeerInc, r.Node}
	queue := w.sent[f]
	for len(queue) > 0 && queue[0].Index < r.PeerIndex {
		queue = queue[1:]
	}
	if len(queue) == 0 || queue[0].Index != r.PeerIndex {
		s.report(records(r), "%s receives from %s what was not sent, or out of order", r.Node, r.Peer)
		w.sent[f] = queue
		return
	}
	if *queue[0].Msg != *r.Msg {
		s.report(records(&queue[0], r), "%s receives another message than %s sent", r.Node, r.Peer)
	}
	w.sent[f] = queue[1:]
	if len(queue) == 1 {
		delete(w.sent, f)
	}
}

func (w *whole) finish(*Set) {}
