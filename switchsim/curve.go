package switchsim

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hotpair/internal/canon"
)

// curve is how traffic changes over a day: by what the load's rate is multiplied, slot by slot, all slots being as long as each other. Without factors
// the rate is constant. The switch has no clock; it knows the slot from a timer.
type curve struct {
	factors []float64
	day     time.Duration
	slot    int
}

const (
	// maxSlots bounds the slots of a day: one for each minute.
	maxSlots = 24 * 60
	maxDay   = 28 * 24 * time.Hour
	// maxFactor bounds a factor of the curve.
	maxFactor = 100
)

// parseFactors reads numbers that are separated by commas.
func parseFactors(s string) ([]float64, error) {
	words := strings.Split(s, ",")
	if len(words) > maxSlots {
		return nil, fmt.Errorf("a day has at most %d slots, not %d", maxSlots, len(words))
	}
	factors, sum := make([]float64, len(words)), 0.0
	for i, w := range words {
		f, err := parseNumber(w, 0, maxFactor)
		if err != nil {
			return nil, err
		}
		factors[i], sum = f, sum+f
	}
	if sum == 0 {
		return nil, fmt.Errorf("at least one factor is above 0")
	}
	return factors, nil
}

// factor is by what the rate is multiplied now.
func (c *curve) factor() float64 {
	if len(c.factors) == 0 {
		return 1
	}
	return c.factors[c.slot]
}

// begins returns when a slot begins, since the day's beginning.
func (c *curve) begins(slot int) time.Duration {
	n := len(c.factors)
	whole, rest := c.day/time.Duration(n), c.day%time.Duration(n)
	return whole*time.Duration(slot) + rest*time.Duration(slot)/time.Duration(n)
}

// enter begins at a time of the day, and returns how long the slot lasts from then on. There are factors.
func (c *curve) enter(at time.Duration) time.Duration {
	for c.slot = 0; c.begins(c.slot+1) <= at; c.slot++ {
	}
	return c.begins(c.slot+1) - at
}

// next goes on to the next slot, and returns how long it lasts.
func (c *curve) next() time.Duration {
	c.slot = (c.slot + 1) % len(c.factors)
	return c.begins(c.slot+1) - c.begins(c.slot)
}

func (c *curve) append(b []byte) []byte {
	b = canon.Uint(b, len(c.factors))
	for _, f := range c.factors {
		b = canon.Uint(b, math.Float64bits(f))
	}
	b = canon.Uint(b, uint64(c.day))
	return canon.Uint(b, c.slot)
}

func (c *curve) restore(r *canon.Reader) {
	*c = curve{}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		c.factors = append(c.factors, math.Float64frombits(canon.Read[uint64](r)))
	}
	c.day, c.slot = time.Duration(canon.Read[uint64](r)), canon.Read[int](r)
}
