package switchsim

import (
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// stage is how far a call of a load is. Its callTimer ends each.
type stage uint8

const (
	offered       stage = iota // it rings, or waits in a queue
	moves                      // it is talked, and will be transferred
	grows                      // it is talked, and somebody will be taken in
	second                     // it rings at who was called last
	talked                     // to its end
	consultsMoves              // it is talked, and somebody will be consulted about it, who then takes it over
	consultsGrows              // the same, and then joins it
	consulted                  // it is on hold, and the consult call rings
	advised                    // the consult call is talked
)

// awaitLoad arms the timer of a load's call that has come to where it rings or waits.
func (s *Switch) awaitLoad(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	if c.load == 0 {
		return
	}
	l := &s.loads[c.load-1]
	timer := node.Timer{Kind: callTimer, Key: ref}
	switch p := s.table.At(ref); {
	case p.Waiting() < 0:
	case p.At(p.Waiting()).State == callmodel.PartyRinging:
		out.Set(timer, max(l.ring, 1))
	case l.patience.kind != 0:
		out.Set(timer, l.patience.draw(l.rng))
	default:
		out.Cancel(timer)
	}
}

// proceed goes on with a call of a load.
func (s *Switch) proceed(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	if c.load == 0 {
		return
	}
	switch c.stage {
	case offered:
		if p := s.table.At(ref); p.Waiting() >= 0 && p.At(p.Waiting()).State == callmodel.PartyQueued {
			s.end(ref, ending{cause: callmodel.CauseAbandoned}, out)
			return
		}
		s.answer(ref, out)
		s.talk(ref, out)
	case moves:
		s.third(ref, wire.RequestSingleStepTransfer, out)
	case grows:
		s.third(ref, wire.RequestSingleStepConference, out)
	case consultsMoves, consultsGrows:
		s.consult(ref, out)
	case consulted:
		s.beAdvised(ref, out)
	case advised:
		s.joinConsulted(ref, out)
	case second:
		if p := s.table.At(ref); p.Waiting() >= 0 {
			s.answerAt(ref, p.At(p.Waiting()).DN, out)
		}
		s.rest(ref, out)
	case talked:
		s.release(ref, false, out)
	}
}

// talk draws how long the call is held, and whether it is transferred or becomes a conference half-way, in one step or in two.
func (s *Switch) talk(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	l := &s.loads[c.load-1]
	hold := l.hold.draw(l.rng)
	c.stage = talked
	if l.transfers+l.conferences+l.consultTransfers+l.consultConferences > 0 {
		share := l.rng.Float64()
		for _, kind := range [...]struct {
			share float64
			stage stage
		}{{l.transfers, moves}, {l.conferences, grows}, {l.consultTransfers, consultsMoves}, {l.consultConferences, consultsGrows}} {
			if share < kind.share {
				c.stage = kind.stage
				break
			}
			share -= kind.share
		}
	}
	if c.stage != talked {
		c.rest = hold / 2
		hold -= c.rest
	}
	out.Set(node.Timer{Kind: callTimer, Key: ref}, max(hold, 1))
}

// third lets the called party hand the call over to an idle extension, or take it in. If there is none, or a client has done something else with the call, it goes on as it is.
func (s *Switch) third(ref uint32, kind wire.Kind, out *node.Output) {
	c := &s.calls.table[ref]
	l, p := &s.loads[c.load-1], s.table.At(ref)
	if to := s.anyIdle(l); to >= 0 && p.Len() >= 2 {
		m := wire.Message{Kind: wire.SwitchRequest, Of: kind, Call: s.id(ref), ThisDN: p.At(1).DN, OtherDN: s.lines[to].dn}
		if s.carryOut(&m, asked{}, out).code == 0 {
			c.stage = second
			out.Set(node.Timer{Kind: callTimer, Key: ref}, max(l.ring, 1))
			return
		}
	}
	s.rest(ref, out)
}

// anyIdle draws an idle extension, -1 if there is none.
func (s *Switch) anyIdle(l *load) int {
	return s.idle(0, s.opt.Extensions, l.rng.IntN(s.opt.Extensions))
}

// rest holds the call for what is left of its time.
func (s *Switch) rest(ref uint32, out *node.Output) {
	c := &s.calls.table[ref]
	c.stage = talked
	out.Set(node.Timer{Kind: callTimer, Key: ref}, max(c.rest, time.Nanosecond))
}
