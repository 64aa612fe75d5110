package natsworld

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"hotpair/internal/config"
	"hotpair/internal/wire"
)

// Clock is the run clock: the wall clock's time since Base, times Speed. It is the same in all processes of a machine that are given the
// same values, since it reads CLOCK_MONOTONIC.
type Clock struct {
	Base  int64   `json:"base"` // CLOCK_MONOTONIC, in nanoseconds
	Speed float64 `json:"speed"`
}

// NewClock makes a clock that reads 0 now.
func NewClock(speed float64) Clock { return Clock{Base: monotonic(), Speed: speed} }

// monotonic reads CLOCK_MONOTONIC by way of Go's own clock, which is the same one, and takes no system call.
func monotonic() int64 { return anchor.monotonic + int64(time.Since(anchor.at)) }

// anchor is one moment on both clocks.
var anchor = func() (best struct {
	at        time.Time
	monotonic int64
},
) {
	const tries, near = 100, time.Microsecond
	shortest := time.Hour
	for i := 0; i < tries && shortest > near; i++ {
		before := time.Now()
		m := systemClock()
		if took := time.Since(before); took < shortest {
			shortest, best.at, best.monotonic = took, before.Add(took/2), m
		}
	}
	return best
}()

func systemClock() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(fmt.Sprintf("natsworld: the system has no monotonic clock: %v", err))
	}
	return ts.Nano()
}

// Now returns the time on the run clock.
func (c Clock) Now() time.Duration { return time.Duration(float64(monotonic()-c.Base) * c.Speed) }

// Wall returns how long d takes on the wall clock.
func (c Clock) Wall(d time.Duration) time.Duration { return time.Duration(float64(d) / c.Speed) }

// MinWall is the shortest timer, on the wall clock, that real worlds accept: below it, scheduling decides what happens.
const MinWall = 20 * time.Millisecond

// CheckSpeed refuses a speed at which a timer would be too short, and names the option and the greatest speed that is possible.
func CheckSpeed(c *config.Config, speed float64) error {
	if !(speed > 0 && speed <= 1000) {
		return fmt.Errorf("speed is above 0 and at most 1000, not %g", speed)
	}
	for _, o := range []struct {
		name  string
		value time.Duration
	}{
		{"addp-timeout", c.Link.AddpTimeout},
		{"addp-timeout", c.LinkOptions(wire.A).AddpTimeout},
		{"addp-timeout", c.LinkOptions(wire.B).AddpTimeout},
		{"addp-remote-timeout", c.Link.AddpRemoteTimeout},
		{"addp-remote-timeout", c.LinkOptions(wire.A).AddpRemoteTimeout},
		{"addp-remote-timeout", c.LinkOptions(wire.B).AddpRemoteTimeout},
		{"reconnect", c.Link.Reconnect},
		{"sync-reconnect-tout", c.Link.SyncReconnect},
		{"connect-tout", c.A.ConnectTout},
		{"connect-tout", c.B.ConnectTout},
		{"connect-tout", c.M.ConnectTout},
		{"disconnect-switchover-timeout", c.M.DisconnectSwitchoverTimeout},
		{"haflip-detect-timeout", c.M.HaflipDetectTimeout},
		{"sync-time of the switch", c.Switch.SyncTime},
		{"ha-publish-timeout", c.A.HAPublishTimeout},
		{"ha-publish-timeout", c.B.HAPublishTimeout},
		{"ha-sync-max-wait", c.A.HASyncMaxWait},
		{"ha-sync-max-wait", c.B.HASyncMaxWait},
		{"kpl-interval", c.A.KplInterval},
		{"kpl-interval", c.B.KplInterval},
		{"cleanup-idle-timeout", c.A.CleanupIdleTimeout},
		{"cleanup-idle-timeout", c.B.CleanupIdleTimeout},
	} {
		if o.value > 0 && float64(o.value)/speed < float64(MinWall) {
			return fmt.Errorf("at speed %g, %s %s would take less than %s of wall time: the speed is at most %g", speed, o.name, o.value, MinWall, float64(o.value)/float64(MinWall))
		}
	}
	return nil
}

// SetOption sets an option of a T-Server, if it can be had at this speed. With an error, nothing has changed.
func SetOption(c *config.Config, speed float64, id wire.ID, key, value string) error {
	changed := *c
	if err := changed.SetOption(id, key, value); err != nil {
		return err
	}
	if err := CheckSpeed(&changed, speed); err != nil {
		return err
	}
	*c = changed
	return nil
}
