package fuzz

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Request is the kind of episodes in which clients make requests. It stands beside the others: it is drawn by a generator of its own.
const Request Kind = "request"

// requests are what clients ask for; the first %d is a DN, the second one another DN.
var requests = []string{
	"dial %s %d to=%d", "dial %s %d to=%d", "pick-up %s %d", "pick-up %s %d", "hang-up %s %d", "hang-up %s %d", "hold %s %d", "retrieve %s %d",
	"alternate %s %d", "consult %s %d to=%d", "transfer %s %d", "conference %s %d", "hand-over %s %d to=%d", "invite %s %d to=%d", "redirect %s %d to=%d",
	"attach %s %d data=k:v", "agent-login %s %d text=7", "agent-logout %s %d", "agent-ready %s %d", "agent-not-ready %s %d",
}

// requests draws what clients ask for, and when.
func (d *drawer) requests() {
	rng := rand.New(rand.NewPCG(d.p.Seed, 0x72657175657374))
	gap := time.Duration(float64(time.Second) * (0.5 + 30*rng.Float64()*rng.Float64()))
	wanted := rng.Float64() < 0.4
	if d.profile.Kinds != nil {
		wanted = false
		for _, k := range d.profile.Kinds {
			wanted = wanted || k == Request
		}
	}
	if !wanted || d.clients == 0 {
		return
	}
	// A few lines are much used, so that requests meet each other's calls.
	line := func() int { return 1001 + rng.IntN(min(d.lines, 4)) }
	for t := d.started; t < d.p.Length; t += scale(gap, rng.ExpFloat64()) {
		form := requests[rng.IntN(len(requests))]
		args := []any{fmt.Sprintf("C%d", 1+rng.IntN(d.clients)), line(), line()}
		d.at(t, "? "+form+" nowait", args[:countArgs(form)]...)
	}
}

// countArgs is how many arguments a form has.
func countArgs(form string) (n int) {
	for _, r := range form {
		if r == '%' {
			n++
		}
	}
	return n
}
