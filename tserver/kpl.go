package tserver

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// kplTimer: the next keep-alive request to the switch is due.
const kplTimer node.TimerKind = 17

// keepAlive finds out that a CTI link is up and says nothing, which its polls do not show: those are answered by the link itself (kpl-interval,
// kpl-tolerance). It finds out as well that the link was silent and that nothing happened since.
type keepAlive struct {
	num    uint64 // of the last request on this CTI link
	open   bool   // it is not answered
	failed int    // requests in a row that were not answered before the next was due
}

// startKeepAlive begins when the CTI link comes up.
func (s *Server) startKeepAlive(out *node.Output) {
	s.kpl = keepAlive{}
	if s.opt.KplInterval > 0 {
		out.Set(node.Timer{Kind: kplTimer}, s.opt.KplInterval)
	}
}

func (s *Server) stopKeepAlive(out *node.Output) {
	s.kpl = keepAlive{}
	if s.opt.KplInterval > 0 {
		out.Cancel(node.Timer{Kind: kplTimer})
	}
}

// keepAliveDue asks again, or gives the CTI link up when the switch has failed to answer more often than is tolerated. The link then comes up, and
// goes down, until the switch answers.
func (s *Server) keepAliveDue(out *node.Output) {
	k := &s.kpl
	if k.open {
		k.failed++
	}
	if k.failed > s.opt.KplTolerance {
		s.giveUpSwitch(callmodel.CallID{}, out, "the CTI link is up and silent: keep-alive requests are not answered")
		return
	}
	k.num++
	k.open = true
	out.Send(wire.Switch, wire.KeepAlive).Num = k.num
	out.Set(node.Timer{Kind: kplTimer}, s.opt.KplInterval)
}

// keptAlive takes the switch's answer. Events do not overtake each other: one that is not here by now has been lost.
func (s *Server) keptAlive(m *wire.Message, out *node.Output) {
	k := &s.kpl
	if m.Num != k.num || !k.open {
		s.resynchronize(m, out, "the answer to a keep-alive request that was not made")
		return
	}
	k.open, k.failed = false, 0
	if s.engine.CTI() == callmodel.CTISynchronized && m.Seq != s.engine.Seq() && !s.opt.Without.Has(node.KplNumber) {
		s.resynchronize(m, out, "the switch is at another event number")
		return
	}
	s.engine.AskAgain(out)
}

func (k *keepAlive) append(b []byte) []byte {
	b = canon.Uint(b, k.num)
	b = canon.Bool(b, k.open)
	return canon.Uint(b, k.failed)
}

func (k *keepAlive) restore(r *canon.Reader) {
	k.num, k.open, k.failed = canon.Read[uint64](r), r.Bool(), canon.Read[int](r)
}
