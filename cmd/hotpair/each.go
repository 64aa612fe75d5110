package main

import (
	"context"
	"fmt"

	"hotpair/scenarios"
)

// outcome is what became of one scenario.
type outcome struct {
	res *scenarios.Result
	err error
}

// runEach runs scenarios, at most jobs at once, and hands over their results in the order of the list. It stops at the first error, which names the
// scenario, or when the context ends; what has begun is waited for.
func runEach(ctx context.Context, list []*scenarios.Scenario, opt scenarios.Options, jobs int, done func(*scenarios.Result) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	outcomes := make([]chan outcome, len(list))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	go func() {
		places := make(chan struct{}, jobs)
		for i, sc := range list {
			places <- struct{}{}
			go func() {
				outcomes[i] <- runOne(ctx, sc, opt)
				<-places
			}()
		}
	}()
	var first error
	for i := range list {
		o := <-outcomes[i]
		if first != nil || o.res == nil && o.err == nil {
			continue // after an error, or not begun
		}
		if o.err != nil {
			first = fmt.Errorf("%s: %w", list[i].Path, o.err)
		} else {
			first = done(o.res)
		}
		if first != nil {
			stop(first)
		}
	}
	stop(nil)
	return first
}

func runOne(ctx context.Context, sc *scenarios.Scenario, opt scenarios.Options) outcome {
	if ctx.Err() != nil {
		return outcome{}
	}
	res, err := scenarios.Run(ctx, sc, opt)
	return outcome{res, err}
}
