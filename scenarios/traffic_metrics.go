package scenarios

import (
	"fmt"
	"strings"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// traffic is what one load came to. Its calls that were up when the switch died count no longer.
type traffic struct {
	// Name is the load's, "" if it has none.
	Name string `json:"name,omitempty"`
	// Carried counts the calls that were created, Blocked those that found no idle line, Abandoned those of the carried ones that ended before anybody answered.
	Carried   uint64 `json:"carried"`
	Blocked   uint64 `json:"blocked"`
	Abandoned uint64 `json:"abandoned"`
	// InProgress is the mean number of its calls that were up, ringing ones among them, while the load went on: the carried traffic in erlangs. Peak is
	// the greatest number.
	InProgress float64 `json:"inProgress"`
	Peak       uint64  `json:"peak"`

	on          bool
	up          uint64
	changed     time.Duration // when up or on changed last
	lasted      time.Duration // how long it went on
	callSeconds float64
	unanswered  map[callmodel.CallID]bool // of the calls that are up
}

// Blocking is the share of the offered calls that were blocked, from 0 to 1; 0 if none was offered.
func (t *traffic) Blocking() float64 {
	if t.Blocked == 0 {
		return 0
	}
	return float64(t.Blocked) / float64(t.Carried+t.Blocked)
}

// String shows the figures in one line.
func (t *traffic) String() string {
	name := "load"
	if t.Name != "" {
		name = "load " + t.Name
	}
	abandoned := ""
	if t.Abandoned > 0 {
		abandoned = fmt.Sprintf(" %d abandoned,", t.Abandoned)
	}
	return fmt.Sprintf("%s: %d calls carried,%s %d blocked (%.2f%%), %.2f in progress on average, %d at most",
		name, t.Carried, abandoned, t.Blocked, 100*t.Blocking(), t.InProgress, t.Peak)
}

// account adds what was since the last change.
func (t *traffic) account(now time.Duration) {
	if t.on {
		t.lasted += now - t.changed
		t.callSeconds += float64(t.up) * (now - t.changed).Seconds()
	}
	t.changed = now
}

// finish ends the account.
func (t *traffic) finish(now time.Duration) {
	t.account(now)
	if t.lasted > 0 {
		t.InProgress = t.callSeconds / t.lasted.Seconds()
	}
}

// load returns the load of this number, from 1.
func (m *metrics) load(n uint64) *traffic {
	for uint64(len(m.Loads)) < n {
		m.Loads = append(m.Loads, traffic{})
	}
	return &m.Loads[n-1]
}

// traffic takes what the switch notes of loads and of their calls.
func (m *metrics) traffic(n *node.Note, now time.Duration) {
	switch {
	case n.Kind == node.NoteLoad:
		t := m.load(n.N)
		t.account(now)
		state, name, _ := strings.Cut(n.Text, " ")
		t.Name, t.on = name, state == "on"
	case n.Kind != node.NoteCall || n.M == 0:
	case n.Text == "blocked":
		m.load(n.M).Blocked++
	case n.Text == "created":
		t := m.load(n.M)
		t.account(now)
		t.Carried++
		t.up++
		t.Peak = max(t.Peak, t.up)
		if t.unanswered == nil {
			t.unanswered = map[callmodel.CallID]bool{}
		}
		t.unanswered[n.Call] = true
	case n.Text == "answered":
		delete(m.load(n.M).unanswered, n.Call)
	case n.Text == "released" || n.Text == "lost-release":
		t := m.load(n.M)
		t.account(now)
		t.up--
		if t.unanswered[n.Call] {
			t.Abandoned++
			delete(t.unanswered, n.Call)
		}
	}
}

// switchDied: a switch that starts has no calls and no loads.
func (m *metrics) switchDied(now time.Duration) {
	for i := range m.Loads {
		t := &m.Loads[i]
		t.account(now)
		t.on, t.up = false, 0
		clear(t.unanswered)
	}
}

// risk knows the calls whose ConnID would change if the primary failed now: both T-Servers have named them, and not alike.
type risk struct {
	calls   map[callmodel.CallID]bool
	changed time.Duration // when their number changed last
	peak    uint64
	total   time.Duration // the sum of the times of all of them
}

func (k *risk) account(now time.Duration) {
	k.total += time.Duration(len(k.calls)) * (now - k.changed)
	k.changed = now
}

// name takes into account that a T-Server has named a call, or dropped it.
func (k *risk) name(f *facts, call callmodel.CallID) {
	a, b := f.node(wire.A).holds[call], f.node(wire.B).holds[call]
	at := a != 0 && b != 0 && a != b
	if at == k.calls[call] {
		return
	}
	k.account(f.now)
	if !at {
		delete(k.calls, call)
		return
	}
	k.calls[call] = true
	k.peak = max(k.peak, uint64(len(k.calls)))
}

// record follows the T-Servers. Where one has ended, there is nobody whose names could differ.
func (k *risk) record(f *facts, r *trace.Record) {
	switch {
	case !r.Node.IsTServer():
	case r.Kind == trace.Ended || r.Kind == trace.Started:
		k.account(r.At)
		clear(k.calls)
	case r.Kind == trace.Noted && (r.Note.Kind == node.NoteNamed || r.Note.Kind == node.NoteGone):
		k.name(f, r.Note.Call)
	}
}

// writeTraffic tells what the loads of a run came to, and what they cost.
func (m *metrics) writeTraffic(b *strings.Builder) {
	if len(m.Loads) == 0 {
		return
	}
	for i := range m.Loads {
		fmt.Fprintf(b, "    %s\n", &m.Loads[i])
	}
	fmt.Fprintf(b, "    time to redundancy %s", short(m.TimeToRedundancy))
	if m.AtRisk > 0 {
		fmt.Fprintf(b, "; ConnIDs at risk: %d at most, %.0f call-seconds", m.AtRisk, m.AtRiskTime.Seconds())
	}
	fmt.Fprintf(b, "; changed under clients' eyes: %d\n", m.Changed)
}
