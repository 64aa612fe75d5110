package fuzz

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// settings draws config.yaml: small numbers, where something gives way, and times over the whole range that products allow.
func (d *drawer) settings() {
	d.timers()
	d.pair()
	d.carrier()
	d.telephony()
	d.clocks()
}

// clocks draws clocks that run fast or slow. They have a generator of their own: they came later, and seeds stay what they were.
func (d *drawer) clocks() {
	rng := rand.New(rand.NewPCG(d.p.Seed, 0x636c6f636b))
	for _, server := range []string{"A", "B"} {
		if rng.Float64() < 0.2 {
			d.p.set(server+"/clock-rate", strconv.FormatFloat(float64(800+rng.IntN(400))/1000, 'g', -1, 64))
		}
	}
}

func (d *drawer) set(key string, value time.Duration) { d.p.set(key, value.String()) }

func (d *drawer) timers() {
	d.set("addp-timeout", d.between(100*time.Millisecond, 10*time.Second))
	d.set("reconnect", d.between(100*time.Millisecond, 10*time.Second))
	d.set("sync-reconnect-tout", d.between(100*time.Millisecond, 10*time.Second))
	d.set("connect-tout", d.between(200*time.Millisecond, 10*time.Second))
	if d.share(0.2) {
		d.set("A/addp-timeout", d.between(100*time.Millisecond, 10*time.Second))
	}
	if d.share(0.1) {
		d.set("B/addp-remote-timeout", d.between(100*time.Millisecond, 10*time.Second))
	}
	// Where the switch is never asked for a sign of life, what is lost on a silent link may stay lost: that is what the option is for.
	d.set("kpl-interval", d.between(500*time.Millisecond, time.Minute))
	d.p.set("kpl-tolerance", strconv.Itoa(d.IntN(4)))
	if d.share(0.3) {
		d.set("cleanup-idle-timeout", d.between(2*time.Second, 5*time.Minute))
	}
	if d.share(0.2) {
		d.set("ha-sync-max-wait", d.between(time.Second, time.Minute))
	}
}

func (d *drawer) pair() {
	if d.share(0.5) {
		d.p.set("ha-sync-method", "transfer")
	}
	if d.share(0.2) {
		d.p.set("ha-publish", "immediate")
	}
	if d.share(0.5) {
		d.set("ha-publish-timeout", d.between(20*time.Millisecond, 2*time.Second))
	}
	if d.share(0.25) {
		d.p.set("ha-sync-dly-lnk-conn", "false")
	}
	switch d.IntN(3) {
	case 0:
		d.p.set("resume-buffer", strconv.Itoa(d.IntN(30)))
	case 1:
		d.p.set("resume-buffer", strconv.Itoa(30+d.IntN(1000)))
	}
	if d.share(0.2) {
		d.p.set("A/protocol-version", "3")
	}
	if d.share(0.2) {
		d.p.set("B/protocol-version", "1")
	}
	if d.share(0.1) {
		d.p.set("B/ha-sync-dly-lnk-conn", strconv.FormatBool(d.share(0.5)))
	}
	if d.share(0.1) {
		d.p.set("B/ha-sync-method", []string{"drain", "transfer"}[d.IntN(2)])
	}
}

func (d *drawer) carrier() {
	if d.share(0.3) {
		d.p.set("disconnect-notices", "false")
	}
	if d.share(0.2) {
		d.p.set("fence", "kick")
	}
	if d.share(0.3) {
		d.p.set("autorestart", "true")
	}
	if d.share(0.3) {
		d.set("disconnect-switchover-timeout", d.between(200*time.Millisecond, 10*time.Second))
	}
	if d.share(0.5) {
		d.set("haflip-detect-timeout", d.between(time.Second, time.Minute))
	}
}

func (d *drawer) telephony() {
	d.clients = []int{1, 1, 1, 2, 2, 3, 0}[d.IntN(7)]
	d.p.set("clients", strconv.Itoa(d.clients))
	d.lines, d.trunks = 3+d.IntN(12), d.IntN(5)
	d.p.set("switch/extensions", strconv.Itoa(d.lines))
	d.p.set("switch/trunks", strconv.Itoa(d.trunks))
	if d.share(0.7) {
		d.p.set("switch/call-refs", strconv.Itoa(1+d.IntN(10)))
	} else {
		d.p.set("switch/call-refs", "1000")
	}
	if d.share(0.2) {
		d.p.set("switch/sync-time", "0s")
	} else {
		d.set("switch/sync-time", d.between(10*time.Millisecond, 20*time.Second))
	}
}
