package arbmodel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/explore"
)

// arranged counts the states that a search sees which tells clients apart, after each was arranged.
type arranged struct {
	explore.Stepper
	m    *Model
	seen map[[5]uint32]bool
}

func (c arranged) Next(state []uint32, out *explore.Steps) {
	w := c.m.decode(state)
	w.arrange()
	var to [5]uint32
	w.encode(to[:])
	c.seen[to] = true
	c.Stepper.Next(state, out)
}

type arrangedModel struct {
	*Model
	seen map[[5]uint32]bool
}

func (m arrangedModel) Stepper() explore.Stepper {
	return arranged{m.Model.Stepper(), m.Model, m.seen}
}

// TestClientsAreAlike: a search that puts the clients of a group in order sees the same states as one that tells them apart, arranged afterwards.
func TestClientsAreAlike(t *testing.T) {
	for name, o := range map[string]Options{
		"cold start, split": {Clients: 4, Cold: true, Faults: 1, Kinds: Split},
		"a group":           {Clients: 4, Faults: 1, Kinds: Group},
		"crash":             {Clients: 4, Faults: 1, Kinds: Crash, Commands: 1},
	} {
		t.Run(name, func(t *testing.T) {
			alike := explore.Search(New(o), explore.Options{Workers: 1})
			o.apart = true
			m := arrangedModel{New(o), map[[5]uint32]bool{}}
			apart := explore.Search(m, explore.Options{Workers: 1})
			t.Log(alike.Distinct, apart.Distinct, len(m.seen))
			require.True(t, alike.Complete && apart.Complete)
			require.Equal(t, int(alike.Distinct), len(m.seen))
			require.Less(t, 2*alike.Distinct, apart.Distinct)
		})
	}
}
