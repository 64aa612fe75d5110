package hotpairtest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hotpair/scenarios"
)

// The worlds.
const (
	// Sim is virtual time: a test of hours takes milliseconds, and nothing outside can take part.
	Sim = scenarios.Sim
	// NATS is one process, the test's, with a NATS server in it.
	NATS = scenarios.NATS
	// Processes is a process for each node, and one for NATS, which can be killed with kill -9. Main must be called in TestMain.
	Processes = scenarios.Processes
)

// The nodes. Clients are C1, C2, …
const (
	S = "S" // the switch
	A = "A" // the T-Server that is configured as primary
	B = "B" // the one that is configured as backup
	M = "M" // the Management Layer
)

// Options say which pair is started. The zero value starts a whole pair in the test's process, and waits until it is synchronized.
type Options struct {
	// World is Sim, NATS or Processes; "" is NATS.
	World string
	// Config is the pair's configuration, as a scenario's config.yaml. "" gives the defaults, with one client.
	Config string
	// Speed is how many times as fast as the wall clock the pair runs in real worlds; 0 is 1.
	Speed float64
	// Seed of what the world draws; 0 is 1.
	Seed uint64
	// Nodes are started by Start, all at once; an empty list that is not nil starts nothing. nil starts S, A, B and, unless the pair decides by itself
	// (arbitration: peer), M, A being primary, and waits until the pair is ready.
	Nodes []string
	// NoConverge is why nothing is healed at the end, and the pair need not become whole; "" means that it must.
	NoConverge string
	// StoreDir is where trace, ladder and verdict are stored; "" stores nothing.
	StoreDir string
}

// startTime is how long, on the run's clock, a pair may take to become ready.
const startTime = 30 * time.Second

// Pair is a pair that runs. Its methods fail the test, at once, if what they say comes to nothing; they may be called by the test's goroutine only. It ends with
// the test: everything is healed, the pair must become whole (L1), and what must always hold (S1 to S8) is judged over all that happened.
type Pair struct {
	t       testing.TB
	session *scenarios.Session
	ctx     context.Context
	tape    tape
	ended   bool
}

// Start starts a pair, which ends with the test.
func Start(t testing.TB, o Options) *Pair {
	t.Helper()
	if o.World == "" {
		o.World = NATS
	}
	// Not the test's context, which ends before the cleanup that heals and judges.
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	session, err := scenarios.OpenSession(ctx, scenarios.SessionOptions{
		Options: scenarios.Options{World: o.World, Seed: o.Seed, Speed: o.Speed, StoreDir: o.StoreDir},
		Name:    strings.ReplaceAll(t.Name(), "/", "-"), Config: o.Config, NoConverge: o.NoConverge,
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	p := &Pair{t: t, session: session, ctx: t.Context()}
	t.Cleanup(func() {
		p.Finish()
		cancel()
	})
	if _, err := session.Listen(p.tape.record); err != nil {
		t.Fatal(err)
	}
	switch {
	case o.Nodes == nil:
		p.startAll(session.HasM())
	case len(o.Nodes) > 0:
		p.Boot(o.Nodes...)
	}
	return p
}

func (p *Pair) startAll(withM bool) {
	p.t.Helper()
	first := []string{S, A}
	if withM {
		first = append(first, M)
	}
	p.Boot(first...)
	p.Await("A announced", startTime) // if B came at once, it might be the faster one, and named (R7, P12)
	p.Boot(B)
	p.Await("pair ready", startTime)
	if withM {
		p.Await("M ready", startTime) // which decides on switchovers
	}
}

// Do carries out one line of the scenario language.
func (p *Pair) Do(line string) {
	p.t.Helper()
	if err := p.Try(line); err != nil {
		p.t.Fatalf("%s: %v%s", line, err, p.story())
	}
}

// Try carries out one line of the scenario language, and returns what is wrong instead of failing the test; errors.Is(err, scenarios.ErrLineFailed)
// tells what came to nothing from what could not be read. A judgement that does not hold fails the test all the same, at its end.
func (p *Pair) Try(line string) error {
	if isAct(line) {
		p.tape.act(p.session.Now())
	}
	return p.session.Do(line)
}

// isAct reports whether a line does something, and does not only judge or wait.
func isAct(line string) bool {
	words := strings.Fields(strings.TrimLeft(line, "!? "))
	return len(words) > 0 && !slices.Contains([]string{"await", "expect", "never", "always", "sometimes", "wait", "#"}, words[0])
}

// story is what was done, for a test that fails.
func (p *Pair) story() string {
	return "\nwhat was done:\n  " + strings.Join(p.session.Lines(), "\n  ")
}

// dof carries out a line that is put together.
func (p *Pair) dof(format string, args ...any) {
	p.t.Helper()
	p.Do(fmt.Sprintf(format, args...))
}

// Boot starts nodes that do not run, all at once; it starts nodes again that were killed or stopped.
func (p *Pair) Boot(nodes ...string) {
	p.t.Helper()
	p.dof("boot %s", strings.Join(nodes, " "))
}

// Kill ends nodes as kill -9 does.
func (p *Pair) Kill(nodes ...string) {
	p.t.Helper()
	p.dof("kill %s", strings.Join(nodes, " "))
}

// Stop ends nodes in an orderly way: they say goodbye.
func (p *Pair) Stop(nodes ...string) {
	p.t.Helper()
	p.dof("stop %s", strings.Join(nodes, " "))
}

// Pause stops nodes as SIGSTOP does, until Resume.
func (p *Pair) Pause(nodes ...string) {
	p.t.Helper()
	p.dof("pause %s", strings.Join(nodes, " "))
}

// Resume lets paused nodes go on.
func (p *Pair) Resume(nodes ...string) {
	p.t.Helper()
	p.dof("resume %s", strings.Join(nodes, " "))
}

// Twin starts nodes that run once more: the older process ends.
func (p *Pair) Twin(nodes ...string) {
	p.t.Helper()
	p.dof("twin %s", strings.Join(nodes, " "))
}

// Cut lets nothing pass on a link, "A-B" both ways or "A->B" one way, until Heal. The link of the system under test is "C1-A", and so on.
func (p *Pair) Cut(link string) {
	p.t.Helper()
	p.dof("cut %s", link)
}

// Delay delays what passes on a link by a time, and by up to jitter more, in order, until Heal.
func (p *Pair) Delay(link string, by, jitter time.Duration) {
	p.t.Helper()
	line := fmt.Sprintf("delay %s %s", link, by)
	if jitter > 0 {
		line += fmt.Sprintf(" jitter=%s", jitter)
	}
	p.Do(line)
}

// Drop loses a share (above 0, up to 1) of what passes on a link, until Heal.
func (p *Pair) Drop(link string, share float64) {
	p.t.Helper()
	p.dof("drop %s share=%s", link, strconv.FormatFloat(share, 'g', -1, 64))
}

// Isolate cuts a node off from NATS: its connection is closed, and it cannot connect again, until Heal.
func (p *Pair) Isolate(node string) {
	p.t.Helper()
	p.dof("isolate %s", node)
}

// BlackHole lets a node's connection swallow everything, until Heal.
func (p *Pair) BlackHole(node string) {
	p.t.Helper()
	p.dof("isolate %s black-hole", node)
}

// StoreFull lets the durable store take nothing that is written, until Heal("store").
func (p *Pair) StoreFull() {
	p.t.Helper()
	p.Do("store full")
}

// Heal ends what was done to a link, to a node's connection, to the "store", or to "all" of them.
func (p *Pair) Heal(what string) {
	p.t.Helper()
	p.dof("heal %s", what)
}

// Call begins a call, which gets a name of the test's own, from an extension or a trunk ("T1") to an extension. It rings.
func (p *Pair) Call(name, from, to string) {
	p.t.Helper()
	p.dof("call %s from=%s to=%s", name, from, to)
}

// Answer answers a call.
func (p *Pair) Answer(call string) {
	p.t.Helper()
	p.dof("answer %s", call)
}

// Release ends a call, or "all".
func (p *Pair) Release(call string) {
	p.t.Helper()
	p.dof("release %s", call)
}

// Load generates calls, as the verb load does: "erlangs=20 hold=exp:180s".
func (p *Pair) Load(profile string) {
	p.t.Helper()
	p.dof("load %s", profile)
}

// StopLoad ends the arrivals of all loads.
func (p *Pair) StopLoad() {
	p.t.Helper()
	p.Do("load stop")
}

// Link sets a CTI link at the switch: of "A" or "B", to "down", "up" or "silent".
func (p *Pair) Link(tserver, state string) {
	p.t.Helper()
	p.dof("link %s %s", tserver, state)
}

// Switchover is the operator's command to M. It fails at readiness 0, unless it is forced.
func (p *Pair) Switchover(force bool) {
	p.t.Helper()
	if force {
		p.Do("switchover force")
	} else {
		p.Do("switchover")
	}
}

// Await waits until a pattern comes true, and fails the test if it does not within the time, on the run's clock, that is counted from the last act or wait.
func (p *Pair) Await(pattern string, within time.Duration) {
	p.t.Helper()
	p.dof("await %s within=%s", pattern, within)
}

// Expect fails the test if a pattern is not true now.
func (p *Pair) Expect(pattern string) {
	p.t.Helper()
	p.dof("expect %s", pattern)
}

// ExpectNot fails the test if a pattern is true now, or comes true within a time, which it waits.
func (p *Pair) ExpectNot(pattern string, within time.Duration) {
	p.t.Helper()
	if within > 0 {
		p.dof("! expect %s for=%s", pattern, within)
	} else {
		p.dof("! expect %s", pattern)
	}
}

// Never fails the test, at its end, if a pattern comes true from here on.
func (p *Pair) Never(pattern string) {
	p.t.Helper()
	p.dof("never %s", pattern)
}

// Wait lets the run's clock go on.
func (p *Pair) Wait(d time.Duration) {
	p.t.Helper()
	p.dof("wait %s", d)
}

// Door returns where and as whom the system under test connects in the place of client Cn, n from 1, which the test then does not start. There are as many
// clients as the configuration says (clients: 1).
func (p *Pair) Door(n int) *scenarios.Door {
	p.t.Helper()
	d, err := p.session.ClientDoor(n)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// KeyFile writes a door's key to a file of the test's own, for programs that read one (nats --nkey FILE).
func (p *Pair) KeyFile(d *scenarios.Door) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), d.Role+".nk")
	if err := d.WriteKey(path); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// Observer returns where and as whom a program connects that reads everything, and says nothing.
func (p *Pair) Observer() *scenarios.Door {
	p.t.Helper()
	d, err := p.session.RoleDoor("observer")
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// Pid returns the process of a node in the world of processes.
func (p *Pair) Pid(node string) int {
	p.t.Helper()
	pid, err := p.session.Pid(node)
	if err != nil {
		p.t.Fatal(err)
	}
	return pid
}

// Now is the time on the run's clock.
func (p *Pair) Now() time.Duration { return p.session.Now() }

// Finish ends the pair before the test ends, and returns what the run showed. The test fails, and goes on, if something did not hold.
func (p *Pair) Finish() *scenarios.Result {
	p.t.Helper()
	res, err := p.session.Finish()
	if p.ended {
		return res
	}
	p.ended = true
	if err != nil {
		p.t.Error(err)
	}
	if res.Verdict != scenarios.Held {
		p.t.Errorf("the pair: %s%s", res.Text(), p.story())
	}
	return res
}
