package mlayer

import (
	"fmt"
	"time"

	"hotpair/internal/node"
)

// Options are the Management Layer's options. Times are in the run's clock.
type Options struct {
	// ConnectTout: how long M waits for the configured primary at a cold start (R1), for the answer of the old primary (R14), and, after its own
	// return, for the T-Servers (X12). Default 2 s.
	ConnectTout time.Duration `yaml:"-"`
	// Autorestart: a T-Server that has crashed is restarted. M decides, the world carries it out. Default false.
	Autorestart bool `yaml:"autorestart"`
	// Without switches rules off.
	Without node.Rules `yaml:"-"`
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options { return Options{ConnectTout: 2 * time.Second} }

// Validate reports the first option that is out of range, with what is allowed.
func (o *Options) Validate() error {
	if o.ConnectTout <= 0 {
		return fmt.Errorf("connect-tout is above 0, not %s", o.ConnectTout)
	}
	return nil
}
