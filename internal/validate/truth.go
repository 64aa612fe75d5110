package validate

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// ErlangB returns the share of calls that are blocked at n trunks to which a erlangs are offered.
func ErlangB(n int, a float64) float64 {
	b := 1.0
	for k := 1; k <= n; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b
}

// Holding is a distribution of holding times, as a load takes it, and what theory needs of it.
type Holding struct {
	Text     string
	kind     string
	mean, sd float64 // seconds
}

// ParseHolding reads exp:MEAN, const:TIME or lognormal:MEAN,DEVIATION.
func ParseHolding(s string) (Holding, error) {
	kind, arg, _ := strings.Cut(s, ":")
	first, second, two := strings.Cut(arg, ",")
	mean, err := time.ParseDuration(first)
	h := Holding{Text: s, kind: kind, mean: mean.Seconds()}
	switch {
	case kind == "exp" && !two:
		h.sd = h.mean
	case kind == "const" && !two:
	case kind == "lognormal" && two && err == nil:
		var sd time.Duration
		sd, err = time.ParseDuration(second)
		h.sd = sd.Seconds()
	default:
		err = fmt.Errorf("unknown distribution")
	}
	if err != nil || mean <= 0 || h.sd < 0 || kind == "lognormal" && h.sd == 0 {
		return h, fmt.Errorf("holding times are exp:MEAN, const:TIME or lognormal:MEAN,DEVIATION, not %.80q", s)
	}
	return h, nil
}

// residual returns the probability that what is left of a call which is up at a random moment is at most t: the distribution whose density is the share of
// calls longer than t, divided by their mean.
func (h *Holding) residual(t float64) float64 {
	switch {
	case t <= 0:
		return 0
	case h.kind == "exp":
		return -math.Expm1(-t / h.mean)
	case h.kind == "const":
		return min(t/h.mean, 1)
	}
	variance := math.Log1p(h.sd * h.sd / (h.mean * h.mean))
	s := math.Sqrt(variance)
	z := (math.Log(t) - math.Log(h.mean) + variance/2) / s
	return (t*normal(-z) + h.mean*normal(z-s)) / h.mean
}

// normal is the standard normal distribution.
func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// longest returns the probability that the longest of m residual lives is at most t: the distribution of the length of the synchronization phase.
func (h *Holding) longest(m int, t float64) float64 { return math.Pow(h.residual(t), float64(m)) }

// longestMean returns the mean and the standard deviation of the longest of m residual lives: exactly for exponential ones, where it is the mean times
// 1+1/2+…+1/m, and by numerical integration of its distribution otherwise.
func (h *Holding) longestMean(m int) (mean, sd float64) {
	if h.kind == "exp" {
		sum, squares := 0.0, 0.0
		for k := 1; k <= m; k++ {
			sum += 1 / float64(k)
			squares += 1 / float64(k*k)
		}
		return h.mean * sum, h.mean * math.Sqrt(squares)
	}
	// E T = ∫ P(T>t) dt and E T² = ∫ 2t P(T>t) dt, by the midpoint rule on a grid that grows with t.
	first, second := 0.0, 0.0
	for t, step := 0.0, h.mean/1000; step < h.mean*1e6; t, step = t+step, step*1.001 {
		mid := t + step/2
		beyond := 1 - h.longest(m, mid)
		first += beyond * step
		second += 2 * mid * beyond * step
		if mid > h.mean && beyond < 1e-12 {
			break
		}
	}
	return first, math.Sqrt(second - first*first)
}

// quantile returns the t that the longest of m residual lives does not exceed with probability p.
func (h *Holding) quantile(m int, p float64) float64 {
	low, high := 0.0, h.mean
	for h.longest(m, high) < p {
		high *= 2
	}
	for range 100 {
		if mid := (low + high) / 2; h.longest(m, mid) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
