package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"hotpair/hasync/pairconf"
	"hotpair/hasync/peerarb"
	"hotpair/internal/wire"
	"hotpair/tserver"
	"hotpair/tserver/client"
)

// checkWindow: under peer arbitration the census counts what is noticed within client-loss-window (P8, P9), so that is at least the longest time in which a
// T-Server notices a loss, and it notices every loss some time.
func (c *Config) checkWindow(window time.Duration) error {
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
	if window < longest { // only the configured primary takes a census
		return fmt.Errorf("client-loss-window is at least %s, the longest time in which a loss is noticed (twice addp-timeout), not %s", longest, window)
	}
	return nil
}

// Site is a group of clients: a client, or the first and the last one of a row, as C1 or C1-C10. It stands under its name in sites:.
type Site struct {
	First, Last wire.ID
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Site) UnmarshalText(b []byte) error {
	first, last, row := strings.Cut(string(b), "-")
	if !row {
		last = first
	}
	var err, err2 error
	s.First, err = wire.ParseID(first)
	s.Last, err2 = wire.ParseID(last)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("a site is C1, or C1-C10: %w", err)
	}
	if !s.First.IsClient() || s.Last < s.First || !s.Last.IsClient() {
		return fmt.Errorf("a site is a client or a row of clients, as C1-C10, not %.40q", b)
	}
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (s Site) MarshalText() ([]byte, error) {
	return []byte(s.First.String() + "-" + s.Last.String()), nil
}

// Clients lists the clients of a site.
func (s Site) Clients() (ids []wire.ID) {
	for id := s.First; id <= s.Last; id++ {
		ids = append(ids, id)
	}
	return ids
}

// siteName is the form of a site's name: it cannot be taken for a node's, nor for a link.
var siteName = regexp.MustCompile(`^[a-z][a-z0-9]{0,31}$`)

func (c *Config) checkSites() error {
	for _, name := range slices.Sorted(maps.Keys(c.Sites)) {
		switch s := c.Sites[name]; {
		case !siteName.MatchString(name) || name == "all" || name == "pair" || name == "store" || name == "call":
			return fmt.Errorf("sites: a name is of small letters and digits, and no word of the scenario language, not %q", name)
		case int(s.Last-wire.Client(1)) >= c.Clients:
			return fmt.Errorf("sites: %s has %s, and clients is %d", name, s.Last, c.Clients)
		}
	}
	return nil
}

// slackenCensus: what is lost in one event is noticed later by as much as polling is slower, one after the other: the link, and then the clients.
func (c *Config) slackenCensus(by time.Duration) {
	usual := peerarb.DefaultOptions()
	for _, o := range []*tserver.Options{&c.A, &c.B} {
		if o.Failover.ClientLossWindow == usual.ClientLossWindow {
			o.Failover.ClientLossWindow += 2 * by
		}
		if o.Failover.ActivationReportTimeout == usual.ActivationReportTimeout {
			o.Failover.ActivationReportTimeout += by
		}
	}
}

// firstVersion is that of the configuration that a pair begins with.
var firstVersion = pairconf.Version{N: 1}

// setUsers makes the objects of the configuration that the pair begins with. Servers know keys, and clients passwords.
func (c *Config) setUsers(users, passwords map[string]string) error {
	if len(users)+len(passwords) > 0 {
		c.Passwords = map[string]string{}
	}
	var objects []pairconf.Object
	for _, user := range slices.Sorted(maps.Keys(users)) {
		o := pairconf.Object{Name: "user/" + user, Value: pairconf.Key(user, users[user]), Version: firstVersion}
		if err := pairconf.Check(o.Name, o.Value); err != nil {
			return fmt.Errorf("users: %w", err)
		}
		objects = append(objects, o)
		c.Passwords[user] = users[user]
	}
	maps.Copy(c.Passwords, passwords) // nothing, if it is nil
	c.A.FirstObjects, c.B.FirstObjects = objects, objects
	return nil
}

// LoginOptions returns the options of a client that logs in.
func (c *Config) LoginOptions(id wire.ID) client.LoginOptions {
	o := c.Login
	o.User = id.String()
	o.Password = c.Passwords[o.User]
	return o
}

// Public returns the configuration without what is secret, for traces.
func (c *Config) Public() Config {
	p := *c
	p.Passwords, p.A.FirstObjects, p.B.FirstObjects = nil, nil, nil
	p.Login.Password = ""
	return p
}

// SetPeer makes the configuration one under peer arbitration.
func (c *Config) SetPeer() error {
	c.Arbitration = Peer
	c.derive()
	return c.Validate()
}
