package peerarb

import (
	"fmt"
	"time"

	"hotpair/internal/node"
)

// Options are the options of peer arbitration. They are hotpair's own: the source names no values. Times are in the run's clock.
type Options struct {
	// ActivationGrace (P7, P11): how long a server that had no link to lose waits for one before it becomes active; above 0 and at most 1h,
	// default 5s. It should be longer than the link takes to come up: twice sync-reconnect-tout.
	ActivationGrace time.Duration `yaml:"activation-grace"`
	// ActivationReportTimeout (P9): how long the primary waits for the secondary's report of a client before it withdraws its request; above 0
	// and at most 1h, default 15s.
	ActivationReportTimeout time.Duration `yaml:"activation-report-timeout"`
	// ClientLossWindow (P8, P9): how long after the first loss others belong to the same event. It is at least the longest time in which a loss is
	// noticed, twice addp-timeout, and at most 1h; default 10s.
	ClientLossWindow time.Duration `yaml:"client-loss-window"`
	// PartialLossThreshold (P9): which share of the clients is a large portion, in percent, 1 to 100; default 30.
	PartialLossThreshold int `yaml:"partial-loss-threshold"`
	// PartialLossMin (P9): and how many clients it is at least; 1 to 1000, default 2.
	PartialLossMin int `yaml:"partial-loss-min"`
	// StoreRetry is how long a store that took nothing is left alone; above 0. It is the option connect-tout.
	StoreRetry time.Duration `yaml:"-"`
	// Without switches rules off.
	Without node.Rules `yaml:"-"`
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{
		ActivationGrace:         5 * time.Second,
		ActivationReportTimeout: 15 * time.Second,
		ClientLossWindow:        10 * time.Second,
		PartialLossThreshold:    30,
		PartialLossMin:          2,
		StoreRetry:              2 * time.Second,
	}
}

// Validate reports the first option that is out of range, with what is allowed.
func (o *Options) Validate() error {
	switch {
	case o.ActivationGrace <= 0 || o.ActivationGrace > time.Hour:
		return fmt.Errorf("activation-grace is above 0 and at most 1h, not %s", o.ActivationGrace)
	case o.ActivationReportTimeout <= 0 || o.ActivationReportTimeout > time.Hour:
		return fmt.Errorf("activation-report-timeout is above 0 and at most 1h, not %s", o.ActivationReportTimeout)
	case o.ClientLossWindow <= 0 || o.ClientLossWindow > time.Hour:
		return fmt.Errorf("client-loss-window is above 0 and at most 1h, not %s", o.ClientLossWindow)
	case o.PartialLossThreshold < 1 || o.PartialLossThreshold > 100:
		return fmt.Errorf("partial-loss-threshold is from 1 to 100 percent, not %d", o.PartialLossThreshold)
	case o.PartialLossMin < 1 || o.PartialLossMin > 1000:
		return fmt.Errorf("partial-loss-min is from 1 to 1000 clients, not %d", o.PartialLossMin)
	}
	return nil
}
