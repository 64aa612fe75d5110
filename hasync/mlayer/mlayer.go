package mlayer

import (
	"fmt"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// M's timers.
const (
	learnTimer node.TimerKind = iota + 1 // learning ends
	oldTimer                             // the old primary has not answered
	lossTimer                            // disconnect-switchover-timeout (X11) is over; the key is the T-Server
	flipTimer                            // haflip-detect-timeout (X11) is over
	storeTimer                           // the store is tried again
)

// Layer is the Management Layer. It implements node.Node.
type Layer struct {
	opt Options
	rec record
	t   [2]view // of A, of B

	learning bool
	oldDone  bool // the other one need not be waited for any more
	awaiting bool // oldTimer is armed
	broken   bool // the stored record cannot be read
	ready    bool // the pair's readiness, as noted last
	noStore  bool // storeTimer is armed: the store takes nothing, and nobody is named until it is tried again

	alarms  node.Alarms
	office  wire.ID // who was seen in force last
	changed bool    // flipTimer is armed

	persisted bool // in this step, so that what follows may be dropped
	lostNow   bool // in this step a T-Server was lost, or its EventLinkConnected; only what reads R14 as a moment (node.R14State) asks
}

// view is what M knows of a T-Server.
type view struct {
	up        bool
	inc       uint64
	told      bool // it has told its state on this link
	role      wire.Role
	epoch     uint64
	cti       callmodel.CTIState
	announced bool
	ready     bool
	assigned  bool // it was sent the record's assignment on this link
	waiting   bool // the link is lost, and lossTimer is armed (X11); inc was lost
}

// New makes a Management Layer. The options are valid.
func New(o Options) *Layer { return &Layer{opt: o} }

// Step implements node.Node.
func (l *Layer) Step(in *node.Input, out *node.Output) {
	l.persisted, l.lostNow = false, in.Kind == node.PortDown || in.Kind == node.Receive && in.Msg.Kind == wire.EventLinkDisconnected
	switch in.Kind {
	case node.Start:
		l.load(in.Value, out)
		l.learn(out)
	case node.StoreConflict:
		// Another M has written: what it wrote is the record now.
		l.storeTakes(out)
		l.load(in.Value, out)
		l.stopAwaiting(out)
		l.learn(out)
		l.refuseUnstored(in, "another Management Layer has written the record", out)
	case node.StoreFailed:
		l.storeFailed(in, out)
	case node.PortUp:
		l.back(in, out)
	case node.PortDown:
		l.lost(in, out)
	case node.CarrierDown:
		l.cutOff(out)
	case node.CarrierUp:
		l.learn(out)
	case node.Receive:
		l.receive(in, out)
	case node.Fired:
		l.fired(in.Timer, out)
	case node.Do:
		l.command(in.Cmd, out)
	}
	l.settle(out)
}

func (l *Layer) view(id wire.ID) *view { return &l.t[id-wire.A] }

func (l *Layer) fired(t node.Timer, out *node.Output) {
	switch t.Kind {
	case learnTimer:
		l.learning = false
	case oldTimer:
		l.awaiting, l.oldDone = false, true
	case lossTimer:
		l.giveUp(wire.ID(t.Key), out)
	case flipTimer:
		l.changed = false
		l.alarms.Set(node.RoleFlapping, false, wire.None, "stable again", out)
	case storeTimer:
		l.tryStore(out)
	default:
		panic(fmt.Sprintf("mlayer: M never set the timer %v", t))
	}
}

func (l *Layer) receive(in *node.Input, out *node.Output) {
	v, m := l.view(in.Peer), in.Msg
	switch m.Kind {
	case wire.Status:
		v.told, v.role, v.epoch, v.cti, v.announced, v.ready = true, m.Role, m.Epoch, m.CTI, m.Announced, m.Ready
	case wire.EventLinkConnected:
		v.announced = true
	case wire.EventLinkDisconnected:
		v.announced = false
	case wire.RoleTaken:
		l.roleTaken(in.Peer, m, out)
	default:
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: in.Peer, Text: m.Kind.String() + " does not belong on the control link"})
	}
}

func (l *Layer) refuseSwitchover(force bool) string {
	switch {
	case l.learning || l.rec.Named == wire.None:
		return "no primary is named yet"
	case l.noStore:
		return "the store takes nothing"
	case !l.inForce() && !l.view(l.rec.Named).waiting: // X11: the wait is not for manual switchovers
		return l.rec.Named.String() + " is named and not primary yet"
	}
	other := l.view(l.rec.Named.Peer())
	switch {
	case !other.up || !other.announced:
		return l.rec.Named.Peer().String() + " has not announced EventLinkConnected"
	case !force && !l.pairReady():
		return "readiness is 0: the ConnIDs of calls in progress would change; force=true does it all the same"
	}
	return ""
}

// inForce: the named T-Server is primary of the record's epoch.
func (l *Layer) inForce() bool {
	v := l.view(l.rec.Named)
	return v.up && v.told && v.inc == l.rec.Inc && v.role == wire.Primary && v.epoch == l.rec.Epoch
}

// pairReady is X10: the lesser of the two T-Servers' readiness.
func (l *Layer) pairReady() bool {
	return l.rec.Named != wire.None && l.inForce() && l.t[0].ready && l.t[1].ready
}
