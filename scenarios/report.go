package scenarios

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Text is the result for a reader: one line if it held, and one with the alarms, if any were raised; otherwise what went wrong, the phase it went wrong in, the ladder, and the line that
// replays it.
func (r *Result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s  %s: %s  [%s, run time %s, wall time %s]\n",
		r.Verdict, r.Scenario, r.Title, r.World, short(r.RunTime), short(r.Wall))
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "    not for this world: %s\n", s)
	}
	if len(r.Metrics.Alarms) > 0 {
		fmt.Fprintf(&b, "    alarms raised: %s\n", strings.Join(r.Metrics.Alarms, "; "))
	}
	if m := &r.Metrics; m.ClientsLost > 0 {
		fmt.Fprintf(&b, "    clients: %d were lost in one event, %d got nowhere\n", m.ClientsLost, m.ClientsNowhere)
	}
	r.Metrics.writeTraffic(&b)
	if r.Verdict == Held {
		return b.String()
	}
	fmt.Fprintf(&b, "    %s\n", indent(r.Reason))
	for _, a := range r.Assertions {
		if n := len(r.Phases); n > 0 && a.Line < r.Phases[n-1].FirstLine && a.OK {
			continue // of an earlier phase
		}
		mark := "ok    "
		if !a.OK {
			mark = "FAILED"
		}
		fmt.Fprintf(&b, "    %s line %d: %s\n", mark, a.Line, a.Text)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "    %s\n", indent(v.String()))
	}
	fmt.Fprintf(&b, "    %s", indent(strings.TrimRight(r.Ladder, "\n")))
	fmt.Fprintf(&b, "\n    replay: %s\n", r.Replay)
	if r.Dir != "" {
		fmt.Fprintf(&b, "    trace:  %s/trace.jsonl\n", r.Dir)
	}
	return b.String()
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n    ") }

// short rounds a time for readers.
func short(d time.Duration) time.Duration {
	switch {
	case d > time.Minute:
		return d.Round(time.Second)
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// The layout of JUnit XML, as CI systems read it.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Time    string     `xml:"time,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Error   *junitText `xml:"error,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as JUnit XML: what failed is a failure, what could not be told an error.
func WriteJUnit(w io.Writer, results []*Result) error {
	s := junitSuite{Name: "hotpair", Tests: len(results)}
	for _, r := range results {
		c := junitCase{Class: "hotpair." + r.World, Name: r.Scenario, Time: fmt.Sprintf("%.3f", r.Wall.Seconds())}
		text := &junitText{Message: r.Reason, Text: r.Text()}
		switch r.Verdict {
		case Failed:
			c.Failure = text
			s.Failures++
		case CouldNotTell:
			c.Error = text
			s.Errors++
		}
		s.Cases = append(s.Cases, c)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	return nil
}
