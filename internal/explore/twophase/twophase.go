// Package twophase is two-phase commit as in the literature (J. Gray and L. Lamport, "Consensus on Transaction Commit", 2006: the specifications
// TCommit and TwoPhase): the search's own truth, since its numbers of states are known: 288 for three resource managers, 8,832 for five.
//
// Resource managers prepare or abort by themselves; the transaction manager commits when all are prepared, or aborts when it likes; messages are a
// set that only grows. It must not know hotpair.
package twophase

import (
	"fmt"
	"math/bits"

	"hotpair/internal/explore"
)

// MaxRMs is the greatest number of resource managers: a state is two words.
const MaxRMs = 10

// Model is two-phase commit among RMs resource managers, 1 to MaxRMs.
type Model struct {
	RMs int
	// Careless has a resource manager that is prepared abort by itself: not two-phase commit, and the search finds what is wrong with it.
	Careless bool
}

// The states of a resource manager, as pairs of bits in the first word: resource manager i has the bits 2i and 2i+1.
const (
	working   = 0
	prepared  = 1
	committed = 2
	aborted   = 3
)

// The second word: which resource managers the transaction manager knows to be prepared, which messages Prepared were sent, and the bits below.
const (
	sentShift = MaxRMs
	tmCommit  = 1 << (2*MaxRMs + iota) // the transaction manager has committed, and sent Commit
	tmAbort                            // it has aborted, and sent Abort
)

// Width implements explore.Model.
func (m Model) Width() int { return 2 }

// Stepper implements explore.Model.
func (m Model) Stepper() explore.Stepper {
	if m.RMs < 1 || m.RMs > MaxRMs {
		panic(fmt.Sprintf("twophase: %d resource managers; there can be 1 to %d", m.RMs, MaxRMs))
	}
	return m
}

// Start implements explore.Stepper: all resource managers work, and nothing was sent.
func (m Model) Start(out *explore.Steps) { out.Add([]uint32{0, 0}) }

// Next implements explore.Stepper. The names of the steps are those of the specification.
func (m Model) Next(state []uint32, out *explore.Steps) {
	rms, tm := state[0], state[1]
	// TCConsistent: no resource manager has committed while another has aborted.
	odd, even := rms>>1&0x55555555, rms&0x55555555
	if some, other := odd&^even, odd&even; some != 0 && other != 0 {
		out.Wrong("TCConsistent: one resource manager has committed, and another has aborted")
	}
	add := func(rms, tm uint32, name string, rm int) {
		s := out.Add(state)
		s[0], s[1] = rms, tm
		if out.Labelled {
			out.Label(fmt.Sprintf(name, rm+1))
		}
	}
	undecided := tm&(tmCommit|tmAbort) == 0
	if undecided {
		if bits.OnesCount32(tm&(1<<sentShift-1)) == m.RMs {
			add(rms, tm|tmCommit, "TMCommit%.0d", 0)
		}
		add(rms, tm|tmAbort, "TMAbort%.0d", 0)
	}
	for i := range m.RMs {
		at, sent := uint(2*i), uint32(1)<<(sentShift+i)
		rm := rms >> at & 3
		with := func(v uint32) uint32 { return rms&^(3<<at) | v<<at }
		if undecided && tm&sent != 0 {
			add(rms, tm|1<<i, "TMRcvPrepared(%d)", i)
		}
		if rm == working {
			add(with(prepared), tm|sent, "RMPrepare(%d)", i)
		}
		if rm == working || m.Careless && rm == prepared {
			add(with(aborted), tm, "RMChooseToAbort(%d)", i)
		}
		if tm&tmCommit != 0 {
			add(with(committed), tm, "RMRcvCommitMsg(%d)", i)
		}
		if tm&tmAbort != 0 {
			add(with(aborted), tm, "RMRcvAbortMsg(%d)", i)
		}
	}
}
