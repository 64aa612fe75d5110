package pairmodel

import (
	"fmt"

	"hotpair/hasync"
	"hotpair/internal/config"
	"hotpair/internal/explore"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// Model is the pair as a model.
type Model struct {
	budget       Budget
	config       config.Config
	atOnce       bool // what T-Servers report to M arrives at once
	haAtOnce     bool // and what they say to each other, too
	lag          int  // so many of the switch's events are under way to a T-Server at most; 0: any number
	eventsAtOnce bool // and what the switch tells T-Servers
	raw          bool // numbers are not renamed: to test that it makes no difference
	every        bool // see Options
	keep         keeping

	commands []*node.Command
	*tables

	goals reached
}

// Options are what a configuration sets beside its budget.
type Options struct {
	Budget Budget
	// Method is ha-sync-method (X2), Publish ha-publish (X7); defaults drain and immediate.
	Method  hasync.SyncMethod
	Publish hasync.PublishMode
	// AtOnce is ha-sync-dly-lnk-conn: false (R13).
	AtOnce bool
	// Damped is disconnect-switchover-timeout above 0 (X11).
	Damped bool
	// Reports lets what a T-Server reports to M arrive at once: the control links are fast in this direction. What M says, and that a control link is
	// down, is still heard at any time.
	Reports bool
	// HA lets what T-Servers say to each other arrive at once, too. That the HA link is down is still heard at any time.
	HA bool
	// Events lets both T-Servers hear of a call's beginning and end at once, and where a snapshot or an answer is under way before it, with that. That a CTI link is
	// down is still heard at any time, and snapshots and answers arrive at any time.
	Events bool
	// Lag bounds how many events of the switch are under way to a T-Server when a call begins or ends; 0 is no bound.
	Lag int
	// Without switches rules off.
	Without node.Rules
	// Raw leaves numbers as they are; only small searches end.
	Raw bool

	// Registrations: the pair tells each other what the client has registered (version 2 of the protocol); otherwise it speaks the first version, since that
	// changes nothing of the rest.
	Registrations bool

	every bool // every order, also of what commutes: to test that it makes no difference
}

func (o *Options) version() uint32 {
	if o.Registrations {
		return wire.Version
	}
	return wire.FirstVersion
}

// New makes a model. The options are valid.
func New(o Options) *Model {
	c := config.Default()
	c.Clients = 1 // the one that hears at once
	c.Switch.Extensions, c.Switch.Trunks, c.Switch.SyncTime = 2*max(o.Budget.Refs, 1), 0, 0
	c.Switch.Queues, c.Switch.RoutingPoints = 0, 0
	c.Switch.CallRefs = uint32(max(o.Budget.Refs, 1))
	c.A.MaxCallRef, c.B.MaxCallRef = c.Switch.CallRefs, c.Switch.CallRefs
	c.M.HaflipDetectTimeout = 0
	if o.Damped {
		c.M.DisconnectSwitchoverTimeout = 1
	}
	for _, t := range []*tserver.Options{&c.A, &c.B} {
		t.ResumeBuffer, t.KplInterval, t.ProtocolVersion = 0, 0, o.version()
		t.HAPublish = hasync.Immediate
		if o.Publish != "" {
			t.HAPublish = o.Publish
		}
		if o.Method != "" {
			t.HASyncMethod = o.Method
		}
		t.HASyncDlyLnkConn = !o.AtOnce
	}
	c.Off(o.Without)
	m := &Model{
		budget: o.Budget, config: c, raw: o.Raw, eventsAtOnce: o.Events, every: o.every, atOnce: o.Reports, haAtOnce: o.HA, lag: o.Lag,
	}
	whole := c.M.Without // where rules are off, what they exclude is not taken for granted
	m.keep = keeping{
		connIDs: whole.Has(node.StartNumber) || whole.Has(node.ServerBit), reigns: !whole.None(), early: !whole.None(), offers: !whole.None() || o.Budget.Each[Command] > 0,
	}
	m.Renew()
	m.makeCommands()
	return m
}

// The commands: a call on reference n+1 begins at 2n, and ends at 2n+1; then the operator's.
func (m *Model) makeCommands() {
	for n := range m.budget.Refs {
		name := fmt.Sprintf("c%d", n+1)
		dn := m.config.Switch.FirstDN + 2*n
		m.commands = append(m.commands,
			&node.Command{Verb: "call", Args: map[string]string{"name": name, "from": fmt.Sprint(dn), "to": fmt.Sprint(dn + 1)}},
			&node.Command{Verb: "release", Args: map[string]string{"name": name}})
	}
	m.commands = append(m.commands, &node.Command{Verb: "switchover"}, &node.Command{Verb: "switchover", Args: map[string]string{"force": "true"}})
}

// Width implements explore.Model.
func (m *Model) Width() int { return width }

// Stepper implements explore.Model.
func (m *Model) Stepper() explore.Stepper { return newStepper(m) }

// client is the one that hears at once.
var client = wire.Client(1)
