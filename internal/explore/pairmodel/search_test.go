package pairmodel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/hasync"
	"hotpair/internal/explore"
	"hotpair/internal/node"
)

// small is a configuration that takes a moment.
func small() Options {
	return Options{Budget: Budget{Calls: 1, Refs: 1, Each: Faults(LoseCTIB, CutHA, Command), Any: 1}, Reports: true, HA: true}
}

// TestEverythingHolds in the smallest configuration, whatever the number of workers, with the same numbers.
func TestEverythingHolds(t *testing.T) {
	var first explore.Result
	for i, workers := range []int{1, 2, 2} {
		r := explore.Search(New(small()), explore.Options{Workers: workers, Cycles: true})
		require.Empty(t, r.Wrong, r.Path)
		require.True(t, r.Complete)
		if i == 0 {
			first = r
		}
		require.Equal(t, []uint64{first.Distinct, first.Generated, uint64(first.Depth)}, []uint64{r.Distinct, r.Generated, uint64(r.Depth)})
	}
	t.Log(first.Distinct, first.Generated, first.Depth)
}

// canonical counts the states that a search without renamings sees, after each of them was renamed.
type canonical struct {
	explore.Stepper
	s    *stepper
	seen map[[width]uint32]bool
}

func (c canonical) Next(state []uint32, out *explore.Steps) {
	renamed := [width]uint32(state)
	c.s.m.raw = false
	c.s.settle(renamed[:])
	c.s.m.raw = true
	c.seen[renamed] = true
	c.Stepper.Next(state, out)
}

type canonicalModel struct {
	*Model
	seen map[[width]uint32]bool
}

func (m canonicalModel) Stepper() explore.Stepper {
	s := newStepper(m.Model)
	return canonical{s, s, m.seen}
}

// TestRenamingIsSound: a search that renames as it goes sees the same states as one that does not, renamed afterwards.
func TestRenamingIsSound(t *testing.T) {
	for name, o := range map[string]Options{
		"call and command":  {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(Command)}},
		"two calls, HA":     {Budget: Budget{Calls: 2, Refs: 1, Each: Faults(CutHA)}},
		"crash":             {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashA)}},
		"CTI":               {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(LoseCTIB)}},
		"references, CTI":   {Budget: Budget{Calls: 2, Refs: 2, Each: Faults(LoseCTIA)}},
		"two calls, B":      {Budget: Budget{Calls: 2, Refs: 1, Each: Faults(CrashB)}},
		"three calls, HA":   {Budget: Budget{Calls: 3, Refs: 2, Each: Faults(CutHA, CutHA)}, Events: true},
		"three calls, CTI":  {Budget: Budget{Calls: 3, Refs: 2, Each: Faults(LoseCTIA)}, Events: true},
		"two faults":        {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashB, CutHA)}, Events: true},
		"M dies, transfer":  {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashM, LoseCTIA)}, Events: true, Method: hasync.Transfer},
		"both die, no call": {Budget: Budget{Refs: 1, Each: Faults(CrashA, CrashB)}, Events: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Reports, o.HA = true, true
			o.every = true
			reduced := explore.Search(New(o), explore.Options{Workers: 1, MaxStates: 300_000})
			o.Raw = true
			m := canonicalModel{New(o), map[[width]uint32]bool{}}
			raw := explore.Search(m, explore.Options{Workers: 1, MaxStates: 1_000_000})
			t.Log(reduced.Distinct, raw.Distinct, len(m.seen), raw.Complete, reduced.Complete)
			require.True(t, raw.Complete && reduced.Complete)
			require.Empty(t, raw.Wrong)
			require.Equal(t, int(reduced.Distinct), len(m.seen))
		})
	}
}

// resting collects the states in which nothing can happen any more and no call is in progress.
type resting struct {
	explore.Stepper
	s    *stepper
	rest map[[width]uint32]bool
}

func (c resting) Next(state []uint32, out *explore.Steps) {
	c.Stepper.Next(state, out)
	if c.s.atRest() && envWord(state[envAt]).progress() == 0 {
		c.rest[[width]uint32(state)] = true
	}
}

type restingModel struct {
	*Model
	rest map[[width]uint32]bool
}

func (m restingModel) Stepper() explore.Stepper {
	s := newStepper(m.Model)
	return resting{s, s, m.rest}
}

// TestOrdersThatCommute: leaving out orders of what commutes leaves out no state in which the system comes to rest, and few others.
func TestOrdersThatCommute(t *testing.T) {
	for name, o := range map[string]Options{
		"call, CTI":         {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(LoseCTIA)}, Reports: true, HA: true},
		"two calls, HA":     {Budget: Budget{Calls: 2, Refs: 1, Each: Faults(CutHA)}, Reports: true},
		"crash, every link": {Budget: Budget{Refs: 1, Each: Faults(CrashB)}},
		"command and call":  {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(Command)}, Reports: true},
		"calls at once, B":  {Budget: Budget{Calls: 2, Refs: 2, Each: Faults(CrashB)}, Reports: true, HA: true, Events: true},
		"M dies, and a cut": {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashM, CutControlA)}, Reports: true, HA: true, Events: true},
		"two faults":        {Budget: Budget{Calls: 1, Refs: 1, Each: Faults(CrashA, LoseCTIB)}, Reports: true, HA: true, Events: true},
	} {
		t.Run(name, func(t *testing.T) {
			m := New(o)
			few := restingModel{m, map[[width]uint32]bool{}}
			r := explore.Search(few, explore.Options{Workers: 1, MaxStates: 300_000})
			m.every = true
			all := restingModel{m, map[[width]uint32]bool{}}
			whole := explore.Search(all, explore.Options{Workers: 1, MaxStates: 1_000_000})
			t.Log(r.Distinct, whole.Distinct, len(few.rest))
			require.True(t, r.Complete && whole.Complete)
			require.Equal(t, all.rest, few.rest)
			require.Less(t, r.Distinct, whole.Distinct)
		})
	}
}

// TestThePathIsAlwaysTheSame, with two workers too, whichever of them comes first.
func TestThePathIsAlwaysTheSame(t *testing.T) {
	o := small()
	o.Without = node.Off(node.X6)
	var first []string
	for range 8 {
		m := New(o)
		r := explore.Search(m, explore.Options{Workers: 2})
		require.Equal(t, "S1", Monitor(r.Wrong))
		if first == nil {
			first = r.Path
		}
		require.Equal(t, first, r.Path)
		require.Len(t, m.actions(&r), len(r.Path))
	}
}
