package hasync

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
)

// TestIndexIsAMap: whatever is added and removed, it finds what a map finds.
func TestIndexIsAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const refs = 400
	calls, want := make([]entry, refs+1), map[callmodel.ConnID]uint32{}
	var x index
	for step := range 200_000 {
		ref := uint32(rng.IntN(refs) + 1)
		c := &calls[ref]
		if c.connID != 0 {
			x.remove(calls, ref)
			delete(want, c.connID)
			c.connID = 0
		} else if rng.IntN(4) > 0 || step < refs {
			// Two T-Servers and several starts: far and near ConnIDs, as they are.
			id := callmodel.NewConnID(uint8(rng.IntN(2)), uint64(rng.IntN(3)+1), uint64(rng.IntN(5000)+1))
			if want[id] != 0 {
				continue
			}
			c.connID = id
			x.add(calls, ref)
			want[id] = ref
		}
		require.Equal(t, len(want), x.used)
		if step%97 == 0 {
			for id, ref := range want {
				require.Equal(t, ref, x.find(calls, id))
			}
		}
		require.Zero(t, x.find(calls, callmodel.NewConnID(1, 9, uint64(step+1))))
	}
	require.LessOrEqual(t, len(x.slots), 1024)
	require.Zero(t, (&index{}).find(nil, 1))
	require.Zero(t, x.find(calls, 0))
	(&index{}).remove(calls, 1)
}
