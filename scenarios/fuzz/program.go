package fuzz

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Program is a scenario as data.
type Program struct {
	// Title is the first line of the scenario.
	Title string
	// Rules are the rules of its header line, if any.
	Rules []string
	// Settings are the lines of config.yaml, in their order.
	Settings []Setting
	// Events are in the order of their times.
	Events []Event
	// Length is when the script ends and everything is healed, on the run's clock.
	Length time.Duration
	// Seed is that of the run: of what the world draws.
	Seed uint64
}

// Setting is one option of config.yaml; a slash stands between the name of a block and the option in it, as in "switch/trunks".
type Setting struct{ Key, Value string }

// Event is a line of the scenario at its time on the run's clock.
type Event struct {
	At   time.Duration
	Line string
}

// sort puts the events into the order of their times; those of one time stay in theirs.
func (p *Program) sort() {
	slices.SortStableFunc(p.Events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
}

// Setting returns the value of an option, "" if it is not set.
func (p *Program) Setting(key string) string {
	for _, s := range p.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// set sets an option.
func (p *Program) set(key, value string) {
	for i := range p.Settings {
		if p.Settings[i].Key == key {
			p.Settings[i].Value = value
			return
		}
	}
	p.Settings = append(p.Settings, Setting{key, value})
}

// clone returns a program that shares nothing with p.
func (p *Program) clone() *Program {
	c := *p
	c.Rules, c.Settings, c.Events = slices.Clone(p.Rules), slices.Clone(p.Settings), slices.Clone(p.Events)
	return &c
}

// Text is the scenario. Waits stand between events, so that each comes at its time as long as no line before it takes any.
func (p *Program) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", p.Title)
	if len(p.Rules) > 0 {
		fmt.Fprintf(&b, "rules: %s\n", strings.Join(p.Rules, " "))
	}
	if p.Seed > 1 {
		fmt.Fprintf(&b, "seed: %d\n", p.Seed)
	}
	if speed := p.speed(); speed > 0 {
		fmt.Fprintf(&b, "speed: %d\n", speed)
	}
	b.WriteString("\n")
	at := time.Duration(0)
	wait := func(until time.Duration) {
		if until > at {
			fmt.Fprintf(&b, "wait %s\n", until-at)
			at = until
		}
	}
	for _, e := range p.Events {
		wait(e.At)
		b.WriteString(e.Line + "\n")
	}
	wait(p.Length)
	b.WriteString(p.guard() + "\n")
	p.writeConfig(&b)
	return b.String()
}

// guard is the judgement of a program: monitors judge, and a scenario must.
func (p *Program) guard() string {
	for _, id := range []string{"A", "B", "M", "S"} {
		for _, e := range p.Events {
			if words := strings.Fields(e.Line); (words[0] == "boot" || words[0] == "restart") && slices.Contains(words[1:], id) {
				return "sometimes " + id + " running"
			}
		}
	}
	return "expect S running=false"
}

// speed limits the scenario's speed in real worlds, where short timers need it; 0 does not.
func (p *Program) speed() int {
	shortest := time.Second
	for _, s := range p.Settings {
		if d, err := time.ParseDuration(s.Value); err == nil && d > 0 {
			shortest = min(shortest, d)
		}
	}
	switch {
	case shortest < 60*time.Millisecond:
		return 1
	case shortest < 200*time.Millisecond:
		return 2
	}
	return 0
}

func (p *Program) writeConfig(b *strings.Builder) {
	if len(p.Settings) == 0 {
		return
	}
	b.WriteString("-- config.yaml --\n")
	var blocks []string
	for _, s := range p.Settings {
		block, _, inBlock := strings.Cut(s.Key, "/")
		switch {
		case !inBlock:
			fmt.Fprintf(b, "%s: %s\n", s.Key, s.Value)
		case !slices.Contains(blocks, block):
			blocks = append(blocks, block)
		}
	}
	for _, block := range blocks {
		fmt.Fprintf(b, "%s:\n", block)
		for _, s := range p.Settings {
			if key, ok := strings.CutPrefix(s.Key, block+"/"); ok {
				fmt.Fprintf(b, "  %s: %s\n", key, s.Value)
			}
		}
	}
}
