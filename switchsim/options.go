package switchsim

import (
	"fmt"
	"slices"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
)

// Options are the switch's options. Times are in the run's clock.
type Options struct {
	// FirstDN and Extensions: extensions are numbered from FirstDN on. Defaults 1001 and 200; 2 to 100,000 extensions.
	FirstDN    int `yaml:"first-dn"`
	Extensions int `yaml:"extensions"`
	// Trunks: trunks are named T1, T2, …; an inbound call holds one. Default 60; 0 to 100,000.
	Trunks int `yaml:"trunks"`
	// TrunkGroups divide the trunks: the first group takes the first of them, and so on; trunks that are left are in none. Default none; up to 64.
	TrunkGroups []TrunkGroup `yaml:"trunk-groups"`
	// Queues: ACD queues are named Q1, Q2, …, and every agent serves all of them. Default 2; 0 to 1,000.
	Queues int `yaml:"queues"`
	// QueuePatience: who has waited in a queue for so long gives up; 0 (never, the default) to 24h.
	QueuePatience time.Duration `yaml:"queue-patience"`
	// NoAnswerTime: a call that rings for so long goes back to its queue, or ends; those of a load are not concerned. 0 (never, the default) to 24h.
	NoAnswerTime time.Duration `yaml:"no-answer-time"`
	// RoutingPoints: routing points are named RP1, RP2, … Default 2; 0 to 1,000.
	RoutingPoints int `yaml:"routing-points"`
	// RouteTimeout: a call for which no client has sent RequestRouteCall in so long goes to DefaultRoute; above 0 and at most 24h, default 10 s.
	RouteTimeout time.Duration `yaml:"route-timeout"`
	// DefaultRoute is an extension or a queue; "" (the default) is Q1, or the first extension if there are no queues.
	DefaultRoute string `yaml:"default-route"`
	// RingingFirst: a call that leaves a queue, a routing point or a telephone rings at its new place before it is diverted from the old one. Default false: it is
	// diverted first. Switches do either.
	RingingFirst bool `yaml:"ringing-first"`
	// CallRefs is the size of the call reference space: references are 1 to CallRefs, and the lowest free one is used
	// next, so they are reused as soon as can be. Default 65,536; 1 to 4,194,304.
	CallRefs uint32 `yaml:"call-refs"`
	// SyncTime is how long the transfer of a snapshot takes. The snapshot is consistent at its beginning. Default 2 s; from 0.
	SyncTime time.Duration `yaml:"sync-time"`
	// TwoPrimaries: requests of a lower epoch than the switch has seen are carried out, too (X13): under peer arbitration both T-Servers may be active (P8).
	TwoPrimaries bool `yaml:"-"`
	// Without switches rules off: X13.
	Without node.Rules `yaml:"-"`
}

// TrunkGroup is a number of trunks that carry the calls of one kind: an inbound call that finds all of them busy is blocked.
type TrunkGroup struct {
	// Name is not empty, and no other group has it; at most 64 characters.
	Name string `yaml:"name"`
	// Trunks is from 1.
	Trunks int `yaml:"trunks"`
}

const (
	maxTrunkGroups = 64
	// maxName bounds the names of trunk groups and loads.
	maxName = 64
	// maxPoints bounds queues and routing points, maxWait the times that calls wait in them.
	maxPoints = 1000
	maxWait   = 24 * time.Hour
)

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{FirstDN: 1001, Extensions: 200, Trunks: 60, CallRefs: 1 << 16, SyncTime: 2 * time.Second, Queues: 2, RoutingPoints: 2, RouteTimeout: 10 * time.Second}
}

// Validate reports the first option that is out of range, with what is allowed.
func (o *Options) Validate() error {
	switch {
	case o.FirstDN < 1 || o.FirstDN > 1_000_000_000:
		return fmt.Errorf("first-dn is from 1 to 1000000000, not %d", o.FirstDN)
	case o.Extensions < 2 || o.Extensions > 100_000:
		return fmt.Errorf("extensions is from 2 to 100000, not %d", o.Extensions)
	case o.Trunks < 0 || o.Trunks > 100_000:
		return fmt.Errorf("trunks is from 0 to 100000, not %d", o.Trunks)
	case o.groupsError() != nil:
		return o.groupsError()
	case o.Queues < 0 || o.Queues > maxPoints:
		return fmt.Errorf("queues is from 0 to %d, not %d", maxPoints, o.Queues)
	case o.RoutingPoints < 0 || o.RoutingPoints > maxPoints:
		return fmt.Errorf("routing-points is from 0 to %d, not %d", maxPoints, o.RoutingPoints)
	case o.QueuePatience < 0 || o.QueuePatience > maxWait:
		return fmt.Errorf("queue-patience is from 0 to %s, not %s", maxWait, o.QueuePatience)
	case o.NoAnswerTime < 0 || o.NoAnswerTime > maxWait:
		return fmt.Errorf("no-answer-time is from 0 to %s, not %s", maxWait, o.NoAnswerTime)
	case o.RouteTimeout <= 0 || o.RouteTimeout > maxWait:
		return fmt.Errorf("route-timeout is above 0 and at most %s, not %s", maxWait, o.RouteTimeout)
	case o.defaultRouteError() != nil:
		return o.defaultRouteError()
	case o.CallRefs < 1 || o.CallRefs > 1<<22:
		return fmt.Errorf("call-refs is from 1 to 4194304, not %d", o.CallRefs)
	case o.SyncTime < 0:
		return fmt.Errorf("sync-time is from 0, not %s", o.SyncTime)
	}
	return nil
}

func (o *Options) defaultRouteError() error {
	if o.DefaultRoute == "" {
		return nil
	}
	lines, byName := numberingPlan(*o)
	i, ok := byName[callmodel.DN(o.DefaultRoute)]
	if !ok || lines[i].typ != callmodel.DNExtension && lines[i].typ != callmodel.DNQueue {
		return fmt.Errorf("default-route is an extension or a queue, not %.80q", o.DefaultRoute)
	}
	return nil
}

func (o *Options) groupsError() error {
	if len(o.TrunkGroups) > maxTrunkGroups {
		return fmt.Errorf("there are at most %d trunk-groups, not %d", maxTrunkGroups, len(o.TrunkGroups))
	}
	trunks, names := 0, o.groupNames()
	for i, g := range o.TrunkGroups {
		if g.Name == "" || len(g.Name) > maxName || g.Trunks < 1 || g.Trunks > o.Trunks || slices.Contains(names[:i], g.Name) {
			return fmt.Errorf("trunk-groups: each has a name of its own (1 to %d characters) and from 1 to %d trunks, not name %.80q, trunks %d", maxName, o.Trunks, g.Name, g.Trunks)
		}
		trunks += g.Trunks
	}
	if trunks > o.Trunks {
		return fmt.Errorf("trunk-groups take %d trunks, and trunks is %d", trunks, o.Trunks)
	}
	return nil
}

func (o *Options) groupNames() []string {
	names := make([]string, 0, len(o.TrunkGroups))
	for _, g := range o.TrunkGroups {
		names = append(names, g.Name)
	}
	return names
}
