package monitor

import (
	"fmt"

	"hotpair/internal/config"
	"hotpair/internal/trace"
)

// Violation says what is wrong.
type Violation struct {
	// Monitor is the name of what must hold: S1 to S8, L1 to L3, X13, or trace.
	Monitor string `json:"monitor"`
	// Text says in one sentence what is wrong.
	Text string `json:"text"`
	// Records show it, the last one being where it was noticed.
	Records []trace.Record `json:"records"`
}

// String shows the violation with its records.
func (v Violation) String() string {
	s := v.Monitor + ": " + v.Text
	for i := range v.Records {
		s += "\n    " + v.Records[i].String()
	}
	return s
}

// monitor is one thing that must hold. A record is valid only during the call.
type monitor interface {
	name() string
	// record takes a record; the pair's views do not contain it yet.
	record(s *Set, r *trace.Record)
	// finish judges the end of a complete trace.
	finish(s *Set)
}

// Set is all monitors. It is a trace.Sink, and is used by one goroutine.
type Set struct {
	pair       pair
	list       []monitor
	current    monitor
	violations []Violation
	seen       map[string]bool
}

// maxViolations is how many violations are kept: the first ones tell.
const maxViolations = 20

// NewSet makes all monitors for a pair with this configuration.
func NewSet(c *config.Config) *Set {
	s := &Set{seen: map[string]bool{}}
	s.pair.init(c)
	s.list = []monitor{newWhole(), newS1(), newS2(), newS3(), newS4(), newS5(), newS6(), newAtOnce(), newOrder(), newStates(), newX13(), &l1{}, &l3{}}
	if !c.HasM() {
		s.list = append(s.list, newS7(), newS8(), newL2(), newPeer())
	}
	return s
}

// Names returns the names of the monitors.
func (s *Set) Names() []string {
	var names []string
	for _, m := range s.list {
		names = append(names, m.name())
	}
	return names
}

// Record implements trace.Sink.
func (s *Set) Record(r *trace.Record) {
	for _, m := range s.list {
		s.current = m
		m.record(s, r)
	}
	s.pair.record(r)
}

// Finish judges the end of a complete trace.
func (s *Set) Finish() {
	for _, m := range s.list {
		s.current = m
		m.finish(s)
	}
}

// Violations returns what is wrong, in the order in which it was noticed.
func (s *Set) Violations() []Violation { return s.violations }

// report notes a violation, once for each text.
func (s *Set) report(records []trace.Record, form string, args ...any) {
	v := Violation{Monitor: s.current.name(), Text: fmt.Sprintf(form, args...), Records: records}
	if key := v.Monitor + v.Text; !s.seen[key] && len(s.violations) < maxViolations {
		s.seen[key] = true
		s.violations = append(s.violations, v)
	}
}

// keep copies a record, so that it stays valid.
func keep(r *trace.Record) trace.Record {
	k := *r
	if r.Msg != nil {
		m := *r.Msg
		k.Msg = &m
	}
	if r.Note != nil {
		n := *r.Note
		k.Note = &n
	}
	return k
}

func records(list ...*trace.Record) []trace.Record {
	var kept []trace.Record
	for _, r := range list {
		if r != nil && r.Kind != 0 {
			kept = append(kept, keep(r))
		}
	}
	return kept
}
