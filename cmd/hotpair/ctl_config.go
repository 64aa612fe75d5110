package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"hotpair/hasync/pairconf"
	"hotpair/internal/natsworld"
	"hotpair/internal/operator"
	"hotpair/internal/wire"
)

// wholeConfig is the answer to config-list, and what export writes and import reads.
type wholeConfig struct {
	Version pairconf.Version  `json:"version"`
	Digest  string            `json:"digest"`
	Objects []pairconf.Object `json:"objects"`
}

func ctlConfig(c *ctl) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "The configuration that the pair shares (client failover)",
		Long: `The configuration that both servers share: objects KIND/NAME (dn, user, group, option) with values, changed at the active server, and at the other one in
real time. The value of a user is its key, which is as secret as the password that it is made of: set user/NAME takes the password from --password-file.`,
	}
	cmd.AddCommand(configGet(c), configSet(c), configList(c), configDiff(c), configExport(c), configImport(c), configConflicts(c))
	return cmd
}

// config asks a server for its configuration.
func (c *ctl) config(ctx context.Context, op *natsworld.Operator, id wire.ID) (wholeConfig, error) {
	var w wholeConfig
	a, err := c.ask(ctx, op, id, "config-list", nil)
	switch {
	case err != nil:
		return w, err
	case a.Outcome != operator.Done:
		return w, fmt.Errorf("%s config-list: %s", id, a.Text)
	}
	if err := json.Unmarshal(a.Data, &w); err != nil {
		return w, fmt.Errorf("%s config-list: its answer makes no sense: %w", id, err)
	}
	return w, nil
}

// configAt asks the server that was named, or else the active one, for its configuration.
func (c *ctl) configAt(ctx context.Context, op *natsworld.Operator, server string) (wire.ID, wholeConfig, error) {
	id, err := c.at(ctx, op, server)
	if err != nil {
		return wire.None, wholeConfig{}, err
	}
	w, err := c.config(ctx, op, id)
	return id, w, err
}

// active finds the active server, at which the configuration is changed.
func (c *ctl) active(ctx context.Context, op *natsworld.Operator) (wire.ID, error) {
	p := c.states(ctx, op)
	active := wire.None
	for _, id := range []wire.ID{wire.A, wire.B} {
		if s := p.Node(id); s != nil && s.TServer != nil && s.TServer.Activity == "active" {
			if active != wire.None {
				return wire.None, errors.New("both servers are active: say which one with --server")
			}
			active = id
		}
	}
	if active == wire.None {
		return active, errors.New("no server is active, so nothing can be changed; hotpair ctl status tells more")
	}
	return active, nil
}

// at is the server that a flag names, or the active one.
func (c *ctl) at(ctx context.Context, op *natsworld.Operator, server string) (wire.ID, error) {
	if server == "" {
		return c.active(ctx, op)
	}
	id, err := wire.ParseID(server)
	if err != nil || !id.IsTServer() {
		return wire.None, fmt.Errorf("--server: A or B, not %.40q", server)
	}
	return id, nil
}

func serverFlag(cmd *cobra.Command, server *string) *cobra.Command {
	cmd.Flags().StringVar(server, "server", "", "A or B; the active one if not given")
	return cmd
}

func configGet(c *ctl) *cobra.Command {
	server := ""
	return serverFlag(&cobra.Command{
		Use: "get KIND/NAME", Short: "The value of an object", Args: cobra.ExactArgs(1),
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, args []string) error {
			_, w, err := c.configAt(ctx, op, server)
			if err != nil {
				return err
			}
			for _, o := range w.Objects {
				if o.Name != args[0] {
					continue
				}
				if c.json {
					return c.printJSON(o)
				}
				fmt.Fprintln(c.out, objectValue(o))
				return nil
			}
			fmt.Fprintf(c.out, "there is no %s\n", args[0])
			return status(statusFailed)
		}),
	}, &server)
}

// objectValue is an object's value for people: keys are not for eyes.
func objectValue(o pairconf.Object) string {
	if strings.HasPrefix(o.Name, "user/") {
		return "(key is set)"
	}
	return o.Value
}

func configSet(c *ctl) *cobra.Command {
	server, reason, passwordFile := "", "", ""
	cmd := serverFlag(&cobra.Command{
		Use: "set KIND/NAME [VALUE]", Short: "Change an object; without a value it is deleted", Args: cobra.RangeArgs(1, 2),
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, args []string) error {
			value := ""
			user, isUser := strings.CutPrefix(args[0], "user/")
			switch {
			case passwordFile != "" && !isUser:
				return errors.New("--password-file is for user/NAME")
			case passwordFile != "":
				password, err := os.ReadFile(passwordFile)
				if err != nil {
					return fmt.Errorf("--password-file: %w", err)
				}
				value = pairconf.Key(user, strings.TrimRight(string(password), "\r\n"))
			case isUser && len(args) > 1:
				return errors.New("a password does not belong on a command line, where others see it: --password-file FILE")
			case len(args) > 1:
				value = args[1]
			}
			if err := pairconf.Check(args[0], value); err != nil {
				return err
			}
			id, err := c.at(ctx, op, server)
			if err != nil {
				return err
			}
			return c.command(ctx, op, "config-set", map[string]string{"object": args[0], "value": value, "reason": reason}, id)
		}),
	}, &server)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "a file with the user's password")
	return cmd
}

func configList(c *ctl) *cobra.Command {
	server := ""
	return serverFlag(&cobra.Command{
		Use: "list", Short: "All objects", Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			id, w, err := c.configAt(ctx, op, server)
			if err != nil {
				return err
			}
			if c.json {
				for i := range w.Objects {
					w.Objects[i].Value = objectValue(w.Objects[i])
				}
				return c.printJSON(w)
			}
			fmt.Fprintf(c.out, "configuration %s at %s\n\n", w.Version, id)
			rows := [][]string{{"OBJECT", "VERSION", "VALUE"}}
			for _, o := range w.Objects {
				rows = append(rows, []string{o.Name, o.Version.String(), objectValue(o)})
			}
			table(c.out, rows)
			return nil
		}),
	}, &server)
}

func configDiff(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use: "diff", Short: "What differs between the two servers; exit status 1 if anything does", Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			a, err := c.config(ctx, op, wire.A)
			if err != nil {
				return err
			}
			b, err := c.config(ctx, op, wire.B)
			if err != nil {
				return err
			}
			rows := [][]string{{"OBJECT", "AT A", "AT B"}}
			at := map[string][2]pairconf.Object{}
			var names []string
			for i, w := range []wholeConfig{a, b} {
				for _, o := range w.Objects {
					both, known := at[o.Name]
					if !known {
						names = append(names, o.Name)
					}
					both[i] = o
					at[o.Name] = both
				}
			}
			for _, name := range names {
				if both := at[name]; both[0].Value != both[1].Value {
					rows = append(rows, []string{name, both[0].Version.String() + " " + objectValue(both[0]), both[1].Version.String() + " " + objectValue(both[1])})
				}
			}
			if len(rows) == 1 && a.Version == b.Version {
				fmt.Fprintf(c.out, "both have version %s\n", a.Version)
				return nil
			}
			fmt.Fprintf(c.out, "A has version %s, B has %s\n\n", a.Version, b.Version)
			table(c.out, rows)
			return status(statusFailed)
		}),
	}
}

func configExport(c *ctl) *cobra.Command {
	server := ""
	return serverFlag(&cobra.Command{
		Use: "export FILE", Short: "Write all objects to a file, keys of users included: only its owner can read it", Args: cobra.ExactArgs(1),
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, args []string) error {
			id, w, err := c.configAt(ctx, op, server)
			if err != nil {
				return err
			}
			data, err := json.MarshalIndent(w, "", "  ")
			if err != nil {
				return fmt.Errorf("export: %w", err)
			}
			const ownerOnly = 0o600
			if err := os.WriteFile(args[0], append(data, '\n'), ownerOnly); err != nil {
				return fmt.Errorf("export: %w", err)
			}
			fmt.Fprintf(c.out, "configuration %s of %s, %d objects, is in %s\n", w.Version, id, len(w.Objects), args[0])
			return nil
		}),
	}, &server)
}

// maxImport bounds a file that is imported, in bytes: the greatest configuration there is.
const maxImport = 2 << 20

func configImport(c *ctl) *cobra.Command {
	server, reason := "", ""
	cmd := serverFlag(&cobra.Command{
		Use: "import FILE", Short: "Set all objects that a file has and the pair has not so; objects that only the pair has stay", Args: cobra.ExactArgs(1),
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, args []string) error {
			wanted, err := readConfig(args[0])
			if err != nil {
				return err
			}
			id, now, err := c.configAt(ctx, op, server)
			if err != nil {
				return err
			}
			has := map[string]string{}
			for _, o := range now.Objects {
				has[o.Name] = o.Value
			}
			changed := 0
			for _, o := range wanted.Objects {
				if has[o.Name] == o.Value {
					continue
				}
				if err := c.command(ctx, op, "config-set", map[string]string{"object": o.Name, "value": o.Value, "reason": reason}, id); err != nil {
					fmt.Fprintf(c.out, "%d objects were changed, and %s was not\n", changed, o.Name)
					return err
				}
				changed++
			}
			fmt.Fprintf(c.out, "%d objects were changed\n", changed)
			return nil
		}),
	}, &server)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	return cmd
}

func readConfig(path string) (wholeConfig, error) {
	var w wholeConfig
	f, err := os.Open(path)
	if err != nil {
		return w, fmt.Errorf("import: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxImport+1))
	switch {
	case err != nil:
		return w, fmt.Errorf("import: %w", err)
	case len(data) > maxImport:
		return w, fmt.Errorf("import: %s has more than %d bytes", path, maxImport)
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return w, fmt.Errorf("import: %s: %w", path, err)
	}
	for _, o := range w.Objects {
		if err := pairconf.Check(o.Name, o.Value); err != nil {
			return w, fmt.Errorf("import: %s: %w", path, err)
		}
	}
	return w, nil
}

func configConflicts(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use: "conflicts", Short: "Changes that did not win when the two servers met", Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			rows := [][]string{{"AT", "OBJECT", "VERSION", "VALUE THAT DID NOT WIN", "VALUE IN FORCE THEN"}}
			err := c.askServers(ctx, op, "config-conflicts", func(id wire.ID, data json.RawMessage) error {
				var list struct {
					Conflicts []pairconf.Conflict `json:"conflicts"`
				}
				if err := json.Unmarshal(data, &list); err != nil {
					return fmt.Errorf("%s config-conflicts: its answer makes no sense: %w", id, err)
				}
				for _, x := range list.Conflicts {
					won := pairconf.Object{Name: x.Name, Value: x.Won}
					rows = append(rows, []string{id.String(), x.Name, x.Version.String(), objectValue(x.Object), objectValue(won)})
				}
				return nil
			})
			switch {
			case err != nil || c.json:
				return err
			case len(rows) == 1:
				fmt.Fprintln(c.out, "there is no conflict on record")
				return nil
			}
			table(c.out, rows)
			return nil
		}),
	}
}
