package fuzz

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a shrunk program says by its times, a real world would hear differently: there, starting a node and reading the switch take as long as they take.
// So where waiting for a state does as well as waiting for a time, the program waits for the state, and the same file fails as processes, too.

// awaited are the states that are tried in the place of a time, the most telling first.
var awaited = []string{
	"pair ready", "A sync=tagging", "B sync=tagging", "B role=primary", "A role=primary", "A announced", "B announced",
	"C1 acted>5", "C1 acted>3", "C1 acted>1", "C1 acted>0",
}

// awaitStates puts awaited states into the place of times, and starts A before B.
func (s *shrinker) awaitStates() {
	s.mergeBoots()
	s.bootAFirst()
	for i := 0; i <= len(s.best.Events) && s.ctx.Err() == nil; i++ {
		if s.best.gap(i) > 0 && i < len(s.best.Events) {
			s.awaitAt(i)
		}
	}
	s.shorten()
}

// awaitAt tries each state in the place of the time before the i-th event.
func (s *shrinker) awaitAt(i int) {
	for _, state := range awaited {
		p := s.best.clone()
		p.setGap(i, 0)
		p.Events = slices.Insert(p.Events, i, Event{p.Events[i].At, fmt.Sprintf("await %s within=%s", state, awaitTime)})
		if s.try(p) {
			return
		}
	}
}

// awaitTime is how long a state may take.
const awaitTime = "1m"

// mergeBoots makes one line of nodes that are started at once.
func (s *shrinker) mergeBoots() {
	for i := range s.best.Events {
		p := s.best.clone()
		if line, ok := strings.CutPrefix(p.Events[i].Line, "restart "); ok && !p.bootedBefore(i, line) {
			p.Events[i].Line = "boot " + line
			s.try(p)
		}
		if i+1 >= len(s.best.Events) {
			break
		}
	}
	for i := 0; i+1 < len(s.best.Events); {
		p := s.best.clone()
		first, second := p.Events[i], p.Events[i+1]
		more, boots := strings.CutPrefix(second.Line, "boot ")
		if boots && strings.HasPrefix(first.Line, "boot ") && first.At == second.At {
			p.Events[i].Line += " " + more
			p.Events = slices.Delete(p.Events, i+1, i+2)
			if s.try(p) {
				continue
			}
		}
		i++
	}
}

func (p *Program) bootedBefore(i int, node string) bool {
	return slices.ContainsFunc(p.Events[:i], func(e Event) bool {
		words := strings.Fields(e.Line)
		return words[0] == "boot" && slices.Contains(words[1:], node)
	})
}

// bootAFirst: who reads the switch first may be the primary (R7), so B starts when A has announced.
func (s *shrinker) bootAFirst() {
	for i := range s.best.Events {
		words := strings.Fields(s.best.Events[i].Line)
		if words[0] != "boot" || !slices.Contains(words, "A") || !slices.Contains(words, "B") {
			continue
		}
		p := s.best.clone()
		var others []string
		for _, id := range []string{"S", "A", "M", "C1", "C2", "C3"} {
			if slices.Contains(words, id) {
				others = append(others, id)
			}
		}
		at := p.Events[i].At
		p.Events = slices.Replace(p.Events, i, i+1,
			Event{at, "boot " + strings.Join(others, " ")}, Event{at, "await A announced within=" + awaitTime}, Event{at, "boot B"})
		p.Length += time.Minute // which the await may take; what comes after the failure is cut
		s.try(p)
		return
	}
}
