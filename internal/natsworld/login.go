package natsworld

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"hotpair/internal/access"
)

// Login says as whom one connects, and how the server is known. The zero value names no user, and trusts a TLS server that the system trusts.
type Login struct {
	// Role names the user, for the inbox that is its own; "" if it may listen on any.
	Role string
	// Seed is an nkey seed.
	Seed access.Secret
	// Creds is a file of credentials: a JWT and its seed, as nsc writes it.
	Creds string
	// TLSCA is a file of certificates that are trusted in place of the system's; TLSCert and TLSKey are files of one's own certificate.
	TLSCA, TLSCert, TLSKey string

	user *url.Userinfo
}

// openSystem is the user of the system account where the server is an open one of ours (nats-server.conf).
var openSystem = Login{user: url.UserPassword(systemUser, systemPassword)}

// LoginOf returns the login of a role with its key from a pair's keys.
func LoginOf(keys access.Keys, role string) Login { return Login{Role: role, Seed: keys[role].Seed} }

// options for a connection. The pair's name is part of the inbox's.
func (l *Login) options(pair string) ([]nats.Option, error) {
	var opts []nats.Option
	if l.Role != "" {
		opts = append(opts, nats.CustomInboxPrefix(access.Inbox(pair, l.Role)))
	}
	if l.Seed != "" {
		key, err := nkeys.FromSeed([]byte(l.Seed))
		if err != nil {
			return nil, fmt.Errorf("the key: %w", err)
		}
		public, err := key.PublicKey()
		if err != nil {
			return nil, fmt.Errorf("the key: %w", err)
		}
		opts = append(opts, nats.Nkey(public, key.Sign))
	}
	if l.Creds != "" {
		opts = append(opts, nats.UserCredentials(l.Creds))
	}
	if l.TLSCA != "" {
		opts = append(opts, nats.RootCAs(l.TLSCA))
	}
	if l.TLSCert != "" {
		opts = append(opts, nats.ClientCert(l.TLSCert, l.TLSKey))
	}
	if l.user != nil {
		password, _ := l.user.Password()
		opts = append(opts, nats.UserInfo(l.user.Username(), password))
	}
	return opts, nil
}

// Connect connects to a pair's NATS server. Errors name the server without what is secret in its URL, and say what is wanted.
func Connect(server, pair string, l *Login, more ...nats.Option) (*nats.Conn, error) {
	if _, err := url.Parse(server); err != nil {
		return nil, errors.New("NATS: its address is no URL such as nats://127.0.0.1:4222")
	}
	opts, err := l.options(pair)
	if err != nil {
		return nil, fmt.Errorf("NATS at %s: %w", redacted(server), err)
	}
	nc, err := nats.Connect(server, append(opts, more...)...)
	if err == nil {
		return nc, nil
	}
	hint := ""
	switch {
	case errors.Is(err, nats.ErrAuthorization) && l.Seed == "" && l.Creds == "":
		hint = "; it lets nobody in without a key: its users' keys are in a folder (--keys) or a file of credentials (--creds)"
	case errors.Is(err, nats.ErrAuthorization):
		hint = "; it does not know this key: is it of another pair, or of a role that its configuration does not have?"
	}
	return nil, fmt.Errorf("NATS at %s: %w%s", redacted(server), err, hint)
}

// redacted is the URL without its password.
func redacted(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return "an address that is no URL"
	}
	return u.Redacted()
}
