package switchsim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
)

// load is generated traffic: Poisson arrivals of calls between idle lines, each ringing for a constant time and
// then held for a time that is drawn once, in whole nanoseconds.
type load struct {
	on      bool
	rate    float64 // calls per second
	ring    time.Duration
	hold    holding
	inbound float64 // share of inbound calls
	pcg     *rand.PCG
	rng     *rand.Rand
}

func (l *load) seed(seed uint64) {
	l.pcg = rand.NewPCG(seed, 0)
	l.rng = rand.New(l.pcg)
}

// holding is a distribution of holding times.
type holding struct {
	kind byte // 'e'xponential, 'c'onstant, 'l'ognormal
	mean time.Duration
	sd   time.Duration // lognormal only
}

// parseHolding reads exp:MEAN, const:TIME or lognormal:MEAN,DEVIATION.
func parseHolding(s string) (holding, error) {
	kind, arg, _ := strings.Cut(s, ":")
	h := holding{}
	switch kind {
	case "exp":
		h.kind = 'e'
	case "const":
		h.kind = 'c'
	case "lognormal":
		h.kind = 'l'
	}
	mean, sd, two := strings.Cut(arg, ",")
	var err, err2 error
	h.mean, err = time.ParseDuration(mean)
	if h.kind == 'l' {
		h.sd, err2 = time.ParseDuration(sd)
	}
	if h.kind == 0 || err != nil || err2 != nil || two != (h.kind == 'l') || h.mean <= 0 || h.mean > maxHolding || h.sd < 0 || h.sd > maxHolding {
		return h, fmt.Errorf("holding times are exp:MEAN, const:TIME or lognormal:MEAN,DEVIATION with times above 0 and up to %s, not %q", maxHolding, s)
	}
	return h, nil
}

// maxHolding bounds holding times and their deviation.
const maxHolding = 30 * 24 * time.Hour

// draw draws a holding time, at least a nanosecond.
func (h holding) draw(rng *rand.Rand) time.Duration {
	d := float64(h.mean)
	switch h.kind {
	case 'e':
		d *= rng.ExpFloat64()
	case 'l':
		// The explicit conversions keep the compiler from fusing operations, which would round otherwise on other CPUs.
		ratio := float64(h.sd) / float64(h.mean)
		variance := math.Log1p(float64(ratio * ratio))
		d *= math.Exp(float64(math.Sqrt(variance)*rng.NormFloat64()) - float64(variance/2))
	}
	return time.Duration(min(max(d, 1), math.MaxInt64/4))
}

// start sets the load going. What is offered is rate times the mean occupancy, ringing and holding.
func (s *Switch) startLoad(erlangs float64, l load, seed uint64, out *node.Output) {
	s.load = l
	s.load.on = true
	s.load.rate = erlangs / (l.ring + l.hold.mean).Seconds()
	s.load.seed(seed)
	s.awaitArrival(out)
}

func (s *Switch) stopLoad(out *node.Output) {
	if s.load.on {
		s.load.on = false
		out.Cancel(node.Timer{Kind: arrivalTimer})
	}
}

func (s *Switch) awaitArrival(out *node.Output) {
	gap := s.load.rng.ExpFloat64() / s.load.rate * float64(time.Second)
	out.Set(node.Timer{Kind: arrivalTimer}, time.Duration(min(max(gap, 1), math.MaxInt64/4)))
}

// arrive offers one call. It is blocked if no line or call reference is free.
func (s *Switch) arrive(out *node.Output) {
	l := &s.load
	s.awaitArrival(out)
	first, last := 0, s.opt.Extensions
	if l.rng.Float64() < l.inbound {
		first, last = s.opt.Extensions, len(s.lines)
	}
	from, to := -1, -1
	if last > first {
		from = s.idle(first, last, l.rng.IntN(last-first))
	}
	if from >= 0 {
		s.lines[from].busy = true // so that nobody calls himself
		to = s.idle(0, s.opt.Extensions, l.rng.IntN(s.opt.Extensions))
		s.lines[from].busy = false
	}
	ref := uint32(0)
	if to >= 0 {
		ref = s.create(from, to, true, "", out)
	}
	if ref == 0 {
		out.Note(node.Note{Kind: node.NoteCall, N: s.seq(), Text: "blocked"})
		return
	}
	if l.ring > 0 {
		out.Set(node.Timer{Kind: callTimer, Key: ref}, l.ring)
		return
	}
	s.proceed(ref, out)
}

// proceed answers a call of the load, or ends it.
func (s *Switch) proceed(ref uint32, out *node.Output) {
	if c := &s.calls.table[ref]; c.ofLoad && c.state == callmodel.CallRinging {
		s.answer(ref, out)
		out.Set(node.Timer{Kind: callTimer, Key: ref}, s.load.hold.draw(s.load.rng))
		return
	}
	s.release(ref, false, out)
}
