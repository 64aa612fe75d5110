package natsworld

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
)

func TestClockRunsWithSpeed(t *testing.T) {
	slow := NewClock(1)
	fast := Clock{Base: slow.Base, Speed: 100}
	before := slow.Now()
	between := fast.Now()
	after := slow.Now()
	require.LessOrEqual(t, 100*before, between)
	require.GreaterOrEqual(t, 100*after+100*time.Microsecond, between)
	require.Equal(t, 10*time.Millisecond, fast.Wall(time.Second))
}

func TestCheckSpeed(t *testing.T) {
	for _, tc := range []struct {
		speed  float64
		change func(c *config.Config)
		want   string
	}{
		{1, func(*config.Config) {}, ""},
		{0, func(*config.Config) {}, "speed is above 0 and at most 1000, not 0"},
		{-1, func(*config.Config) {}, "not -1"},
		{1001, func(*config.Config) {}, "not 1001"},
		{math.NaN(), func(*config.Config) {}, "not NaN"},
		{math.Inf(1), func(*config.Config) {}, "not +Inf"},
		{25, func(c *config.Config) { c.Link.AddpTimeout = 0; c.Slacken(time.Second) }, ""},
		{11, func(*config.Config) {}, "ha-publish-timeout 200ms would take less than 20ms of wall time: the speed is at most 10"},
		{10, func(c *config.Config) { c.Link.AddpTimeout = 200 * time.Millisecond }, ""},
		{11, func(c *config.Config) { c.Link.AddpTimeout = 200 * time.Millisecond }, "addp-timeout 200ms would take less than 20ms of wall time: the speed is at most 10"},
		{26, func(c *config.Config) { c.Switch.SyncTime = 500 * time.Millisecond; c.Slacken(time.Second) }, "sync-time of the switch 500ms would take less than 20ms of wall time: the speed is at most 25"},
		{2, func(c *config.Config) { c.B.ConnectTout = 30 * time.Millisecond }, "connect-tout 30ms would take less than 20ms of wall time: the speed is at most 1.5"},
		{2, func(c *config.Config) { c.Link.SyncReconnect = time.Millisecond }, "sync-reconnect-tout 1ms"},
		{2, func(c *config.Config) { c.Link.Reconnect = time.Millisecond }, "reconnect 1ms"},
		{2, func(c *config.Config) { c.Switch.SyncTime = time.Millisecond }, "sync-time of the switch 1ms"},
	} {
		c := config.Default()
		tc.change(&c)
		if err := CheckSpeed(&c, tc.speed); tc.want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, tc.want)
		}
	}
}
