package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/monitor"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Options say how a scenario is run. The zero value runs it in virtual time with seed 1.
type Options struct {
	// World is Sim, NATS or Processes; "" is Sim.
	World string
	// NATSURL is a NATS server that is already running, for the world NATS; "" starts one.
	NATSURL string
	// Seed of what the world draws; 0 is the scenario's own, or 1.
	Seed uint64
	// Speed is how many times as fast as the wall clock real worlds run; 0 is DefaultSpeed. A scenario may limit it.
	Speed float64
	// Without switches rules off.
	Without node.Rules
	// Busy is how long, at most, virtual time keeps each node, and the script, from running, again and again, as a busy machine does: 0 (never) to MaxBusy, on the
	// run's clock. Timers and deadlines are then those of real worlds, and ladders are compared per link.
	Busy time.Duration
	// Update rewrites the scenario's ladder.txt.
	Update bool
	// Slack is the wall-clock time that deadlines get beyond their own in real worlds; 0 is DefaultSlack.
	Slack time.Duration
	// StoreDir is where the run is stored; "" stores nothing.
	StoreDir string
	// Trace, if not nil, gets a copy of the trace file.
	Trace io.Writer
	// Progress, if not nil, hears of each phase as it begins.
	Progress func(text string)
	// Flip negates the judgement of that number, from 1; 0 negates none. It is for tests of scenarios.
	Flip int
	// newNode makes the nodes in virtual time, for tests; nil: as they are.
	newNode func(wire.ID, *config.Config) node.Node
	// Log takes what real worlds say about processes; nil discards it.
	Log io.Writer
	// Probe looks at the NATS server of the world NATS, if that is started for the run; nil: nobody does.
	Probe *natsworld.Probe
	// FirstViolation ends the run when something that must hold does not; otherwise it goes on to its last line.
	FirstViolation bool
	// Converge is how long, on the run's clock, the pair may take to become whole in virtual time after everything was healed; 0 is an hour.
	Converge time.Duration
	// Observe, if not nil, takes the records of the run as well.
	Observe trace.Sink

	session *SessionOptions // of a session; nil if this is a run of a file
}

// Defaults of Options.
const (
	DefaultSpeed = 5
	DefaultSlack = 5 * time.Second
)

// errFailed marks a failure of the scenario, as against a world that broke.
var errFailed = errors.New("failed")

// errStopped ends a run at its first violation (Options.FirstViolation). It is a failure.
var errStopped = fmt.Errorf("%w: something that must hold does not", errFailed)

// runner is one run of a scenario.
type runner struct {
	ctx      context.Context
	sc       *Scenario
	opt      Options
	world    World
	facts    *facts
	monitors *monitor.Set
	writer   *trace.Writer // nil if nobody wants the trace
	ladder   trace.Ladder
	events   transcript
	res      *Result

	cursor   time.Duration // the last act, match or wait, from which deadlines count
	late     *rand.Rand    // of dawdle
	acted    bool          // in this line
	actAt    time.Duration // when the acts of the last line that acts began
	seen     []trace.Record
	kinds    map[wire.Kind]bool // kinds of messages that some pattern looks for
	watchers []*watcher
	current  *line

	live bool // a session: what will be looked for is not known beforehand

	commandID    uint64
	answer       answer
	booted       map[wire.ID]bool
	impaired     map[direction]fault.Impairment
	isolated     map[wire.ID]bool
	lostReleases bool
	store        fault.Store
}

// Run runs a scenario. The error is one of the options; whatever happens in the run is in the result.
func Run(ctx context.Context, sc *Scenario, opt Options) (*Result, error) {
	r, err := newRunner(ctx, sc, opt)
	if err != nil {
		return nil, err
	}
	st, err := openStore(sc, r.opt)
	if err != nil {
		return nil, errors.Join(err, r.world.Close()) // which may have started a server or processes
	}
	began := time.Now()
	if w := st.traceWriter(r.opt.Trace); w != nil {
		r.writer = trace.NewWriter(w, r.header())
	}
	r.run()
	r.res.Wall = time.Since(began)
	r.endTrace()
	if err := st.finish(r.res); err != nil {
		return r.res, err
	}
	if r.opt.Update && r.res.Verdict == Held {
		return r.res, sc.update(r.ladder.String(), r.events.String())
	}
	return r.res, nil
}

// endTrace ends the trace file; one of a run that did not come to its end is cut, so that nobody takes it for a whole one.
func (r *runner) endTrace() {
	if r.writer == nil {
		return
	}
	end := r.writer.Close
	if r.res.Verdict == CouldNotTell {
		end = r.writer.Cut
	}
	if err := end(); err != nil {
		r.fail(CouldNotTell, err.Error())
	}
}

func newRunner(ctx context.Context, sc *Scenario, opt Options) (*runner, error) {
	if opt.World == "" {
		opt.World = Sim
	}
	if opt.Seed == 0 {
		opt.Seed = max(sc.Seed, 1)
	}
	if opt.Speed == 0 {
		opt.Speed = DefaultSpeed
	}
	if sc.MaxSpeed > 0 {
		opt.Speed = min(opt.Speed, sc.MaxSpeed)
	}
	if opt.Slack == 0 {
		opt.Slack = DefaultSlack
	}
	if err := opt.check(); err != nil {
		return nil, err
	}
	r := &runner{
		ctx: ctx, sc: sc, opt: opt, facts: newFacts(), kinds: map[wire.Kind]bool{},
		booted: map[wire.ID]bool{}, impaired: map[direction]fault.Impairment{}, isolated: map[wire.ID]bool{},
	}
	for i := range sc.lines {
		l := &sc.lines[i]
		if j, ok := l.step.(*judge); ok && l.cond.holds(opt.World) {
			r.kinds[j.pattern.kind] = true
			if j.kind == onceTrue {
				r.watchers = append(r.watchers, &watcher{judge: j, line: l})
			}
		}
	}
	cfg := r.config()
	r.monitors = monitor.NewSet(&cfg)
	r.facts.monitors, r.facts.hasM, r.ladder.NoClients = r.monitors, cfg.HasM(), !cfg.HasM()
	r.res = &Result{
		Scenario: sc.Name, Title: sc.Title, World: opt.World, Seed: opt.Seed, Rules: sc.Rules,
		Monitors: r.monitors.Names(), Replay: replay(sc, &opt), Assertions: []Assertion{}, Faults: []string{},
	}
	w, err := newWorld(opt, cfg, trace.SinkFunc(r.record))
	r.world = w
	return r, err
}

// timerSlack is the most, on the wall clock, that timers get beyond their defaults in real worlds: what a busy machine takes. Deadlines get more, so that what
// such a timer brings about is still in time.
const timerSlack = 2 * time.Second

// config is the configuration with which the nodes run, and by which they are judged.
func (r *runner) config() config.Config {
	c := r.sc.Config
	c.Off(r.opt.Without)
	if r.opt.slow() {
		c.Slacken(time.Duration(float64(min(r.opt.Slack, timerSlack)) * r.opt.Speed))
	}
	return c
}

// replay is the line that makes the run again.
func replay(sc *Scenario, o *Options) string {
	b := "hotpair run --world " + o.World
	if o.Seed != max(sc.Seed, 1) {
		b += fmt.Sprintf(" --seed %d", o.Seed)
	}
	if o.Busy > 0 {
		b += fmt.Sprintf(" --busy %s", o.Busy)
	}
	if o.World != Sim && o.Speed != DefaultSpeed {
		b += fmt.Sprintf(" --speed %g", o.Speed)
	}
	if o.NATSURL != "" {
		b += " --nats " + o.NATSURL
	}
	if !o.Without.None() {
		b += " --without " + o.Without.String()
	}
	if strings.ContainsAny(sc.Path, " '") {
		return b + fmt.Sprintf(" %q", sc.Path)
	}
	return b + " " + sc.Path
}

func (r *runner) header() trace.Header {
	cfg := r.config()
	data, err := json.Marshal(cfg.Public())
	if err != nil {
		panic(err) // plain data
	}
	h := trace.Header{
		Scenario: r.sc.Name, World: r.opt.World, Seed: r.opt.Seed, Without: r.opt.Without.String(), Config: data, Replay: r.res.Replay,
	}
	if r.opt.World != Sim {
		h.Speed = r.opt.Speed
	}
	return h
}

// record is the sink of the world.
func (r *runner) record(rec *trace.Record) {
	r.facts.record(rec)
	if r.writer != nil {
		r.writer.Record(rec)
	}
	r.monitors.Record(rec)
	r.ladder.Record(rec)
	r.events.record(rec)
	if r.opt.Observe != nil {
		r.opt.Observe.Record(rec)
	}
	switch {
	case rec.Kind == trace.Sent && (r.live || r.kinds[rec.Msg.Kind]) && rec.At >= r.actAt: // in real worlds, records of before may come late
		kept := *rec
		msg := *rec.Msg
		kept.Msg = &msg
		if len(r.seen) == maxSeen {
			r.seen = slices.Delete(r.seen, 0, maxSeen/2)
		}
		r.seen = append(r.seen, kept)
	case rec.Kind == trace.Noted:
		r.answer.note(rec.Note)
	case rec.Kind == trace.Applied && rec.Node != wire.World && !strings.HasPrefix(rec.Text, "do "):
		r.res.Faults = append(r.res.Faults, faultText(rec))
	}
	for _, w := range r.watchers {
		w.look(r.facts)
	}
}

// maxSeen bounds the messages that are kept since the last act, for those who look for them.
const maxSeen = 20_000

func faultText(r *trace.Record) string {
	if r.Peer != wire.None {
		return fmt.Sprintf("%s %s->%s", r.Text, r.Node, r.Peer)
	}
	return r.Text + " " + r.Node.String()
}

// take reports whether a pattern is true; a message that matches is used up.
func (r *runner) take(p *pattern) bool {
	if !p.message() {
		return r.facts.holdsState(p)
	}
	for i := range r.seen {
		if p.matches(&r.seen[i]) {
			r.seen = slices.Delete(r.seen, i, i+1)
			return true
		}
	}
	return false
}

// slack is what deadlines get beyond their own, on the run's clock.
func (r *runner) slack() time.Duration {
	if !r.opt.slow() {
		return 0
	}
	return time.Duration(float64(r.opt.Slack) * r.opt.Speed)
}

// slice is how long, on the wall clock, a real world runs before the context is asked.
const slice = 100 * time.Millisecond

// runUntil lets the world go on until done reports true or the run's clock reads until.
func (r *runner) runUntil(until time.Duration, done func() bool) (bool, error) {
	for {
		next := until
		if r.opt.World != Sim {
			next = min(until, r.world.Now()+time.Duration(float64(slice)*r.opt.Speed))
		}
		ok, err := r.world.Run(next, func() bool { return r.ctx.Err() != nil || r.stopped() || done() })
		switch {
		case err != nil:
			return false, err
		case r.stopped():
			return false, errStopped
		case r.ctx.Err() != nil:
			return false, fmt.Errorf("interrupted: %w", context.Cause(r.ctx))
		case ok:
			return true, nil
		case next >= until:
			return false, nil
		}
	}
}

// stopped reports that the run ends here, because something that must hold does not.
// lastLine draws the conclusions of judgements that are decided behind the last line. In a run that was cut, what did not come true has not failed.
func (r *runner) lastLine(cut bool) {
	for _, w := range r.watchers {
		if cut && w.judge.kind == onceTrue {
			continue
		}
		ok, detail := w.verdict()
		r.assert(w.line, ok, detail)
	}
	r.watchers = nil
	slices.SortStableFunc(r.res.Assertions, func(a, b Assertion) int { return a.Line - b.Line })
}

func (r *runner) stopped() bool { return r.opt.FirstViolation && len(r.monitors.Violations()) > 0 }

// run carries out the lines, lets the pair converge, and draws the verdict.
func (r *runner) run() { r.conclude(r.lines()) }

// conclude ends a run; err is what its lines came to.
func (r *runner) conclude(err error) {
	broke := err != nil && !errors.Is(err, errFailed)
	cut := broke || errors.Is(err, errStopped)
	if broke {
		r.fail(CouldNotTell, err.Error()) // before the watchers: what did not come true in part of a run has not failed
	}
	r.lastLine(cut)
	if err == nil && r.sc.NoConverge == "" {
		err = r.converge()
	}
	switch {
	case errors.Is(err, errStopped): // the violation tells
	case errors.Is(err, errFailed):
		r.fail(Failed, err.Error())
	case err != nil:
		r.fail(CouldNotTell, err.Error())
	}
	if err := r.world.Close(); err != nil {
		r.fail(CouldNotTell, err.Error())
	}
	r.res.Metrics = r.facts.finish()
	r.res.RunTime = r.world.Now()
	r.monitors.Finish()
	if r.res.Violations = r.monitors.Violations(); len(r.res.Violations) > 0 {
		r.fail(Failed, r.res.Violations[0].Text)
	}
	if d := r.checkLadder(&r.ladder); d != "" {
		r.fail(Failed, d)
	}
	if d := r.checkEvents(); d != "" {
		r.fail(Failed, d)
	}
	r.res.Ladder, r.res.Links = r.ladder.String(), r.ladder.Links()
}

// fail notes that something went wrong. What could not be told weighs more than what failed, unless something had failed before.
func (r *runner) fail(v Verdict, reason string) {
	if r.res.Verdict == Held {
		r.res.Verdict, r.res.Reason = v, reason
	}
}

// lines carries out the lines, until one fails.
func (r *runner) lines() error {
	for i := range r.sc.lines {
		l := &r.sc.lines[i]
		if i == 0 || l.phase != r.sc.lines[i-1].phase {
			r.beginPhase(l)
		}
		if !l.cond.holds(r.opt.World) {
			r.res.Skipped = append(r.res.Skipped, fmt.Sprintf("line %d: %s", l.no, l.cond.reason))
			continue
		}
		r.current = l
		if err := r.line(l); err != nil {
			return fmt.Errorf("line %d: %s: %w", l.no, l.text, err)
		}
	}
	r.endPhase()
	return nil
}

func (r *runner) line(l *line) error {
	r.acted = false
	j, judges := l.step.(*judge)
	if !judges {
		err := l.step.run(r)
		switch {
		case l.may && errors.Is(err, errFailed) && !errors.Is(err, errStopped):
			return nil
		case !l.fails:
			return err
		case err == nil:
			return fmt.Errorf("%w: it should have been refused, and was carried out", errFailed)
		case !errors.Is(err, errFailed):
			return err
		}
		return nil
	}
	before := len(r.watchers)
	ok, detail, err := r.judge(j, l.fails)
	if err != nil {
		return err
	}
	if j.kind == onceTrue || len(r.watchers) > before {
		return nil // decided at the last line
	}
	if !r.assert(l, ok, detail) {
		return fmt.Errorf("%w: %s", errFailed, detail)
	}
	return nil
}

// assert notes the result of a judgement.
func (r *runner) assert(l *line, ok bool, detail string) bool {
	if r.opt.Flip > 0 && r.opt.Flip == r.sc.judgementNo(l) {
		ok = !ok
		if !ok {
			detail = "it is so, and the judgement is flipped"
		}
	}
	r.res.Assertions = append(r.res.Assertions, Assertion{Line: l.no, Text: l.text, OK: ok, Detail: detail})
	if !ok {
		r.fail(Failed, fmt.Sprintf("line %d: %s: %s", l.no, l.text, detail))
	}
	return ok
}

// judgementNo returns which judgement of the scenario a line is, from 1.
func (s *Scenario) judgementNo(l *line) int {
	n := 0
	for i := range s.lines {
		if s.lines[i].verb.group == judgement {
			n++
		}
		if &s.lines[i] == l {
			return n
		}
	}
	panic("scenarios: a line of another scenario")
}

func (r *runner) beginPhase(l *line) {
	r.endPhase()
	r.res.Phases = append(r.res.Phases, Phase{FirstLine: l.no, RunTime: -r.world.Now(), WallTime: time.Duration(-time.Now().UnixNano())})
	if r.opt.Progress != nil {
		r.opt.Progress(fmt.Sprintf("%s: line %d: %s", r.sc.Name, l.no, l.text))
	}
}

// endPhase turns the phase's beginnings, which were noted as negative times, into durations.
func (r *runner) endPhase() {
	if n := len(r.res.Phases); n > 0 && r.res.Phases[n-1].WallTime < 0 {
		p := &r.res.Phases[n-1]
		p.RunTime += r.world.Now()
		p.WallTime += time.Duration(time.Now().UnixNano())
	}
}
