package switchsim

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// The switch's timers.
const (
	arrivalTimer  node.TimerKind = iota + 1 // the next call of a load; Key is the load's index
	callTimer                               // Key is a call reference: the load answers or ends the call
	syncTimer                               // Key is a T-Server: the transfer of its snapshot ends
	curveTimer                              // Key is a load's index: its curve's next slot begins
	patienceTimer                           // Key is a call reference: the call has waited in its queue for queue-patience
	noAnswerTimer                           // Key is a call reference: it has rung for no-answer-time
	routeTimer                              // Key is a call reference: it has waited for a route for route-timeout
)

// counterBits is how much of an event number counts; the bits above it are the start number.
const counterBits = 40

// Switch is the simulated switch. It implements node.Node.
type Switch struct {
	opt    Options
	inc    uint64
	events uint64 // of this incarnation
	places uint32 // that the last of them takes among the events for clients (X8)

	lines  []line
	byName map[callmodel.DN]int
	calls  calls
	table  parties.Table // the parties of the calls
	links  [2]ctiLink    // A's, B's
	loads  []load        // by the order of their beginning

	epoch  uint64 // the highest that a T-Server has told (X13)
	asked  map[wire.ID]*memory
	by     asked        // who has asked for what is being done
	millis uint64       // of the input that is handled
	said   wire.Message // the last event of a call; here, so that nothing is allocated for it
}

// New makes a switch. The options are valid.
func New(o Options) *Switch {
	s := &Switch{opt: o, asked: map[wire.ID]*memory{}}
	s.lines, s.byName = numberingPlan(o)
	for i := range s.links {
		s.links[i] = ctiLink{peer: wire.A + wire.ID(i), state: linkUp}
	}
	s.calls.init(o.CallRefs)
	return s
}

// Step implements node.Node.
func (s *Switch) Step(in *node.Input, out *node.Output) {
	s.millis = in.Millis
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
	if in.Msg.Kind != wire.SwitchRequest { // which may be too late
		s.epoch = max(s.epoch, in.Msg.Epoch)
	}
	switch in.Msg.Kind {
	case wire.SnapshotRequest:
		s.snapshot(l, out)
	case wire.KeepAlive:
		l.answer(&wire.Message{Kind: wire.KeepAliveAck, Num: in.Msg.Num, Seq: s.seq()}, out)
	case wire.SwitchRequest:
		s.request(l, in.Msg, out)
	case wire.MarkEpoch:
		s.markEpoch(in.Msg, out)
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
	case patienceTimer, noAnswerTimer, routeTimer:
		s.waited(t.Key, out)
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

// emit does to the parties what an event of a call says, and reports it on both CTI links.
func (s *Switch) emit(m wire.Message, out *node.Output) {
	s.said = m
	s.places = 0
	if err := s.table.Apply(&s.said, s); err != nil {
		panic(fmt.Sprintf("switchsim: the switch contradicts itself: %v", err))
	}
	s.tell(m, out)
}

// emitNext is emit with the next event number.
func (s *Switch) emitNext(m wire.Message, out *node.Output) {
	m.Seq = s.next()
	s.emit(m, out)
}

// tell reports an event on both CTI links, with whose request has caused it (X13).
func (s *Switch) tell(m wire.Message, out *node.Output) {
	m.Client, m.RefID, m.Time = s.by.client, s.by.refID, s.millis
	switch m.Kind {
	case wire.AgentChanged, wire.DNChanged:
		s.places = 1
	case wire.EpochMarked:
		s.places = 0
	}
	for i := range s.links {
		s.links[i].report(&m, out)
	}
}

// Happens implements parties.Sink: it counts the places that the last event takes among those for clients.
func (s *Switch) Happens(h *parties.Happening) { s.places = max(s.places, h.Place+1) }

func (s *Switch) next() uint64 {
	s.events++
	return s.seq()
}
