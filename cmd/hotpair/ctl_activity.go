package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"hotpair/internal/natsworld"
	"hotpair/internal/wire"
)

// confirmation is what System Administration's commands have in common: why something is done, and the state that was seen before.
type confirmation struct {
	reason string
	yes    bool
}

func (f *confirmation) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the audit log; at most 200 bytes")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask: what is so now is what you mean to change")
}

// maxReason bounds --reason, in bytes.
const maxReason = 200

// confirm shows the state of both servers, asks whether to go on, and returns the arguments for the audit log.
func (f *confirmation) confirm(ctx context.Context, c *ctl, op *natsworld.Operator, what string) (map[string]string, error) {
	if f.reason == "" || len(f.reason) > maxReason {
		return nil, fmt.Errorf("--reason: say why, in at most %d bytes: it stands in the audit log", maxReason)
	}
	p := c.states(ctx, op)
	var state []string
	for _, id := range []wire.ID{wire.A, wire.B} {
		text := id.String() + " unknown"
		if s := p.Node(id); s != nil && s.TServer != nil {
			text = fmt.Sprintf("%s %s, epoch %d, %d sessions", id, s.TServer.Activity, s.TServer.Epoch, s.TServer.Sessions)
			if s.TServer.Activity == "" {
				return nil, errors.New("a Management Layer decides about this pair: hotpair ctl switchover is its command")
			}
		}
		state = append(state, text)
	}
	args := map[string]string{"reason": f.reason, "confirmed": strings.Join(state, "; ")}
	if f.yes {
		return args, nil
	}
	if !isTerminal(os.Stdin) {
		return nil, errors.New("say --yes: there is no terminal to ask at")
	}
	return args, ask(os.Stdin, c.out, fmt.Sprintf("%s\n%s? [y/N] ", args["confirmed"], what))
}

// ask waits for a yes.
func ask(in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question)
	line, err := bufio.NewReader(in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); err == nil && (answer == "y" || answer == "yes") {
		return nil
	}
	return errors.New("nothing was done")
}

// activityCommand is a command to one server about its activity.
func activityCommand(c *ctl, verb, short, long string) *cobra.Command {
	var f confirmation
	cmd := &cobra.Command{
		Use: verb + " A|B", Short: short, Long: long, Args: cobra.ExactArgs(1),
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, words []string) error {
			id, err := wire.ParseID(words[0])
			if err != nil || !id.IsTServer() {
				return fmt.Errorf("%s: a server (A, B) is wanted, not %.40q", verb, words[0])
			}
			args, err := f.confirm(ctx, c, op, verb+" "+words[0])
			if err != nil {
				return err
			}
			return c.command(ctx, op, verb, args, id)
		}),
	}
	f.add(cmd)
	return cmd
}

func ctlActivate(c *ctl) *cobra.Command {
	return activityCommand(c, "activate", "Make a server the active one (client failover)",
		"Clears the server's deactivation. On an open link the activity is handed over to it; without a link it is active at once, whatever the other does.")
}

func ctlDeactivate(c *ctl) *cobra.Command {
	return activityCommand(c, "deactivate", "Keep a server inactive until it is activated there (client failover)",
		"Whatever happens, the server stays inactive until it is activated. If it has the activity, it hands over first, unless the other one is deactivated, too.")
}

func ctlSwitchback(c *ctl) *cobra.Command {
	var f confirmation
	force := false
	cmd := &cobra.Command{
		Use:   "switchback",
		Short: "Give the activity back to the primary, A; refused while it is not fit, unless forced (client failover)",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			args, err := f.confirm(ctx, c, op, "switch back to A")
			if err != nil {
				return err
			}
			if force {
				args["force"] = "true"
			}
			return c.command(ctx, op, "switchback", args, wire.A)
		}),
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "also when A has no link to B, lacks its configuration or a licence, or has not read the switch")
	return cmd
}
