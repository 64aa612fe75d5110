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
	checks  int
	failed  []string
}

// table is one table of the report.
type table struct {
	title, text string
	head        []string
	rows        [][]string
	note        string
}

// Checks returns how many comparisons of a measured value with theory were made, and those that failed, in words.
func (r *Report) Checks() (made int, failed []string) { return r.checks, r.failed }

// check notes a comparison, and returns its mark for a table.
func (r *Report) check(ok bool, format string, args ...any) string {
	r.checks++
	if ok {
		return "yes"
	}
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
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
	fmt.Fprintf(&b, introduction, r.Options.command(), r.Options.Level, r.Options.Level, float64(r.checks)*r.Options.Level)
	for i := range r.tables {
		r.tables[i].write(&b)
	}
	fmt.Fprintf(&b, "%d comparisons, %d of them not as theory says.\n", r.checks, len(r.failed))
	for _, f := range r.failed {
		fmt.Fprintf(&b, "\n- %s", f)
	}
	if len(r.failed) > 0 {
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
