package monitor

import (
	"fmt"
	"slices"
	"strings"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// l3: once faults have stopped, every alarm is cleared. It is judged where L1 is.
type l3 struct {
	healed bool
	alarms Alarms
}

func (m *l3) name() string { return "L3" }

func (m *l3) record(_ *Set, r *trace.Record) {
	m.healed = m.healed || r.Kind == trace.Applied && r.Node == wire.World && r.Text == "converge"
	m.alarms.Record(r)
}

func (m *l3) finish(s *Set) {
	if !m.healed {
		return
	}
	for i := range m.alarms.raised {
		r := &m.alarms.raised[i]
		if s.pair.configured(r) {
			continue
		}
		s.report(records(r), "at the end an alarm is not cleared: %s", AlarmText(r))
	}
}

// Alarms keeps account of the alarms that are raised. The zero value has none.
type Alarms struct {
	raised []trace.Record // in the order in which they were raised
}

// Record takes a record into account. An alarm of a node that has ended is gone with it.
func (a *Alarms) Record(r *trace.Record) {
	switch {
	case r.Kind == trace.Ended:
		a.remove(func(x *trace.Record) bool { return x.Node == r.Node && x.Inc == r.Inc })
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteAlarm:
		a.remove(func(x *trace.Record) bool {
			return x.Node == r.Node && x.Inc == r.Inc && x.Note.Alarm == r.Note.Alarm && x.Note.Peer == r.Note.Peer
		})
		if r.Note.N == 1 {
			a.raised = append(a.raised, keep(r))
		}
	}
}

func (a *Alarms) remove(is func(*trace.Record) bool) {
	a.raised = slices.DeleteFunc(a.raised, func(r trace.Record) bool { return is(&r) })
}

// Count returns how many alarms of a node are raised; of all nodes, for wire.None.
func (a *Alarms) Count(id wire.ID) (n int) {
	for i := range a.raised {
		if id == wire.None || a.raised[i].Node == id {
			n++
		}
	}
	return n
}

// Names returns the names of the alarms of a node that are raised, separated by commas; none if none is.
func (a *Alarms) Names(id wire.ID) string {
	var names []string
	for i := range a.raised {
		if r := &a.raised[i]; r.Node == id && !slices.Contains(names, r.Note.Alarm.String()) {
			names = append(names, r.Note.Alarm.String())
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

// First returns the alarm that has been raised for longest, in words; one that the configuration of the pair gives reason to is none.
func (a *Alarms) First(s *Set) (text string, raised bool) {
	for i := range a.raised {
		if r := &a.raised[i]; !s.pair.configured(r) {
			return fmt.Sprintf("%s (%s)", AlarmText(r), r.Note.Text), true
		}
	}
	return "", false
}

// configured reports that an alarm tells of options or versions which the two T-Servers, as they were started last, have been given to be different: that is
// no fault that has stopped, and the alarm is right to stay (L3).
func (p *pair) configured(r *trace.Record) bool {
	a, b := &p.views[0].options, &p.views[1].options
	switch r.Note.Alarm {
	case node.OptionsDiffer:
		return a.Shared() != b.Shared()
	case node.VersionsDiffer:
		return a.ProtocolVersion != b.ProtocolVersion
	}
	return false
}

// AlarmText names the alarm of a record's note: who raised it, and whom it concerns.
func AlarmText(r *trace.Record) string {
	s := r.Node.String() + " " + r.Note.Alarm.String()
	if r.Note.Peer != wire.None {
		s += " of " + r.Note.Peer.String()
	}
	return s
}
