package switchsim

import (
	"fmt"
	"time"
)

// Options are the switch's options. Times are in the run's clock.
type Options struct {
	// FirstDN and Extensions: extensions are numbered from FirstDN on. Defaults 1001 and 200; 2 to 100,000 extensions.
	FirstDN    int `yaml:"first-dn"`
	Extensions int `yaml:"extensions"`
	// Trunks: trunks are named T1, T2, …; an inbound call holds one. Default 60; 0 to 100,000.
	Trunks int `yaml:"trunks"`
	// CallRefs is the size of the call reference space: references are 1 to CallRefs, and the lowest free one is used
	// next, so they are reused as soon as can be. Default 65,536; 1 to 4,194,304.
	CallRefs uint32 `yaml:"call-refs"`
	// SyncTime is how long the transfer of a snapshot takes. The snapshot is consistent at its beginning. Default 2 s; from 0.
	SyncTime time.Duration `yaml:"sync-time"`
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{FirstDN: 1001, Extensions: 200, Trunks: 60, CallRefs: 1 << 16, SyncTime: 2 * time.Second}
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
	case o.CallRefs < 1 || o.CallRefs > 1<<22:
		return fmt.Errorf("call-refs is from 1 to 4194304, not %d", o.CallRefs)
	case o.SyncTime < 0:
		return fmt.Errorf("sync-time is from 0, not %s", o.SyncTime)
	}
	return nil
}
