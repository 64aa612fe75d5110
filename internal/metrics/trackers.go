package metrics

import (
	"context"
	"sync"
	"time"

	"hotpair/internal/status"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Trackers is a Source of all nodes of a run: it follows the run's records. It may be used by several goroutines.
type Trackers struct {
	pair string
	now  func() time.Duration

	mu   sync.Mutex
	ids  []wire.ID
	byID map[wire.ID]*status.Tracker
}

// NewTrackers makes a source of nodes that have not started yet; now reads the run's clock.
func NewTrackers(pair string, now func() time.Duration, ids ...wire.ID) *Trackers {
	t := &Trackers{pair: pair, now: now, ids: ids, byID: map[wire.ID]*status.Tracker{}}
	for _, id := range ids {
		t.byID[id] = status.New(id)
	}
	return t
}

// Record takes over a record.
func (t *Trackers) Record(r *trace.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.byID[r.Node]; n != nil {
		n.Record(r, r.At)
	}
}

// Look implements Source.
func (t *Trackers) Look(_ context.Context, f func(View)) error {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range t.ids {
		n := t.byID[id]
		s := n.Status(now)
		s.Pair, s.Time = t.pair, time.Now().UTC()
		f(View{s, n.Running(), n.Counts()})
	}
	return nil
}
