package scenarios

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// MaxBusy is how long a process can be kept from running, at most: beyond that, it is as good as paused.
const MaxBusy = time.Minute

// check looks for options that don't go together.
func (o *Options) check() error {
	switch {
	case o.Update && (o.World != Sim || o.Busy > 0):
		return errors.New("--update rewrites ladders from virtual time on a machine that is not busy: use it with --world sim, and without --busy")
	case o.Busy < 0 || o.Busy > MaxBusy:
		return fmt.Errorf("--busy: from 0 to %s, not %s", MaxBusy, o.Busy)
	case o.Busy > 0 && o.World != Sim:
		return fmt.Errorf("--busy: it is virtual time that can be as a busy machine is, not the world %s", o.World)
	}
	return nil
}

// slow reports whether nodes take time to run.
func (o *Options) slow() bool { return o.World != Sim || o.Busy > 0 }

// dawdle lets time go by as a runner does that the machine is too busy for.
func (r *runner) dawdle() error {
	if r.opt.Busy == 0 {
		return nil
	}
	if r.late == nil {
		r.late = rand.New(rand.NewPCG(r.opt.Seed, 0))
	}
	_, err := r.runUntil(r.world.Now()+time.Duration(r.late.Int64N(int64(r.opt.Busy))), func() bool { return false })
	return err
}
