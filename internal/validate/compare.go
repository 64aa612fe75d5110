package validate

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"gonum.org/v1/gonum/stat"

	"hotpair/tserver"
)

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
	for _, b := range results {
		r.little(b)
		t.rows = append(t.rows, []string{
			b.hold.Text, strconv.Itoa(b.Trunks), fmt.Sprint(b.Erlangs), fmt.Sprintf("%.5f", b.truth()), fmt.Sprintf("%.5f", b.blocked),
			fmt.Sprintf("%.5f – %.5f", b.ci.low, b.ci.high), yes(b.ci.covers(b.truth())),
			fmt.Sprintf("%.3f", b.carryTruth()), fmt.Sprintf("%.3f", b.carried), fmt.Sprintf("%.3f – %.3f", b.carryCI.low, b.carryCI.high),
			yes(b.carryCI.covers(b.carryTruth())), fmt.Sprintf("%.4f", b.little),
		})
	}
	t.note = r.intervals(results)
	r.tables = append(r.tables, t)
	return nil
}

// little compares calls in progress with the rate of carried calls times their mean life.
func (r *Report) little(b *blocking) {
	r.check(littlesLaw, math.Abs(b.little-1) <= b.littleSlack(), "Little's law at %d trunks, %g erlangs, %s: the ratio is %g", b.Trunks, b.Erlangs, b.hold.Text, b.little)
}

// intervals counts the intervals that cover what theory says, and says so.
func (r *Report) intervals(results []*blocking) string {
	covered, carried, n := 0, 0, len(results)
	for _, b := range results {
		if b.ci.covers(b.truth()) {
			covered++
		}
		if b.carryCI.covers(b.carryTruth()) {
			carried++
		}
	}
	allowed := allowedMisses(n, 0.05, r.Options.Level)
	r.check(blockedCalls, n-covered <= allowed, "%d of %d intervals of blocking miss the value, and %d are allowed to", n-covered, n, allowed)
	r.check(carriedTraffic, n-carried <= allowed, "%d of %d intervals of carried traffic miss the value, and %d are allowed to", n-carried, n, allowed)
	return fmt.Sprintf("%d of %d intervals cover the blocking, %d of %d the carried traffic; %d of each may miss by chance.", covered, n, carried, n, allowed)
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
	meanOK := r.check(meanLength, math.Abs(off) <= limit(r.Options.Level), "%s: the mean of %d runs is off by %.1f standard deviations", name, len(s.took), off)
	distOK := r.check(lengths, p >= r.Options.Level, "%s: the distribution is not as theory says, P=%g", name, p)
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
		mark := r.check(connIDsAtRisk, math.Abs(off) <= limit(r.Options.Level),
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
			t.rows = append(t.rows, r.changed(m, h, after, renamed))
		}
	}
	r.tables = append(r.tables, t)
	return nil
}

// changed compares the ConnIDs that changed in each run with theory: each call of m was still at risk with the same probability.
func (r *Report) changed(m int, h *Holding, after float64, renamed []float64) []string {
	left := 1 - h.residual(after*h.mean)
	mean, sd := float64(m)*left, math.Sqrt(float64(m)*left*(1-left))
	off := deviations(renamed, mean, sd)
	return []string{
		h.Text, strconv.Itoa(m), fmt.Sprintf("%gh", after), strconv.Itoa(len(renamed)), fmt.Sprintf("%.2f", mean), fmt.Sprintf("%.2f", stat.Mean(renamed, nil)),
		r.check(connIDsChanged, math.Abs(off) <= limit(r.Options.Level),
			"ConnIDs that change %g mean holding times after Backup Ready, %d tagged calls: off by %.1f standard deviations", after, m, off),
	}
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
		t.rows = append(t.rows, r.compared(m, h, drain.took, transfer.took))
	}
	r.tables = append(r.tables, t)
	return nil
}

// compared compares how long each method took with what is said of it: the longest of m residual lives, and the pauses between the batches.
func (r *Report) compared(m int, h *Holding, drain, transfer []float64) []string {
	mean, sd := h.longestMean(m)
	pauses := float64((m - 1) / tserver.DefaultOptions().HASyncBatch)
	off, took := deviations(drain, mean, sd), stat.Mean(transfer, nil)
	drains := r.check(drainMethod, math.Abs(off) <= limit(r.Options.Level), "drain with %d tagged calls is off by %.1f standard deviations", m, off)
	transfers := r.check(transferMethod, took >= pauses && took <= pauses+0.1, "transfer with %d tagged calls takes %.3f s, and not %g s and round trips", m, took, pauses)
	return []string{
		h.Text, strconv.Itoa(m), fmt.Sprintf("%.0f s", mean), fmt.Sprintf("%.0f s", stat.Mean(drain, nil)),
		fmt.Sprintf("%g s and round trips", pauses), seconds(took).Round(time.Millisecond).String(), "drain " + drains + ", transfer " + transfers,
	}
}
