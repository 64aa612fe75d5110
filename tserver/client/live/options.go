package live

import (
	"errors"
	"fmt"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/wire"
	"hotpair/tserver/client"
)

// Options say where the pair is, and as whom to connect.
type Options struct {
	// URL of NATS, such as nats://127.0.0.1:4222; no password stands in it.
	URL string
	// Pair is the pair's name; "" is "pair".
	Pair string
	// Name is the client's: C1 to C4096. A pair has as many clients as its configuration says. Who connects under a name that is in use takes it over.
	Name string
	// KeyFile holds the nkey seed of the client's user; Seed is the seed itself; Creds is a file of credentials (JWT and seed). At most one of them; none is for
	// a server that lets everybody in.
	KeyFile, Seed, Creds string
	// TLSCA is a file of certificates that are trusted in place of the system's; TLSCert and TLSKey are files of one's own certificate.
	TLSCA, TLSCert, TLSKey string
	// Register is the DNs that are registered from the beginning; "*" is all.
	Register []callmodel.DN
	// AddpTimeout is how long a link to a T-Server may be silent before it is polled: its loss is noticed after twice as long at most. 0 is 3 s.
	AddpTimeout time.Duration
	// Reconnect is how long the library waits between two attempts to reach a T-Server. 0 is 2 s.
	Reconnect time.Duration
	// Login is for a pair that decides by itself who is active (arbitration: peer): the client has a session at one server, for which it logs in. nil is for a pair
	// with a Management Layer.
	Login *Login
	// NoRepeat: a request is never made again by the library. If a failover shows that it was not carried out, its error is ErrNotDone.
	NoRepeat bool
	// Speed is how many times as fast as the wall clock the pair runs; 0 is 1.
	Speed float64
}

// Login says as whom a client logs in. The library looks for the active server by itself, as long as it is not closed: a server that is not active refuses it, with the reason
// (P4); it is told of the other server (P5), and tries both in turn, waiting a little longer each time, until one lets it in (P6). Times are on the run's clock.
type Login struct {
	// User is the user; "" is the client's name. Password is the user's; it is not sent.
	User, Password string
	// Feature is a licensed feature that the client needs (P2); "" needs none.
	Feature string
	// Timeout is how long an attempt may take; 0 is 3 s.
	Timeout time.Duration
	// Backoff and BackoffMax: before it tries again a client waits, evenly from 0 to Backoff after the first attempt, to twice as much after each further one, up to BackoffMax. 0 is
	// 500 ms and 5 s.
	Backoff, BackoffMax time.Duration
	// PrimaryOnly: the client knows A only, until A tells it of the other server.
	PrimaryOnly bool
}

func (l *Login) options(name string) client.LoginOptions {
	o := client.DefaultLoginOptions()
	o.User, o.Password, o.Feature, o.KnowsBoth = l.User, l.Password, l.Feature, !l.PrimaryOnly
	if o.User == "" {
		o.User = name
	}
	for _, t := range []struct{ to, from *time.Duration }{{&o.Timeout, &l.Timeout}, {&o.Backoff, &l.Backoff}, {&o.BackoffMax, &l.BackoffMax}} {
		if *t.from != 0 {
			*t.to = *t.from
		}
	}
	return o
}

func (o *Options) id() (wire.ID, error) {
	id, err := wire.ParseID(o.Name)
	if err != nil || !id.IsClient() {
		return id, fmt.Errorf("name: a client is called C1 to C%d, not %.40q", wire.MaxClients, o.Name)
	}
	return id, nil
}

func (o *Options) login() (natsworld.Login, error) {
	l := natsworld.Login{Creds: o.Creds, TLSCA: o.TLSCA, TLSCert: o.TLSCert, TLSKey: o.TLSKey, Seed: access.Secret(o.Seed)}
	given := 0
	for _, s := range []string{o.KeyFile, o.Seed, o.Creds} {
		if s != "" {
			given++
		}
	}
	if given > 1 {
		return l, errors.New("at most one of KeyFile, Seed and Creds is wanted")
	}
	if o.KeyFile != "" {
		key, err := access.LoadKey(o.KeyFile)
		if err != nil {
			return l, fmt.Errorf("KeyFile: %w", err)
		}
		l.Seed = key.Seed
	}
	if given > 0 {
		l.Role = o.Name // its inbox is its own
	}
	return l, nil
}

// config is what a client's links need to know.
func (o *Options) config(id wire.ID) (config.Config, error) {
	c := config.Default()
	c.Clients = int(id-wire.Client(1)) + 1
	if o.AddpTimeout != 0 {
		c.Link.AddpTimeout = o.AddpTimeout
	}
	if o.Reconnect != 0 {
		c.Link.Reconnect = o.Reconnect
	}
	if o.Login != nil {
		c.Arbitration, c.Login = config.Peer, o.Login.options(o.Name)
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	return c, natsworld.CheckSpeed(&c, o.Speed)
}
