package validate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Options say what is validated, and how long.
type Options struct {
	// Offers are trunks and erlangs for Erlang's B, Holds the distributions of holding times for it.
	Offers []Offer
	Holds  []Holding
	// Calls is how many calls are offered in each run of an offer, in so many Batches.
	Calls, Batches int
	// Tagged are how many calls are tagged in a synchronization, SyncHolds the distributions of holding times for it; Runs is how many runs each has.
	Tagged    []int
	SyncHolds []Holding
	Runs      int
	// Compared are how many calls are tagged where drain and transfer are compared; the first of SyncHolds is used.
	Compared []int
	// Level of significance of each comparison.
	Level float64
	Seed  uint64
	// Report, if not nil, hears of progress.
	Report func(format string, args ...any)
}

// DefaultOptions returns what docs/validation.md is made with.
func DefaultOptions() Options {
	return Options{
		Offers: []Offer{{1, 1}, {2, 1}, {5, 3}, {10, 5}, {30, 25}, {100, 90}}, Holds: mustHold("exp:180s", "lognormal:188s,240s", "const:180s"),
		Calls: 100_000, Batches: 20,
		Tagged: []int{1, 10, 50, 100}, SyncHolds: mustHold("exp:180s", "lognormal:188s,240s"), Runs: 300, Compared: []int{10, 100, 1200},
		Level: 0.001, Seed: 1,
	}
}

func mustHold(texts ...string) []Holding {
	holds, err := ParseHoldings(texts)
	if err != nil {
		panic(err) // they are constants
	}
	return holds
}

// ParseHoldings reads distributions of holding times.
func ParseHoldings(texts []string) ([]Holding, error) {
	var holds []Holding
	for _, t := range texts {
		h, err := ParseHolding(t)
		if err != nil {
			return nil, err
		}
		holds = append(holds, h)
	}
	return holds, nil
}

// ParseOffers reads offers as TRUNKS:ERLANGS.
func ParseOffers(texts []string) ([]Offer, error) {
	var offers []Offer
	for _, t := range texts {
		trunks, erlangs, _ := strings.Cut(t, ":")
		n, err := strconv.Atoi(trunks)
		a, err2 := strconv.ParseFloat(erlangs, 64)
		if err != nil || err2 != nil {
			return nil, fmt.Errorf("an offer is TRUNKS:ERLANGS, such as 10:5, not %.40q", t)
		}
		offers = append(offers, Offer{n, a})
	}
	return offers, nil
}

// maxTrunks bounds trunks and tagged calls: a run takes time that grows with them.
const maxTrunks = 10_000

// Validate reports the first option that is out of range, with what is allowed.
func (o *Options) Validate() error {
	for _, f := range o.Offers {
		if f.Trunks < 1 || f.Trunks > maxTrunks || !(f.Erlangs > 0 && f.Erlangs <= 100*maxTrunks) {
			return fmt.Errorf("an offer has 1 to %d trunks and erlangs above 0, not %d:%g", maxTrunks, f.Trunks, f.Erlangs)
		}
	}
	for _, m := range append(append([]int(nil), o.Tagged...), o.Compared...) {
		if m < 1 || m > maxTrunks {
			return fmt.Errorf("1 to %d calls can be tagged, not %d", maxTrunks, m)
		}
	}
	switch {
	case o.Batches < 2 || o.Batches > 1000:
		return fmt.Errorf("there are 2 to 1000 batches, not %d", o.Batches)
	case o.Calls < 10*o.Batches || o.Calls > 1e9:
		return fmt.Errorf("there are ten calls to a batch at least, so %d, and up to 1e9; not %d", 10*o.Batches, o.Calls)
	case o.Runs < 2 || o.Runs > 1e6:
		return fmt.Errorf("there are 2 to 1000000 runs, not %d", o.Runs)
	case !(o.Level > 0 && o.Level < 0.5):
		return fmt.Errorf("the level of significance is above 0 and below 0.5, not %g", o.Level)
	case len(o.Holds) == 0 || len(o.SyncHolds) == 0:
		return errors.New("at least one distribution of holding times is wanted")
	}
	return nil
}

// command is the line that makes the page.
func (o *Options) command() string {
	var b strings.Builder
	fmt.Fprintf(&b, "hotpair validate --seed %d --calls %d --batches %d --runs %d --level %g", o.Seed, o.Calls, o.Batches, o.Runs, o.Level)
	for _, f := range o.Offers {
		fmt.Fprintf(&b, " --offer %d:%g", f.Trunks, f.Erlangs)
	}
	for _, h := range o.Holds {
		b.WriteString(" --hold " + h.Text)
	}
	for _, m := range o.Tagged {
		fmt.Fprintf(&b, " --tagged %d", m)
	}
	for _, h := range o.SyncHolds {
		b.WriteString(" --sync-hold " + h.Text)
	}
	for _, m := range o.Compared {
		fmt.Fprintf(&b, " --compared %d", m)
	}
	return b.String()
}

// Run validates. An error means that the simulation broke, or that ctx ended; what is not as theory says is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	r := &Report{Options: o}
	for _, part := range []func(context.Context) error{r.erlangB, r.lengths, r.risks, r.methods} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return r, nil
}
