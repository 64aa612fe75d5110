package explore

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// toy is a walk on the numbers below size: from each to the next one, and where a jump begins, to its end.
type toy struct {
	size   uint32
	jumps  map[uint32]uint32
	bad    uint32 // a state that is wrong; 0: none
	badTo  uint32 // a step to it is wrong; 0: none
	slow   bool   // jumps are not prompt
	panics uint32 // a state at which the model panics; 0: none
}

func (m toy) Width() int       { return 1 }
func (m toy) Stepper() Stepper { return m }

func (m toy) Start(out *Steps) { out.Add([]uint32{0}) }

func (m toy) Next(state []uint32, out *Steps) {
	at := state[0]
	if m.panics > 0 && at == m.panics {
		panic("the model breaks")
	}
	if m.bad > 0 && at == m.bad {
		out.Wrong("S1: bad state")
	}
	go1 := func(to uint32, label string, prompt bool) {
		out.Add(state)[0] = to
		if prompt {
			out.Prompt()
		}
		if out.Labelled {
			out.Label(label)
		}
		if m.badTo > 0 && to == m.badTo {
			out.WrongStep("S2: bad step")
		}
	}
	if at+1 < m.size {
		go1(at+1, "next", true)
	}
	if to, ok := m.jumps[at]; ok {
		go1(to, "jump", !m.slow)
	}
}

func TestNumbers(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		r := Search(toy{size: 3_000}, Options{Workers: workers, Cycles: true})
		require.True(t, r.Complete && r.Cycles)
		require.Empty(t, r.Wrong)
		require.Equal(t, []uint64{3_000, 3_000, 2_999}, []uint64{r.Distinct, r.Generated, uint64(r.Depth)})
	}
}

// TestTheShortestWay leads over the jump, whether a state is wrong or a step.
func TestTheShortestWay(t *testing.T) {
	for _, workers := range []int{1, 2} {
		m := toy{size: 1000, jumps: map[uint32]uint32{3: 500}, bad: 502}
		r := Search(m, Options{Workers: workers})
		require.Equal(t, "S1: bad state", r.Wrong)
		require.Equal(t, []string{"next", "next", "next", "jump", "next", "next"}, r.Path)
		require.Len(t, r.States, 7)
		m = toy{size: 1000, jumps: map[uint32]uint32{3: 500}, badTo: 502}
		r = Search(m, Options{Workers: workers})
		require.Equal(t, "S2: bad step", r.Wrong)
		require.Equal(t, []string{"next", "next", "next", "jump", "next", "next"}, r.Path)
		require.Len(t, r.States, 6)
		require.False(t, r.Complete)
	}
}

// TestCycles: a way back is a cycle without progress if it is prompt; the path leads into it, and round it once.
func TestCycles(t *testing.T) {
	for _, workers := range []int{1, 2} {
		r := Search(toy{size: 50, jumps: map[uint32]uint32{20: 10, 5: 30}}, Options{Workers: workers, Cycles: true})
		require.Equal(t, "a cycle without progress", r.Wrong)
		require.Equal(t, r.Loop+11, len(r.Path))
		r = Search(toy{size: 50, jumps: map[uint32]uint32{20: 10, 5: 30}, slow: true}, Options{Workers: workers, Cycles: true})
		require.Empty(t, r.Wrong)
		r = Search(toy{size: 50, jumps: map[uint32]uint32{20: 10}}, Options{Workers: workers})
		require.Empty(t, r.Wrong, "nobody asked for cycles")
		r = Search(toy{size: 5, jumps: map[uint32]uint32{2: 2}}, Options{Workers: workers, Cycles: true})
		require.NotEmpty(t, r.Wrong, "a step that changes nothing, for ever")
	}
}

// TestBounds: what ends a search is told, and up to which depth all was seen.
func TestBounds(t *testing.T) {
	r := Search(toy{size: 1000}, Options{Workers: 1, MaxStates: 10})
	require.Equal(t, "states", r.Bound)
	require.False(t, r.Complete)
	require.Equal(t, uint64(r.Finished+1), r.AtFinished)
	require.Equal(t, "memory", Search(toy{size: 1000}, Options{Workers: 1, MaxMemory: 1}).Bound)
	require.Equal(t, "time", Search(toy{size: 1000}, Options{Workers: 1, For: 1}).Bound)
	require.Equal(t, "stopped", Search(toy{size: 1000}, Options{Workers: 1, Stop: func() bool { return true }}).Bound)
	r = Search(toy{size: 1000}, Options{Workers: 1, MaxDepth: 7})
	require.Equal(t, "depth", r.Bound)
	require.Equal(t, uint64(8), r.Distinct)
}

// TestAPanicOfTheModel comes where the caller can recover, from any worker.
func TestAPanicOfTheModel(t *testing.T) {
	for _, workers := range []int{1, 2} {
		require.Panics(t, func() { Search(toy{size: 100, panics: 50}, Options{Workers: workers}) })
	}
}

// TestManyStepsToOneState: more than a byte can count.
func TestManyStepsToOneState(t *testing.T) {
	r := Search(star{}, Options{Workers: 2, Cycles: true})
	require.Empty(t, r.Wrong)
	require.Equal(t, uint64(1002), r.Distinct)
}

// star leads from 0 to 1000 states, and from each of them to one.
type star struct{}

func (star) Width() int       { return 3 }
func (star) Stepper() Stepper { return star{} }
func (star) Start(out *Steps) { out.Add([]uint32{0, 0, 0}) }
func (star) Next(state []uint32, out *Steps) {
	switch state[1] {
	case 0:
		for i := range uint32(1000) {
			to := out.Add(state)
			to[0], to[1] = i, 1
			out.Prompt()
		}
	case 1:
		to := out.Add(state)
		to[0], to[1] = 0, 2
		out.Prompt()
	}
}
