package fuzz

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ShrinkTime is how long shrinking takes at most, on the wall clock.
const ShrinkTime = time.Minute

// shrinkConverge is how long the pair may take to become whole while a program shrinks whose failure is another one.
const shrinkConverge = 5 * time.Minute

// Shrink makes a program that fails smaller for as long as it fails through the same monitor: fewer faults, calls, nodes and settings, and less time. It
// returns the smallest one that it found with its failure, when nothing can be left out any more, or when the context ends; ShrinkTime is usual.
func Shrink(ctx context.Context, p *Program, f *Failure, o RunOptions) (*Program, *Failure) {
	s := &shrinker{ctx: ctx, opt: o, best: p.clone(), failure: f}
	s.opt.Observe = nil
	if o.Converge == 0 && !strings.HasPrefix(f.Monitor, "L") {
		s.opt.Converge = shrinkConverge
	}
	s.cutEnd()
	plain := s.best.clone()
	plain.Seed = 1
	s.try(plain)
	s.spellOutCalls()
	for changed := true; changed && ctx.Err() == nil; {
		changed = s.dropEvents()
		changed = s.dropNodes() || changed
		changed = s.dropSettings() || changed
		changed = s.shorten() || changed
	}
	s.demand()
	s.awaitStates()
	s.best.Title = fmt.Sprintf("%s: %s.", s.failure.Monitor, strings.TrimSuffix(s.failure.Text, "."))
	s.failure.Shrunk = s.tried
	return s.best, s.failure
}

// shrinker is the shrinking of one program.
type shrinker struct {
	ctx     context.Context
	opt     RunOptions
	best    *Program
	failure *Failure // of best
	tried   int
}

// try makes a candidate the best program if it fails through the same monitor.
func (s *shrinker) try(p *Program) bool {
	if s.ctx.Err() != nil {
		return false
	}
	s.tried++
	out, err := Run(s.ctx, p, s.opt)
	if err != nil || out.Failure == nil || out.Failure.Monitor != s.failure.Monitor {
		return false
	}
	s.best, s.failure = p, out.Failure
	s.cutEnd()
	return true
}

// cutEnd leaves out what comes after the failure. It is the same run up to there.
func (s *shrinker) cutEnd() {
	if s.failure.At >= s.best.Length {
		return
	}
	p := s.best.clone()
	p.Length = round(s.failure.At + time.Millisecond)
	p.Events = slices.DeleteFunc(p.Events, func(e Event) bool { return e.At > p.Length })
	s.tried++
	if out, err := Run(s.ctx, p, s.opt); err == nil && out.Failure != nil && out.Failure.Monitor == s.failure.Monitor {
		s.best, s.failure = p, out.Failure
	}
}

// dropEvents leaves out as many events as it can: half of them at a time, then a quarter, and so on.
func (s *shrinker) dropEvents() (changed bool) {
	for n := len(s.best.Events); n > 0; n /= 2 {
		for at := len(s.best.Events) - n; at > -n && s.ctx.Err() == nil; at -= n {
			p := s.best.clone()
			from, to := max(at, 0), min(at+n, len(p.Events))
			if from >= to {
				continue
			}
			p.Events = slices.Delete(p.Events, from, to)
			changed = s.try(p) || changed
		}
	}
	return changed
}

// dropNodes starts fewer nodes, and configures fewer clients.
func (s *shrinker) dropNodes() (changed bool) {
	for i := range s.best.Events {
		if i >= len(s.best.Events) {
			break // it is shorter now
		}
		words := strings.Fields(s.best.Events[i].Line)
		if words[0] != "boot" {
			continue
		}
		for w := len(words) - 1; w > 0 && len(words) > 2; w-- {
			p := s.best.clone()
			fewer := slices.Delete(slices.Clone(words), w, w+1)
			p.Events[i].Line = strings.Join(fewer, " ")
			if s.try(p) {
				words, changed = fewer, true
				if i >= len(s.best.Events) {
					break
				}
			}
		}
	}
	for n, _ := strconv.Atoi(s.best.Setting("clients")); n > 0; n-- {
		p := s.best.clone()
		p.set("clients", strconv.Itoa(n-1))
		if !s.try(p) {
			break
		}
		changed = true
	}
	return changed
}

// dropSettings leaves options at their defaults.
func (s *shrinker) dropSettings() (changed bool) {
	for i := len(s.best.Settings) - 1; i >= 0; i-- {
		p := s.best.clone()
		p.Settings = slices.Delete(p.Settings, i, i+1)
		changed = s.try(p) || changed
	}
	return changed
}

// plainTimes are times that are tried in the place of odd ones, the shortest first.
var plainTimes = []time.Duration{
	0, time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
}

// shorten takes time out between events.
func (s *shrinker) shorten() (changed bool) {
	for i := 0; i <= len(s.best.Events) && s.ctx.Err() == nil; i++ {
		for _, gap := range plainTimes {
			p := s.best.clone()
			if gap >= p.gap(i) {
				break
			}
			p.setGap(i, gap)
			if s.try(p) {
				changed = true
				break
			}
		}
	}
	return changed
}

// gap is the time before the i-th event; behind the last event, that to the end.
func (p *Program) gap(i int) time.Duration {
	before := time.Duration(0)
	if i > 0 && i <= len(p.Events) {
		before = p.Events[i-1].At
	}
	if i >= len(p.Events) {
		return p.Length - before
	}
	return p.Events[i].At - before
}

// setGap makes the time before the i-th event another one; everything behind moves with it.
func (p *Program) setGap(i int, gap time.Duration) {
	by := p.gap(i) - gap
	for j := i; j < len(p.Events); j++ {
		p.Events[j].At -= by
	}
	p.Length -= by
}

// demand drops the question marks of lines that are not refused.
func (s *shrinker) demand() {
	for i := range s.best.Events {
		p := s.best.clone()
		if line, may := strings.CutPrefix(p.Events[i].Line, "? "); may {
			p.Events[i].Line = line
			s.try(p)
		}
		if i+1 >= len(s.best.Events) {
			return
		}
	}
}
