package validate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat"

	"hotpair/tserver"
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

// erlangB: blocking and carried traffic of each offer, with each distribution.
func (r *Report) erlangB(ctx context.Context) error {
	o := &r.Options
	type job struct {
		offer Offer
		hold  *Holding
	}
	var jobs []job
	for i := range o.Holds {
		for _, f := range o.Offers {
			jobs = append(jobs, job{f, &o.Holds[i]})
		}
	}
	results, err := each(ctx, len(jobs), func(i int) (*blocking, error) {
		o.Report("Erlang B: %d trunks, %g erlangs, %s", jobs[i].offer.Trunks, jobs[i].offer.Erlangs, jobs[i].hold.Text)
		return runBlocking(jobs[i].offer, jobs[i].hold, o.Calls, o.Batches, o.Seed)
	})
	if err != nil {
		return err
	}
	t := table{
		title: "Erlang B and Little's law",
		text: fmt.Sprintf("Blocked calls at N trunks to which A erlangs are offered: the value depends on the mean holding time only. %d calls in %d batches each; 95 %% intervals by batch means (Student's t). "+
			"Carried is the time average of busy trunks, A(1−B). Little: calls in progress, divided by the rate of carried calls times their mean life.", o.Calls, o.Batches),
		head: []string{"holding", "N", "A", "B, theory", "measured", "95 % interval", "covers", "carried, theory", "measured", "95 % interval", "covers", "Little"},
	}
	covered, carriedCovered := 0, 0
	for _, b := range results {
		if b.ci.covers(b.truth()) {
			covered++
		}
		if b.carryCI.covers(b.carryTruth()) {
			carriedCovered++
		}
		r.check(math.Abs(b.little-1) <= b.littleSlack(), "Little's law at %d trunks, %g erlangs, %s: the ratio is %g", b.Trunks, b.Erlangs, b.hold.Text, b.little)
		t.rows = append(t.rows, []string{
			b.hold.Text, strconv.Itoa(b.Trunks), fmt.Sprint(b.Erlangs), fmt.Sprintf("%.5f", b.truth()), fmt.Sprintf("%.5f", b.blocked),
			fmt.Sprintf("%.5f – %.5f", b.ci.low, b.ci.high), yes(b.ci.covers(b.truth())),
			fmt.Sprintf("%.3f", b.carryTruth()), fmt.Sprintf("%.3f", b.carried), fmt.Sprintf("%.3f – %.3f", b.carryCI.low, b.carryCI.high),
			yes(b.carryCI.covers(b.carryTruth())), fmt.Sprintf("%.4f", b.little),
		})
	}
	allowed := allowedMisses(len(results), 0.05, o.Level)
	for i, n := range []int{covered, carriedCovered} {
		what := []string{"blocking", "carried traffic"}[i]
		r.check(len(results)-n <= allowed, "%d of %d intervals of %s miss the value, and %d are allowed to", len(results)-n, len(results), what, allowed)
	}
	t.note = fmt.Sprintf("%d of %d intervals cover the blocking, %d of %d the carried traffic; %d of each may miss by chance.",
		covered, len(results), carriedCovered, len(results), allowed)
	r.tables = append(r.tables, t)
	return nil
}

func yes(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}

// lengths: the length of the synchronization phase, and how many ConnIDs differ while it lasts.
func (r *Report) lengths(ctx context.Context) error {
	o := &r.Options
	length := table{
		title: "Length of the synchronization phase",
		text: fmt.Sprintf("From Backup Ready to the pair's readiness with M tagged calls (`drain`), in seconds. All M trunks are busy when the backup is ready (the load offers %d times as much as they "+
			"can carry, in a steady state; runs in which a trunk was idle are left out), so that theory knows what is left of each call. P is the probability of a distance as great as that of the measured "+
			"distribution from the theoretical one (Kolmogorov–Smirnov).", overload),
		head: []string{"holding", "M", "runs", "mean, theory", "measured", "sd, theory", "measured", "p50, theory", "measured", "p99, theory", "measured", "P", "as theory says"},
	}
	risk := table{
		title: "ConnIDs at risk",
		text:  "How many calls have another ConnID in the backup than in the primary, a time t after Backup Ready (in mean holding times h): M·e^(−t/h) where holding times are exponential.",
		head:  []string{"holding", "M"},
	}
	for _, t := range riskTimes() {
		risk.head = append(risk.head, fmt.Sprintf("t=%gh, theory", t), "measured")
	}
	risk.head = append(risk.head, "as theory says")
	for i := range o.SyncHolds {
		for _, m := range o.Tagged {
			o.Report("synchronization: %d tagged calls, %s, %d runs", m, o.SyncHolds[i].Text, o.Runs)
			s, err := runSynchronizations(ctx, m, &o.SyncHolds[i], tserver.DefaultOptions().HASyncMethod, o.Runs, o.Seed)
			if err != nil {
				return err
			}
			length.rows = append(length.rows, r.length(s))
			risk.rows = append(risk.rows, r.risk(s))
		}
	}
	r.tables = append(r.tables, length, risk)
	return nil
}

// length compares the lengths of synchronizations with theory: their mean, and their distribution.
func (r *Report) length(s *synchronization) []string {
	h := s.hold
	mean, sd := h.longestMean(s.tagged)
	p := kolmogorov(s.took, func(t float64) float64 { return h.longest(s.tagged, t) })
	off := deviations(s.took, mean, sd)
	name := fmt.Sprintf("synchronization with %d tagged calls, %s", s.tagged, h.Text)
	meanOK := r.check(math.Abs(off) <= limit(r.Options.Level), "%s: the mean of %d runs is off by %.1f standard deviations", name, len(s.took), off)
	distOK := r.check(p >= r.Options.Level, "%s: the distribution is not as theory says, P=%g", name, p)
	row := []string{
		h.Text, strconv.Itoa(s.tagged), strconv.Itoa(len(s.took)), fmt.Sprintf("%.0f", mean), fmt.Sprintf("%.0f", stat.Mean(s.took, nil)),
		fmt.Sprintf("%.0f", sd), fmt.Sprintf("%.0f", stat.StdDev(s.took, nil)),
	}
	for _, q := range []float64{0.5, 0.99} {
		row = append(row, fmt.Sprintf("%.0f", h.quantile(s.tagged, q)), fmt.Sprintf("%.0f", quantile(s.took, q)))
	}
	return append(row, fmt.Sprintf("%.2f", p), "mean "+meanOK+", distribution "+distOK)
}

// risk compares the calls whose ConnID differs, at some times, with theory: each call of M still differs with the same probability.
func (r *Report) risk(s *synchronization) []string {
	row, all := []string{s.hold.Text, strconv.Itoa(s.tagged)}, "yes"
	for _, t := range riskTimes() {
		left := 1 - s.hold.residual(t*s.hold.mean)
		mean, sd := float64(s.tagged)*left, math.Sqrt(float64(s.tagged)*left*(1-left))
		off := deviations(s.risk[t], mean, sd)
		mark := r.check(math.Abs(off) <= limit(r.Options.Level),
			"ConnIDs at risk %g mean holding times after Backup Ready, %d tagged calls, %s: off by %.1f standard deviations", t, s.tagged, s.hold.Text, off)
		if mark != "yes" {
			all = mark
		}
		row = append(row, fmt.Sprintf("%.2f", mean), fmt.Sprintf("%.2f", stat.Mean(s.risk[t], nil)))
	}
	return append(row, all)
}

// risks: the primary is killed, and the ConnIDs are counted that change under a client's eyes.
func (r *Report) risks(ctx context.Context) error {
	o := &r.Options
	t := table{
		title: "ConnIDs that change when the primary dies",
		text: "The primary is killed a time t after Backup Ready; the client counts the calls whose ConnID changes under its eyes. That is what was at risk. " +
			"Each row is of as many runs, each with a failure.",
		head: []string{"holding", "M", "t", "runs", "theory", "measured", "as theory says"},
	}
	h := &o.SyncHolds[0]
	for _, m := range o.Tagged {
		for _, after := range []float64{0.5, 1, 2} {
			o.Report("failure %g mean holding times after Backup Ready: %d tagged calls, %d runs", after, m, o.Runs)
			counts, err := each(ctx, o.Runs, func(i int) (int, error) { return runFailure(m, h, after, o.Seed+uint64(i)) })
			if err != nil {
				return err
			}
			var renamed []float64
			for _, n := range counts {
				if n >= 0 {
					renamed = append(renamed, float64(n))
				}
			}
			left := 1 - h.residual(after*h.mean)
			mean, sd := float64(m)*left, math.Sqrt(float64(m)*left*(1-left))
			off := deviations(renamed, mean, sd)
			t.rows = append(t.rows, []string{
				h.Text, strconv.Itoa(m), fmt.Sprintf("%gh", after), strconv.Itoa(len(renamed)), fmt.Sprintf("%.2f", mean), fmt.Sprintf("%.2f", stat.Mean(renamed, nil)),
				r.check(math.Abs(off) <= limit(o.Level), "ConnIDs that change %g mean holding times after Backup Ready, %d tagged calls: off by %.1f standard deviations", after, m, off),
			})
		}
	}
	r.tables = append(r.tables, t)
	return nil
}

// methods: drain against transfer (X2).
func (r *Report) methods(ctx context.Context) error {
	o := &r.Options
	t := table{
		title: "Drain against transfer",
		text: "Time to redundancy with M tagged calls: `ha-sync-method: drain` waits for the longest of them, `transfer` sends their ConnIDs in batches of 500 with a pause of a second between them " +
			"(X2). The mean of ten runs each.",
		head: []string{"holding", "M", "drain, theory", "measured", "transfer, theory", "measured", "as theory says"},
	}
	h := &o.SyncHolds[0]
	const runs = 10
	for _, m := range o.Compared {
		o.Report("drain and transfer: %d tagged calls", m)
		drain, err := runSynchronizations(ctx, m, h, tserver.DefaultOptions().HASyncMethod, runs, o.Seed)
		if err != nil {
			return err
		}
		transfer, err := runSynchronizations(ctx, m, h, "transfer", runs, o.Seed)
		if err != nil {
			return err
		}
		mean, sd := h.longestMean(m)
		pauses := float64((m - 1) / tserver.DefaultOptions().HASyncBatch)
		off, took := deviations(drain.took, mean, sd), stat.Mean(transfer.took, nil)
		ok := math.Abs(off) <= limit(o.Level) && took >= pauses && took <= pauses+0.1
		t.rows = append(t.rows, []string{
			h.Text, strconv.Itoa(m), fmt.Sprintf("%.0f s", mean), fmt.Sprintf("%.0f s", stat.Mean(drain.took, nil)),
			fmt.Sprintf("%g s and round trips", pauses), seconds(took).Round(time.Millisecond).String(),
			r.check(ok, "drain and transfer with %d tagged calls: drain is off by %.1f standard deviations, transfer takes %.3f s", m, off, took),
		})
	}
	r.tables = append(r.tables, t)
	return nil
}
