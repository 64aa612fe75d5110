package monitor

import (
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// desk is where a T-Server takes the requests of its clients: each gets exactly one answer, unless the link to its client ends, or the T-Server is primary no
// more: then clients ask its successor what became of it.
type desk struct {
	waiting map[ticket]*errand
}

// errand is a request that came over a link that is up.
type errand struct {
	request trace.Record
	answer  trace.Record // Kind 0: none yet
	excused bool         // no answer is due any more
}

// maxErrands is from when on errands that are answered are forgotten.
const maxErrands = 4096

func (d *desk) record(s *Set, r *trace.Record) {
	switch {
	case r.Kind == trace.Started, r.Kind == trace.CarrierDown, d.waiting == nil:
		d.waiting = map[ticket]*errand{}
	case (r.Kind == trace.Up || r.Kind == trace.Down) && r.Peer.IsClient():
		d.forget(func(t ticket, _ *errand) bool { return t.client == r.Peer })
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteRole && roleNamed(r.Note.Text) == wire.Backup:
		d.excuse(wire.None)
	case r.Kind == trace.Received && r.Peer.IsClient() && r.Msg.Kind.IsRequest() && r.Msg.RefID != 0:
		d.asked(r)
	case r.Kind == trace.Sent && r.Peer.IsClient() && r.Msg.RefID != 0:
		d.answers(s, r)
	}
}

func (d *desk) forget(which func(ticket, *errand) bool) {
	for t, e := range d.waiting {
		if which(t, e) {
			delete(d.waiting, t)
		}
	}
}

// excuse: what a client, or anybody, has asked for need not be answered.
func (d *desk) excuse(client wire.ID) {
	for t, e := range d.waiting {
		if client == wire.None || t.client == client {
			e.excused = true
		}
	}
}

func (d *desk) asked(r *trace.Record) {
	if r.Msg.Kind == wire.UnregisterAddress {
		d.excuse(r.Peer) // the event that would answer may be of that DN
	}
	t := ticket{r.Peer, r.Msg.RefID}
	if e := d.waiting[t]; e != nil && e.answer.Kind == 0 {
		return // it is under way, and will be answered once
	}
	if len(d.waiting) > maxErrands {
		d.forget(func(_ ticket, e *errand) bool { return e.answer.Kind != 0 })
	}
	d.waiting[t] = &errand{request: keep(r)}
}

// answers: what a request has done at the switch may be several events of one moment, such as EventDialing and EventDestinationBusy, or EventReleased and
// EventAgentNotReady: they are one answer. They may be told again to a client that resumes (X8), and one whose T-Server has told it that nothing is known may
// see them later.
func (d *desk) answers(s *Set, r *trace.Record) {
	event := r.Msg.Kind.IsCallEvent()
	e := d.waiting[ticket{r.Peer, r.Msg.RefID}]
	switch {
	case e == nil && event:
	case e == nil:
		s.report(records(r), "%s answers request %d of %s, which was not made over this link (X13)", r.Node, r.Msg.RefID, r.Peer)
	case e.answer.Kind == 0:
		e.answer = keep(r)
	case event && e.answer.Msg.Code == callmodel.ErrOutcomeUnknown:
		e.answer = keep(r)
	case event && e.answer.Msg.Kind.IsCallEvent() && (e.answer.Msg.Seq == r.Msg.Seq || e.answer.Msg.Time == r.Msg.Time && r.Msg.Time != 0):
	default:
		s.report(records(&e.request, &e.answer, r), "%s answers request %d of %s twice (X13)", r.Node, r.Msg.RefID, r.Peer)
	}
}

// finish: what came long enough ago is answered. Until when that has to be the T-Server knows (request-timeout, and ha-publish-timeout for an event).
func (d *desk) finish(s *Set, v *view, now *trace.Record) {
	if !v.running {
		return
	}
	limit := v.options.RequestTimeout + v.options.HAPublishTimeout + tolerance
	if v.options.ClockRate > 0 {
		limit = time.Duration(float64(limit) / v.options.ClockRate)
	}
	var first *errand
	for _, e := range d.waiting {
		if e.answer.Kind == 0 && !e.excused && now.At-e.request.At > limit && (first == nil || e.request.Index < first.request.Index) {
			first = e
		}
	}
	if first != nil {
		s.report(records(&first.request), "%s never answers request %d of %s (X13)", v.id, first.request.Msg.RefID, first.request.Peer)
	}
}
