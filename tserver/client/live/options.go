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
	// NoRepeat: a request is never made again by the library. If a failover shows that it was not carried out, its error is ErrNotDone.
	NoRepeat bool
	// Speed is how many times as fast as the wall clock the pair runs; 0 is 1.
	Speed float64
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
	if err := c.Validate(); err != nil {
		return c, err
	}
	return c, natsworld.CheckSpeed(&c, o.Speed)
}
