package fuzz

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// callLog notes what happens to the calls of the load in a run, so that they can be spelt out.
type callLog struct {
	calls []*loggedCall
	byID  map[callmodel.CallID]*loggedCall
}

type loggedCall struct {
	from, to callmodel.DN // "" as long as nobody was told of it
	acts     []Event      // with the verb in the place of the line
}

// Record implements trace.Sink.
func (l *callLog) Record(r *trace.Record) {
	switch {
	case r.Node != wire.Switch:
	case r.Kind == trace.Sent && (r.Msg.Kind == wire.CallCreated || r.Msg.Kind == wire.SnapshotCall):
		if c := l.byID[r.Msg.Call]; c != nil {
			c.from, c.to = r.Msg.ThisDN, r.Msg.OtherDN
		}
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteCall:
		l.note(r)
	}
}

// verbs are the commands that do what the switch notes of a call.
var verbs = map[string]string{"created": "call", "answered": "answer", "released": "release"}

func (l *callLog) note(r *trace.Record) {
	verb := verbs[r.Note.Text]
	if verb == "call" && r.Note.M > 0 {
		c := &loggedCall{}
		l.calls = append(l.calls, c)
		l.byID[r.Note.Call] = c
	}
	if c := l.byID[r.Note.Call]; c != nil && verb != "" {
		c.acts = append(c.acts, Event{r.At, verb})
	}
}

// spellOutCalls puts the calls that the load made in the place of the load: then each of them can be left out.
func (s *shrinker) spellOutCalls() {
	isLoad := func(e Event) bool { return strings.HasPrefix(e.Line, "? load ") }
	if !slices.ContainsFunc(s.best.Events, isLoad) {
		return
	}
	log := &callLog{byID: map[callmodel.CallID]*loggedCall{}}
	o := s.opt
	o.Observe = log
	if _, err := Run(s.ctx, s.best, o); err != nil {
		return
	}
	for _, exact := range []time.Duration{time.Millisecond, time.Microsecond, 1} {
		p := s.best.clone()
		p.Events = append(slices.DeleteFunc(p.Events, isLoad), log.events(exact, p.Length)...)
		p.sort()
		if s.try(p) {
			return
		}
	}
}

// events are the lines of all calls, at times that are rounded.
func (l *callLog) events(exact, end time.Duration) (list []Event) {
	for i, c := range l.calls {
		if c.from == "" {
			continue // nobody ever heard of it
		}
		for _, a := range c.acts {
			line := fmt.Sprintf("? %s g%d", a.Line, i+1)
			if a.Line == "call" {
				line += fmt.Sprintf(" from=%s to=%s", c.from, c.to)
			}
			if a.At <= end {
				list = append(list, Event{a.At.Round(exact), line})
			}
		}
	}
	return list
}
