package validate

import (
	"math"

	"hotpair/internal/wire"
	"hotpair/tserver"
)

// Offer is what is offered to how many trunks.
type Offer struct {
	Trunks  int
	Erlangs float64
}

// blocking is what one long run of an offer showed.
type blocking struct {
	Offer
	hold    *Holding
	blocked float64 // share, mean of the batches
	ci      interval
	carried float64 // calls in progress, mean of the batches
	carryCI interval
	little  float64 // calls in progress over rate × mean life, of the whole run
	calls   uint64
}

// runBlocking runs an offer for so many calls, in batches, after a beginning of twenty mean holding times that does not count.
func runBlocking(o Offer, h *Holding, calls, batches int, seed uint64) (*blocking, error) {
	p := newPair(o.Trunks, tserver.DefaultOptions().HASyncMethod, seed)
	if err := p.primaryServes(); err != nil {
		return nil, err
	}
	if err := p.boot("synchronized pair", func() bool { return p.synchron > 0 }, wire.B); err != nil {
		return nil, err
	}
	if err := p.load(o.Erlangs, h, seed); err != nil {
		return nil, err
	}
	if err := p.pass(seconds(20 * h.mean)); err != nil {
		return nil, err
	}
	p.account(p.Now())
	p.offered, p.blocked, p.callSeconds, p.ended, p.lives = 0, 0, 0, 0, 0
	length := seconds(float64(calls) / float64(batches) * h.mean / o.Erlangs)
	var shares, carried []float64
	total := 0.0
	for range batches {
		offered, blocked := p.offered, p.blocked
		if err := p.pass(length); err != nil {
			return nil, err
		}
		p.account(p.Now())
		shares = append(shares, float64(p.blocked-blocked)/max(float64(p.offered-offered), 1))
		carried = append(carried, p.callSeconds/length.Seconds())
		total += p.callSeconds
		p.callSeconds = 0
	}
	r := &blocking{Offer: o, hold: h, calls: p.offered}
	r.blocked, r.ci = batchMeans(shares, 0.95)
	r.carried, r.carryCI = batchMeans(carried, 0.95)
	rate := float64(p.offered-p.blocked) / (length.Seconds() * float64(batches))
	r.little = total / (length.Seconds() * float64(batches)) / (rate * p.lives / float64(p.ended))
	return r, nil
}

func (b *blocking) truth() float64      { return ErlangB(b.Trunks, b.Erlangs) }
func (b *blocking) carryTruth() float64 { return b.Erlangs * (1 - b.truth()) }

// littleSlack is by how much Little's law may be off for want of the calls that are cut by the beginning and the end of a run.
func (b *blocking) littleSlack() float64 {
	return 4 * math.Sqrt(b.carryTruth()) * (1 + b.hold.sd/b.hold.mean) / float64(b.calls) * 2
}
