package monitor

import (
	"math"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s6: a client sees each event at most once and in order; with X8, and within the buffer, exactly once.
//
// What clients are to see follows from what the switch sends (package parties). What a primary makes itself comes behind that, and is held to its order only.
// A client follows every DN from its start. It may miss what happened before it saw its first event, what a T-Server told it that it does not know
// any more, and what its T-Server itself could not hear of.
type s6 struct {
	calls   parties.Tracker
	now     place   // of the switch's message that is looked at
	due     []place // in order
	dropped int     // of due, since the beginning
	clients map[wire.ID]*follower
	gaps    [2][]gap // what each T-Server could not hear of
}

// gap is what happened while a T-Server did not hear the switch: the events behind the first number, up to and with the second.
type gap struct {
	after, upTo uint64
}

// place is the number of an event (X8).
type place struct {
	seq uint64
	sub uint32
}

func (p place) after(q place) bool { return p.seq > q.seq || p.seq == q.seq && p.sub > q.sub }

// follower is an incarnation of a client.
type follower struct {
	from   wire.ID // whom it heard last
	since  uint64  // up to this event number, from has told everything that it had to tell
	last   place
	shown  trace.Record // where it saw last
	next   int          // of all that was ever due, the first that it has not seen
	excuse bool         // it need not have seen what is due up to the next one
}

func newS6() *s6 {
	return &s6{clients: map[wire.ID]*follower{}}
}

func (m *s6) name() string { return "S6" }

func (m *s6) record(s *Set, r *trace.Record) {
	switch {
	case r.Kind == trace.Sent && r.Node == wire.Switch:
		m.sent(r.Msg)
	case r.Kind == trace.Started && r.Node == wire.Switch:
		m.switchStarted()
	case r.Kind == trace.Ended:
		delete(m.clients, r.Node)
	case r.Kind == trace.Started && r.Node.IsTServer():
		m.gaps[r.Node-wire.A] = nil
	case r.Kind == trace.Started && r.Node.IsClient():
		m.clients[r.Node] = &follower{excuse: true}
	case r.Kind != trace.Noted:
	case r.Note.Kind == node.NoteCTI && r.Node.IsTServer():
		m.hears(r.Node, r.Note)
	case r.Note.Kind == node.NoteResumed:
		if f := m.clients[r.Node]; f != nil {
			m.resumed(f, r.Note)
		}
	case r.Note.Kind == node.NoteActed && r.Note.M != 0:
		if f := m.clients[r.Node]; f != nil {
			m.acted(s, f, r)
		}
	}
}

// sent: the switch tells a T-Server of an event, or of a call in progress. It tells both the same.
func (m *s6) sent(msg *wire.Message) {
	m.now = place{msg.Seq, 0}
	if !m.calls.Hear(msg, m) {
		return
	}
	if msg.Kind == wire.AgentChanged || msg.Kind == wire.DNChanged {
		m.due = append(m.due, m.now)
	}
	m.forget()
}

// Happens implements parties.Sink.
func (m *s6) Happens(h *parties.Happening) {
	m.due = append(m.due, place{m.now.seq, h.Place})
}

// forget drops what every client has seen.
func (m *s6) forget() {
	if len(m.due) < 4096 {
		return
	}
	next := m.dropped + len(m.due)
	for _, f := range m.clients {
		if !f.excuse {
			next = min(next, f.next)
		}
	}
	n := max(next-m.dropped, 0)
	m.due = append(m.due[:0], m.due[n:]...)
	m.dropped += n
}

// switchStarted: its calls are gone, and T-Servers find that out by reading it.
func (m *s6) switchStarted() {
	m.calls.Restarted()
	for _, f := range m.clients {
		f.excuse = true
	}
}

// hears: a T-Server has lost the switch, or has read it again: it tells what it finds, and not what happened.
func (m *s6) hears(id wire.ID, n *node.Note) {
	list := &m.gaps[id-wire.A]
	last := len(*list) - 1
	open := last >= 0 && (*list)[last].upTo == math.MaxUint64
	switch reads := n.Text == callmodel.CTISynchronized.String(); {
	case reads && open:
		(*list)[last].upTo = n.N
	case !reads && !open:
		*list = append(*list, gap{n.N, math.MaxUint64})
	}
}

// missed reports whether the T-Server that a client follows could not tell it of an event.
func (m *s6) missed(f *follower, due place) bool {
	return f.from.IsTServer() && due.seq > f.since && slices.ContainsFunc(m.gaps[f.from-wire.A], func(g gap) bool {
		return due.seq > g.after && due.seq <= g.upTo
	})
}

// resumed: the client follows this T-Server now, which has told it everything up to this place, or has not.
func (m *s6) resumed(f *follower, n *node.Note) {
	f.from, f.since = n.Peer, n.M
	if n.Text != "complete" {
		f.excuse, f.last = true, place{n.M, n.Sub}
	}
}

func (m *s6) acted(s *Set, f *follower, r *trace.Record) {
	now := place{r.Note.M, r.Note.Sub}
	if f.last.seq != 0 && !now.after(f.last) {
		s.report(records(&f.shown, r), "client %s sees event (%d, %d) after (%d, %d): twice, or out of order", r.Node, now.seq, now.sub, f.last.seq, f.last.sub)
	}
	if f.from != r.Note.Peer {
		f.from, f.since = r.Note.Peer, f.last.seq
	}
	f.next = max(f.next, m.dropped)
	for ; f.next-m.dropped < len(m.due); f.next++ {
		due := m.due[f.next-m.dropped]
		if !now.after(due) {
			break
		}
		if !f.excuse && !m.missed(f, due) {
			s.report(records(&f.shown, r), "client %s never sees event (%d, %d), and sees (%d, %d)", r.Node, due.seq, due.sub, now.seq, now.sub)
		}
	}
	if i := f.next - m.dropped; i < len(m.due) && m.due[i] == now {
		f.next++
	}
	f.last, f.shown, f.excuse = now, keep(r), false
}

func (m *s6) finish(*Set) {}
