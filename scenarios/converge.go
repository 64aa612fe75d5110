package scenarios

import (
	"fmt"
	"time"

	"hotpair/internal/fault"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

const (
	// settleTime is what messages get to arrive, before anything is healed and before the outcome is looked at.
	settleTime = time.Second
	// convergeTime is how long, on the run's clock, the pair may take to become whole after everything was healed.
	convergeTime = time.Hour
	// convergeWall is the same in real worlds, on the wall clock.
	convergeWall = 60 * time.Second
)

// converge heals everything, ends the calls, and waits until the pair is whole (L1).
func (r *runner) converge() error {
	if r.opt.Progress != nil {
		r.opt.Progress(r.sc.Name + ": converging")
	}
	r.current = nil
	if err := r.settle(); err != nil {
		return err
	}
	r.record(&trace.Record{At: r.world.Now(), Kind: trace.Applied, Node: wire.World, Text: "converge"})
	for _, heal := range []func() error{r.healNATS, r.healStore, r.healCarrier, r.healProcesses, r.endCalls} {
		if err := heal(); err != nil {
			return fmt.Errorf("converging: %w", err)
		}
	}
	// What the heals do must have become known before anybody looks.
	if err := r.settle(); err != nil {
		return err
	}
	limit := r.opt.Converge
	if limit == 0 {
		limit = convergeTime
	}
	if r.opt.World != Sim {
		limit = time.Duration(float64(convergeWall) * r.opt.Speed)
	}
	whole, err := r.runUntil(r.world.Now()+limit, func() bool { ok, _ := r.facts.whole(); return ok })
	if err != nil {
		return fmt.Errorf("converging: %w", err)
	}
	if !whole {
		_, why := r.facts.whole()
		return fmt.Errorf("%w: L1: the pair did not become whole: %s", errFailed, why)
	}
	return nil
}

// settle lets what was said arrive.
func (r *runner) settle() error {
	_, err := r.runUntil(r.world.Now()+settleTime+r.slack()/25, func() bool { return false })
	return err
}

// healNATS starts the carrier again.
func (r *runner) healNATS() error {
	if !r.natsDown() {
		return nil
	}
	return r.act(func() error { return r.world.Boot(wire.NATS) })
}

// healStore ends the store's fault.
func (r *runner) healStore() error {
	if r.store == fault.StoreWorks {
		return nil
	}
	return r.setStore(fault.StoreWorks)
}

func (r *runner) setStore(f fault.Store) error {
	if err := r.act(func() error { return r.world.Store(f) }); err != nil {
		return err
	}
	r.store = f
	return nil
}

// healProcesses resumes what is paused and starts what does not run.
func (r *runner) healProcesses() error {
	nodes := []wire.ID{wire.Switch, wire.A, wire.B}
	if r.sc.Config.HasM() {
		nodes = append(nodes, wire.MLayer)
	}
	for i := range r.sc.Config.Clients {
		nodes = append(nodes, wire.Client(i+1))
	}
	for _, id := range nodes {
		n := r.facts.node(id)
		if n.running && n.paused {
			if err := r.act(func() error { return r.world.Resume(id) }); err != nil {
				return err
			}
		}
		if !n.running && (!id.IsClient() || r.booted[id]) {
			if err := r.act(func() error { return r.world.Boot(id) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// natsDown tells from what was applied whether NATS runs: it does from the beginning.
func (r *runner) natsDown() bool {
	down := false
	for _, f := range r.res.Faults {
		switch f {
		case "kill NATS", "stop NATS":
			down = true
		case "boot NATS":
			down = false
		}
	}
	return down
}

// healCarrier ends every fault of links and connections, in a fixed order.
func (r *runner) healCarrier() error {
	for from := range wire.Client(r.sc.Config.Clients + 1) {
		for to := range wire.Client(r.sc.Config.Clients + 1) {
			d := direction{from, to}
			if _, bad := r.impaired[d]; bad {
				if err := r.impair(d, fault.Impairment{}); err != nil {
					return err
				}
			}
		}
		if r.isolated[from] {
			delete(r.isolated, from)
			if err := r.act(func() error { return r.world.Isolate(from, fault.Joined) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// endCalls ends the load and all calls, and restores the CTI links. Where a release was lost, the T-Servers read the switch again.
func (r *runner) endCalls() error {
	steps := []command{
		{to: wire.Switch, verb: "load-stop"},
		{to: wire.Switch, verb: "release-all"},
	}
	for _, peer := range []string{"A", "B"} {
		if r.lostReleases {
			steps = append(steps, command{to: wire.Switch, verb: "link", args: map[string]string{"peer": peer, "state": "down"}})
		}
		steps = append(steps, command{to: wire.Switch, verb: "link", args: map[string]string{"peer": peer, "state": "up"}})
	}
	for _, c := range steps {
		if err := c.run(r); err != nil {
			return err
		}
	}
	return nil
}
