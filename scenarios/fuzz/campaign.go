package fuzz

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"hotpair/internal/coverage"
	"hotpair/internal/node"
)

// Campaign says which seeds are run, and how.
type Campaign struct {
	Profile Profile
	// Seeds are run from First to Last, both included; Last 0 means that only the context ends the campaign.
	First, Last uint64
	// Jobs is how many seeds run at once; 0 is 1.
	Jobs int
	// Without switches rules off.
	Without node.Rules
	// Keep is after how many failures the campaign stops; 0 is 1.
	Keep int
	// Ignore, if not nil, says which failures do not count.
	Ignore func(*Failure) bool
	// Progress, if not nil, is called from time to time, by one goroutine at a time.
	Progress func(*Summary)
}

// Found is a seed that failed.
type Found struct {
	Seed    uint64   `json:"seed"`
	Failure *Failure `json:"failure"`
	Program *Program `json:"-"`
}

// Summary is what a campaign has shown so far.
type Summary struct {
	Seeds     uint64        // that were run to their end
	Simulated time.Duration // on the run's clock
	Calls     uint64
	Acts      uint64 // faults, heals and starts
	Wall      time.Duration
	Busy      time.Duration // of all jobs together
	Found     []Found       // in the order of their seeds
	Coverage  coverage.Counter
}

// Rate is how many seconds of the run's clock pass in one second of one core.
func (s *Summary) Rate() float64 {
	if s.Busy == 0 {
		return 0
	}
	return s.Simulated.Seconds() / s.Busy.Seconds()
}

// progressEvery is how often Progress is called.
const progressEvery = 500 * time.Millisecond

// Run runs the campaign. It stops at the first failure (at the Keep-th), at the last seed, or when the context ends, which is no error: a budget. Of
// several failures the ones with the lowest seeds count, so that what is found does not depend on the number of jobs.
func (c *Campaign) Run(ctx context.Context) (*Summary, error) {
	r := &runs{campaign: c, next: c.First, sum: &Summary{}, began: time.Now(), keep: max(c.Keep, 1)}
	r.told = r.began
	var wg sync.WaitGroup
	for range max(c.Jobs, 1) {
		wg.Go(func() { r.work(ctx) })
	}
	wg.Wait()
	r.sum.Wall = time.Since(r.began)
	return r.sum, r.err
}

// runs is a campaign that is under way.
type runs struct {
	campaign *Campaign
	began    time.Time
	keep     int

	mu   sync.Mutex
	next uint64
	sum  *Summary
	told time.Time
	err  error
}

func (r *runs) work(ctx context.Context) {
	for ctx.Err() == nil {
		seed, ok := r.take()
		if !ok {
			return
		}
		began := time.Now()
		one := runSeed(ctx, seed, &r.campaign.Profile, r.campaign.Without)
		if ctx.Err() != nil {
			return
		}
		r.done(one, time.Since(began))
	}
}

// take hands out the next seed. After enough failures only those below the last of them are of interest, and they have been handed out already.
func (r *runs) take() (seed uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || len(r.sum.Found) >= r.keep || r.campaign.Last > 0 && r.next > r.campaign.Last {
		return 0, false
	}
	r.next++
	return r.next - 1, true
}

// seedRun is what one seed showed.
type seedRun struct {
	seed     uint64
	program  *Program
	out      Outcome
	coverage coverage.Counter
	err      error
}

func runSeed(ctx context.Context, seed uint64, profile *Profile, without node.Rules) *seedRun {
	s := &seedRun{seed: seed, program: Draw(seed, profile)}
	s.out, s.err = Run(ctx, s.program, RunOptions{Without: without, Observe: &s.coverage})
	return s
}

func (r *runs) done(s *seedRun, busy time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.err != nil {
		r.err = errors.Join(r.err, s.err)
		return
	}
	if f := s.out.Failure; f != nil && r.campaign.Ignore != nil && r.campaign.Ignore(f) {
		s.out.Failure = nil
	}
	r.sum.add(s)
	r.sum.Busy += busy
	r.sum.keep(r.keep)
	if now := time.Now(); r.campaign.Progress != nil && now.Sub(r.told) >= progressEvery {
		r.told = now
		r.sum.Wall = now.Sub(r.began)
		r.campaign.Progress(r.sum)
	}
}

// add takes a seed's run into account.
func (s *Summary) add(one *seedRun) {
	s.Seeds++
	s.Simulated += one.out.RunTime
	s.Calls += one.out.Calls
	s.Acts += uint64(one.out.Acts)
	s.Coverage.Add(&one.coverage)
	if one.out.Failure != nil {
		s.found(Found{one.seed, one.out.Failure, one.program})
	}
}

// found keeps a failure, in the order of seeds.
func (s *Summary) found(f Found) {
	i, _ := slices.BinarySearchFunc(s.Found, f.Seed, func(have Found, seed uint64) int { return cmp.Compare(have.Seed, seed) })
	s.Found = slices.Insert(s.Found, i, f)
}

// keep leaves the first failures.
func (s *Summary) keep(n int) { s.Found = s.Found[:min(n, len(s.Found))] }
