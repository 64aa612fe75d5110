package monitor

import (
	"sort"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// s2: Full Sync Done (synchronized) is sent only when every call that R5 and X1 tagged is released or its ConnID acknowledged. The
// monitor works out for itself what is to be tagged.
type s2 struct {
	servers [2]tagger
}

// tagger follows one T-Server.
type tagger struct {
	peerInc uint64
	known   map[callmodel.CallID]callmodel.ConnID // what this incarnation of the peer has acknowledged or told
	named   map[uint64]trace.Record               // what was sent in this HA session to be acknowledged, CallNamed above all, by number, until it is
	asked   trace.Record                          // the Backup Ready that is outstanding
	tagged  map[callmodel.CallID]bool
}

func newS2() *s2 { return &s2{servers: [2]tagger{newTagger(), newTagger()}} }

func newTagger() tagger {
	return tagger{known: map[callmodel.CallID]callmodel.ConnID{}, named: map[uint64]trace.Record{}}
}

// tellsConnID reports whether a message tells the peer a call's ConnID: R12's own, or an event that the primary itself has made of the call.
func tellsConnID(m *wire.Message) bool {
	return m.Kind == wire.CallNamed || m.Kind == wire.PrimaryEvent && m.ConnID != 0
}

// isAcknowledged reports whether the peer answers a message of the HA link with CallNamedAck.
func isAcknowledged(m *wire.Message) bool {
	return m.Kind == wire.CallNamed || m.Kind == wire.PrimaryEvent || m.Kind == wire.RegistrationTold && m.Num > 0
}

func (m *s2) name() string { return "S2" }

func (m *s2) record(s *Set, r *trace.Record) {
	v := s.pair.of(r.Node)
	if v == nil {
		return
	}
	t := &m.servers[r.Node-wire.A]
	switch {
	case r.Kind == trace.Started:
		*t = newTagger()
	case r.Kind == trace.Noted:
		t.note(r.Note)
	case !r.Peer.IsTServer():
	case r.Kind == trace.Up, r.Kind == trace.Down:
		t.session(r)
	case r.Kind == trace.Sent && isAcknowledged(r.Msg):
		t.named[r.Msg.Num] = keep(r)
	case r.Kind == trace.Sent && r.Msg.Kind == wire.FullSyncDone:
		t.done(s, v, r)
	case r.Kind == trace.Received:
		t.received(v, r)
	}
}

func (t *tagger) session(r *trace.Record) {
	if r.Kind == trace.Up && r.PeerInc != t.peerInc {
		t.peerInc, t.known = r.PeerInc, map[callmodel.CallID]callmodel.ConnID{}
	}
	t.named = map[uint64]trace.Record{}
	t.asked, t.tagged = trace.Record{}, nil
}

func (t *tagger) received(v *view, r *trace.Record) {
	switch r.Msg.Kind {
	case wire.BackupReady:
		t.asked, t.tagged = trace.Record{}, nil
		if v.role == wire.Primary && v.cti == callmodel.CTISynchronized {
			t.asked, t.tagged = keep(r), map[callmodel.CallID]bool{}
			for call, connID := range v.calls {
				if t.known[call] != connID || connID == 0 {
					t.tagged[call] = true
				}
			}
		}
	case wire.CallNamedAck:
		// What was sent in an earlier epoch than that which is acknowledged may have been ignored by the peer (X6).
		epoch := epochOf(t.named[r.Msg.Num])
		for num, sent := range t.named {
			if num > r.Msg.Num {
				continue
			}
			if sent.Msg.Epoch >= epoch && tellsConnID(sent.Msg) {
				t.knows(sent.Msg.Call, sent.Msg.ConnID)
			}
			delete(t.named, num)
		}
	case wire.CallNamed, wire.PrimaryEvent:
		if tellsConnID(r.Msg) {
			t.knows(r.Msg.Call, r.Msg.ConnID)
		}
	}
}

func epochOf(sent trace.Record) uint64 {
	if sent.Msg == nil {
		return 0
	}
	return sent.Msg.Epoch
}

func (t *tagger) knows(call callmodel.CallID, connID callmodel.ConnID) {
	t.known[call] = connID
	delete(t.tagged, call)
}

func (t *tagger) note(n *node.Note) {
	switch n.Kind {
	case node.NoteHeld, node.NoteNamed:
		if t.asked.Msg != nil && n.Call.Born <= t.asked.Msg.Seq && t.known[n.Call] != n.ConnID {
			t.tagged[n.Call] = true // X1
		}
	case node.NoteGone:
		delete(t.tagged, n.Call)
		delete(t.known, n.Call)
	case node.NoteCTI, node.NoteRole:
		if n.Text != callmodel.CTISynchronized.String() {
			t.asked, t.tagged = trace.Record{}, nil
		}
	}
}

func (t *tagger) done(s *Set, v *view, r *trace.Record) {
	if r.Msg.Reason != wire.Synchronized {
		t.asked, t.tagged = trace.Record{}, nil
		return
	}
	asked := t.asked
	switch {
	case asked.Msg == nil || asked.Msg.Num != r.Msg.Num:
		s.report(records(&asked, r), "%s answers Backup Ready %d, which is not outstanding", r.Node, r.Msg.Num)
	case len(t.tagged) > 0:
		var calls []callmodel.CallID
		for c := range t.tagged {
			calls = append(calls, c)
		}
		sort.Slice(calls, func(i, j int) bool { return calls[i].Born < calls[j].Born })
		s.report(records(&asked, r), "%s sends Full Sync Done (synchronized) while %d tagged calls are neither released nor acknowledged, the first being %s",
			r.Node, len(calls), calls[0])
	case v.seq < asked.Msg.Seq:
		s.report(records(&asked, r), "%s sends Full Sync Done (synchronized) having processed the switch's events up to %d only; the watermark is %d",
			r.Node, v.seq, asked.Msg.Seq)
	}
	t.asked, t.tagged = trace.Record{}, nil
}

func (m *s2) finish(*Set) {}
