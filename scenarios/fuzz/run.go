package fuzz

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/scenarios"
)

// Failure is what went wrong first in a run.
type Failure struct {
	// Monitor is the name of what does not hold: S1 to S6, L1, L3, trace, or another monitor's; "panic" where the code fell over.
	Monitor string `json:"monitor"`
	// Text says what is wrong.
	Text string `json:"text"`
	// At is when it was noticed, on the run's clock.
	At time.Duration `json:"at"`
	// Records show it, as text.
	Records []string `json:"records,omitempty"`
	// Shrunk is after how many tries it was found by shrinking; 0: it was found by a seed.
	Shrunk int `json:"shrunk,omitempty"`
}

// String shows the failure with its records.
func (f *Failure) String() string {
	s := f.Monitor + ": " + f.Text
	for _, r := range f.Records {
		s += "\n    " + r
	}
	return s
}

// Panic is the monitor of a failure in which the code fell over.
const Panic = "panic"

// Outcome is what a run showed.
type Outcome struct {
	Failure *Failure      // nil if everything held
	RunTime time.Duration // on the run's clock
	Calls   uint64        // that the switch created
	Acts    int           // faults, heals and starts that were applied
}

// RunOptions say how a program is run.
type RunOptions struct {
	// Without switches rules off.
	Without node.Rules
	// Observe, if not nil, takes the records.
	Observe trace.Sink
	// Converge is how long the pair may take to become whole; 0 is what scenarios allow.
	Converge time.Duration
}

// Run runs a program in virtual time until something that must hold does not. An error means that nothing can be told: the context's end, or a
// program that cannot be read.
func Run(ctx context.Context, p *Program, o RunOptions) (out Outcome, err error) {
	sc, err := scenarios.Parse("fuzz.txtar", []byte(p.Text()))
	if err != nil {
		return out, fmt.Errorf("%s %w", p.Title, err)
	}
	defer func() {
		if what := recover(); what != nil {
			stack := strings.Split(string(debug.Stack()), "\n")
			out.Failure = &Failure{Monitor: Panic, Text: fmt.Sprint(what), Records: stack[:min(len(stack), 40)]}
		}
	}()
	res, err := scenarios.Run(ctx, sc, scenarios.Options{
		Without: o.Without, FirstViolation: true, Observe: o.Observe, Converge: o.Converge,
	})
	if err != nil {
		return out, err
	}
	out.RunTime, out.Calls, out.Acts = res.RunTime, res.Metrics.Calls, len(res.Faults)
	switch res.Verdict {
	case scenarios.CouldNotTell:
		return out, errors.Join(ctx.Err(), errors.New(res.Reason))
	case scenarios.Failed:
		out.Failure = failure(res)
	}
	return out, nil
}

// failure reads what went wrong.
func failure(res *scenarios.Result) *Failure {
	if len(res.Violations) == 0 {
		monitor, text, ok := strings.Cut(strings.TrimPrefix(res.Reason, "failed: "), ": ")
		if !ok {
			monitor, text = "scenario", res.Reason
		}
		return &Failure{Monitor: monitor, Text: text, At: res.RunTime}
	}
	v := &res.Violations[0]
	f := &Failure{Monitor: v.Monitor, Text: v.Text, At: res.RunTime}
	for i := range v.Records {
		f.Records = append(f.Records, v.Records[i].String())
		f.At = v.Records[i].At
	}
	return f
}
