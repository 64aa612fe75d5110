package arbmodel

import (
	"context"
	"fmt"

	"hotpair/internal/explore"
	"hotpair/internal/node"
)

// Found is what a hunt found.
type Found struct {
	// Wrong is what is wrong, "" if everything that was seen is right, and Path the steps that lead there.
	Wrong string
	Path  []string
	// Complete: every reachable state was seen. Panic is what an arbiter said that found its own invariants broken; that is no catch.
	Complete bool
	Panic    string
	explore.Stats
}

// Hunt explores a configuration with rules switched off, by one worker, until something is wrong, so many states were seen (0: all), or the context ends.
func Hunt(ctx context.Context, c Config, without node.Rules, states uint64) (f Found) {
	defer func() {
		if p := recover(); p != nil {
			f.Panic = fmt.Sprint(p)
		}
	}()
	c.Without = c.Without.With(without)
	r := explore.Search(New(c.Options), explore.Options{Workers: 1, MaxStates: states, Cycles: true, Stop: func() bool { return ctx.Err() != nil }})
	return Found{Wrong: r.Wrong, Path: r.Path, Complete: r.Complete, Stats: r.Stats}
}
