package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hotpair/internal/access"
)

// natsConfigFlags are the flags of hotpair nats-config.
type natsConfigFlags struct {
	pair      string
	clients   int
	operators []string
	out       string
	server    access.ServerOptions
}

const configFile = "nats-server.conf"

func natsConfigCommand() *cobra.Command {
	f := &natsConfigFlags{}
	cmd := &cobra.Command{
		Use:   "nats-config",
		Short: "Write the configuration of a NATS server for a pair: accounts, users, permissions, and their keys",
		Long: `Writes nats-server.conf, for a nats-server of your own, and the keys of its users. The configuration holds public keys only; the secrets are
in files of their own, one for each role, that only you can read. Keys that are there already are kept, so that it can be written anew, say with
more clients. docs/security.md says what each role may do.`,
		Example: `  hotpair nats-config --out /etc/hotpair --clients 3 --operators alice,bob
  nats-server -c /etc/hotpair/nats-server.conf
  hotpair node tserver --id A --keys /etc/hotpair/keys`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.write(cmd) },
	}
	accessFlags(cmd, &f.pair, &f.clients, &f.operators)
	fl := cmd.Flags()
	fl.StringVarP(&f.out, "out", "o", "hotpair-access", "folder to write into")
	fl.StringVar(&f.server.Listen, "listen", "127.0.0.1:4222", "where the server listens")
	fl.StringVar(&f.server.StoreDir, "store", "jetstream", "folder of JetStream's files, relative to where the server is started")
	fl.StringVar(&f.server.TLSCert, "tls-cert", "", "file of the server's certificate: it then speaks TLS only")
	fl.StringVar(&f.server.TLSKey, "tls-key", "", "file of its key")
	fl.StringVar(&f.server.TLSCA, "tls-ca", "", "file of who signs the clients' certificates, which they then need")
	return cmd
}

func (f *natsConfigFlags) write(cmd *cobra.Command) error {
	o := access.Options{Pair: f.pair, Clients: f.clients, Operators: f.operators}
	if err := o.Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	so := f.server
	if (so.TLSCert == "") != (so.TLSKey == "") || so.TLSCA != "" && so.TLSCert == "" {
		return errors.New("--tls-cert and --tls-key go together, and --tls-ca with them")
	}
	keysDir := filepath.Join(f.out, keysFolder)
	keys, err := access.KeepKeys(keysDir, o)
	if err != nil {
		return err
	}
	path := filepath.Join(f.out, configFile)
	if err := os.WriteFile(path, []byte(access.ServerConfig(o, keys, so)), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d users, whose keys are in %s\nstart the server: nats-server -c %s\n", path, len(keys), keysDir, path)
	return nil
}
