package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// SessionOptions say which pair a session is about.
type SessionOptions struct {
	// Options are those of a run. Update, Flip, Progress, Observe and FirstViolation are not for sessions. Speed 0 is 1: what is tested beside the pair goes by the wall clock.
	Options
	// Name of the session, for its results; "" is "session".
	Name string
	// Config is the pair's configuration, as a scenario's config.yaml.
	Config string
	// Port of NATS on loopback in the world of processes, 0 takes any that is free; KeysDir is a folder where the keys of its users are kept, "" keeps
	// them in memory.
	Port    int
	KeysDir string
	// NoConverge is why nothing is healed at the end, and the pair need not become whole; "" means that it must.
	NoConverge string
}

// Session is a run that is told what to do line by line, in the scenario language, while it goes on. In real worlds time passes whether a line is carried
// out or not; virtual time passes while a line waits. Its methods may be called by several goroutines; lines are carried out one after another, so that
// one that waits holds up the others.
type Session struct {
	mu     sync.Mutex // held by whoever lets the world go on
	wanted atomic.Int32
	r      *runner
	store  *store
	began  time.Time
	lines  []string // that were carried out
	broken error    // the world's
	ended  bool
	result *Result
	finErr error

	listeners map[int]func(*trace.Record)
	nextID    int
	pump      chan struct{} // closed when the pump has ended
}

// ErrLineFailed marks an error of a line that was carried out and came to nothing: a judgement that does not hold, a command that was refused.
var ErrLineFailed = errFailed

// OpenSession begins a session. Nothing runs but the carrier: boot is the first line. The context is of the whole session.
func OpenSession(ctx context.Context, o SessionOptions) (*Session, error) {
	if o.Name == "" {
		o.Name = "session"
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	cfg, err := config.Parse([]byte(o.Config))
	if err != nil {
		return nil, err
	}
	o.Update, o.Flip, o.Progress, o.FirstViolation = false, 0, nil, false
	sc := &Scenario{Path: o.Name, Name: o.Name, Title: o.Name, Config: cfg, NoConverge: o.NoConverge}
	s := &Session{began: time.Now(), listeners: map[int]func(*trace.Record){}, pump: make(chan struct{})}
	o.session, o.Observe = &o, trace.SinkFunc(s.hear)
	r, err := newRunner(ctx, sc, o.Options)
	if err != nil {
		return nil, err
	}
	r.live = true
	r.res.Replay = ""
	s.r = r
	if s.store, err = openStore(sc, r.opt); err != nil {
		return nil, errors.Join(err, r.world.Close())
	}
	if w := s.store.traceWriter(r.opt.Trace); w != nil {
		r.writer = trace.NewWriter(w, r.header())
	}
	if r.opt.World == Sim {
		close(s.pump)
	} else {
		go s.goOn()
	}
	return s, nil
}

// HasM reports whether the pair has a Management Layer.
func (s *Session) HasM() bool { return s.r.sc.Config.HasM() }

// pumpSlice is how long, on the wall clock, the world goes on between two looks at whether somebody wants it.
const pumpSlice = 20 * time.Millisecond

// goOn lets a real world go on while no line does: records are judged, and what the Management Layer decides is carried out.
func (s *Session) goOn() {
	defer close(s.pump)
	for {
		s.mu.Lock()
		if s.ended || s.broken != nil {
			s.mu.Unlock()
			return
		}
		until := s.r.world.Now() + time.Duration(float64(pumpSlice)*s.r.opt.Speed)
		if _, err := s.r.world.Run(until, func() bool { return s.wanted.Load() > 0 }); err != nil {
			s.broken = err
		}
		s.mu.Unlock()
	}
}

// want gets the world from the pump, or from a Wait.
func (s *Session) want() {
	s.wanted.Add(1)
	s.mu.Lock()
	s.wanted.Add(-1)
}

// take gets the world for a caller, and fails if there is nothing to be had any more.
func (s *Session) take() error {
	s.want()
	switch {
	case s.ended:
		s.mu.Unlock()
		return errors.New("the session has ended")
	case s.broken != nil:
		defer s.mu.Unlock()
		return fmt.Errorf("the world broke: %w", s.broken)
	}
	return nil
}

// Do carries out one line of the scenario language, comment lines too. An error that wraps ErrLineFailed says that it came to nothing; with *Error the line
// could not be read; with any other the world broke.
func (s *Session) Do(text string) error {
	if err := s.take(); err != nil {
		return err
	}
	defer s.mu.Unlock()
	text = strings.TrimSpace(text)
	if text == "" || strings.HasPrefix(text, "#") {
		s.lines = append(s.lines, text)
		return nil
	}
	sc := s.r.sc
	p := parser{s: sc}
	no := len(s.lines) + 1
	if err := p.command(no, text); err != nil {
		return &Error{sc.Name, no, err}
	}
	s.lines = append(s.lines, text)
	l := sc.lines[len(sc.lines)-1]
	sc.lines = sc.lines[:0]
	if !l.cond.holds(s.r.opt.World) {
		return nil
	}
	s.r.current = &l
	if j, ok := l.step.(*judge); ok && j.kind == onceTrue {
		s.r.watchers = append(s.r.watchers, &watcher{judge: j, line: &l})
	}
	err := s.r.line(&l)
	if err != nil && !errors.Is(err, errFailed) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		s.broken = err
	}
	return err
}

// hear hands a record to those who listen. It is called by whoever lets the world go on.
func (s *Session) hear(r *trace.Record) {
	for _, f := range s.listeners {
		f(r)
	}
}

// Listen lets f hear every record from now on, until stop is called. f must not call the session, nor keep the record; it may be called by any goroutine,
// by one at a time.
func (s *Session) Listen(f func(*trace.Record)) (stop func(), err error) {
	if err := s.take(); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	id := s.nextID
	s.nextID++
	s.listeners[id] = f
	return func() {
		s.want()
		delete(s.listeners, id)
		s.mu.Unlock()
	}, nil
}

// Wait lets the world go on until done reports true, which is asked after each record, or for so long on the run's clock, and reports whether done did.
// Lines of others are carried out meanwhile.
func (s *Session) Wait(ctx context.Context, within time.Duration, done func() bool) (bool, error) {
	var deadline time.Duration
	for first := true; ; first = false {
		if err := s.take(); err != nil {
			return false, err
		}
		now := s.r.world.Now()
		if first {
			deadline = now + within
		}
		until := deadline
		if s.r.opt.World != Sim {
			until = min(until, now+time.Duration(float64(pumpSlice)*s.r.opt.Speed))
		}
		ok := false
		_, err := s.r.world.Run(until, func() bool {
			ok = done()
			return ok || s.wanted.Load() > 0
		})
		if err != nil {
			s.broken = err
		}
		now = s.r.world.Now()
		s.mu.Unlock()
		switch {
		case ok || err != nil:
			return ok, err
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case now >= deadline:
			return false, nil
		}
	}
}

// outsider is a world in which programs that are none of its nodes can take part.
type outsider interface {
	Outside(id wire.ID) (string, natsworld.Login, error)
	OutsideAs(role string) (string, natsworld.Login, error)
	Pair() string
}

// Door is where and as whom a program outside connects.
type Door struct {
	// URL of NATS: for a client it leads through the relay, so that its links can be cut, too.
	URL string
	// Pair is the name that stands in the subjects, Role whose place is taken.
	Pair, Role string
	// Seed is the nkey seed of the role's user. It is secret; WriteKey keeps it in a file that NATS tools read.
	Seed string
}

// Inbox is the prefix of the subjects on which the role gets answers; it may listen on no other.
func (d *Door) Inbox() string { return "_INBOX." + d.Pair + "." + d.Role }

// WriteKey writes the seed to a file that only its owner can read.
func (d *Door) WriteKey(path string) error { return os.WriteFile(path, []byte(d.Seed+"\n"), 0o600) }

// ClientDoor returns where a program connects that takes the place of client Cn, n from 1, which this session then does not boot.
func (s *Session) ClientDoor(n int) (*Door, error) {
	if n < 1 || n > wire.MaxClients {
		return nil, fmt.Errorf("clients are C1 to C%d", wire.MaxClients)
	}
	id := wire.Client(n)
	return s.door(id.String(), func(w outsider) (string, natsworld.Login, error) { return w.Outside(id) })
}

// RoleDoor returns where a program connects that is no node: the observer, admin or tester.
func (s *Session) RoleDoor(role string) (*Door, error) {
	return s.door(role, func(w outsider) (string, natsworld.Login, error) { return w.OutsideAs(role) })
}

func (s *Session) door(role string, ask func(outsider) (string, natsworld.Login, error)) (*Door, error) {
	if err := s.take(); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	w, ok := s.r.world.(outsider)
	if !ok {
		return nil, fmt.Errorf("in virtual time there is no NATS to connect to; use the world %s or %s", NATS, Processes)
	}
	u, l, err := ask(w)
	return &Door{URL: u, Pair: w.Pair(), Role: role, Seed: string(l.Seed)}, err
}

// Pid returns the process of a node, 0 if it has none: outside of the world of processes, and while it does not run.
func (s *Session) Pid(name string) (int, error) {
	id, err := wire.ParseID(name)
	if err != nil {
		return 0, err
	}
	if err := s.take(); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	if w, ok := s.r.world.(interface{ Pid(wire.ID) int }); ok {
		return w.Pid(id), nil
	}
	return 0, nil
}

// Now is the time on the run's clock.
func (s *Session) Now() time.Duration {
	s.want()
	defer s.mu.Unlock()
	return s.r.world.Now()
}

// Lines returns the lines that were carried out: a scenario, but for the times between them.
func (s *Session) Lines() []string {
	s.want()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// SoFar returns what the session has shown until now: judgements, violations of what must always hold, figures. Nothing is healed, and nothing ends.
func (s *Session) SoFar() (*Result, error) {
	if err := s.take(); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	res := *s.r.res
	res.Assertions, res.Faults = slices.Clone(res.Assertions), slices.Clone(res.Faults)
	if res.Violations = slices.Clone(s.r.monitors.Violations()); len(res.Violations) > 0 && res.Verdict == Held {
		res.Verdict, res.Reason = Failed, res.Violations[0].Text
	}
	res.Metrics = s.r.facts.soFar()
	res.RunTime, res.Wall = s.r.world.Now(), time.Since(s.began)
	res.Ladder, res.Links = s.r.ladder.String(), s.r.ladder.Links()
	return &res, nil
}

// Converge does what Finish does, and ends nothing: judgements about all that came before (never, always, sometimes) are decided, everything is healed, and the
// pair must become whole. The result is as of SoFar.
func (s *Session) Converge() (*Result, error) {
	if err := s.take(); err != nil {
		return nil, err
	}
	s.r.lastLine(false)
	if s.r.sc.NoConverge == "" {
		switch err := s.r.converge(); {
		case errors.Is(err, errFailed):
			s.r.fail(Failed, err.Error())
		case err != nil:
			s.broken = err
		}
	}
	s.mu.Unlock()
	return s.SoFar()
}

// Finish ends the session: everything is healed and must become whole, unless it was told otherwise, all monitors draw their conclusions, and whatever
// runs ends. Called again, it returns the same.
func (s *Session) Finish() (*Result, error) {
	s.want()
	if s.result == nil {
		s.ended = true
		if s.broken != nil {
			s.r.fail(CouldNotTell, s.broken.Error())
		}
		s.r.conclude(s.broken)
		s.r.res.Wall = time.Since(s.began)
		s.r.endTrace()
		s.finErr = s.store.finish(s.r.res)
		s.result = s.r.res
	}
	s.mu.Unlock()
	<-s.pump
	return s.result, s.finErr
}
