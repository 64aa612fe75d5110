package trace

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/wire"
)

// rec makes a record of a node.
func rec(at time.Duration, id wire.ID, inc, index uint64, kind Kind) Record {
	return Record{At: at, Node: id, Inc: inc, Index: index, Kind: kind}
}

func to(r Record, peer wire.ID, inc, index uint64) Record {
	r.Peer, r.PeerInc, r.PeerIndex = peer, inc, index
	return r
}

func boot(at time.Duration, id wire.ID) Record {
	return Record{At: at, Node: id, Kind: Applied, Text: "boot"}
}

// names shows records as node, incarnation and index.
func names(records []Record) (all []string) {
	for _, r := range records {
		s := r.Node.String() + strconv.FormatUint(r.Inc, 10) + "." + strconv.FormatUint(r.Index, 10)
		if r.Index == 0 {
			s = r.Node.String() + " " + r.Kind.String()
		}
		all = append(all, s)
	}
	return all
}

func TestMergerKeepsCausalOrder(t *testing.T) {
	for _, tc := range []struct {
		name  string
		adds  [][]Record
		taken [][]string
	}{
		{
			"a receive waits for its send",
			[][]Record{
				{boot(0, wire.A), boot(0, wire.B)},
				{rec(1, wire.B, 1, 1, Started), to(rec(5, wire.B, 1, 2, Received), wire.A, 1, 2), rec(6, wire.B, 1, 3, Noted)},
				{rec(1, wire.A, 1, 1, Started)},
				{rec(9, wire.A, 1, 2, Sent)}, // the clocks' order is another
			},
			[][]string{{"A applied", "B applied"}, {"B1.1"}, {"A1.1"}, {"A1.2", "B1.2", "B1.3"}},
		},
		{
			"a hole is waited for",
			[][]Record{{rec(1, wire.A, 1, 1, Started), rec(3, wire.A, 1, 3, Noted)}, {rec(2, wire.A, 1, 2, Noted)}},
			[][]string{{"A1.1"}, {"A1.2", "A1.3"}},
		},
		{
			"an end waits for what its incarnation has written, and the next incarnation for the end",
			[][]Record{
				{boot(0, wire.A), boot(0, wire.B), rec(1, wire.B, 1, 1, Started), to(rec(2, wire.B, 1, 2, Received), wire.A, 1, 2)},
				{{At: 3, Node: wire.B, Inc: 1, Kind: Ended}, boot(4, wire.B)},
				{rec(5, wire.B, 2, 1, Started), rec(5, wire.B, 2, 2, Noted)},
				{rec(1, wire.A, 1, 1, Started), rec(1, wire.A, 1, 2, Sent)},
			},
			[][]string{{"A applied", "B applied", "B1.1"}, {"B applied"}, nil, {"A1.1", "A1.2", "B1.2", "B ended", "B2.1", "B2.2"}},
		},
		{
			"nothing is up to a node before it has started",
			[][]Record{
				{boot(0, wire.A), boot(0, wire.B), rec(1, wire.A, 1, 1, Started), to(rec(2, wire.A, 1, 2, Up), wire.B, 1, 0)},
				{rec(1, wire.B, 1, 1, Started)},
			},
			[][]string{{"A applied", "B applied", "A1.1"}, {"B1.1", "A1.2"}},
		},
		{
			"nobody waits for the records of a foreign client",
			[][]Record{{
				rec(1, wire.A, 1, 1, Started), to(rec(2, wire.A, 1, 2, Up), wire.Client(1), 9, 0),
				to(rec(3, wire.A, 1, 3, Received), wire.Client(1), 9, 77),
			}},
			[][]string{{"A1.1", "A1.2", "A1.3"}},
		},
		{
			"of one arrival, the earlier is first, and the world's records keep their order",
			[][]Record{{rec(3, wire.A, 1, 1, Started), rec(2, wire.B, 1, 1, Started), boot(1, wire.MLayer), boot(1, wire.Switch)}},
			[][]string{{"M applied", "S applied", "B1.1", "A1.1"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := NewMerger()
			for i, records := range tc.adds {
				m.Add(records...)
				<-m.Wake()
				require.Equal(t, tc.taken[i], names(m.Take()), "add %d", i)
			}
			require.NoError(t, m.Close())
		})
	}
}

func TestMergerNamesWhatCannotBeOrdered(t *testing.T) {
	m := NewMerger()
	m.Add(boot(0, wire.A), rec(1, wire.A, 1, 2, Noted), rec(2, wire.A, 1, 3, Noted))
	err := m.Close()
	require.ErrorIs(t, err, ErrUnordered)
	require.ErrorContains(t, err, "2 records, the first being")
	require.ErrorContains(t, err, "A#1 noted")
}

// A run of three nodes that talk and restart, whose records reach the merger in any interleaving of its authors.
func TestMergerWithAnyInterleaving(t *testing.T) {
	ids := []wire.ID{wire.A, wire.B, wire.MLayer}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		all := history(rng, ids)
		streams := map[wire.ID][]Record{}
		m := NewMerger()
		for _, r := range all {
			if r.Kind == Applied {
				m.Add(r) // the world's
			} else {
				streams[r.Node] = append(streams[r.Node], r)
			}
		}
		for len(streams) > 0 {
			id := ids[rng.IntN(len(ids))]
			if n := len(streams[id]); n > 0 {
				k := rng.IntN(n) + 1
				m.Add(streams[id][:k]...)
				streams[id] = streams[id][k:]
			} else {
				delete(streams, id)
			}
		}
		taken := m.Take()
		require.NoError(t, m.Close(), "seed %d", seed)
		require.Len(t, taken, len(all), "seed %d", seed)
		requireCausal(t, taken)
	}
}

// history makes the records of a run, in the order in which things happened. The nodes' clocks disagree.
func history(rng *rand.Rand, ids []wire.ID) (all []Record) {
	type state struct{ inc, index uint64 }
	type message struct{ from, to, inc, index uint64 }
	states := make([]state, len(ids))
	var flying []message
	add := func(i int, kind Kind) *Record {
		states[i].index++
		all = append(all, rec(time.Duration(rng.IntN(1000)), ids[i], states[i].inc, states[i].index, kind))
		return &all[len(all)-1]
	}
	start := func(i int) {
		states[i] = state{inc: states[i].inc + 1}
		add(i, Started)
	}
	for i, id := range ids {
		all = append(all, boot(0, id))
		start(i)
	}
	for range 60 {
		i := rng.IntN(len(ids))
		switch rng.IntN(8) {
		case 0:
			all = append(all, Record{At: 1, Node: ids[i], Inc: states[i].inc, Kind: Ended})
			start(i)
		case 1, 2, 3:
			j := (i + 1 + rng.IntN(len(ids)-1)) % len(ids)
			r := add(i, Sent)
			r.Peer = ids[j]
			flying = append(flying, message{uint64(i), uint64(j), r.Inc, r.Index})
		default:
			if len(flying) > 0 {
				f := flying[0]
				flying = flying[1:]
				r := add(int(f.to), Received)
				r.Peer, r.PeerInc, r.PeerIndex = ids[f.from], f.inc, f.index
			}
		}
	}
	return all
}

func requireCausal(t *testing.T, records []Record) {
	t.Helper()
	next, last, ended := map[incarnation]uint64{}, map[wire.ID]uint64{}, map[incarnation]bool{}
	for _, r := range records {
		me := incarnation{r.Node, r.Inc}
		if r.Index == 0 {
			ended[me] = r.Kind == Ended
			continue
		}
		require.False(t, ended[me], "%s is behind the end of its incarnation", r)
		require.True(t, r.Inc == 1 || ended[incarnation{r.Node, r.Inc - 1}], "%s is before the end of the incarnation before it", r)
		require.Equal(t, next[me]+1, r.Index)
		require.GreaterOrEqual(t, r.Inc, last[r.Node])
		next[me], last[r.Node] = r.Index, r.Inc
		if r.Kind == Received {
			require.GreaterOrEqual(t, next[incarnation{r.Peer, r.PeerInc}], r.PeerIndex)
		}
	}
}
