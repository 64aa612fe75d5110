package scenarios

import (
	"errors"
	"fmt"
	"time"
)

func judgementVerbs() []*verb {
	return []*verb{
		{
			name: "await", group: judgement, usage: "await PATTERN within=TIME", keys: []string{"within"}, never: true,
			help: "The pattern comes true within the time, counted from the last act, match or wait.",
			parse: func(a *args) (step, error) {
				d, ok, err := a.duration("within")
				if err == nil && !ok {
					err = errors.New("within=TIME is wanted")
				}
				return parseJudge(a, judge{kind: comesTrue, window: d}, err)
			},
		},
		{
			name: "expect", group: judgement, usage: "expect PATTERN [within=TIME] | ! expect PATTERN [for=TIME]", keys: []string{"within", "for"},
			help: "The pattern is true now, or comes true within the time.\n! expect: it is not true now, and does not come true for the time that is given.",
			parse: func(a *args) (step, error) {
				d, _, err := a.duration("within")
				f, _, err2 := a.duration("for")
				err = errors.Join(err, err2)
				switch {
				case err == nil && a.fails && d > 0:
					err = errors.New("within goes with expect; ! expect takes for=TIME")
				case err == nil && !a.fails && f > 0:
					err = errors.New("for goes with ! expect; expect takes within=TIME, and always STATE takes for=TIME")
				}
				return parseJudge(a, judge{kind: comesTrue, window: d, forTime: f}, err)
			},
		},
		{
			name: "never", group: judgement, usage: "never PATTERN [for=TIME]", keys: []string{"for"}, never: true,
			help: "The pattern does not come true from here to the last line; with for=TIME, the script waits so long, and it does not until then.",
			parse: func(a *args) (step, error) {
				d, _, err := a.duration("for")
				return parseJudge(a, judge{kind: staysFalse, forTime: d}, err)
			},
		},
		{
			name: "always", group: judgement, usage: "always STATE [for=TIME]", keys: []string{"for"}, never: true,
			help: "The state is true now and stays so from here to the last line, or for the time.",
			parse: func(a *args) (step, error) {
				d, _, err := a.duration("for")
				return parseJudge(a, judge{kind: staysTrue, forTime: d}, err)
			},
		},
		{
			name: "sometimes", group: judgement, usage: "sometimes PATTERN", never: true,
			help:  "The pattern is true at some moment between the first line and the last: a guard against a scenario that shows nothing.",
			parse: func(a *args) (step, error) { return parseJudge(a, judge{kind: onceTrue}, nil) },
		},
	}
}

// judgeKind is what a judgement demands of its pattern.
type judgeKind uint8

const (
	comesTrue  judgeKind = iota + 1 // within the window
	staysFalse                      // to the end, or for a time
	staysTrue                       // to the end, or for a time
	onceTrue                        // between the first line and the last
)

// judge is a judgement that was read.
type judge struct {
	kind    judgeKind
	pattern pattern
	window  time.Duration
	forTime time.Duration
}

func parseJudge(a *args, j judge, err error) (step, error) {
	if err != nil {
		return nil, err
	}
	if j.pattern, err = parsePattern(a); err != nil {
		return nil, err
	}
	if j.kind == staysTrue && j.pattern.message() {
		return nil, errors.New("a state is wanted: a message is sent at one moment")
	}
	return &j, nil
}

func (j *judge) run(*runner) error { panic("scenarios: judgements are run by runner.judge") }

// judge carries out a judgement: whether it holds, and what was seen.
func (r *runner) judge(j *judge, negated bool) (ok bool, detail string, err error) {
	switch {
	case j.kind == onceTrue:
		return true, "", nil // judged at the last line
	case j.kind == comesTrue && negated:
		return r.staysFalse(j)
	case j.kind == comesTrue:
		return r.comesTrue(j)
	case j.forTime == 0:
		return r.watch(j)
	case j.kind == staysFalse:
		return r.staysFalse(j)
	}
	return r.staysTrue(j)
}

func (r *runner) comesTrue(j *judge) (bool, string, error) {
	deadline := r.cursor + j.window
	if j.window == 0 {
		deadline = r.world.Now()
	}
	deadline += r.slack()
	found, err := r.runUntil(max(deadline, r.world.Now()), func() bool { return r.take(&j.pattern) })
	if found {
		r.cursor = max(r.cursor, r.facts.now)
		return true, "", err
	}
	return false, r.facts.describe(&j.pattern), err
}

func (r *runner) staysFalse(j *judge) (bool, string, error) {
	found, err := r.runUntil(r.world.Now()+j.forTime, func() bool { return r.take(&j.pattern) })
	r.cursor = r.world.Now()
	if found {
		return false, fmt.Sprintf("it came true at %s", r.facts.now), err
	}
	return true, "", err
}

func (r *runner) staysTrue(j *judge) (bool, string, error) {
	broken, err := r.runUntil(r.world.Now()+j.forTime, func() bool { return !r.facts.holdsState(&j.pattern) })
	r.cursor = r.world.Now()
	if broken {
		return false, fmt.Sprintf("it was false at %s: %s", r.facts.now, r.facts.describe(&j.pattern)), err
	}
	return true, "", err
}

// watch keeps an eye on a pattern until the last line.
func (r *runner) watch(j *judge) (bool, string, error) {
	w := &watcher{judge: j, line: r.current}
	if j.kind == staysTrue && !r.facts.holdsState(&j.pattern) || j.kind == staysFalse && !j.pattern.message() && r.facts.holdsState(&j.pattern) {
		w.broken = fmt.Sprintf("it is so from the beginning: %s", r.facts.describe(&j.pattern))
	}
	r.watchers = append(r.watchers, w)
	return true, "", nil
}

// watcher is a judgement that is decided at the last line.
type watcher struct {
	judge  *judge
	line   *line
	broken string // staysFalse, staysTrue: why it does not hold
	once   bool   // onceTrue
}

// look is called after each record.
func (w *watcher) look(f *facts) {
	switch w.judge.kind {
	case staysFalse:
		if w.broken == "" && f.justHappened(&w.judge.pattern) {
			w.broken = fmt.Sprintf("it came true at %s", f.now)
		}
	case staysTrue:
		if w.broken == "" && !f.holdsState(&w.judge.pattern) {
			w.broken = fmt.Sprintf("it was false at %s: %s", f.now, f.describe(&w.judge.pattern))
		}
	case onceTrue:
		w.once = w.once || f.justHappened(&w.judge.pattern)
	}
}

func (w *watcher) verdict() (bool, string) {
	if w.judge.kind == onceTrue {
		if !w.once {
			return false, "it never was"
		}
		return true, ""
	}
	return w.broken == "", w.broken
}
