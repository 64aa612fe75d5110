// Package config reads the configuration of a pair: one YAML file with the options of all nodes under their product
// names, which a scenario carries as its file config.yaml.
//
//	# for both T-Servers
//	ha-sync-dly-lnk-conn: true
//	addp-timeout: 3s
//	# for one of them
//	B:
//	  ha-sync-dly-lnk-conn: false
//	switch:
//	  trunks: 30
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hotpair/hasync"
	"hotpair/hasync/mlayer"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/switchsim"
	"hotpair/tserver"
	"hotpair/tserver/client"
)

// Config is the configuration of a whole pair. It is passed to child processes as JSON.
type Config struct {
	// Clients is the number of clients, C1 to Cn; 0 to wire.MaxClients. Default 1.
	Clients int
	A, B    tserver.Options
	M       mlayer.Options
	Switch  switchsim.Options
	Link    link.Options
	// Addp are the polling options of A and B, where they are not those of Link.
	Addp [2]AddpOptions
	// DisconnectNotices: the carrier tells when a connection has ended, and its peer is lost at once; otherwise polling finds it. Default true.
	DisconnectNotices bool
	Without           node.Rules
	// Arbitration says who decides which T-Server is primary: management-layer (the default), or peer: the pair by itself (client failover).
	Arbitration Arbitration
	// Register says where clients register their DNs: both (the default: at both T-Servers, whenever a connection comes up), or primary: once, at the primary, so that the pair
	// has to know of it (R12).
	Register RegisterAt
	// Login are the options of clients under peer arbitration.
	Login client.LoginOptions
	// Sites are groups of clients, by name: so that a fault can take a share of them.
	Sites map[string]Site `json:",omitempty"`
	// ClientRate is how many messages of one client a T-Server on NATS reads in a second of the wall clock, on average; at once, it reads twice as many. What is more is
	// dropped, and the session ends by that. 10 to 1,000,000, or 0 for no limit. Default 5,000.
	ClientRate int
	// CarrierPing is how often a node on NATS pings the server, on the wall clock. Not an option of the file: Slacken gives it time.
	CarrierPing time.Duration
	// Passwords are what clients have for the users that they log in as, by user: a client logs in as the user of its name.
	Passwords map[string]string `json:",omitempty"`
}

// checkClientRate reports a rate that is out of range.
func (c *Config) checkClientRate() error {
	if c.ClientRate != 0 && (c.ClientRate < 10 || c.ClientRate > 1_000_000) {
		return fmt.Errorf("client-rate is from 10 to 1000000 messages a second, or 0 for no limit, not %d", c.ClientRate)
	}
	return nil
}

// Arbitration is the option arbitration.
type Arbitration string

// The kinds of arbitration.
const (
	ManagementLayer Arbitration = "management-layer"
	Peer            Arbitration = "peer"
)

// RegisterAt is the option client-register.
type RegisterAt string

// Where clients register.
const (
	AtBoth    RegisterAt = "both"
	AtPrimary RegisterAt = "primary"
)

// HasM reports whether there is a Management Layer.
func (c *Config) HasM() bool { return c.Arbitration != Peer }

// AddpOptions are a T-Server's own polling options; nil: the pair's.
type AddpOptions struct {
	Timeout       *time.Duration `yaml:"addp-timeout"`
	RemoteTimeout *time.Duration `yaml:"addp-remote-timeout"`
}

// LinkOptions returns the link layer's options of a node.
func (c *Config) LinkOptions(id wire.ID) link.Options {
	o := c.Link
	o.Version, o.Without = wire.Version, c.Without
	if id.IsTServer() {
		o.Version = []uint32{c.A.ProtocolVersion, c.B.ProtocolVersion}[id-wire.A]
		o.ClockRate = []float64{c.A.ClockRate, c.B.ClockRate}[id-wire.A]
		own := c.Addp[id-wire.A]
		set(&o.AddpTimeout, own.Timeout)
		set(&o.AddpRemoteTimeout, own.RemoteTimeout)
	}
	return o
}

// Default returns the configuration of an empty file.
func Default() Config {
	c := Config{
		Clients:           1,
		A:                 tserver.DefaultOptions(),
		B:                 tserver.DefaultOptions(),
		M:                 mlayer.DefaultOptions(),
		Switch:            switchsim.DefaultOptions(),
		DisconnectNotices: true,
		ClientRate:        5000,
		CarrierPing:       250 * time.Millisecond,
		Arbitration:       ManagementLayer,
		Register:          AtBoth,
		Login:             client.DefaultLoginOptions(),
		Link: link.Options{
			AddpTimeout:   3 * time.Second,
			Reconnect:     2 * time.Second,
			SyncReconnect: 2 * time.Second,
		},
	}
	c.derive()
	return c
}

// file is the layout of the YAML file. Pointers tell what is not written from what is zero.
type file struct {
	Clients       *int           `yaml:"clients"`
	Reconnect     *time.Duration `yaml:"reconnect"`
	SyncReconnect *time.Duration `yaml:"sync-reconnect-tout"`
	Autorestart   *bool          `yaml:"autorestart"`
	Fence         *mlayer.Fence  `yaml:"fence"`
	Damping       *time.Duration `yaml:"disconnect-switchover-timeout"`
	Haflip        *time.Duration `yaml:"haflip-detect-timeout"`
	Notices       *bool          `yaml:"disconnect-notices"`
	ClientRate    *int           `yaml:"client-rate"`
	Arbitration   *Arbitration   `yaml:"arbitration"`
	Register      *RegisterAt    `yaml:"client-register"`

	Sites     map[string]Site         `yaml:"sites"`
	Users     map[string]string       `yaml:"users"`     // passwords, by user, of the configuration that the pair begins with
	Passwords map[string]string       `yaml:"passwords"` // what clients have, where it is another
	Licence   *tserver.LicenceOptions `yaml:"licence"`
	Feature   *string                 `yaml:"login-feature"`

	LoginTimeout    *time.Duration `yaml:"login-timeout"`
	LoginBackoff    *time.Duration `yaml:"login-backoff"`
	LoginBackoffMax *time.Duration `yaml:"login-backoff-max"`
	LoginJitter     *bool          `yaml:"login-jitter"`
	LoginKnowsBoth  *bool          `yaml:"login-knows-both"`

	PairOptions `yaml:",inline"`
	A           PairOptions       `yaml:"A"`
	B           PairOptions       `yaml:"B"`
	Switch      switchsim.Options `yaml:"switch"`
}

// PairOptions are the options that can be set for both T-Servers or for one.
type PairOptions struct {
	HASyncDlyLnkConn *bool               `yaml:"ha-sync-dly-lnk-conn"`
	HASyncMethod     *tserver.SyncMethod `yaml:"ha-sync-method"`
	HASyncBatch      *int                `yaml:"ha-sync-batch"`
	HASyncMaxWait    *time.Duration      `yaml:"ha-sync-max-wait"`
	ConnectTout      *time.Duration      `yaml:"connect-tout"`
	ProtocolVersion  *uint32             `yaml:"protocol-version"`

	HAPublish        *hasync.PublishMode `yaml:"ha-publish"`
	HAPublishTimeout *time.Duration      `yaml:"ha-publish-timeout"`
	ResumeBuffer     *int                `yaml:"resume-buffer"`

	KplInterval        *time.Duration `yaml:"kpl-interval"`
	KplTolerance       *int           `yaml:"kpl-tolerance"`
	RequestTimeout     *time.Duration `yaml:"request-timeout"`
	UserDataLimit      *int           `yaml:"user-data-limit"`
	WrapUpTime         *time.Duration `yaml:"wrap-up-time"`
	RegistrationGrace  *time.Duration `yaml:"registration-grace"`
	CleanupIdleTimeout *time.Duration `yaml:"cleanup-idle-timeout"`

	ActivationGrace         *time.Duration `yaml:"activation-grace"`
	ActivationReportTimeout *time.Duration `yaml:"activation-report-timeout"`
	ClientLossWindow        *time.Duration `yaml:"client-loss-window"`
	PartialLossThreshold    *int           `yaml:"partial-loss-threshold"`
	PartialLossMin          *int           `yaml:"partial-loss-min"`

	ClockRate *float64 `yaml:"clock-rate"`

	AddpOptions `yaml:",inline"`
}

func (p *PairOptions) apply(o *tserver.Options) {
	set(&o.HASyncDlyLnkConn, p.HASyncDlyLnkConn)
	set(&o.HASyncMethod, p.HASyncMethod)
	set(&o.HASyncBatch, p.HASyncBatch)
	set(&o.HASyncMaxWait, p.HASyncMaxWait)
	set(&o.ConnectTout, p.ConnectTout)
	set(&o.ProtocolVersion, p.ProtocolVersion)
	set(&o.ClockRate, p.ClockRate)
	set(&o.HAPublish, p.HAPublish)
	set(&o.HAPublishTimeout, p.HAPublishTimeout)
	set(&o.ResumeBuffer, p.ResumeBuffer)
	set(&o.KplInterval, p.KplInterval)
	set(&o.KplTolerance, p.KplTolerance)
	set(&o.RequestTimeout, p.RequestTimeout)
	set(&o.UserDataLimit, p.UserDataLimit)
	set(&o.WrapUpTime, p.WrapUpTime)
	set(&o.RegistrationGrace, p.RegistrationGrace)
	set(&o.CleanupIdleTimeout, p.CleanupIdleTimeout)
	set(&o.Failover.ActivationGrace, p.ActivationGrace)
	set(&o.Failover.ActivationReportTimeout, p.ActivationReportTimeout)
	set(&o.Failover.ClientLossWindow, p.ClientLossWindow)
	set(&o.Failover.PartialLossThreshold, p.PartialLossThreshold)
	set(&o.Failover.PartialLossMin, p.PartialLossMin)
}

func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

// MaxSize is the greatest size of a configuration file in bytes. The YAML reader's work grows with the square of the
// depth of what it reads: a hundred kilobytes of brackets would take a minute and 15 GB.
const MaxSize = 16 << 10

// Parse reads a configuration file. Errors show line, column and an excerpt.
func Parse(data []byte) (Config, error) {
	c := Default()
	if len(data) > MaxSize {
		return c, fmt.Errorf("configuration: at most %d bytes are read, not %d", MaxSize, len(data))
	}
	f := file{Switch: c.Switch}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return c, fmt.Errorf("configuration: %w", err)
	}
	if reflect.DeepEqual(f.Switch, switchsim.Options{}) {
		f.Switch = c.Switch // a document without content empties what it is decoded into
	}
	set(&c.Clients, f.Clients)
	set(&c.Link.AddpTimeout, f.Timeout)
	set(&c.Link.AddpRemoteTimeout, f.RemoteTimeout)
	c.Addp = [2]AddpOptions{f.A.AddpOptions, f.B.AddpOptions}
	set(&c.Link.Reconnect, f.Reconnect)
	set(&c.Link.SyncReconnect, f.SyncReconnect)
	set(&c.M.Autorestart, f.Autorestart)
	set(&c.M.Fence, f.Fence)
	set(&c.M.DisconnectSwitchoverTimeout, f.Damping)
	set(&c.M.HaflipDetectTimeout, f.Haflip)
	set(&c.DisconnectNotices, f.Notices)
	set(&c.ClientRate, f.ClientRate)
	set(&c.Arbitration, f.Arbitration)
	set(&c.Register, f.Register)
	c.Sites = f.Sites
	if err := c.setUsers(f.Users, f.Passwords); err != nil {
		return c, err
	}
	if f.Licence != nil {
		if f.Licence.Grace == 0 {
			f.Licence.Grace = c.A.Licence.Grace
		}
		c.A.Licence, c.B.Licence = *f.Licence, *f.Licence
	}
	set(&c.Login.Feature, f.Feature)
	set(&c.Login.Timeout, f.LoginTimeout)
	set(&c.Login.Backoff, f.LoginBackoff)
	set(&c.Login.BackoffMax, f.LoginBackoffMax)
	set(&c.Login.Jitter, f.LoginJitter)
	set(&c.Login.KnowsBoth, f.LoginKnowsBoth)
	set(&c.M.ConnectTout, f.ConnectTout)
	for _, o := range []*tserver.Options{&c.A, &c.B} {
		f.apply(o)
	}
	f.A.apply(&c.A)
	f.B.apply(&c.B)
	c.Switch = f.Switch
	c.derive()
	return c, c.Validate()
}

// optionText is what a key or a value may be made of where it is set by SetOption: no YAML but plain scalars.
var optionText = regexp.MustCompile(`^[a-z0-9.-]{1,64}$`)

// SetOption sets an option of one T-Server, A or B, as a line under its name in the file would. It counts from the T-Server's next start. With an error,
// which says what is allowed, nothing has changed.
func (c *Config) SetOption(id wire.ID, key, value string) error {
	o := &c.A
	switch {
	case !id.IsTServer():
		return fmt.Errorf("%s has no options of its own: A and B have", id)
	case !optionText.MatchString(key) || !optionText.MatchString(value):
		return fmt.Errorf("an option is KEY=VALUE of small letters, digits, dots and hyphens, not %.80q", key+"="+value)
	case id == wire.B:
		o = &c.B
	}
	var p PairOptions
	if err := yaml.NewDecoder(strings.NewReader(key+": "+value), yaml.Strict()).Decode(&p); err != nil {
		return fmt.Errorf("option %s of %s: %w", key, id, err)
	}
	changed, before := *o, c.Addp
	p.apply(&changed)
	window := c.A.Failover.ClientLossWindow
	if id == wire.A {
		window = changed.Failover.ClientLossWindow
	}
	own := &c.Addp[id-wire.A]
	if p.Timeout != nil {
		own.Timeout = p.Timeout
	}
	if p.RemoteTimeout != nil {
		own.RemoteTimeout = p.RemoteTimeout
	}
	if err := errors.Join(changed.Validate(), c.checkLink(id), c.checkWindow(window)); err != nil {
		c.Addp = before
		return err
	}
	*o = changed
	return nil
}

// Slacken gives the timers time that only a fast machine needs not, where the file leaves them at their defaults: how long an event waits for the
// backup's acknowledgement (X7), how long a T-Server waits for the HA link (R8) and for the switch's answer to a request, and M for T-Servers, how long a login may take, after which silence a
// peer is asked for a sign of life, and how often the carrier is. A scenario in a real world would else depend on how busy the machine is. A silent peer is found lost after
// twice addp-timeout, so it gets half of the time that deadlines get; a silent carrier is still found before.
func (c *Config) Slacken(by time.Duration) {
	more := func(option *time.Duration, usual, by time.Duration) {
		if *option == usual {
			*option += by
		}
	}
	own := tserver.DefaultOptions()
	for _, o := range []*tserver.Options{&c.A, &c.B} {
		more(&o.HAPublishTimeout, own.HAPublishTimeout, by)
		more(&o.ConnectTout, own.ConnectTout, by/2)
		more(&o.RequestTimeout, own.RequestTimeout, by/2)
	}
	more(&c.M.ConnectTout, mlayer.DefaultOptions().ConnectTout, by/2)
	more(&c.Login.Timeout, client.DefaultLoginOptions().Timeout, by/2)
	if c.Link.AddpTimeout == Default().Link.AddpTimeout {
		c.Link.AddpTimeout += by / 2
		c.slackenCensus(by)
	}
	if 2*c.Link.AddpTimeout >= by {
		c.CarrierPing *= 2
	}
}

// CarrierPings is how many pings of CarrierPing may be unanswered.
const CarrierPings = 2

// BlackHole is how long a node takes to notice that its connection is a black hole.
func (c *Config) BlackHole() time.Duration { return (CarrierPings + 1) * c.CarrierPing }

// Off switches rules off in every node.
func (c *Config) Off(r node.Rules) {
	c.Without = c.Without.With(r)
	c.derive()
}

func (c *Config) derive() {
	for _, o := range []*tserver.Options{&c.A, &c.B} {
		o.MaxCallRef, o.Without = c.Switch.CallRefs, c.Without
		o.PeerArbitration, o.Failover.StoreRetry, o.Failover.Without = c.Arbitration == Peer, o.ConnectTout, c.Without
	}
	c.M.Without = c.Without
	c.Switch.Without, c.Switch.TwoPrimaries = c.Without, !c.HasM()
}

// Validate reports the first option that is out of range.
func (c *Config) Validate() error {
	if c.Clients < 0 || c.Clients > wire.MaxClients {
		return fmt.Errorf("clients is from 0 to %d, not %d", wire.MaxClients, c.Clients)
	}
	if c.Arbitration != ManagementLayer && c.Arbitration != Peer {
		return fmt.Errorf("arbitration is %s or %s, not %q", ManagementLayer, Peer, c.Arbitration)
	}
	if c.Register != AtBoth && c.Register != AtPrimary {
		return fmt.Errorf("client-register is %s or %s, not %q", AtBoth, AtPrimary, c.Register)
	}
	if err := c.checkSites(); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	for _, err := range []error{
		c.Login.Validate(), c.checkWindow(c.A.Failover.ClientLossWindow),
		c.A.Validate(), c.B.Validate(), c.M.Validate(), c.Switch.Validate(), c.Link.Validate(), c.checkLink(wire.A), c.checkLink(wire.B), c.checkClientRate(),
	} {
		if err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
	}
	return nil
}

func (c *Config) checkLink(id wire.ID) error {
	o := c.LinkOptions(id)
	if err := o.Validate(); err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	return nil
}
