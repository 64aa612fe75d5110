package forecast

import (
	"fmt"
	"time"
)

// Redundancy watches the tagged calls of one primary. The zero value has seen none. It is not safe for concurrent use.
type Redundancy struct {
	at    time.Duration // of the last change
	left  uint64
	ended uint64        // since the Backup Ready
	lived time.Duration // by all tagged calls together, since then
}

// Tagged takes over that at a time of the run's clock so many tagged calls are left. Times do not decrease. A greater number than before belongs to
// another synchronization, of which nothing is known yet.
func (r *Redundancy) Tagged(at time.Duration, left uint64) {
	if left > r.left {
		*r = Redundancy{at: at, left: left}
		return
	}
	r.lived += time.Duration(r.left) * (at - r.at)
	r.ended += r.left - left
	r.at, r.left = at, left
}

// Left returns how many tagged calls are left.
func (r *Redundancy) Left() uint64 { return r.left }

// In returns how long it will take, from now on, until no tagged call is left; known is false as long as none has ended.
//
// For holding times with the mean h, of which the residual life of a call in progress is then a sample, too (exponential ones), the last of N calls ends
// after h·(1+1/2+…+1/N) on average; h is the time that all of them have lived since the Backup Ready, divided by the number of those that have ended.
// It is an estimate: the last calls decide, and of each the residual life varies as much as its mean.
func (r *Redundancy) In(now time.Duration) (d time.Duration, known bool) {
	switch {
	case r.left == 0:
		return 0, true
	case r.ended == 0:
		return 0, false
	}
	lived := r.lived + time.Duration(r.left)*(now-r.at)
	return time.Duration(float64(lived) / float64(r.ended) * harmonic(r.left)), true
}

// String says what In says, in words.
func (r *Redundancy) String() string {
	d, known := r.In(r.at)
	switch {
	case r.left == 0:
		return "no tagged call is in the way"
	case !known:
		return fmt.Sprintf("in the way: %d tagged calls, none of which has ended yet", r.left)
	}
	return fmt.Sprintf("in the way: %d tagged calls; forecast: %s", r.left, d.Round(100*time.Millisecond))
}

// harmonic returns 1+1/2+…+1/n.
func harmonic(n uint64) float64 {
	sum := 0.0
	for i := n; i > 0; i-- {
		sum += 1 / float64(i)
	}
	return sum
}
