package fuzz

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// Profile is what the programs of a campaign have in common. The zero value leaves everything to the seed.
type Profile struct {
	// Peer draws pairs without a Management Layer (arbitration: peer). Their seeds are others than those of hot standby.
	Peer bool
	// Kinds are the kinds of episodes that are drawn, all of them in every program; nil: each seed draws some of all kinds.
	Kinds []Kind
	// Settings are set in every program, whatever was drawn.
	Settings []Setting
	// Quiet leaves the load away: there are no calls but those of episodes.
	Quiet bool
	// Script is in every program, beside what was drawn: the skeleton of what is looked for.
	Script []Event
	// Length is the median of the length on the run's clock; 0 is MedianLength.
	Length time.Duration
	// Gap is the mean time between two episodes; 0: drawn by each seed.
	Gap time.Duration
	// Episode is the median length of an episode; 0: drawn by each seed.
	Episode time.Duration
}

// MedianLength is the median of a program's length, on the run's clock.
const MedianLength = 10 * time.Minute

// The shortest and the longest program.
const (
	minLength = 30 * time.Second
	maxLength = 4 * time.Hour
)

// drawer draws a program.
type drawer struct {
	*rand.Rand
	p       *Program
	profile *Profile
	kinds   []kind
	clients int
	lines   int // switch/extensions
	trunks  int
	calls   int           // named calls so far
	started time.Duration // when everything runs
}

// Draw returns the program of a seed.
func Draw(seed uint64, profile *Profile) *Program {
	d := &drawer{
		Rand: rand.New(rand.NewPCG(seed, 0x66757a7a)), profile: profile, kinds: kinds,
		p: &Program{Title: fmt.Sprintf("Fuzz seed %d.", seed), Seed: seed},
	}
	if profile.Peer {
		d.Rand, d.kinds = peerRand(seed), peerKinds
		d.drawPeer()
	} else {
		d.drawHotStandby()
	}
	d.p.Events = append(d.p.Events, profile.Script...)
	d.p.sort()
	return d.p
}

func (d *drawer) drawHotStandby() {
	d.settings()
	for _, s := range d.profile.Settings {
		d.p.set(s.Key, s.Value)
	}
	d.clients, d.lines, d.trunks = d.number("clients"), d.number("switch/extensions"), d.number("switch/trunks")
	d.length()
	d.boot(" M")
	d.load()
	d.episodes()
	d.requests()
}

// number reads a setting.
func (d *drawer) number(key string) int {
	n, err := strconv.Atoi(d.p.Setting(key))
	if err != nil {
		panic(fmt.Sprintf("fuzz: %s: %v", key, err)) // it was drawn, or is a profile's
	}
	return n
}

// length draws how long the script goes on: lognormal.
func (d *drawer) length() {
	median := d.profile.Length
	if median == 0 {
		median = MedianLength
	}
	d.p.Length = min(max(scale(median, math.Exp(0.7*d.NormFloat64())), min(median, minLength)), maxLength)
}

func scale(t time.Duration, by float64) time.Duration { return round(time.Duration(float64(t) * by)) }

// round leaves a time that can be read, and is above 0.
func round(t time.Duration) time.Duration {
	switch {
	case t > 10*time.Second:
		return t.Round(100 * time.Millisecond)
	case t > time.Second:
		return t.Round(10 * time.Millisecond)
	}
	return max(t.Round(time.Millisecond), time.Millisecond)
}

// between draws a time between two, the order of magnitude first.
func (d *drawer) between(from, to time.Duration) time.Duration {
	ratio := float64(to) / float64(from)
	return scale(from, math.Pow(ratio, d.Float64()))
}

// share is true for this share of times.
func (d *drawer) share(of float64) bool { return d.Float64() < of }

func (d *drawer) at(t time.Duration, format string, args ...any) {
	d.p.Events = append(d.p.Events, Event{round(t), fmt.Sprintf(format, args...)})
}

// boot draws who starts when. others start with the switch, as the clients do.
func (d *drawer) boot(others string) {
	for c := 1; c <= d.clients; c++ {
		others += fmt.Sprintf(" C%d", c)
	}
	d.started = d.between(100*time.Millisecond, 20*time.Second)
	switch d.IntN(4) {
	case 0:
		d.at(0, "boot S A B%s", others)
	case 1:
		d.at(0, "boot S B%s", others)
		d.at(d.started, "boot A")
	default:
		d.at(0, "boot S A%s", others)
		d.at(d.started, "boot B")
	}
	d.p.Events[0].At = 0
}

// load draws the traffic.
func (d *drawer) load() {
	if d.profile.Quiet {
		return
	}
	for t := d.between(10*time.Millisecond, 10*time.Second); t < d.p.Length; t += d.between(time.Minute, time.Hour) {
		hold := d.between(300*time.Millisecond, time.Minute)
		erlangs := math.Round(100*math.Min(0.5*math.Pow(10, d.Float64()), 4*hold.Seconds())) / 100 // at most some calls a second
		line := fmt.Sprintf("load erlangs=%g hold=exp:%s ring=%s seed=%d", math.Max(erlangs, 0.1), hold, d.between(20*time.Millisecond, 5*time.Second), d.IntN(1000))
		if d.trunks == 0 {
			line += " inbound=0"
		}
		d.at(t, "? %s", line)
	}
}
