package scenarios

import (
	"math/rand/v2"
	"time"
)

// slow reports whether nodes take time to run.
func (o *Options) slow() bool { return o.World != Sim || o.busy > 0 }

// dawdle lets time go by as a runner does that the machine is too busy for.
func (r *runner) dawdle() error {
	if r.opt.busy == 0 {
		return nil
	}
	if r.late == nil {
		r.late = rand.New(rand.NewPCG(r.opt.Seed, 0))
	}
	_, err := r.runUntil(r.world.Now()+time.Duration(r.late.Int64N(int64(r.opt.busy))), func() bool { return false })
	return err
}
