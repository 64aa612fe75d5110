package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// OutageOptions say what is measured. Zero leaves a part out.
type OutageOptions struct {
	Kills  int  // of the primary, with SIGKILL
	Bare   bool // after each of them, the bare path's victim is killed as well
	Stops  int  // of the primary, with SIGSTOP
	Holes  int  // black holes that the primary's connection falls into
	Seed   uint64
	Report func(format string, args ...any) // of progress; may be nil
}

// The traffic during an outage: calls per second between extensions, each of which makes six events.
const (
	outageCalls   = 1000
	outageErlangs = outageCalls / 2 // they are held for half a second
)

// outage is one outage, from the last event of the old primary on. What did not happen is 0.
type outage struct {
	total, acted                           time.Duration // to the first new event that arrives, and to the one that a client acts on
	before                                 time.Duration // the part of detection before the kill
	detection, decision, taken, firstEvent time.Duration // the parts of total
}

// Outage measures how long a client hears nothing.
func Outage(ctx context.Context, o OutageOptions) (*Report, error) {
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	c := realTime()
	r := &Report{Title: fmt.Sprintf("Outage for clients: from the last event of the old primary to the first new one of its successor (%d calls/s, addp-timeout %s)",
		outageCalls, c.Link.AddpTimeout)}
	rng := rand.New(rand.NewPCG(o.Seed, 1))
	bound := fmt.Sprintf("bound by the options: 2 x addp-timeout = %s", 2*c.Link.AddpTimeout)
	if o.Kills > 0 {
		if err := outageKills(ctx, r, &o, rng); err != nil {
			return r, err
		}
	}
	for _, way := range []struct {
		name  string
		n     int
		begin func(*pair, wire.ID) error
		end   func(*pair, wire.ID) error
	}{
		{
			"SIGSTOP", o.Stops,
			func(p *pair, id wire.ID) error { return p.Pause(id) },
			func(p *pair, id wire.ID) error { return p.Resume(id) },
		},
		{
			"black hole", o.Holes,
			func(p *pair, id wire.ID) error { return p.Isolate(id, fault.BlackHoled) },
			func(p *pair, id wire.ID) error { return p.Isolate(id, fault.Joined) },
		},
	} {
		if way.n == 0 {
			continue
		}
		found, _, err := outages(ctx, &o, options{Config: c, relay: true}, way.n, rng, way.name, way.begin, way.end)
		r.add(sample(way.name, totals(found), bound))
		if err != nil {
			return r, fmt.Errorf("%s: %w", way.name, err)
		}
	}
	return r, nil
}

func totals(found []outage) (t Times) {
	for i := range found {
		t = append(t, found[i].total)
	}
	return t
}

// outageKills kills the primary, and by turns the bare path's victim.
func outageKills(ctx context.Context, r *Report, o *OutageOptions, rng *rand.Rand) error {
	found, bare, err := outages(ctx, o, options{Config: realTime()}, o.Kills, rng, killed,
		func(p *pair, id wire.ID) error { return p.Kill(id) },
		func(p *pair, id wire.ID) error { return p.Boot(id) })
	if err != nil {
		return err
	}
	r.add(sample("kill -9", totals(found), "target: p50 at most the bare path's + 2 ms and 6 ms, p95 at most 30 ms"))
	for _, part := range []struct {
		name string
		of   func(*outage) time.Duration
	}{
		{"    of which before the kill", func(u *outage) time.Duration { return u.before }},
		{"  detection: M hears of the loss", func(u *outage) time.Duration { return u.detection }},
		{"  decision: M's record is durable", func(u *outage) time.Duration { return u.decision }},
		{"  role change: the other one is primary", func(u *outage) time.Duration { return u.taken }},
		{"  first new event", func(u *outage) time.Duration { return u.firstEvent }},
		{"kill -9, until a client acts on events again", func(u *outage) time.Duration { return u.acted }},
	} {
		var t Times
		for i := range found {
			t = append(t, part.of(&found[i]))
		}
		r.add(sample(part.name, t, ""))
	}
	if len(bare) > 0 {
		r.add(sample("bare path, kill -9", bare, "NATS's notice -> watcher -> standby -> client, programs of a few lines"))
		r.add(Row{"p50 above the bare path", fmt.Sprintf("%.3f ms", millis(totals(found).Quantile(0.5)-bare.Quantile(0.5))), ""})
	}
	return nil
}

// outages takes the primary away n times; end gives it back, and the pair synchronizes again.
func outages(
	ctx context.Context, o *OutageOptions, po options, n int, rng *rand.Rand, name string, begin, end func(*pair, wire.ID) error,
) (found []outage, bare Times, err error) {
	p, err := startPair(po)
	if err != nil {
		return nil, nil, err
	}
	defer p.close()
	f, err := p.underLoad(ctx)
	if err != nil {
		return nil, nil, err
	}
	b := &barePath{}
	if o.Bare && name == killed {
		if b, err = startBarePath(p, rng); err != nil {
			return nil, nil, err
		}
		defer b.stop()
	}
	for i := range n {
		if err := pause(ctx, 500*time.Millisecond+time.Duration(rng.IntN(300_000))*time.Microsecond); err != nil {
			return found, b.found, err
		}
		u, err := p.outage(ctx, f, begin, end)
		if err != nil {
			return found, b.found, fmt.Errorf("outage %d: %w", i+1, err)
		}
		found = append(found, u)
		o.Report("%s %d: %.3f ms", name, i+1, millis(u.total))
		if b.nc == nil {
			continue
		}
		if err := b.kill(ctx); err != nil {
			return found, b.found, err
		}
		o.Report("bare path %d: %.3f ms", i+1, millis(b.found[i]))
	}
	return found, b.found, nil
}

// killed is the name of the kind of outage that the bare path is measured beside.
const killed = "kill -9"

// underLoad starts the nodes, a follower of what client C1 gets, and the traffic.
func (p *pair) underLoad(ctx context.Context) (*Follower, error) {
	f, err := Follow(p.nc, p.Pair(), "C1", false, p.Now)
	if err != nil {
		return nil, err
	}
	if err := p.boot(ctx, wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1)); err != nil {
		return nil, err
	}
	args := map[string]string{"erlangs": strconv.Itoa(outageErlangs), "hold": "const:400ms", "ring": "100ms", "inbound": "0"}
	return f, p.order("load", args)
}

// pause waits on the wall clock.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outage takes the primary away, waits for the first event of the other one, and lets the pair become whole again.
func (p *pair) outage(ctx context.Context, f *Follower, begin, end func(*pair, wire.ID) error) (outage, error) {
	old := p.primary()
	successor, from := old.Peer(), p.seen()
	w := f.Watch(old.String(), successor.String())
	at := p.Now()
	if err := begin(p, old); err != nil {
		return outage{}, err
	}
	first, acted, err := w.Wait(patience)
	if err != nil {
		return outage{}, err
	}
	last := f.LastOf(old.String()).At
	u := outage{total: first.At - last, acted: acted.At - last, before: at - last}
	if err := p.split(ctx, &u, from, old, last, first.At); err != nil {
		return u, err
	}
	from = p.seen()
	if err := end(p, old); err != nil {
		return u, err
	}
	return u, p.awaitReady(ctx, from)
}

// split finds the parts of an outage in what the nodes tell.
func (p *pair) split(ctx context.Context, u *outage, from int, old wire.ID, last, first time.Duration) error {
	lost, err := p.await(ctx, from, "loss of the primary at M", func(r *trace.Record) bool {
		return r.Kind == trace.Down && r.Node == wire.MLayer && r.Peer == old
	})
	if err != nil {
		return err
	}
	decided, err := p.await(ctx, from, "M's decision", noted(wire.MLayer, node.NoteRecord, func(n *node.Note) bool { return n.Peer == old.Peer() }))
	if err != nil {
		return err
	}
	taken, err := p.await(ctx, from, "the successor's role", noted(old.Peer(), node.NoteRole, func(n *node.Note) bool { return n.Text == wire.Primary.String() }))
	if err != nil {
		return err
	}
	u.detection, u.decision, u.taken, u.firstEvent = lost.At-last, decided.At-lost.At, taken.At-decided.At, first-taken.At
	return nil
}
