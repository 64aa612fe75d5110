package monitor

import (
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// whole holds the trace itself: the records of an incarnation are numbered without a hole, incarnations follow each other, and
// every message that was received was sent, unchanged and in this order.
type whole struct {
	nodes map[wire.ID]*author
	flows map[flow]*queue
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

// queue is what is under way on a flow, in order.
type queue struct {
	session uint64 // how often the sender's port came up
	sent    []sending
}

type sending struct {
	session uint64
	record  trace.Record
}

func newWhole() *whole {
	return &whole{nodes: map[wire.ID]*author{}, flows: map[flow]*queue{}}
}

func (w *whole) name() string { return "trace" }

func (w *whole) record(s *Set, r *trace.Record) {
	if r.Index > 0 {
		w.number(s, r)
	}
	switch r.Kind {
	case trace.Ended:
		w.end(s, r)
	case trace.Up:
		w.up(r)
	case trace.Sent:
		if w.outside(r.Peer) {
			return
		}
		q := w.flow(flow{r.Node, r.Inc, r.Peer})
		q.sent = append(q.sent, sending{q.session, keep(r)})
	case trace.Received:
		w.received(s, r)
	}
}

// outside reports whether a program is in a client's place that writes no records: what it sent, and what it got, nobody can tell.
func (w *whole) outside(id wire.ID) bool { return id.IsClient() && w.nodes[id] == nil }

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
	for f := range w.flows {
		if f.to == to {
			delete(w.flows, f)
		}
	}
}

func (w *whole) flow(f flow) *queue {
	q := w.flows[f]
	if q == nil {
		q = &queue{}
		w.flows[f] = q
	}
	return q
}

// up: a new session begins for what the node sends, and nothing more comes of an older incarnation of its peer.
func (w *whole) up(r *trace.Record) {
	w.flow(flow{r.Node, r.Inc, r.Peer}).session++
	for f := range w.flows {
		if f.from == r.Peer && f.to == r.Node && f.inc < r.PeerInc {
			delete(w.flows, f)
		}
	}
}

// received: messages that were sent before it on the same flow and did not arrive are lost with their session, never without it.
func (w *whole) received(s *Set, r *trace.Record) {
	if w.outside(r.Peer) {
		return
	}
	q := w.flow(flow{r.Peer, r.PeerInc, r.Node})
	lost := 0
	for lost < len(q.sent) && q.sent[lost].record.Index < r.PeerIndex {
		lost++
	}
	skipped := q.sent[:lost]
	q.sent = q.sent[lost:]
	if len(q.sent) == 0 || q.sent[0].record.Index != r.PeerIndex {
		s.report(records(r), "%s receives from %s what was not sent, or out of order", r.Node, r.Peer)
		return
	}
	sent := &q.sent[0]
	if *sent.record.Msg != *r.Msg {
		s.report(records(&sent.record, r), "%s receives another message than %s sent", r.Node, r.Peer)
	}
	if lost > 0 && skipped[lost-1].session == sent.session {
		s.report(records(&skipped[lost-1].record, &sent.record, r), "%s never receives what %s sent before in the same session", r.Node, r.Peer)
	}
	q.sent = q.sent[1:]
	if len(q.sent) == 0 {
		q.sent = nil
	}
}

func (w *whole) finish(*Set) {}
