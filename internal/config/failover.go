package config

import (
	"errors"
	"fmt"
	"time"

	"hotpair/internal/wire"
)

// checkWindow: under peer arbitration the census counts what is noticed within client-loss-window (P8, P9), so that is at least the longest time in which a
// T-Server notices a loss, and it notices every loss some time.
func (c *Config) checkWindow() error {
	if c.HasM() {
		return nil
	}
	const sides = 2 // an idle port is polled after addp-timeout, and lost after the same time again
	longest := time.Duration(0)
	for _, id := range []wire.ID{wire.A, wire.B} {
		for _, timeout := range []time.Duration{c.LinkOptions(id).AddpTimeout, c.LinkOptions(id).AddpRemoteTimeout, c.LinkOptions(id.Peer()).AddpRemoteTimeout, c.Link.AddpRemoteTimeout} {
			longest = max(longest, sides*timeout)
		}
		if c.LinkOptions(id).AddpTimeout == 0 {
			return errors.New("arbitration: peer needs polling: addp-timeout is above 0")
		}
	}
	if o := c.A.Failover.ClientLossWindow; o < longest { // only the configured primary takes a census
		return fmt.Errorf("client-loss-window is at least %s, the longest time in which a loss is noticed (twice addp-timeout), not %s", longest, o)
	}
	return nil
}
