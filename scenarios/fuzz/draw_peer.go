package fuzz

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// Client failover (arbitration: peer) has seeds of its own: seed 1 of it has nothing to do with seed 1 of hot standby, whose draws stay what they are.

// The kinds of episodes that only client failover has.
const (
	Group      Kind = "group"      // a group of clients is cut off from a server, or from both
	Activate   Kind = "activate"   // System Administration's commands (P10)
	Deactivate Kind = "deactivate" // and activated again
	Switchback Kind = "switchback"
	Configure  Kind = "configure" // the shared configuration is changed (P3)
	LogOut     Kind = "log-out"   // and in again
	Kick       Kind = "kick"
)

// peerKinds are the kinds that are drawn under peer arbitration: what links, processes and the switch can suffer, and those above.
var peerKinds = append([]kind{
	{Group, 4, (*drawer).group},
	{Activate, 2, func(d *drawer, from, _ time.Duration) { d.at(from, "? activate %s", d.server()) }},
	{Deactivate, 2, (*drawer).deactivate},
	{Switchback, 2, (*drawer).switchback},
	{Configure, 3, (*drawer).configure},
	{LogOut, 1, (*drawer).logOut},
	{Kick, 0.5, func(d *drawer, from, _ time.Duration) { d.at(from, "? kick %s %s", d.server(), d.client()) }},
}, kindsOf(Crash, Stop, Twin, Pause, Cut, OneWay, Slow, Loss, Duplicate, Reorder, Isolate, BlackHole, NATS, LinkDown, LinkSilent, Store, Stuck, Call, Agent)...)

func kindsOf(names ...Kind) (list []kind) {
	for _, name := range names {
		for _, k := range kinds {
			if k.name == name {
				list = append(list, k)
			}
		}
	}
	return list
}

// PeerKinds returns all kinds of episodes of client failover.
func PeerKinds() []Kind {
	var names []Kind
	for _, k := range peerKinds {
		names = append(names, k.name)
	}
	return append(names, Request)
}

// drawPeer draws a program of client failover.
func (d *drawer) drawPeer() {
	d.p.Title = fmt.Sprintf("Fuzz seed %d of client failover.", d.p.Seed)
	d.peerSettings()
	for _, s := range d.profile.Settings {
		d.p.set(s.Key, s.Value)
	}
	d.clients, d.lines, d.trunks = d.number("clients"), d.number("switch/extensions"), d.number("switch/trunks")
	d.groups()
	d.length()
	d.boot("")
	d.load()
	d.episodes()
	d.requests()
	d.ending()
}

func (d *drawer) peerSettings() {
	d.p.set("arbitration", "peer")
	d.timers()
	d.pair()
	if d.share(0.3) {
		d.p.set("disconnect-notices", "false")
	}
	d.telephony()
	d.p.set("clients", strconv.Itoa([]int{1, 2, 3, 4, 4, 5, 6, 7, 8}[d.IntN(9)]))
	d.failover()
	d.licence()
	d.logins()
	d.clocks()
}

// failover draws the census and the graces. A loss may take twice the longest polling to be noticed, and the window is at least that.
func (d *drawer) failover() {
	longest := time.Duration(0)
	for _, key := range []string{"addp-timeout", "A/addp-timeout", "B/addp-remote-timeout"} {
		if t, err := time.ParseDuration(d.p.Setting(key)); err == nil {
			longest = max(longest, t)
		}
	}
	d.set("client-loss-window", 2*longest+d.between(100*time.Millisecond, 20*time.Second))
	d.set("activation-grace", d.between(500*time.Millisecond, 20*time.Second))
	d.set("activation-report-timeout", d.between(500*time.Millisecond, 30*time.Second))
	if d.share(0.5) {
		d.p.set("partial-loss-threshold", strconv.Itoa(1+d.IntN(100)))
	}
	if d.share(0.5) {
		d.p.set("partial-loss-min", strconv.Itoa(1+d.IntN(3)))
	}
}

func (d *drawer) licence() {
	if d.share(0.6) {
		return
	}
	d.p.set("licence/seats", strconv.Itoa(1+d.IntN(d.number("clients")+2)))
	d.set("licence/grace", d.between(10*time.Second, 10*time.Minute))
	if d.share(0.1) {
		d.set("licence/expires", d.between(time.Minute, time.Hour))
	}
}

func (d *drawer) logins() {
	d.set("login-timeout", d.between(200*time.Millisecond, 10*time.Second))
	backoff := d.between(20*time.Millisecond, 5*time.Second)
	d.set("login-backoff", backoff)
	d.set("login-backoff-max", scale(backoff, 1+9*d.Float64()))
	if d.share(0.2) {
		d.p.set("login-jitter", "false")
	}
}

// groups puts the clients into two groups, which are cut off as a whole.
func (d *drawer) groups() {
	if d.clients < 2 {
		return
	}
	first := 1 + d.IntN(d.clients-1)
	d.p.set("sites/east", clientRange(1, first))
	d.p.set("sites/west", clientRange(first+1, d.clients))
}

func clientRange(from, to int) string {
	if from == to {
		return fmt.Sprintf("C%d", from)
	}
	return fmt.Sprintf("C%d-C%d", from, to)
}

func (d *drawer) client() string { return fmt.Sprintf("C%d", 1+d.IntN(max(d.clients, 1))) }

// site draws a group of clients.
func (d *drawer) site() string {
	if d.clients < 2 {
		return "C1"
	}
	return []string{"east", "west"}[d.IntN(2)]
}

func (d *drawer) group(from, to time.Duration) {
	servers := []string{d.server()}
	if d.share(0.3) {
		servers = []string{"A", "B"}
	}
	site := d.site()
	for _, s := range servers {
		d.at(from, "? cut %s-%s", site, s)
		d.at(to, "? heal %s-%s", site, s)
	}
}

// deactivate: most seeds deactivate one server only, so that the other can serve whatever the commands come to.
func (d *drawer) deactivate(from, to time.Duration) {
	s := "A"
	if d.p.Seed%3 == 1 || d.p.Seed%3 == 2 && d.share(0.5) {
		s = "B"
	}
	d.at(from, "? deactivate %s", s)
	d.at(to, "? activate %s", s)
}

func (d *drawer) switchback(from, _ time.Duration) {
	if d.share(0.5) {
		d.at(from, "? switchback force")
		return
	}
	d.at(from, "? switchback")
}

func (d *drawer) configure(from, _ time.Duration) {
	object := []string{"group/sales", "group/support", "option/greeting", "dn/1001"}[d.IntN(4)]
	for _, s := range []string{"A", "B"} { // who is not active refuses
		if d.share(0.8) {
			d.at(from, "? configure %s %s=v%d", s, object, d.IntN(1000))
		}
	}
}

func (d *drawer) logOut(from, to time.Duration) {
	who := d.client()
	d.at(from, "? logout %s", who)
	d.at(to, "? login %s", who)
}

// ending: where both servers may be deactivated, System Administration activates them at last, when faults are over.
func (d *drawer) ending() {
	if d.p.Seed%3 != 2 {
		return
	}
	end := d.p.Length
	for _, line := range []string{"? restart NATS", "? heal store", "? heal all", "? resume A", "? resume B", "? restart A", "? restart B", "? link A up", "? link B up"} {
		d.at(end, "%s", line)
	}
	for i := range 4 {
		end += time.Duration(math.Round(d.lastOpening().Seconds())) * time.Second
		d.at(end, "? activate %s", []string{"A", "B"}[i%2])
	}
	d.p.Length = end + time.Second
}

// lastOpening is how long links may take to come up, once there is nothing in their way.
func (d *drawer) lastOpening() time.Duration { return 90 * time.Second }

// peerRand keeps the draws of client failover apart from those of hot standby.
func peerRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x70656572)) }
