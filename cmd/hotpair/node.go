package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/procworld"
	"hotpair/internal/wire"
)

// nodeFlags are the flags of hotpair node. Each can also be set by its environment variable: HOTPAIR_NATS for --nats, and so on.
type nodeFlags struct {
	login                             loginFlags
	nats, pair, id, config, log, keys string
	store, systemCreds, http          string
	speed                             float64
	port, clients                     int
	operators                         []string
	open                              bool
}

func nodeCommand() *cobra.Command {
	f := &nodeFlags{}
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Run one node by hand, at a NATS server of your own",
		Long: `Runs one node until Ctrl-C. Options come from flags, from the environment (HOTPAIR_NATS for --nats, and so on), and from the configuration
file of the pair (--config), in this order. All nodes of a pair need the same --pair, --speed and --config.`,
		Example: `  hotpair node nats &
  for n in switch mlayer 'tserver --id A' 'tserver --id B' client; do hotpair node $n & done`,
	}
	cmd.PersistentFlags().StringVar(&f.log, "log", "info", "least level of what is logged: debug, info, warn, error")
	nats := &cobra.Command{
		Use: "nats", Short: "Run a NATS server with JetStream on loopback", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := f.prepare(cmd)
			if err != nil {
				return err
			}
			if err := checkPort(f.port); err != nil {
				return err
			}
			return f.runNATS(cmd.Context(), log)
		},
	}
	nats.Flags().IntVar(&f.port, "port", 4222, "port on loopback; 0 takes any that is free")
	nats.Flags().StringVar(&f.store, "store", defaultStore, "folder of JetStream's files")
	nats.Flags().StringVar(&f.keys, "keys", "", "folder of the users' keys, which are made where they are missing (default: keys in the folder of --store)")
	nats.Flags().BoolVar(&f.open, "open", false, "let everybody do everything, without keys")
	accessFlags(nats, &f.pair, &f.clients, &f.operators)
	cmd.AddCommand(nats,
		f.participant("switch", "Run the switch", "S"), f.participant("tserver", "Run a T-Server", "A"),
		f.participant("mlayer", "Run the Management Layer", "M"), f.participant("client", "Run a client", "C1"))
	return cmd
}

func (f *nodeFlags) participant(name, short, id string) *cobra.Command {
	cmd := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := f.prepare(cmd)
			if err != nil {
				return err
			}
			o, err := f.options(name, log)
			if err != nil {
				return err
			}
			return procworld.RunNode(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&f.nats, "nats", "nats://127.0.0.1:4222", "URL of the NATS server, with JetStream")
	cmd.Flags().StringVar(&f.pair, "pair", "pair", "name of the pair: letters, digits, - and _")
	cmd.Flags().StringVar(&f.id, "id", id, "name of the node")
	cmd.Flags().StringVar(&f.config, "config", "", "configuration file of the pair (YAML)")
	cmd.Flags().Float64Var(&f.speed, "speed", 1, "how many times as fast as the wall clock the pair runs")
	cmd.Flags().StringVar(&f.http, "http", "", "host:port for metrics and health (docs/metrics.md); default: none")
	f.login.add(cmd.Flags())
	if name == "mlayer" {
		cmd.Flags().StringVar(&f.systemCreds, "system-creds", "", `file of credentials of a user in NATS's system account, for "fence: kick"`)
	}
	return cmd
}

// prepare fills the flags that were not given from the environment, and makes the log.
func (f *nodeFlags) prepare(cmd *cobra.Command) (*zap.Logger, error) {
	if err := fromEnvironment(cmd); err != nil {
		return nil, err
	}
	level, err := zap.ParseAtomicLevel(f.log)
	if err != nil {
		return nil, fmt.Errorf("--log: %w", err)
	}
	c := zap.NewProductionConfig()
	c.Level = level
	c.Sampling = nil
	return c.Build()
}

func (f *nodeFlags) runNATS(ctx context.Context, log *zap.Logger) error {
	o := procworld.NATSOptions{
		Port: f.port, StoreDir: f.store, KeysDir: f.keys, Log: log,
		Access: access.Options{Pair: f.pair, Clients: f.clients, Operators: f.operators},
	}
	if err := o.Access.Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	switch {
	case f.open && f.keys != "":
		return errors.New("--open: an open server has no keys (--keys)")
	case !f.open && f.keys == "":
		o.KeysDir = filepath.Join(f.store, keysFolder)
	}
	return procworld.RunNATS(ctx, o)
}

// kinds tells which nodes each subcommand runs.
var kinds = map[string]func(wire.ID) bool{
	"switch":  func(id wire.ID) bool { return id == wire.Switch },
	"tserver": wire.ID.IsTServer,
	"mlayer":  func(id wire.ID) bool { return id == wire.MLayer },
	"client":  wire.ID.IsClient,
}

func (f *nodeFlags) options(kind string, log *zap.Logger) (procworld.NodeOptions, error) {
	o := procworld.NodeOptions{NATSURL: f.nats, Pair: f.pair, Speed: f.speed, Log: log, HTTP: f.http, Config: config.Default()}
	var err error
	if o.ID, err = wire.ParseID(f.id); err != nil {
		return o, fmt.Errorf("--id: %w", err)
	}
	if !kinds[kind](o.ID) {
		return o, fmt.Errorf("--id: %s is no %s", o.ID, kind)
	}
	if err := access.CheckName(f.pair); err != nil {
		return o, fmt.Errorf("--pair: %w", err)
	}
	if o.Login, err = f.login.login(f.nats, o.ID.String()); err != nil {
		return o, err
	}
	if o.ID == wire.MLayer {
		if o.System, err = f.login.system(f.systemCreds); err != nil {
			return o, err
		}
	}
	if f.config != "" {
		data, err := os.ReadFile(f.config)
		if err != nil {
			return o, fmt.Errorf("--config: %w", err)
		}
		if o.Config, err = config.Parse(data); err != nil {
			return o, fmt.Errorf("%s: %w", f.config, err)
		}
	}
	if o.ID.IsClient() && int(o.ID-wire.Client(1)) >= o.Config.Clients {
		return o, fmt.Errorf("--id: there is no %s: clients is %d in the configuration", o.ID, o.Config.Clients)
	}
	return o, nil
}
