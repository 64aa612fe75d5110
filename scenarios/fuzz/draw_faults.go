package fuzz

import (
	"fmt"
	"math"
	"time"
)

// Kind is a kind of episode.
type Kind string

// The kinds of episodes: a fault and its heal, a command, or a call.
const (
	Crash      Kind = "crash"
	Stop       Kind = "stop"
	Twin       Kind = "twin"
	Pause      Kind = "pause"
	Cut        Kind = "cut"
	OneWay     Kind = "one-way"
	Slow       Kind = "slow"
	Loss       Kind = "loss"
	Duplicate  Kind = "duplicate"
	Reorder    Kind = "reorder"
	Isolate    Kind = "isolate"
	BlackHole  Kind = "black-hole"
	NATS       Kind = "nats"
	LinkDown   Kind = "link-down"
	LinkSilent Kind = "link-silent"
	Store      Kind = "store"
	Switchover Kind = "switchover"
	Forced     Kind = "forced"
	Stuck      Kind = "stuck"
	Call       Kind = "call"
	Agent      Kind = "agent"
	Option     Kind = "option"
	Register   Kind = "register"
)

// kind says how an episode of a kind is drawn.
type kind struct {
	name  Kind
	often float64 // compared with the others
	draw  func(d *drawer, from, to time.Duration)
}

// Kinds returns all kinds of episodes.
func Kinds() []Kind {
	var names []Kind
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return append(names, Request)
}

var kinds = []kind{
	{Crash, 4, func(d *drawer, from, to time.Duration) { d.process("kill", "restart", d.node(), from, to) }},
	{Stop, 2, func(d *drawer, from, to time.Duration) { d.process("stop", "restart", d.node(), from, to) }},
	{Twin, 1, func(d *drawer, from, _ time.Duration) { d.at(from, "? twin %s", d.node()) }},
	{Pause, 3, func(d *drawer, from, to time.Duration) { d.process("pause", "resume", d.node(), from, to) }},
	{Cut, 3, func(d *drawer, from, to time.Duration) { d.link("cut %s", d.bothWays(), from, to) }},
	{OneWay, 3, func(d *drawer, from, to time.Duration) { d.link("cut %s", d.oneWay(), from, to) }},
	{Slow, 2, (*drawer).slow},
	{Loss, 2, func(d *drawer, from, to time.Duration) { d.link("drop %s share="+d.part(), d.anyWay(), from, to) }},
	{Duplicate, 1, func(d *drawer, from, to time.Duration) { d.link("duplicate %s share="+d.part(), d.anyWay(), from, to) }},
	{Reorder, 1, func(d *drawer, from, to time.Duration) { d.link("reorder %s share="+d.part(), d.anyWay(), from, to) }},
	{Isolate, 2, func(d *drawer, from, to time.Duration) { d.process("isolate", "heal", d.node(), from, to) }},
	{BlackHole, 1, (*drawer).blackHole},
	{NATS, 1, func(d *drawer, from, to time.Duration) { d.process("kill", "restart", "NATS", from, to) }},
	{LinkDown, 3, func(d *drawer, from, to time.Duration) { d.cti("down", from, to) }},
	{LinkSilent, 2, func(d *drawer, from, to time.Duration) { d.cti("silent", from, to) }},
	{Store, 1, (*drawer).store},
	{Switchover, 3, func(d *drawer, from, _ time.Duration) { d.at(from, "? switchover") }},
	{Forced, 2, func(d *drawer, from, _ time.Duration) { d.at(from, "? switchover force") }},
	{Stuck, 2, func(d *drawer, from, to time.Duration) { d.call("stuck", from, to) }},
	{Call, 3, func(d *drawer, from, to time.Duration) { d.call("release", from, to) }},
	{Agent, 0.5, (*drawer).agent},
	{Option, 0.5, (*drawer).option},
	{Register, 0.3, (*drawer).register},
}

// episodes draws which kinds there are, how often, how long each lasts, and when.
func (d *drawer) episodes() {
	weights, sum := d.weights(), 0.0
	for _, w := range weights {
		sum += w
	}
	gap, episode := d.profile.Gap, d.profile.Episode
	if gap == 0 {
		gap = d.between(2*time.Second, 2*time.Minute)
	}
	if episode == 0 {
		episode = d.between(100*time.Millisecond, 30*time.Second)
	}
	for t := d.started; sum > 0; {
		t += scale(gap, d.ExpFloat64())
		if t >= d.p.Length {
			return
		}
		pick := d.Float64() * sum
		i := 0
		for ; i < len(weights)-1 && pick >= weights[i]; i++ {
			pick -= weights[i]
		}
		d.kinds[i].draw(d, t, t+scale(episode, math.Exp(d.NormFloat64())))
	}
}

// weights draws how often each kind is to occur, compared with the others.
func (d *drawer) weights() []float64 {
	weights := make([]float64, len(d.kinds))
	for i := range d.kinds {
		if d.share(0.45) {
			weights[i] = d.kinds[i].often * d.ExpFloat64()
		}
	}
	if d.profile.Kinds == nil {
		return weights
	}
	for i := range d.kinds {
		weights[i] = 0
		for _, k := range d.profile.Kinds {
			if k == d.kinds[i].name {
				weights[i] = d.kinds[i].often
			}
		}
	}
	return weights
}

// node draws a node, a T-Server more often than others.
func (d *drawer) node() string {
	names := []string{"A", "A", "A", "B", "B", "B", "M", "M"}
	if d.profile.Peer {
		names = names[:6]
	}
	names = append(names, "S")
	if d.clients > 0 {
		names = append(names, fmt.Sprintf("C%d", 1+d.IntN(d.clients)))
	}
	return names[d.IntN(len(names))]
}

// process writes what is done to a node, and its heal.
func (d *drawer) process(fault, heal, node string, from, to time.Duration) {
	d.at(from, "? %s %s", fault, node)
	d.at(to, "? %s %s", heal, node)
}

// ends draws a link.
func (d *drawer) ends() (a, b string) {
	links := [][2]string{{"A", "B"}, {"A", "B"}, {"A", "B"}, {"M", "A"}, {"M", "B"}, {"S", "A"}, {"S", "B"}}
	if d.profile.Peer {
		links = append(links[:3], links[5:]...)
	}
	if d.clients > 0 {
		c := fmt.Sprintf("C%d", 1+d.IntN(d.clients))
		links = append(links, [2]string{c, "A"}, [2]string{c, "B"})
	}
	l := links[d.IntN(len(links))]
	if d.share(0.5) {
		return l[1], l[0]
	}
	return l[0], l[1]
}

func (d *drawer) bothWays() string {
	if d.share(0.05) {
		return "all"
	}
	a, b := d.ends()
	return a + "-" + b
}

func (d *drawer) oneWay() string {
	a, b := d.ends()
	return a + "->" + b
}

func (d *drawer) anyWay() string {
	if d.share(0.5) {
		return d.oneWay()
	}
	return d.bothWays()
}

// link writes what is done to a link, and its heal.
func (d *drawer) link(fault, ways string, from, to time.Duration) {
	d.at(from, "? "+fault, ways)
	d.at(to, "? heal %s", ways)
}

func (d *drawer) slow(from, to time.Duration) {
	fault := "delay %s " + d.between(5*time.Millisecond, 5*time.Second).String()
	if d.share(0.5) {
		fault += " jitter=" + d.between(5*time.Millisecond, 5*time.Second).String()
	}
	d.link(fault, d.anyWay(), from, to)
}

// part draws a share of what passes.
func (d *drawer) part() string { return fmt.Sprintf("%.3f", math.Pow(0.01, d.Float64())) }

func (d *drawer) blackHole(from, to time.Duration) {
	n := d.node()
	d.at(from, "? isolate %s black-hole", n)
	d.at(to, "? heal %s", n)
}

func (d *drawer) server() string { return []string{"A", "B"}[d.IntN(2)] }

func (d *drawer) cti(state string, from, to time.Duration) {
	s := d.server()
	d.at(from, "? link %s %s", s, state)
	d.at(to, "? link %s up", s)
}

func (d *drawer) store(from, to time.Duration) {
	d.at(from, "? store %s", []string{"full", "read-only"}[d.IntN(2)])
	d.at(to, "? heal store")
}

// call writes a call that is answered, perhaps, and ends.
func (d *drawer) call(end string, from, to time.Duration) {
	d.calls++
	name := fmt.Sprintf("f%d", d.calls)
	origin, to2 := d.IntN(d.lines+d.trunks), d.IntN(d.lines)
	from2 := fmt.Sprintf("T%d", origin-d.lines+1)
	if origin < d.lines {
		if origin == to2 {
			to2 = (to2 + 1) % d.lines
		}
		from2 = fmt.Sprint(1001 + origin)
	}
	d.at(from, "? call %s from=%s to=%d", name, from2, 1001+to2)
	if d.share(0.8) {
		d.at(from+scale(to-from, d.Float64()), "? answer %s", name)
	}
	d.at(to, "? %s %s", end, name)
}

func (d *drawer) agent(from, _ time.Duration) {
	d.at(from, "? agent %d %s", 1001+d.IntN(d.lines), []string{"ready", "not-ready", "logged-out"}[d.IntN(3)])
}

func (d *drawer) register(from, _ time.Duration) {
	if d.clients > 0 {
		d.at(from, "? register C%d %d", 1+d.IntN(d.clients), 1001+d.IntN(d.lines+2))
	}
}

// option writes a change of an option, which counts from the next start of the T-Server.
func (d *drawer) option(from, _ time.Duration) {
	options := []string{
		"ha-sync-method=drain", "ha-sync-method=transfer", "ha-publish=immediate", "ha-publish=replicated", "protocol-version=1", "protocol-version=3",
		"resume-buffer=3", "connect-tout=1500ms", "addp-timeout=700ms", "ha-sync-dly-lnk-conn=false", "ha-sync-dly-lnk-conn=true",
	}
	d.at(from, "? option %s %s", d.server(), options[d.IntN(len(options))])
}
