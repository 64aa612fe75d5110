package validate

import (
	"fmt"
	"io"
	"strings"
)

// Report is what a validation showed.
type Report struct {
	Options Options
	tables  []table
	made    map[comparison]int
	failed  []failure
}

// comparison is a kind of comparison of what was measured with theory.
type comparison string

// The comparisons. Each must be able to fail: TestEachComparisonFails.
const (
	littlesLaw     comparison = "Little's law"
	blockedCalls   comparison = "blocking"
	carriedTraffic comparison = "carried traffic"
	meanLength     comparison = "mean length of the synchronization"
	lengths        comparison = "distribution of lengths"
	connIDsAtRisk  comparison = "ConnIDs at risk"
	connIDsChanged comparison = "ConnIDs that change"
	drainMethod    comparison = "drain"
	transferMethod comparison = "transfer"
)

// failure is a comparison that failed, in words.
type failure struct {
	of   comparison
	text string
}

// table is one table of the report.
type table struct {
	title, text string
	head        []string
	rows        [][]string
	note        string
}

// Checks returns how many comparisons of a measured value with theory were made, and those that failed, in words.
func (r *Report) Checks() (made int, failed []string) {
	for _, n := range r.made {
		made += n
	}
	for _, f := range r.failed {
		failed = append(failed, f.text)
	}
	return made, failed
}

// check notes a comparison, and returns its mark for a table.
func (r *Report) check(of comparison, ok bool, format string, args ...any) string {
	if r.made == nil {
		r.made = map[comparison]int{}
	}
	r.made[of]++
	if ok {
		return "yes"
	}
	r.failed = append(r.failed, failure{of, fmt.Sprintf(format, args...)})
	return "**no**"
}

const introduction = `# Validation

What theory says must come out of any simulation of such a system, beside what comes out of this one. The real nodes run in virtual time: switch, both T-Servers, Management Layer and a
client; nothing of them is modelled. Theory is computed by formulas that know nothing of them (` + "`internal/validate/truth.go`" + `). Whoever doubts may give the command other
numbers; the same numbers give the same page:

    %s

Significance: of the 95 %% intervals, so many may miss as would by chance miss at level %g; in every other comparison, what is allowed to differ is what differs by chance with probability
%g (means are taken for normally distributed). So of all comparisons of this page %.2f would fail by chance, on average, with another seed.

`

// Write writes the report as a page of Markdown.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	made, failed := r.Checks()
	fmt.Fprintf(&b, introduction, r.Options.command(), r.Options.Level, r.Options.Level, float64(made)*r.Options.Level)
	for i := range r.tables {
		r.tables[i].write(&b)
	}
	fmt.Fprintf(&b, "%d comparisons, %d of them not as theory says.\n", made, len(failed))
	for _, f := range failed {
		fmt.Fprintf(&b, "\n- %s", f)
	}
	if len(failed) > 0 {
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *table) write(b *strings.Builder) {
	fmt.Fprintf(b, "## %s\n\n%s\n\n", t.title, t.text)
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(t.head, " | "), strings.Repeat("---|", len(t.head)))
	for _, row := range t.rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	if t.note != "" {
		fmt.Fprintf(b, "\n%s\n", t.note)
	}
	b.WriteString("\n")
}
