package monitor

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// atOnce: what the protocol says happens at once has happened when the T-Server begins its next step: a synchronized primary has announced (R3); so has a
// backup that got Full Sync Done (R9), or whose primary failed while it waited (R11); and nothing is announced while the CTI link is not synchronized.
// It is S4's other half, which says when nobody may announce. Under peer arbitration others decide.
type atOnce struct {
	servers [2]owing
}

// owing follows one T-Server.
type owing struct {
	waiting uint64       // the number of the Backup Ready that is not answered
	due     string       // the rule by which it has to announce
	shown   trace.Record // why
}

func newAtOnce() *atOnce { return &atOnce{} }

func (m *atOnce) name() string { return "at-once" }

func (m *atOnce) record(s *Set, r *trace.Record) {
	v := s.pair.of(r.Node)
	if v == nil || v.options.PeerArbitration {
		return
	}
	o := &m.servers[r.Node-wire.A]
	switch {
	case r.Kind == trace.Started || r.Kind == trace.Ended:
		*o = owing{}
	case isInput(r):
		o.judge(s, v, r)
		o.input(v, r)
	case r.Kind == trace.Sent && r.Msg.Kind == wire.BackupReady:
		o.waiting, o.due = r.Msg.Num, ""
	case r.Kind == trace.Noted && (r.Note.Kind == node.NoteRole || r.Note.Kind == node.NoteCTI):
		*o = owing{}
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteAnnounced:
		o.due = ""
	}
}

// judge looks at the state in which the step before has left it.
func (o *owing) judge(s *Set, v *view, r *trace.Record) {
	synchronized := v.cti == callmodel.CTISynchronized
	switch {
	case v.announced && !synchronized:
		s.report(records(&v.roleNote, r), "%s leaves EventLinkConnected in force while its CTI link is %s (R3)", v.id, v.cti)
	case v.announced || !synchronized:
	case v.role == wire.Primary:
		s.report(records(&v.roleNote, r), "%s is primary and has read the switch, and has not announced EventLinkConnected (R3)", v.id)
	case o.due != "":
		s.report(records(&o.shown, r), "%s does not announce EventLinkConnected at once (%s)", v.id, o.due)
	}
}

func (o *owing) input(v *view, r *trace.Record) {
	switch {
	case !r.Peer.IsTServer():
	case r.Kind == trace.Received && r.Msg.Kind == wire.FullSyncDone && r.Msg.Num == o.waiting && r.Msg.Epoch >= v.epoch:
		o.waiting, o.due, o.shown = 0, "R9", keep(r)
	case r.Kind == trace.Down && o.waiting != 0 && r.Text != node.CauseOwnCarrier.String():
		o.waiting, o.due, o.shown = 0, "R11", keep(r)
	case r.Kind == trace.Down:
		o.waiting = 0
	}
}

func (m *atOnce) finish(*Set) {}
