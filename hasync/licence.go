package hasync

import (
	"fmt"
	"regexp"
	"time"
)

// LicenceOptions are what is licensed under peer arbitration (P2). They are the primary's; the secondary is told.
type LicenceOptions struct {
	// Seats is how many clients may have a session at once; 0: nothing is licensed, and there is no limit. At most 100,000.
	Seats uint64 `yaml:"seats"`
	// Expires is when the licence expires, on the run's clock; 0: never.
	Expires time.Duration `yaml:"expires"`
	// Features are licensed features, at most 32.
	Features []Feature `yaml:"features"`
	// Grace is how long the secondary serves the seats after the primary is gone; above 0 and at most 30 days, default 1h.
	Grace time.Duration `yaml:"grace"`
}

// Feature is a licensed feature: a name of small letters, digits and hyphens, and when it expires on the run's clock; 0: never.
type Feature struct {
	Name    string        `yaml:"name"`
	Expires time.Duration `yaml:"expires"`
}

// Licensed reports whether there is a licence at all.
func (o *LicenceOptions) Licensed() bool { return o.Seats > 0 }

var featureName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

const (
	maxSeats    = 100_000
	maxFeatures = 32
	maxGrace    = 30 * 24 * time.Hour
)

// Validate reports the first option that is out of range, with what is allowed.
func (o *LicenceOptions) Validate() error {
	switch {
	case o.Seats > maxSeats:
		return fmt.Errorf("licence: seats is from 0 (no limit) to %d, not %d", maxSeats, o.Seats)
	case o.Expires < 0:
		return fmt.Errorf("licence: expires is 0 (never) or above, not %s", o.Expires)
	case o.Grace <= 0 || o.Grace > maxGrace:
		return fmt.Errorf("licence: grace is above 0 and at most %s, not %s", maxGrace, o.Grace)
	case len(o.Features) > maxFeatures:
		return fmt.Errorf("licence: at most %d features", maxFeatures)
	}
	for _, f := range o.Features {
		if !featureName.MatchString(f.Name) || f.Expires < 0 {
			return fmt.Errorf("licence: a feature has a name of small letters, digits and hyphens, and expires at 0 (never) or later, not %.40q at %s", f.Name, f.Expires)
		}
	}
	return nil
}
