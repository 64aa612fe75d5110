package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// Times is a sample of times.
type Times []time.Duration

// Quantile returns the time that a share q of the sample does not exceed; 0 for an empty sample.
func (t Times) Quantile(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

// Row is one line of a report.
type Row struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	Note  string `json:"note,omitempty"`
}

// quantiles are what is told of a sample, in milliseconds.
type quantiles struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50ms"`
	P95 float64 `json:"p95ms"`
	P99 float64 `json:"p99ms"`
	Max float64 `json:"maxms"`
}

func (q quantiles) String() string {
	return fmt.Sprintf("n %-6d p50 %9.3f ms   p95 %9.3f ms   p99 %9.3f ms   max %9.3f ms", q.N, q.P50, q.P95, q.P99, q.Max)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sample is a row of a sample's quantiles.
func sample(name string, t Times, note string) Row {
	return Row{name, quantiles{len(t), millis(t.Quantile(0.5)), millis(t.Quantile(0.95)), millis(t.Quantile(0.99)), millis(t.Quantile(1))}, note}
}

// Report is what a benchmark found.
type Report struct {
	Title string `json:"title"`
	Rows  []Row  `json:"rows"`
}

func (r *Report) add(rows ...Row) { r.Rows = append(r.Rows, rows...) }

// Write writes the report as a table, or as JSON on one line.
func (r *Report) Write(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	fmt.Fprintf(w, "\n%s\n", r.Title)
	width := 0
	for _, row := range r.Rows {
		width = max(width, len(row.Name))
	}
	for _, row := range r.Rows {
		line := fmt.Sprintf("  %-*s  %v", width, row.Name, row.Value)
		if row.Note != "" {
			line += "   (" + row.Note + ")"
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	return nil
}
