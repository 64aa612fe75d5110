package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// ContinuityOptions say what a client has to live through.
type ContinuityOptions struct {
	Kills  int
	Calls  int           // in progress, on average
	Hold   time.Duration // of each call
	Seed   uint64
	Report func(format string, args ...any)
}

// Loss is what a client missed or got wrong, compared with what the switch did. All of it zero is what continuity means.
type Loss struct {
	Missing  int // events that the switch gave reason for, and the client never got
	Invented int // events that the switch gave no reason for
	Twice    int
	Disorder int // events behind one with a greater number
	Renamed  int // calls whose ConnID changed by a kill at readiness 1
}

// ringTime is how long calls ring before they are answered.
const ringTime = 200 * time.Millisecond

// Continuity kills the primary over and over again, while calls are in progress and traffic goes on: by turns when the pair is synchronized, and when it is not,
// as soon as the other one has read the switch. A follower that knows docs/nats.md only is compared with what the switch did.
func Continuity(ctx context.Context, o ContinuityOptions) (*Report, Loss, error) {
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	c := realTime()
	c.Switch.Extensions = 4 * o.Calls
	c.A.ResumeBuffer, c.B.ResumeBuffer = 1<<16, 1<<16
	// Losses are found by disconnect notices. A machine that is busy with other things shall not be taken for a dead peer.
	c.Link.AddpTimeout, c.A.HAPublishTimeout, c.B.HAPublishTimeout = 5*time.Second, 5*time.Second, 5*time.Second
	p, err := startPair(options{Config: c, calls: true})
	if err != nil {
		return nil, Loss{}, err
	}
	defer p.close()
	f, err := Follow(p.nc, p.Pair(), "C1", true, p.Now)
	if err != nil {
		return nil, Loss{}, err
	}
	if err := p.boot(ctx, wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1)); err != nil {
		return nil, Loss{}, err
	}
	run := continuity{pair: p, f: f, o: o, rng: rand.New(rand.NewPCG(o.Seed, 2)), kills: map[uint64]bool{}}
	if err := run.run(ctx); err != nil {
		return nil, Loss{}, err
	}
	r, loss := run.judge()
	return r, loss, nil
}

type continuity struct {
	*pair
	f     *Follower
	o     ContinuityOptions
	rng   *rand.Rand
	kills map[uint64]bool // by the epoch that followed: readiness was 1
}

func (c *continuity) run(ctx context.Context) error {
	args := map[string]string{"erlangs": strconv.Itoa(c.o.Calls), "hold": "const:" + c.o.Hold.String(), "ring": ringTime.String(), "inbound": "0"}
	if err := c.order("load", args); err != nil {
		return err
	}
	if err := c.inProgress(ctx); err != nil {
		return err
	}
	for i := range c.o.Kills {
		if err := c.kill(ctx, i); err != nil {
			return fmt.Errorf("kill %d: %w", i+1, err)
		}
	}
	return c.settle(ctx)
}

// inProgress waits until as many calls are in progress as there shall be, or nearly.
func (c *continuity) inProgress(ctx context.Context) error {
	calls := map[uint32]bool{}
	_, err := c.await(ctx, 0, "calls in progress", func(r *trace.Record) bool {
		if r.Kind == trace.Noted && r.Note.Kind == node.NoteCall {
			switch r.Note.Text {
			case "created":
				calls[r.Note.Call.Ref] = true
			case "released":
				delete(calls, r.Note.Call.Ref)
			}
		}
		return len(calls) >= c.o.Calls*9/10
	})
	return err
}

// kill kills the primary, waits for its successor's first event, and starts it again. Every second time it waits until the pair is synchronized; else
// until the killed one has read the switch, and clients have seen what came before.
func (c *continuity) kill(ctx context.Context, i int) error {
	if err := pause(ctx, time.Duration(c.rng.IntN(100_000))*time.Microsecond); err != nil {
		return err
	}
	old, wasReady := c.primary(), c.ready()
	w := c.f.Watch(old.String(), old.Peer().String())
	if err := c.Kill(old); err != nil {
		return err
	}
	_, acted, err := w.Wait(patience)
	if err != nil {
		return err
	}
	c.kills[acted.Epoch] = wasReady
	booted := c.seen()
	if err := c.Boot(old); err != nil {
		return err
	}
	c.o.Report("kill %d: %s, readiness %t; %s goes on with event (%d, %d)", i+1, old, wasReady, old.Peer(), acted.Seq, acted.Sub)
	if i%2 == 0 {
		return c.awaitReady(ctx, booted)
	}
	read, err := c.await(ctx, booted, "CTI link of "+old.String(), noted(old, node.NoteCTI, func(n *node.Note) bool { return n.Text == "synchronized" }))
	if err != nil {
		return err
	}
	return c.caughtUp(ctx, read.Note.N)
}

// caughtUp waits until the client has got what the switch did before an event number. What happened before the successor read the switch, it cannot tell
// anybody (X8).
func (c *continuity) caughtUp(ctx context.Context, seq uint64) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if _, last := c.f.Count(); last.Seq > seq {
			return nil
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the client has not got the events up to %d within %s", seq, patience)
}

// settle ends the traffic and all calls, and waits until the client has got what the switch did.
func (c *continuity) settle(ctx context.Context) error {
	from := c.seen()
	for _, verb := range []string{"load-stop", "release-all"} {
		if err := c.order(verb, nil); err != nil {
			return err
		}
	}
	if _, err := c.await(ctx, from, "end of the calls", noted(wire.Switch, node.NoteDone, func(n *node.Note) bool { return n.Text == "release-all" })); err != nil {
		return err
	}
	done := c.expected()
	last := done[len(done)-1]
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if _, seen := c.f.Count(); seen.Number == last {
			return nil
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil // something is missing, and judge will tell
}

// expected returns the numbers of the events that the switch gave reason for: each of its own makes one at the caller and one at the called extension.
func (c *continuity) expected() (numbers []Number) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.marks {
		r := &c.marks[i]
		if r.Kind == trace.Noted && r.Note.Kind == node.NoteCall && r.Note.Text != "blocked" {
			numbers = append(numbers, Number{r.Note.N, 0}, Number{r.Note.N, 1})
		}
	}
	return numbers
}

// compare finds what differs between what should have come and what came. excused are events that are missing where a primary said, after a kill at
// readiness 0, that it could not tell them.
func compare(expected []Number, events []Event, gaps []Gap, kills map[uint64]bool) (l Loss, excused int) {
	want, got := map[Number]bool{}, map[Number]bool{}
	for _, n := range expected {
		want[n] = true
	}
	for i, e := range events {
		switch {
		case got[e.Number]:
			l.Twice++
		case !want[e.Number]:
			l.Invented++
		case i > 0 && !e.after(events[i-1].Number):
			l.Disorder++
		}
		got[e.Number] = true
	}
	for _, n := range expected {
		switch {
		case got[n]:
		case slices.ContainsFunc(gaps, func(g Gap) bool { return n.after(g.Behind) && !n.after(g.UpTo) && !kills[g.Epoch] }):
			excused++
		default:
			l.Missing++
		}
	}
	return l, excused
}

// faultsOfReady counts the renames that nobody can explain but by kills at readiness 1.
func faultsOfReady(kills map[uint64]bool, renames []Rename) (n int) {
	for _, r := range renames {
		explained := false
		for epoch, ready := range kills {
			explained = explained || !ready && epoch > r.Before && epoch <= r.After
		}
		if !explained {
			n++
		}
	}
	return n
}

func (c *continuity) judge() (*Report, Loss) {
	expected, events, tally := c.expected(), c.f.Events(), c.f.Counts()
	l, excused := compare(expected, events, c.f.Gaps(), c.kills)
	l.Renamed = faultsOfReady(c.kills, c.f.Renames())
	atReady := 0
	for _, ready := range c.kills {
		if ready {
			atReady++
		}
	}
	r := &Report{Title: fmt.Sprintf("Continuity: %d kills of the primary with SIGKILL, %d calls in progress", c.o.Kills, c.o.Calls)}
	r.add(
		Row{"kills at readiness 1", atReady, ""},
		Row{"kills at readiness 0", len(c.kills) - atReady, "the successor had read the switch, and was not synchronized"},
		Row{"events that the switch gave reason for", len(expected), "as the switch's process tells"},
		Row{"events that the client acted on", len(events), "as an outside subscriber saw, by docs/nats.md"},
		Row{"missing", l.Missing, ""},
		Row{"missing, as the primary said", excused, "after kills at readiness 0 only: the successor had not seen them itself (X8)"},
		Row{"invented", l.Invented, ""},
		Row{"twice", l.Twice, ""},
		Row{"out of order", l.Disorder, ""},
		Row{"ConnIDs that changed, at readiness 1", l.Renamed, ""},
		Row{"ConnIDs that changed, in all", len(c.f.Renames()), ""},
		Row{"resumed", tally.Resumed, fmt.Sprintf("%d of them incompletely", tally.Incomplete)},
		Row{"told again and ignored by number", tally.Repeated, ""},
		Row{"ignored by epoch", tally.OldEpoch, ""},
		Row{"payloads that could not be read", tally.Unreadable, ""},
	)
	return r, l
}
