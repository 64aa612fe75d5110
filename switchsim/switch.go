package switchsim

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// The switch's timers.
const (
	arrivalTimer node.TimerKind = iota + 1 // the next call of a load; Key is the load's index
	callTimer                              // Key is a call reference: the load answers or ends the call
	syncTimer                              // Key is a T-Server: the transfer of its snapshot ends
	curveTimer                             // Key is a load's index: its curve's next slot begins
)

// counterBits is how much of an event number counts; the bits above it are the start number.
const counterBits = 40

// Switch is the simulated switch. It implements node.Node.
type Switch struct {
	opt    Options
	inc    uint64
	events uint64 // of this incarnation

	lines  []line
	byName map[callmodel.DN]int
	calls  calls
	links  [2]ctiLink // A's, B's
	loads  []load     // by the order of their beginning
}

// New makes a switch. The options are valid.
func New(o Options) *Switch {
	s := &Switch{opt: o}
	s.lines, s.byName = numberingPlan(o)
	for i := range s.links {
		s.links[i] = ctiLink{peer: wire.A + wire.ID(i), state: linkUp}
	}
	s.calls.init(o.CallRefs)
	return s
}

// Step implements node.Node.
func (s *Switch) Step(in *node.Input, out *node.Output) {
	switch in.Kind {
	case node.Start:
		s.inc = in.Inc
	case node.PortUp:
		s.link(in.Peer).open()
	case node.PortDown:
		s.link(in.Peer).drop(out)
	case node.CarrierDown:
		for i := range s.links {
			s.links[i].drop(out)
		}
	case node.Receive:
		s.receive(in, out)
	case node.Fired:
		s.fired(in.Timer, out)
	case node.Do:
		s.command(in.Cmd, out)
	}
}

func (s *Switch) receive(in *node.Input, out *node.Output) {
	l := s.link(in.Peer)
	switch in.Msg.Kind {
	case wire.SnapshotRequest:
		s.snapshot(l, out)
	case wire.KeepAlive:
		l.answer(&wire.Message{Kind: wire.KeepAliveAck, Num: in.Msg.Num, Seq: s.seq()}, out)
	case wire.QueryCall:
		info := wire.Message{Kind: wire.CallInfo, Call: in.Msg.Call}
		if c := s.calls.of(in.Msg.Call); c != nil {
			info.CallState = c.state
		}
		l.answer(&info, out)
	default:
		why := in.Msg.Kind.String() + " is not a request that a T-Server sends to the switch"
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: in.Peer, Text: why})
	}
}

func (s *Switch) fired(t node.Timer, out *node.Output) {
	switch t.Kind {
	case arrivalTimer:
		s.arrive(int(t.Key), out)
	case callTimer:
		s.proceed(t.Key, out)
	case syncTimer:
		s.link(wire.ID(t.Key)).transferred(out)
	case curveTimer:
		s.nextSlot(int(t.Key), out)
	default:
		panic(fmt.Sprintf("switchsim: the switch never set the timer %v", t))
	}
}

func (s *Switch) link(peer wire.ID) *ctiLink { return &s.links[peer-wire.A] }

// seq returns the number of the last event.
func (s *Switch) seq() uint64 { return s.inc<<counterBits | s.events }

// emit numbers an event and reports it on both CTI links.
func (s *Switch) emit(m wire.Message, out *node.Output) {
	for i := range s.links {
		s.links[i].report(&m, out)
	}
}

func (s *Switch) next() uint64 {
	s.events++
	return s.seq()
}
