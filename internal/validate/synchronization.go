package validate

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// synchronization is what many runs showed of synchronizations with so many tagged calls.
type synchronization struct {
	hold   *Holding
	tagged int
	runs   int                   // that were made
	took   []float64             // seconds, of the runs in which all trunks were busy
	risk   map[float64][]float64 // by time after Backup Ready, in mean holding times: the calls whose ConnID differs
}

// riskTimes are the times after Backup Ready at which the ConnIDs at risk are counted, in mean holding times.
func riskTimes() []float64 { return []float64{0.25, 0.5, 1, 2, 4} }

// overload is what is offered to each trunk of a busy pair, in erlangs.
const overload = 5

// busyPair is a pair without a backup, all of whose trunks are busy at nearly all times, in a steady state: at a random moment what is left of each call is
// then distributed as theory says, and independent of the others. So many trunks are so many tagged calls, and more are offered all the time.
func busyPair(trunks int, h *Holding, method tserver.SyncMethod, seed uint64) (*pair, error) {
	p := newPair(trunks, method, seed)
	if err := p.primaryServes(); err != nil {
		return nil, err
	}
	if err := p.load(overload*float64(trunks), h, seed); err != nil {
		return nil, err
	}
	// A call that holds on since the beginning is as old as the run. Exponential holding times have no memory.
	warmUp := 2.0
	if h.kind != "exp" {
		warmUp = 12
	}
	return p, p.pass(seconds(warmUp * h.mean))
}

// runSynchronization boots a backup, and returns nil if not all trunks were busy when it was ready.
func runSynchronization(trunks int, h *Holding, method tserver.SyncMethod, seed uint64) (*pair, error) {
	p, err := busyPair(trunks, h, method, seed)
	if err != nil {
		return nil, err
	}
	if tagged, err := p.backupIsReady(); err != nil || tagged != trunks {
		return nil, err
	}
	return p, p.await("Full Sync Done", 10_000*seconds(h.mean), func() bool { return p.synchron > 0 })
}

// each runs n runs, several at a time, and hands on what they showed in their order.
func each[T any](ctx context.Context, n int, run func(i int) (T, error)) ([]T, error) {
	results, errs := make([]T, n), make([]error, n)
	var next sync.Mutex
	todo := 0
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				next.Lock()
				i := todo
				todo++
				next.Unlock()
				if i >= n || ctx.Err() != nil {
					return
				}
				results[i], errs[i] = run(i)
			}
		})
	}
	wg.Wait()
	return results, errors.Join(append(errs, ctx.Err())...)
}

func runSynchronizations(ctx context.Context, trunks int, h *Holding, method tserver.SyncMethod, runs int, seed uint64) (*synchronization, error) {
	pairs, err := each(ctx, runs, func(i int) (*pair, error) { return runSynchronization(trunks, h, method, seed+uint64(i)) })
	if err != nil {
		return nil, err
	}
	s := &synchronization{hold: h, tagged: trunks, runs: runs, risk: map[float64][]float64{}}
	for _, p := range pairs {
		if p == nil {
			continue
		}
		s.took = append(s.took, (p.synchron - p.backupReady).Seconds())
		for _, t := range riskTimes() {
			s.risk[t] = append(s.risk[t], float64(p.remaining(p.backupReady+seconds(t*h.mean))))
		}
	}
	return s, nil
}

// remaining returns how many tagged calls there were at a time.
func (p *pair) remaining(at time.Duration) int {
	left := 0
	for _, r := range p.tagged {
		if r.at > at {
			break
		}
		left = r.calls
	}
	return left
}

// runFailure kills the primary so long after Backup Ready, and returns how many ConnIDs changed under the client's eyes by the time all calls of before had
// ended; -1 if not all trunks were busy.
func runFailure(trunks int, h *Holding, after float64, seed uint64) (int, error) {
	p, err := busyPair(trunks, h, tserver.DefaultOptions().HASyncMethod, seed)
	if err != nil {
		return 0, err
	}
	if tagged, err := p.backupIsReady(); err != nil || tagged != trunks {
		return -1, err
	}
	if err := p.pass(seconds(after * h.mean)); err != nil {
		return 0, err
	}
	old := make([]callmodel.CallID, 0, len(p.up))
	for id := range p.up {
		old = append(old, id)
	}
	if err := p.Kill(wire.A); err != nil {
		return 0, err
	}
	err = p.await("the end of all calls", 10_000*seconds(h.mean), func() bool {
		for n := len(old); n > 0; n = len(old) {
			if _, up := p.up[old[n-1]]; up {
				return false
			}
			old = old[:n-1]
		}
		return true
	})
	if err == nil {
		err = p.pass(time.Minute) // until the client has heard of it
	}
	return p.renamed, err
}
