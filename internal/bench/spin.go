package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"hotpair/internal/explore"
	"hotpair/internal/explore/twophase"
)

// SpinOptions say what hotpair's search and Spin are to search, and how often.
type SpinOptions struct {
	RMs    int // resource managers of two-phase commit, 3 to 9
	Rounds int // by turns; the best of each counts, since other work on the machine only ever slows them down
	Report func(format string, args ...any)
}

// Spin measures how many distinct states a second one core visits of two-phase commit, and the model checker Spin of the same system: exactly
// (no hash compaction), without partial-order reduction, compiled with -O2 -DSAFETY -DNOREDUCE. Both must find the same numbers of states and steps.
func Spin(ctx context.Context, o SpinOptions) (*Report, error) {
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	if o.RMs < 3 || o.RMs > 9 || o.Rounds < 1 {
		return nil, fmt.Errorf("3 to 9 resource managers and at least one round, not %d and %d", o.RMs, o.Rounds)
	}
	r := &Report{Title: fmt.Sprintf("Two-phase commit with %d resource managers: distinct states per second of one core", o.RMs)}
	pan, err := buildSpin(ctx, twophase.Model{RMs: o.RMs})
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(pan)) }()
	var ours, spins float64
	for range o.Rounds {
		res := explore.Search(twophase.Model{RMs: o.RMs}, explore.Options{Workers: 1, Stop: func() bool { return ctx.Err() != nil }})
		if !res.Complete {
			return r, context.Cause(ctx)
		}
		o.Report("hotpair: %d states in %.2f s: %.0f states/s", res.Distinct, res.Seconds, res.PerSecond())
		ours = max(ours, res.PerSecond())
		found, err := runSpin(ctx, pan)
		if err != nil {
			return r, err
		}
		o.Report("Spin: %.0f states in %.2f s: %.0f states/s", found.states, found.seconds, found.states/found.seconds)
		if found.states != float64(res.Distinct) {
			return r, fmt.Errorf("spin finds %.0f states, and hotpair %d: they do not search the same system", found.states, res.Distinct)
		}
		spins = max(spins, found.states/found.seconds)
	}
	r.add(
		Row{"hotpair explore --model 2pc", fmt.Sprintf("%.0f states/s", ours), fmt.Sprintf("best of %d", o.Rounds)},
		Row{"Spin, exact", fmt.Sprintf("%.0f states/s", spins), fmt.Sprintf("best of %d", o.Rounds)},
		Row{"ratio", fmt.Sprintf("%.2f", ours/spins), ""},
	)
	return r, nil
}

// buildSpin has Spin write a verifier for the model, in a folder of its own, and compiles it.
func buildSpin(ctx context.Context, m twophase.Model) (pan string, err error) {
	for _, p := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(p); err != nil {
			return "", fmt.Errorf("%w: %s is not installed: apt-get install %s, or make bench-spin", ErrMissing, p, p)
		}
	}
	dir, err := os.MkdirTemp("", "hotpair-spin-")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "model.pml"), []byte(m.Promela()), 0o600); err != nil {
		return "", err
	}
	for _, args := range [][]string{{"spin", "-a", "model.pml"}, {"gcc", "-O2", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"}} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			_ = os.RemoveAll(dir)
			return "", fmt.Errorf("%s: %w: %.500s", args[0], err, out)
		}
	}
	return filepath.Join(dir, "pan"), nil
}

type spinResult struct{ states, seconds float64 }

var (
	spinStates  = regexp.MustCompile(`(?m)^\s*([0-9.e+]+) states, stored`)
	spinSeconds = regexp.MustCompile(`(?m)^pan: elapsed time ([0-9.e+]+) seconds`)
)

// runSpin runs a verifier: with a hash table that has more places than there are states, so that it is not held up by collisions.
func runSpin(ctx context.Context, pan string) (r spinResult, err error) {
	cmd := exec.CommandContext(ctx, pan, "-w25", "-m10000")
	cmd.Dir = filepath.Dir(pan)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("spin's verifier: %w: %.500s", err, out)
	}
	for _, f := range []struct {
		to *float64
		re *regexp.Regexp
	}{{&r.states, spinStates}, {&r.seconds, spinSeconds}} {
		m := f.re.FindSubmatch(out)
		if m == nil {
			return r, fmt.Errorf("spin's verifier says nothing that matches %s: %.500s", f.re, out)
		}
		if *f.to, err = strconv.ParseFloat(string(m[1]), 64); err != nil {
			return r, err
		}
	}
	if r.seconds == 0 {
		r.seconds = 0.005 // its clock has hundredths
	}
	return r, nil
}
