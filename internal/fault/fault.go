// Package fault names what a world can do to a carrier. Every world understands the same values, so that a scenario
// means the same everywhere.
package fault

import (
	"fmt"
	"strings"
	"time"
)

// Impairment is the state of one direction of one link. The zero value is a healthy link.
type Impairment struct {
	// Cut: nothing passes.
	Cut bool
	// Delay is added to every packet; packets keep their order. From 0.
	Delay time.Duration
	// Jitter adds a random time between 0 and itself; packets keep their order all the same.
	Jitter time.Duration
	// Loss is the share of packets that is lost, from 0 to 1.
	Loss float64
	// Duplicate is the share of packets that arrive twice, from 0 to 1.
	Duplicate float64
	// Reorder is the share of packets that others overtake, from 0 to 1: they arrive up to ReorderBy late, and nobody waits for them.
	Reorder   float64
	ReorderBy time.Duration
}

// IsZero reports whether the link is healthy.
func (i Impairment) IsZero() bool { return i == Impairment{} }

// String describes the impairment as a scenario would write it.
func (i Impairment) String() string {
	if i.IsZero() {
		return "healed"
	}
	var parts []string
	if i.Cut {
		parts = append(parts, "cut")
	}
	if i.Delay > 0 {
		parts = append(parts, "delay="+i.Delay.String())
	}
	if i.Jitter > 0 {
		parts = append(parts, "jitter="+i.Jitter.String())
	}
	if i.Loss > 0 {
		parts = append(parts, fmt.Sprintf("loss=%g", i.Loss))
	}
	if i.Duplicate > 0 {
		parts = append(parts, fmt.Sprintf("duplicate=%g", i.Duplicate))
	}
	if i.Reorder > 0 {
		parts = append(parts, fmt.Sprintf("reorder=%g by=%s", i.Reorder, i.ReorderBy))
	}
	return strings.Join(parts, " ")
}

// Isolation is what becomes of a node's whole connection.
type Isolation uint8

// The isolations. Both mean that the node's own carrier goes down; with Dropped it notices at once, with BlackHoled by silence.
const (
	Joined Isolation = iota
	Dropped
	BlackHoled
)

// String returns the isolation's name.
func (i Isolation) String() string { return [...]string{"joined", "dropped", "black-holed"}[i] }
