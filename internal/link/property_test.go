package link

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// witness checks, for one direction, that what arrives while a port is up is what was sent while the other end's was: in order, from the
// first on, once.
type witness struct {
	sent map[period][]uint64 // by the sender's up period
	got  map[period][]uint64 // by the receiver's
}

// period is one time that an end's port was up.
type period struct {
	inc, session uint64
}

// pairing checks two ends on a bad carrier.
type pairing struct {
	*bench
	num        uint64
	directions [2]witness // from a, from b
	shut       map[wire.ID]bool
	late       map[wire.ID][]sent   // packets by sender, which the carrier brings at any time, and again
	ended      map[wire.ID][]string // connections by owner that have ended, of which nobody has been told
	conns      int
}

func newPairing(opt Options) *pairing {
	p := &pairing{
		bench: newBench(wire.A, wire.B, opt), shut: map[wire.ID]bool{}, late: map[wire.ID][]sent{}, ended: map[wire.ID][]string{},
	}
	for i := range p.directions {
		p.directions[i] = witness{map[period][]uint64{}, map[period][]uint64{}}
	}
	for i, e := range []*end{p.a, p.b} {
		into := &p.directions[1-i]
		e.onStep = func(in *node.Input, _ *node.Output) {
			if in.Kind == node.Receive {
				into.got[dialed(p.bench, e)] = append(into.got[dialed(p.bench, e)], in.Msg.Num)
			}
		}
	}
	return p
}

// dialed names the session of an end: by the dialing end's incarnation and number it is the same at both ends.
func dialed(n *bench, e *end) period {
	if e == n.a {
		return period{e.inc, e.port().session}
	}
	return period{e.port().peerInc, e.port().session}
}

func (p *pairing) say(e *end) {
	if !e.port().up {
		return
	}
	p.num++
	w := &p.directions[0]
	if e == p.b {
		w = &p.directions[1]
	}
	w.sent[dialed(p.bench, e)] = append(w.sent[dialed(p.bench, e)], p.num)
	e.send(p.num)
}

// reconnect gives an end another connection to the carrier.
func (p *pairing) reconnect(e *end) {
	p.ended[e.id] = append(p.ended[e.id], e.conn)
	p.conns++
	e.conn = fmt.Sprintf("s/%d", p.conns)
}

// act does one thing that can happen to two ends and a carrier that loses, delays, doubles and reorders.
func (p *pairing) act(e *end, what string) {
	switch what {
	case "twice":
		if len(p.queues[e.id]) > 0 {
			p.give(e, p.queues[e.id][0])
		}
	case "overtake":
		if q := p.queues[e.id]; len(q) > 1 {
			q[0], q[1] = q[1], q[0]
		}
	case "keep":
		if len(p.queues[e.id]) > 0 && len(p.late[e.id]) < 8 {
			p.late[e.id] = append(p.late[e.id], p.take(e))
		}
	case "late":
		if list := p.late[e.id]; len(list) > 0 {
			p.give(e, list[p.num%uint64(len(list))])
		}
	case "notice":
		if list := p.ended[e.id]; len(list) > 0 {
			p.other(e).mux.Gone(list[0])
			p.ended[e.id] = list[1:]
		}
	case "say":
		p.say(e)
	case "deliver":
		if len(p.queues[e.id]) > 0 {
			p.give(e, p.take(e))
		}
	case "lose":
		if len(p.queues[e.id]) > 0 {
			p.take(e)
		}
	case "wait":
		p.next(p.now + addp)
	case "offline":
		if !e.offline {
			p.reconnect(e)
		}
		e.setOffline(!e.offline)
	case "restart":
		p.shut[e.id], e.offline = false, false
		p.reconnect(e)
		e.start()
	case "close":
		e.do(func(out *node.Output) { out.Close(e.peer) })
	case "shut":
		p.shut[e.id] = !p.shut[e.id]
		e.do(func(out *node.Output) {
			if p.shut[e.id] {
				out.Shut(e.peer)
			} else {
				out.Unshut(e.peer)
			}
		})
	}
}

// heal ends all faults, lets time pass, and has both ends speak.
func (p *pairing) heal() {
	for _, e := range []*end{p.a, p.b} {
		if e.offline {
			p.act(e, "offline")
		}
		if p.shut[e.id] {
			p.act(e, "shut")
		}
	}
	p.pass(4*addp+4*reconnect, p.deliver)
	for _, e := range []*end{p.a, p.b, p.a, p.b} {
		p.say(e)
	}
	p.deliver()
}

// check returns what is wrong: in each session, at any time.
func (p *pairing) check() error {
	for i, w := range p.directions {
		for s, got := range w.got {
			sent := w.sent[s]
			if len(got) > len(sent) || fmt.Sprint(got) != fmt.Sprint(sent[:len(got)]) {
				return fmt.Errorf("direction %d, session %v: sent %v, got %v", i, s, sent, got)
			}
		}
	}
	return nil
}

// checkHealed returns what is wrong when all faults are over: both ends are up in one session, and all of it has arrived.
func (p *pairing) checkHealed() error {
	if !p.a.port().up || !p.b.port().up {
		return fmt.Errorf("A is up: %t, B is up: %t", p.a.port().up, p.b.port().up)
	}
	s := dialed(p.bench, p.a)
	if other := dialed(p.bench, p.b); s != other || p.a.port().peerInc != p.b.inc || p.b.port().peerInc != p.a.inc {
		return fmt.Errorf("the session is %v at A, and %v at B", s, other)
	}
	for i, w := range p.directions {
		if len(w.sent[s]) < 2 || len(w.sent[s]) != len(w.got[s]) {
			return fmt.Errorf("direction %d, session %v, which is up at both ends: sent %v, got %v", i, s, w.sent[s], w.got[s])
		}
	}
	return p.check()
}

// acts are what can happen; most of it is traffic.
var acts = []string{"say", "say", "say", "deliver", "deliver", "deliver", "deliver", "lose", "wait", "offline", "restart", "close", "shut"}

// wild are what can happen on a carrier that keeps no order, brings packets again, and those of sessions and incarnations that are long over; and tells of
// connections that have ended, at any time.
var wild = append([]string{"twice", "overtake", "keep", "late", "notice", "notice"}, acts...)

// gentle are what can happen on a carrier that only delays: then the ends tell each other all that they do, and no polling is needed.
var gentle = []string{"say", "say", "deliver", "deliver", "deliver", "wait", "close", "shut", "restart"}

// play does what the bytes say, an act and an end each, then heals, and returns what was wrong.
func play(opt Options, acts []string, script []byte) error {
	p := newPairing(opt)
	for i, c := range script {
		e := p.a
		if c&0x80 != 0 {
			e = p.b
		}
		p.act(e, acts[int(c&0x7f)%len(acts)])
		if err := p.check(); err != nil {
			return fmt.Errorf("act %d: %w", i, err)
		}
	}
	p.heal()
	return p.checkHealed()
}

// Whatever the carrier does, a link delivers in order, exactly once, or goes down at both ends.
func TestInOrderOnceOrDownAtBothEnds(t *testing.T) {
	withoutPolling := defaults
	withoutPolling.AddpTimeout = 0
	unequal := defaults
	unequal.AddpTimeout, unequal.AddpRemoteTimeout = 0, addp/2 // each polls because the other one wants it
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		script := make([]byte, rng.IntN(120))
		for i := range script {
			script[i] = byte(rng.Uint32())
		}
		require.NoError(t, play(defaults, acts, script), "seed %d, any carrier: %q", seed, script)
		require.NoError(t, play(defaults, wild, script), "seed %d, a carrier without order: %q", seed, script)
		require.NoError(t, play(unequal, wild, script), "seed %d, polling as the other end wants it: %q", seed, script)
		require.NoError(t, play(withoutPolling, gentle, script), "seed %d, a carrier that only delays: %q", seed, script)
	}
}

func FuzzInOrderOnceOrDownAtBothEnds(f *testing.F) {
	f.Add([]byte("\x03\x83\x03\x83\x00\x80\x07\x03\x83"))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) <= 500 {
			require.NoError(t, play(defaults, wild, script))
		}
	})
}

// FuzzForgedHeaders gives both ends whatever headers a network may bring: they must not panic, nor be stuck for ever.
func FuzzForgedHeaders(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 2, 9, 0, 1, 0, 5, 1, 1, 1, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := newPairing(defaults)
		p.deliver()
		for ; len(data) >= 5; data = data[5:] {
			e := p.a
			if data[0]&0x80 != 0 {
				e = p.b
			}
			p.give(e, sent{h: Header{
				Kind: PacketKind(data[0]&0x7f)%(packetEnd-1) + 1, FromInc: uint64(data[1]%3) + 1, ToInc: uint64(data[2] % 3),
				Session: uint64(data[3] % 4), Seq: uint64(data[4] % 4),
			}})
			p.deliver()
		}
		// Both are started until no incarnation is later than theirs: a forged one stands in the way of those before it.
		for range 3 {
			p.act(p.a, "restart")
			p.act(p.b, "restart")
		}
		p.heal()
		require.True(t, p.a.port().up && p.b.port().up)
	})
}
