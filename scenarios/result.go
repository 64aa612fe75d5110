package scenarios

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"hotpair/internal/monitor"
	"hotpair/internal/trace"
)

// Verdict is how a run ended. Its values are the exit status of hotpair run.
type Verdict int

// The verdicts.
const (
	Held Verdict = iota
	Failed
	CouldNotTell
)

var verdictNames = [...]string{"held", "failed", "could not tell"}

// String returns the verdict in words.
func (v Verdict) String() string { return verdictNames[v] }

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Assertion is the result of one judgement.
type Assertion struct {
	Line   int    `json:"line"`
	Text   string `json:"text"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// Phase is the part of a scenario from one comment to the next, and what it took.
type Phase struct {
	FirstLine int           `json:"firstLine"`
	RunTime   time.Duration `json:"runTime"`
	WallTime  time.Duration `json:"wallTime"`
}

// Result is what a run showed.
type Result struct {
	Scenario string   `json:"scenario"`
	Title    string   `json:"title,omitempty"`
	World    string   `json:"world"`
	Seed     uint64   `json:"seed"`
	Rules    []string `json:"rules,omitempty"`
	Verdict  Verdict  `json:"verdict"`
	// Reason is the first thing that went wrong, "" if nothing did.
	Reason     string              `json:"reason,omitempty"`
	Assertions []Assertion         `json:"assertions"`
	Violations []monitor.Violation `json:"violations,omitempty"`
	// Faults are what was applied, in order; Monitors who watched.
	Faults   []string `json:"faults"`
	Monitors []string `json:"monitors"`
	// Ladder is the sequence chart; Links the messages of each direction of a link, in their order.
	Ladder  string              `json:"ladder"`
	Links   map[string][]string `json:"links"`
	Skipped []string            `json:"skipped,omitempty"`
	Metrics metrics             `json:"metrics"`
	Phases  []Phase             `json:"phases"`
	RunTime time.Duration       `json:"runTime"`
	Wall    time.Duration       `json:"wallTime"`
	// Replay is the command line that makes this run again.
	Replay string `json:"replay"`
	// Dir is where trace, ladder and verdict were stored, "" if nowhere.
	Dir string `json:"dir,omitempty"`
}

// Equal lists in what the verdicts of two runs differ: result of each assertion, ladder messages of each link, faults applied, monitors.
// Nothing listed means that they are equal verdicts.
func Equal(a, b *Result) []string {
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	if a.Verdict != b.Verdict {
		add("verdict: %s in %s (%s), %s in %s (%s)", a.Verdict, a.World, a.Reason, b.Verdict, b.World, b.Reason)
	}
	for i := range max(len(a.Assertions), len(b.Assertions)) {
		if i >= len(a.Assertions) || i >= len(b.Assertions) || a.Assertions[i].OK != b.Assertions[i].OK || a.Assertions[i].Line != b.Assertions[i].Line {
			add("assertion %d differs", i+1)
		}
	}
	if !slices.Equal(a.Faults, b.Faults) {
		add("faults: %q in %s, %q in %s", a.Faults, a.World, b.Faults, b.World)
	}
	if !slices.Equal(a.Monitors, b.Monitors) {
		add("monitors: %q in %s, %q in %s", a.Monitors, a.World, b.Monitors, b.World)
	}
	for _, d := range compareLinks(a.Links, b.Links) {
		add("%s", d)
	}
	return diffs
}

// compareLinks lists the directions whose messages differ.
func compareLinks(want, got map[string][]string) []string {
	var names []string
	for name := range want {
		names = append(names, name)
	}
	for name := range got {
		if _, both := want[name]; !both {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var diffs []string
	for _, name := range names {
		if !slices.Equal(want[name], got[name]) {
			diffs = append(diffs, fmt.Sprintf("%s:\n  wanted %s\n  got    %s", name, strings.Join(want[name], " · "), strings.Join(got[name], " · ")))
		}
	}
	return diffs
}

// checkLadder compares the ladder with the one that is expected: exactly where nodes take no time, per link elsewhere.
func (r *runner) checkLadder(l *trace.Ladder) string {
	got := l.String()
	if !r.sc.hasLadder || r.opt.Update || r.sc.ladder == got {
		return ""
	}
	if diffs := compareLinks(trace.ParseLadder(r.sc.ladder), l.Links()); len(diffs) > 0 {
		return "the ladder is not as expected; " + strings.Join(diffs, "\n")
	}
	if r.opt.slow() {
		return ""
	}
	return "the ladder's messages are as expected on each link, and not in the order of the whole:\n" + got
}
