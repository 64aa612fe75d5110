package fuzz

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"hotpair/internal/coverage"
	"hotpair/internal/node"
	"hotpair/internal/workqueue"
)

// DefaultPiece is how many seeds a worker takes at a time: about a second's work.
const DefaultPiece = 20

// piece is what a worker is given.
type piece struct {
	First   uint64     `json:"first"`
	Last    uint64     `json:"last"`
	Without node.Rules `json:"without,omitzero"`
	Profile Profile    `json:"profile"`
}

// pieceResult is what a worker returns.
type pieceResult struct {
	Seeds     uint64           `json:"seeds"`
	Simulated time.Duration    `json:"simulated"`
	Busy      time.Duration    `json:"busy"`
	Calls     uint64           `json:"calls"`
	Acts      uint64           `json:"acts"`
	Found     []Found          `json:"found,omitempty"`
	Coverage  []coverage.Count `json:"coverage"`
}

// Spread shares the campaign's seeds, of which there is a last one, among the workers of a queue that it owns, so many at a time, and puts together what
// they find. It returns at the end of the context, when Keep seeds have failed, or when all seeds were run.
func (c *Campaign) Spread(ctx context.Context, q *workqueue.Queue, size uint64) (*Summary, error) {
	sum, began := &Summary{}, time.Now()
	pieces := 0
	for first := c.First; first <= c.Last; first += size {
		data, err := json.Marshal(piece{first, min(first+size-1, c.Last), c.Without, c.Profile})
		if err != nil {
			return nil, fmt.Errorf("fuzz: %w", err)
		}
		if err := q.Put(ctx, strconv.FormatUint(first, 10), data); err != nil {
			return nil, err
		}
		pieces++
	}
	counted := map[string]bool{}
	var bad error
	err := q.Collect(ctx, func(key string, data []byte) bool {
		var r pieceResult
		if bad = json.Unmarshal(data, &r); bad != nil {
			bad = fmt.Errorf("fuzz: the result of piece %s: %w", key, bad)
			return true
		}
		if counted[key] {
			return false
		}
		counted[key] = true
		sum.addPiece(&r, &c.Profile)
		sum.Wall = time.Since(began)
		if c.Progress != nil {
			c.Progress(sum)
		}
		return len(counted) == pieces || len(sum.Found) >= max(c.Keep, 1)
	})
	if err == nil {
		err = bad
	}
	return sum, err
}

func (s *Summary) addPiece(r *pieceResult, profile *Profile) {
	s.Seeds += r.Seeds
	s.Simulated += r.Simulated
	s.Busy += r.Busy
	s.Calls += r.Calls
	s.Acts += r.Acts
	s.Coverage.AddCounts(r.Coverage)
	for _, f := range r.Found {
		f.Program = Draw(f.Seed, profile)
		s.found(f)
	}
}

// Serve works for whoever owns the queue, on one core, until the queue or the context ends.
func Serve(ctx context.Context, q *workqueue.Queue) error {
	return q.Work(ctx, func(ctx context.Context, data []byte) ([]byte, error) {
		var p piece
		if err := json.Unmarshal(data, &p); err != nil {
			return nil, fmt.Errorf("fuzz: a piece of work: %w", err)
		}
		c := Campaign{Profile: p.Profile, First: p.First, Last: p.Last, Without: p.Without, Keep: int(p.Last - p.First + 1)}
		sum, err := c.Run(ctx)
		if err == nil {
			err = ctx.Err() // part of a piece is none
		}
		if err != nil {
			return nil, err
		}
		return json.Marshal(pieceResult{sum.Seeds, sum.Simulated, sum.Busy, sum.Calls, sum.Acts, sum.Found, sum.Coverage.Counts()})
	})
}
