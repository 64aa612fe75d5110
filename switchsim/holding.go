package switchsim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"hotpair/internal/canon"
)

// holding is a distribution of holding times.
type holding struct {
	kind byte // 'e'xponential, 'c'onstant, 'l'ognormal, 'm'easured: a list of which each time is as likely as the others
	mean time.Duration
	sd   time.Duration   // lognormal only
	list []time.Duration // measured only
}

const (
	// MaxHolding bounds holding times and their deviation.
	MaxHolding = 30 * 24 * time.Hour
	// MaxHoldingTimes bounds how many times a list of holding times has.
	MaxHoldingTimes = 10_000
)

// parseHolding reads exp:MEAN, const:TIME, lognormal:MEAN,DEVIATION or list:TIME,TIME,...
func parseHolding(s string) (holding, error) {
	kind, arg, _ := strings.Cut(s, ":")
	times, err := parseTimes(arg)
	h := holding{}
	switch n := len(times); {
	case err != nil:
	case kind == "exp" && n == 1:
		h = holding{kind: 'e', mean: times[0]}
	case kind == "const" && n == 1:
		h = holding{kind: 'c', mean: times[0]}
	case kind == "lognormal" && n == 2:
		h = holding{kind: 'l', mean: times[0], sd: times[1]}
	case kind == "list":
		h = holding{kind: 'm', mean: mean(times), list: times}
	}
	if h.kind == 0 || h.mean <= 0 {
		return h, fmt.Errorf("holding times are exp:MEAN, const:TIME, lognormal:MEAN,DEVIATION or list:TIME,TIME,... (up to %d) with times above 0 and up to %s, not %.80q",
			MaxHoldingTimes, MaxHolding, s)
	}
	return h, nil
}

// parseTimes reads times that are separated by commas. A deviation may be 0, so that is allowed here.
func parseTimes(s string) ([]time.Duration, error) {
	words := strings.Split(s, ",")
	if len(words) > MaxHoldingTimes {
		return nil, fmt.Errorf("at most %d times are read, not %d", MaxHoldingTimes, len(words))
	}
	times := make([]time.Duration, len(words))
	for i, w := range words {
		d, err := time.ParseDuration(w)
		if err != nil || d < 0 || d > MaxHolding || d == 0 && i == 0 {
			return nil, fmt.Errorf("%.40q is no time", w)
		}
		times[i] = d
	}
	return times, nil
}

// mean returns the mean of times; their sum cannot overflow, since their number and size are bounded. A list holds no 0.
func mean(times []time.Duration) time.Duration {
	sum := time.Duration(0)
	for _, d := range times {
		if d == 0 {
			return 0
		}
		sum += d
	}
	return sum / time.Duration(len(times))
}

// draw draws a holding time, at least a nanosecond.
func (h *holding) draw(rng *rand.Rand) time.Duration {
	d := float64(h.mean)
	switch h.kind {
	case 'e':
		d *= rng.ExpFloat64()
	case 'l':
		// The explicit conversions keep the compiler from fusing operations, which would round otherwise on other CPUs.
		ratio := float64(h.sd) / float64(h.mean)
		variance := math.Log1p(float64(ratio * ratio))
		d *= math.Exp(float64(math.Sqrt(variance)*rng.NormFloat64()) - float64(variance/2))
	case 'm':
		return h.list[rng.IntN(len(h.list))]
	}
	return nanoseconds(d)
}

// nanoseconds makes a time for a timer: above 0, and not so great that adding it to a clock overflows.
func nanoseconds(d float64) time.Duration { return time.Duration(min(max(d, 1), math.MaxInt64/4)) }

func (h *holding) append(b []byte) []byte {
	b = canon.Uint(b, h.kind)
	b = canon.Uint(b, uint64(h.mean))
	b = canon.Uint(b, uint64(h.sd))
	b = canon.Uint(b, len(h.list))
	for _, d := range h.list {
		b = canon.Uint(b, uint64(d))
	}
	return b
}

func (h *holding) restore(r *canon.Reader) {
	*h = holding{kind: canon.Read[byte](r), mean: time.Duration(canon.Read[uint64](r)), sd: time.Duration(canon.Read[uint64](r))}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		h.list = append(h.list, time.Duration(canon.Read[uint64](r)))
	}
}
