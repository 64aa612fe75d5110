package tserver

import (
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
)

// Server is a T-Server. It implements node.Node.
type Server struct {
	self   wire.ID
	engine *hasync.Engine

	table    parties.Table // the parties of the calls held
	dns      dnTable
	snapshot snapshot
	sub      uint32 // k of the next event for clients (X8)
	clients  clients
	absent   absent
	replies  []reply // that wait for the backup
	journal  journal
	waiting  bool // publishTimer is armed
	source   source

	requests requests
	own      own

	kpl keepAlive

	failover *failover // nil under a Management Layer
	opt      Options
}

// New makes T-Server A or B. The options are valid.
func New(self wire.ID, o Options) *Server {
	s := &Server{self: self, opt: o}
	s.journal = journal{keep: o.ResumeBuffer, base: nowhere}
	s.engine = hasync.New(self, o, s)
	if o.PeerArbitration {
		s.failover = newFailover(s)
	}
	return s
}

// Step implements node.Node.
func (s *Server) Step(in *node.Input, out *node.Output) {
	s.failover.begin(in)
	switch in.Kind {
	case node.Start:
		s.engine.Start(in.Inc, out)
		s.failover.start(in, out)
	case node.PortUp:
		s.portUp(in, out)
	case node.PortDown:
		s.portDown(in, out)
	case node.Receive:
		s.receive(in, out)
	case node.Fired:
		s.fired(in.Timer, out)
	case node.Do:
		s.operate(in.Cmd, out)
	case node.CarrierDown:
		s.carrierDown(out)
	case node.CarrierUp:
		s.engine.Carrier(true)
		s.failover.carrierUp()
	case node.Stored:
		s.failover.stored(out)
	case node.StoreFailed, node.StoreConflict:
		s.failover.unstored(in, out)
	}
	s.engine.Settle(out)
	s.failover.settle(out)
	s.settleOwn(out)
	s.publish(out)
	s.failover.end(out)
}

func (s *Server) fired(t node.Timer, out *node.Output) {
	switch {
	case t.Kind == publishTimer:
		s.giveUpWaiting(out)
	case t.Kind == kplTimer:
		s.keepAliveDue(out)
	case t.Kind == cleanupTimer:
		s.idle(t.Key, out)
	case s.failover.fired(t, out):
	case t.Kind == requestTimer:
		s.requestTimedOut(t.Key, out)
	case t.Kind == registrationTimer:
		s.endAbsent(wire.ID(t.Key), out)
	case t.Kind == wrapTimer:
		s.wrapTick(t.Key, out)
	case !s.engine.Fired(t):
		panic(fmt.Sprintf("tserver: %s never set the timer %v", s.self, t))
	}
}

func (s *Server) portUp(in *node.Input, out *node.Output) {
	switch {
	case in.Peer == wire.Switch:
		s.startKeepAlive(out)
		s.engine.CTISynchronizing(out)
		out.Send(wire.Switch, wire.SnapshotRequest).Epoch = s.engine.Epoch()
	case in.Peer == wire.MLayer:
		s.engine.ControlUp(out)
	case in.Peer.IsTServer():
		s.absent.doubt()
		s.failover.linkUp(out)
		s.engine.HAUp(in.Inc, out)
		s.failover.linkOpen(out)
	case in.Peer.IsClient():
		s.clientUp(in.Peer, in.Inc, out)
	}
}

func (s *Server) portDown(in *node.Input, out *node.Output) {
	switch {
	case in.Peer == wire.Switch:
		s.ctiDown(out)
	case in.Peer == wire.MLayer:
		s.engine.ControlDown()
	case in.Peer.IsTServer():
		s.engine.HADown(in.Cause, out)
		s.failover.linkDown(out)
	case in.Peer.IsClient():
		s.clientDown(in.Peer, in.Cause, out)
		s.failover.clientDown(in.Peer, out)
	}
}

// carrierDown: the T-Server is alone, and cannot tell why.
func (s *Server) carrierDown(out *node.Output) {
	s.engine.Carrier(false)
	s.engine.ControlDown()
	s.engine.HADown(node.CauseOwnCarrier, out)
	for _, id := range slices.Clone(s.clients.up) {
		s.loseSession(id, out)
	}
	s.failover.carrierDown(out)
	s.ctiDown(out)
}

func (s *Server) receive(in *node.Input, out *node.Output) {
	switch {
	case in.Peer == wire.Switch:
		s.fromSwitch(in.Msg, out)
	case in.Peer == wire.MLayer:
		s.engine.ReceiveM(in.Msg, out)
	case in.Peer.IsTServer() && s.failover.receive(in.Msg, out):
	case in.Peer.IsTServer():
		s.engine.Receive(in.Msg, out)
	case in.Peer.IsClient():
		s.fromClient(in.Peer, in.Msg, out)
	}
}

// RoleChanged implements hasync.Server.
func (s *Server) RoleChanged(out *node.Output) {
	s.publish(out) // what waits is not this T-Server's to publish any more, if it is a backup now
	if s.engine.Role() == wire.Primary {
		s.nameReleased(out)
		s.wrapOverdue(out)
		s.inherit(out)
	} else {
		s.disinherit(out)
		s.stepDown(out)
	}
	for _, c := range s.clients.up {
		s.serverInfo(c, out)
	}
}

// AvailabilityChanged implements hasync.Server.
func (s *Server) AvailabilityChanged(out *node.Output) {
	for _, c := range s.clients.up {
		s.linkEvent(c, out)
	}
}

func (s *Server) badInput(call callmodel.CallID, out *node.Output, why string) {
	out.Note(node.Note{Kind: node.NoteBadInput, Peer: wire.Switch, Call: call, Text: why})
}

// Engine returns the part of the T-Server that knows the pair, for those who look at its state.
func (s *Server) Engine() *hasync.Engine { return s.engine }
