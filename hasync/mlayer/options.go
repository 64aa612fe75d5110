package mlayer

import (
	"fmt"
	"slices"
	"time"

	"hotpair/internal/node"
)

// Options are the Management Layer's options. Times are in the run's clock.
type Options struct {
	// ConnectTout: how long M waits for the configured primary at a cold start (R1), for the answer of the old primary (R14), and, after its own
	// return, for the T-Servers (X12). Default 2 s.
	ConnectTout time.Duration `yaml:"-"`
	// DisconnectSwitchoverTimeout is the product's disconnect-switchover-timeout (X11): how long M waits after it has lost the control link to a
	// T-Server, and then looks again, before it takes it for failed. From 0 (at once), the default, to 1 h.
	DisconnectSwitchoverTimeout time.Duration `yaml:"-"`
	// HaflipDetectTimeout is the product's haflip-detect-timeout (X11): two changes of the primary within it are role flapping, and it is over when
	// there was none for as long. From 0 (off) to 1 h, default 10 s.
	HaflipDetectTimeout time.Duration `yaml:"-"`
	// Autorestart: a T-Server that has crashed is restarted. M decides, the world carries it out. Default false.
	Autorestart bool `yaml:"autorestart"`
	// Fence: what M has done to a T-Server that it takes for lost, when it names the other. Epochs (X6) keep it out in any case. Default off.
	Fence Fence `yaml:"fence"`
	// Without switches rules off.
	Without node.Rules `yaml:"-"`
}

// Fence says how M keeps out a primary that it cannot reach. It is hotpair's own option.
type Fence uint8

// The fences.
const (
	// NoFence: nothing is done.
	NoFence Fence = iota
	// Kick: the carrier closes its connection. It comes back as a node whose own carrier was lost, and has to be told who is primary.
	Kick
)

var fenceNames = [...]string{NoFence: "off", Kick: "kick"}

// String returns the option's value.
func (f Fence) String() string { return fenceNames[f] }

// MarshalText implements encoding.TextMarshaler.
func (f Fence) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Fence) UnmarshalText(b []byte) error {
	i := slices.Index(fenceNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("fence is one of %q, not %.40q", fenceNames, b)
	}
	*f = Fence(i)
	return nil
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{ConnectTout: 2 * time.Second, HaflipDetectTimeout: 10 * time.Second}
}

// Validate reports the first option that is out of range, with what is allowed.
func (o *Options) Validate() error {
	switch {
	case o.ConnectTout <= 0:
		return fmt.Errorf("connect-tout is above 0, not %s", o.ConnectTout)
	case o.DisconnectSwitchoverTimeout < 0 || o.DisconnectSwitchoverTimeout > time.Hour:
		return fmt.Errorf("disconnect-switchover-timeout is from 0 (at once) to 1h, not %s", o.DisconnectSwitchoverTimeout)
	case o.HaflipDetectTimeout < 0 || o.HaflipDetectTimeout > time.Hour:
		return fmt.Errorf("haflip-detect-timeout is from 0 (off) to 1h, not %s", o.HaflipDetectTimeout)
	}
	return nil
}
