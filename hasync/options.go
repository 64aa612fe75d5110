package hasync

import (
	"errors"
	"fmt"
	"time"

	"hotpair/callmodel"
	"hotpair/hasync/pairconf"
	"hotpair/hasync/peerarb"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// SyncMethod is the option ha-sync-method (X2).
type SyncMethod string

// The synchronization methods.
const (
	// Drain waits until every tagged call has been released: the source's way, and the default.
	Drain SyncMethod = "drain"
	// Transfer sends the backup the ConnIDs of tagged calls; an acknowledgement untags.
	Transfer SyncMethod = "transfer"
)

// PublishMode is the option ha-publish (X7).
type PublishMode string

// The publish modes.
const (
	// Replicated: an event waits until the backup has acknowledged what it shows. The default.
	Replicated PublishMode = "replicated"
	// Immediate: events do not wait, as in real products.
	Immediate PublishMode = "immediate"
)

// MaxResumeBuffer is the greatest resume-buffer, in events: about a hundred megabytes.
const MaxResumeBuffer = 1_000_000

// Options are the options of a T-Server that concern the pair, under their product names. Times are in the run's clock.
type Options struct {
	// HASyncDlyLnkConn (R13): a backup holds EventLinkConnected back until T-Server synchronization is complete. Default true; the real
	// product's default is false. It takes effect at the start of the T-Server.
	HASyncDlyLnkConn bool `yaml:"ha-sync-dly-lnk-conn"`
	// HASyncMethod (X2): drain or transfer. The primary's option counts. Default drain.
	HASyncMethod SyncMethod `yaml:"ha-sync-method"`
	// HASyncBatch (X2): how many tagged calls transfer sends before it pauses for a second; 200 to 1000, default 500.
	HASyncBatch int `yaml:"ha-sync-batch"`
	// ConnectTout: how long a T-Server waits for an HA link that was never up (R11); 1 to 1000 s in the product, where it
	// is 2 s by default as here.
	ConnectTout time.Duration `yaml:"connect-tout"`
	// HASyncMaxWait (X9): how long a Backup Ready may be outstanding before an alarm names the calls in the way; 0 (for ever, the default) to 24h.
	HASyncMaxWait time.Duration `yaml:"ha-sync-max-wait"`
	// HAPublish (X7): replicated or immediate. Default replicated.
	HAPublish PublishMode `yaml:"ha-publish"`
	// HAPublishTimeout (X7): how long an event waits for the backup's acknowledgement before the primary closes the HA link and goes
	// on; above 0 and at most 1h, default 200 ms.
	HAPublishTimeout time.Duration `yaml:"ha-publish-timeout"`
	// ResumeBuffer (X8): how many published events a T-Server keeps for clients that change over; 0 to MaxResumeBuffer, default 16384.
	ResumeBuffer int `yaml:"resume-buffer"`
	// KplInterval: how often the switch is asked for a sign of life while the CTI link is up; 0 (never) to 600 s, default 10 s. It takes effect when the
	// CTI link comes up.
	KplInterval time.Duration `yaml:"kpl-interval"`
	// KplTolerance: how many such requests in a row may go unanswered; one more, and the CTI link counts as lost. 0 to 10, default 3.
	KplTolerance int `yaml:"kpl-tolerance"`
	// CleanupIdleTimeout (X9): the switch is asked about a call to which nothing has happened for this long; 0 (never, the default) to 24h.
	CleanupIdleTimeout time.Duration `yaml:"cleanup-idle-timeout"`
	// RequestTimeout: how long the switch may take to answer a client's request before the client is told that nothing is known of it; above 0 and at most 1h,
	// default 5 s.
	RequestTimeout time.Duration `yaml:"request-timeout"`
	// UserDataLimit: the greatest size of the data attached to a call, in bytes packed; 0 to 65,535, default 16,000.
	UserDataLimit int `yaml:"user-data-limit"`
	// RegistrationGrace is hotpair's own option: how long a primary keeps the registrations of a client that has lost its session, here or with the primary before;
	// 0 (they end with the session, as in the product) to 24h, default 30 s.
	RegistrationGrace time.Duration `yaml:"registration-grace"`
	// WrapUpTime: how long an agent that works manual-in is in after-call work after a call; 0 (until it says that it is ready, the default) to 24h.
	WrapUpTime time.Duration `yaml:"wrap-up-time"`
	// ProtocolVersion is hotpair's own option: the version of the protocol that the T-Server knows, 1 to wire.MaxVersion, default wire.Version. It speaks the
	// lesser of its own and its peer's.
	ProtocolVersion uint32 `yaml:"protocol-version"`
	// PeerArbitration: the pair decides by itself who is active, as Failover says (arbitration: peer); there is no Management Layer.
	PeerArbitration bool            `yaml:"-"`
	Failover        peerarb.Options `yaml:"-"`
	// FirstObjects are the objects of the shared configuration that a pair begins with, by name and all of one version (P3); Licence is P2's.
	FirstObjects []pairconf.Object `yaml:"-"`
	Licence      LicenceOptions    `yaml:"-"`
	// ClockRate is hotpair's own option, a fault: how fast the T-Server's clock runs, from its start on. With 1.1 all its timers fire a tenth too early.
	// 0.5 to 2; 0 is 1, the default.
	ClockRate float64 `yaml:"-"`
	// MaxCallRef is the greatest call reference that the T-Server accepts from the switch: the switch's option call-refs.
	MaxCallRef uint32 `yaml:"-"`
	// Without switches rules off.
	Without node.Rules `yaml:"-"`
}

// DefaultOptions returns the defaults.
func DefaultOptions() Options {
	return Options{
		HASyncDlyLnkConn:  true,
		HASyncMethod:      Drain,
		HASyncBatch:       500,
		ConnectTout:       2 * time.Second,
		HAPublish:         Replicated,
		HAPublishTimeout:  200 * time.Millisecond,
		ResumeBuffer:      1 << 14,
		KplInterval:       10 * time.Second,
		KplTolerance:      3,
		RequestTimeout:    5 * time.Second,
		RegistrationGrace: 30 * time.Second,
		UserDataLimit:     callmodel.DefaultDataLimit,
		ProtocolVersion:   wire.Version,
		Failover:          peerarb.DefaultOptions(),
		Licence:           LicenceOptions{Grace: time.Hour},
		MaxCallRef:        1 << 16,
	}
}

// Validate reports the first option that is out of range, with what is allowed.
func (o *Options) Validate() error {
	switch {
	case o.HASyncMethod != Drain && o.HASyncMethod != Transfer:
		return fmt.Errorf("ha-sync-method is drain or transfer, not %q", o.HASyncMethod)
	case o.HASyncBatch < 200 || o.HASyncBatch > 1000:
		return fmt.Errorf("ha-sync-batch is from 200 to 1000, not %d", o.HASyncBatch)
	case o.ConnectTout <= 0 || o.ConnectTout > 1000*time.Second:
		return fmt.Errorf("connect-tout is above 0 and at most 1000s, not %s", o.ConnectTout)
	case o.HASyncMaxWait < 0 || o.HASyncMaxWait > 24*time.Hour:
		return fmt.Errorf("ha-sync-max-wait is from 0 to 24h, not %s", o.HASyncMaxWait)
	case o.HAPublish != Replicated && o.HAPublish != Immediate:
		return fmt.Errorf("ha-publish is replicated or immediate, not %q", o.HAPublish)
	case o.HAPublishTimeout <= 0 || o.HAPublishTimeout > time.Hour:
		return fmt.Errorf("ha-publish-timeout is above 0 and at most 1h, not %s", o.HAPublishTimeout)
	case o.ResumeBuffer < 0 || o.ResumeBuffer > MaxResumeBuffer:
		return fmt.Errorf("resume-buffer is from 0 to %d events, not %d", MaxResumeBuffer, o.ResumeBuffer)
	case o.KplInterval < 0 || o.KplInterval > 600*time.Second:
		return fmt.Errorf("kpl-interval is from 0 to 600s, not %s", o.KplInterval)
	case o.KplTolerance < 0 || o.KplTolerance > 10:
		return fmt.Errorf("kpl-tolerance is from 0 to 10, not %d", o.KplTolerance)
	case o.CleanupIdleTimeout < 0 || o.CleanupIdleTimeout > 24*time.Hour:
		return fmt.Errorf("cleanup-idle-timeout is from 0 to 24h, not %s", o.CleanupIdleTimeout)
	case o.RequestTimeout <= 0 || o.RequestTimeout > time.Hour:
		return fmt.Errorf("request-timeout is above 0 and at most 1h, not %s", o.RequestTimeout)
	case o.UserDataLimit < 0 || o.UserDataLimit > callmodel.MaxDataLimit:
		return fmt.Errorf("user-data-limit is from 0 to %d bytes, not %d", callmodel.MaxDataLimit, o.UserDataLimit)
	case o.RegistrationGrace < 0 || o.RegistrationGrace > 24*time.Hour:
		return fmt.Errorf("registration-grace is from 0 to 24h, not %s", o.RegistrationGrace)
	case o.WrapUpTime < 0 || o.WrapUpTime > 24*time.Hour:
		return fmt.Errorf("wrap-up-time is from 0 to 24h, not %s", o.WrapUpTime)
	case o.ClockRate != 0 && !(o.ClockRate >= 0.5 && o.ClockRate <= 2):
		return fmt.Errorf("clock-rate is from 0.5 to 2, not %g", o.ClockRate)
	case o.ProtocolVersion < 1 || o.ProtocolVersion > wire.MaxVersion:
		return fmt.Errorf("protocol-version is from 1 to %d, not %d", wire.MaxVersion, o.ProtocolVersion)
	}
	return errors.Join(o.Failover.Validate(), o.Licence.Validate())
}
