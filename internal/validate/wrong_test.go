package validate

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/tserver"
)

// kinds are the comparisons of a report that failed.
func (r *Report) kinds() map[comparison]int {
	kinds := map[comparison]int{}
	for _, f := range r.failed {
		kinds[f.of]++
	}
	return kinds
}

// measured are results of the real nodes, which are as theory says: a few runs of each kind.
type measured struct {
	blocking *blocking
	sync     *synchronization
	renamed  []float64
	drain    []float64
	transfer []float64
}

const fewTagged = 10

func measure(t *testing.T, h *Holding) measured {
	t.Helper()
	var m measured
	var err error
	m.blocking, err = runBlocking(Offer{10, 5}, h, 6_000, 20, 1)
	require.NoError(t, err)
	m.sync, err = runSynchronizations(context.Background(), fewTagged, h, tserver.DefaultOptions().HASyncMethod, 30, 1)
	require.NoError(t, err)
	for i := range uint64(30) {
		n, err := runFailure(fewTagged, h, 1, 1+i)
		require.NoError(t, err)
		if n >= 0 {
			m.renamed = append(m.renamed, float64(n))
		}
	}
	m.drain = m.sync.took[:10]
	s, err := runSynchronizations(context.Background(), fewTagged, h, "transfer", 10, 1)
	require.NoError(t, err)
	m.transfer = s.took
	return m
}

// compare makes every comparison once.
func (m *measured) compare(h *Holding) *Report {
	r := &Report{Options: DefaultOptions()}
	r.little(m.blocking)
	r.intervals([]*blocking{m.blocking, m.blocking, m.blocking, m.blocking, m.blocking})
	r.length(m.sync)
	r.risk(m.sync)
	r.changed(fewTagged, h, 1, m.renamed)
	r.compared(fewTagged, h, m.drain, m.transfer)
	return r
}

// TestEachComparisonFails: what was measured passes every comparison, and one wrong number makes that comparison fail, and only that one. So none of them holds whatever comes.
func TestEachComparisonFails(t *testing.T) {
	h := &mustHold("exp:180s")[0]
	right := measure(t, h)
	r := right.compare(h)
	require.Empty(t, r.failed)
	wrong := map[comparison]func(m *measured){
		littlesLaw: func(m *measured) { m.blocking.little += 0.02 }, // 2 % of the calls in progress are not accounted for
		blockedCalls: func(m *measured) {
			m.blocking.ci.low, m.blocking.ci.high = 1.3*m.blocking.ci.high, 1.5*m.blocking.ci.high
		},
		carriedTraffic: func(m *measured) { m.blocking.carryCI.low, m.blocking.carryCI.high = 4, 4.5 },
		meanLength:     func(m *measured) { m.sync.took = scaled(m.sync.took, 1.4) },
		lengths:        func(m *measured) { m.sync.took = alike(m.sync.took, h) },
		connIDsAtRisk:  func(m *measured) { m.sync.risk = map[float64][]float64{1: scaled(m.sync.risk[1], 1.4)}; m.fill(h) },
		connIDsChanged: func(m *measured) { m.renamed = scaled(m.renamed, 0.6) },
		drainMethod:    func(m *measured) { m.drain = scaled(m.drain, 0.5) },
		transferMethod: func(m *measured) { m.transfer = scaled(m.transfer, 100) },
	}
	for of := range r.made {
		require.Contains(t, wrong, of)
	}
	for of, spoil := range wrong {
		m := right
		b, s := *right.blocking, *right.sync
		m.blocking, m.sync = &b, &s
		spoil(&m)
		failed := m.compare(h).kinds()
		if of == meanLength {
			delete(failed, lengths) // a distribution with another mean is another one
		}
		require.Len(t, failed, 1, "%s: %v", of, failed)
		require.Positive(t, failed[of], of)
	}
}

func scaled(values []float64, by float64) (list []float64) {
	for _, v := range values {
		list = append(list, v*by)
	}
	return list
}

// alike are as many values that have the mean that theory says, and no spread.
func alike(values []float64, h *Holding) []float64 {
	mean, _ := h.longestMean(fewTagged)
	list := make([]float64, len(values))
	for i := range list {
		list[i] = mean
	}
	return list
}

// fill gives the times at which nothing was counted what theory says.
func (m *measured) fill(h *Holding) {
	for _, t := range riskTimes() {
		if m.sync.risk[t] == nil {
			m.sync.risk[t] = []float64{fewTagged * (1 - h.residual(t*h.mean))}
		}
	}
}

// TestABrokenPairIsNoticed: the nodes do something else than theory speaks of: a transfer in other batches, a backup that is told at once where it should wait, a load whose calls last longer,
// and a switch with a trunk more.
func TestABrokenPairIsNoticed(t *testing.T) {
	h := &mustHold("exp:180s")[0]
	r := &Report{Options: DefaultOptions()}
	transfer, err := runSynchronizations(context.Background(), fewTagged, h, "transfer", 10, 1)
	require.NoError(t, err)
	drain, err := runSynchronizations(context.Background(), fewTagged, h, "drain", 10, 1)
	require.NoError(t, err)
	r.compared(fewTagged, h, transfer.took, drain.took) // each does what the other should
	require.Equal(t, map[comparison]int{drainMethod: 1, transferMethod: 1}, r.kinds())

	r = &Report{Options: DefaultOptions()}
	many, err := runSynchronizations(context.Background(), 600, h, "transfer", 2, 1)
	require.NoError(t, err)
	r.compared(600, h, drain.took, many.took)
	require.Equal(t, 0, r.kinds()[transferMethod])
	r.compared(400, h, drain.took, many.took) // one batch, and it took a pause
	require.Equal(t, 1, r.kinds()[transferMethod])

	b, err := runBlocking(Offer{11, 5}, h, 20_000, 20, 1)
	require.NoError(t, err)
	b.Trunks = 10
	r = &Report{Options: DefaultOptions()}
	r.intervals([]*blocking{b, b, b, b, b})
	require.Equal(t, 1, r.kinds()[blockedCalls])

	longer := &Holding{Text: "exp:360s", kind: "exp", mean: 180, sd: 180} // the load is given the text
	s, err := runSynchronizations(context.Background(), fewTagged, longer, "drain", 40, 1)
	require.NoError(t, err)
	r = &Report{Options: DefaultOptions()}
	r.length(s)
	r.risk(s)
	require.Subset(t, []comparison{meanLength, lengths, connIDsAtRisk}, keys(r.kinds()))
	require.Len(t, r.kinds(), 3)
}

func keys(kinds map[comparison]int) (list []comparison) {
	for k := range kinds {
		list = append(list, k)
	}
	return list
}

// TestLittlesSlackIsSmall: what is allowed for calls that are cut by the beginning and the end of a run is far below any error that matters.
func TestLittlesSlackIsSmall(t *testing.T) {
	for _, o := range []Options{DefaultOptions(), short()} {
		for i := range o.Holds {
			for _, f := range o.Offers {
				b := blocking{Offer: f, hold: &o.Holds[i], calls: uint64(o.Calls)}
				require.Less(t, b.littleSlack(), 0.03, "%v %s", f, o.Holds[i].Text)
			}
		}
	}
}
