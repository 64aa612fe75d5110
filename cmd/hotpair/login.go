package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hotpair/internal/access"
	"hotpair/internal/natsworld"
)

const (
	// defaultStore is where hotpair node nats keeps its files, and keysFolder where in there it keeps the keys.
	defaultStore = "hotpair-nats"
	keysFolder   = "keys"
)

// loginFlags say as whom a command connects to NATS.
type loginFlags struct {
	keys, creds, ca, cert, key string
}

func (f *loginFlags) add(fl *pflag.FlagSet) {
	fl.StringVar(&f.keys, "keys", "", "folder of the keys of NATS's users (default: "+filepath.Join(defaultStore, keysFolder)+", if it is there)")
	fl.StringVar(&f.creds, "creds", "", "file of credentials (JWT and seed), instead of a key")
	fl.StringVar(&f.ca, "tls-ca", "", "file of the certificates that are trusted, instead of the system's")
	fl.StringVar(&f.cert, "tls-cert", "", "file of a certificate to show to the server")
	fl.StringVar(&f.key, "tls-key", "", "file of its key")
}

// login returns as whom the holder of a role connects to a server.
func (f *loginFlags) login(server, role string) (natsworld.Login, error) {
	l := natsworld.Login{TLSCA: f.ca, TLSCert: f.cert, TLSKey: f.key}
	switch {
	case (f.cert == "") != (f.key == ""):
		return l, errors.New("--tls-cert and --tls-key go together")
	case f.keys != "" && f.creds != "":
		return l, errors.New("--keys and --creds: one of them")
	}
	if err := noPassword(server); err != nil {
		return l, err
	}
	if f.creds != "" {
		l.Role, l.Creds = role, f.creds
		return l, nil
	}
	key, err := f.load(role)
	if err != nil || key == "" {
		return l, err
	}
	l.Role, l.Seed = role, key
	return l, nil
}

// load reads the key of a role; "" if there are no keys, and none were asked for.
func (f *loginFlags) load(role string) (access.Secret, error) {
	dir := f.keys
	if dir == "" {
		dir = filepath.Join(defaultStore, keysFolder)
	}
	key, err := access.LoadKey(access.KeyFile(dir, role))
	if f.keys == "" && errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("--keys: %w", err)
	}
	return key.Seed, nil
}

// system returns the Management Layer's second login; nil if nothing says which.
func (f *loginFlags) system(creds string) (*natsworld.Login, error) {
	l := natsworld.Login{Role: access.System, Creds: creds, TLSCA: f.ca, TLSCert: f.cert, TLSKey: f.key}
	if creds != "" {
		return &l, nil
	}
	if f.creds != "" {
		return nil, nil
	}
	var err error
	if l.Seed, err = f.load(access.System); err != nil || l.Seed == "" {
		return nil, err
	}
	return &l, nil
}

// noPassword refuses what everybody on the machine could read.
func noPassword(server string) error {
	u, err := url.Parse(server)
	if err != nil {
		return errors.New("--nats: a URL such as nats://127.0.0.1:4222 is wanted")
	}
	if _, secret := u.User.Password(); secret {
		return errors.New("--nats: no password belongs into an argument, where everybody can read it: use --keys or --creds")
	}
	return nil
}

// accessFlags say for which pair a NATS server is.
func accessFlags(cmd *cobra.Command, pair *string, clients *int, operators *[]string) {
	cmd.Flags().StringVar(pair, "pair", "pair", "name of the pair: letters, digits, - and _")
	cmd.Flags().IntVar(clients, "clients", 1, "how many clients there are: C1, C2, …")
	cmd.Flags().StringSliceVar(operators, "operators", []string{access.DefaultOperator}, "names of those who may give commands")
}
