package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hotpair/internal/access"
	"hotpair/internal/natsworld"
	"hotpair/internal/operator"
	"hotpair/internal/wire"
)

// ctl is hotpair ctl: what all its verbs have in common.
type ctl struct {
	login                loginFlags
	nats, pair, operator string
	json                 bool
	timeout              time.Duration
	out                  io.Writer
}

// ctlVerbs are the verbs, one file each.
var ctlVerbs = []func(*ctl) *cobra.Command{
	ctlStatus, ctlWatch, ctlAlarms, ctlSwitchover, ctlKick, ctlAudit, ctlActivate, ctlDeactivate, ctlSwitchback, ctlClients, ctlLicences, ctlConfig,
}

func ctlCommand() *cobra.Command {
	c := &ctl{}
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "Look at a pair that runs, and give it commands",
		Long: `Looks at a pair that runs, and gives it commands, as an operator. Options come from flags and from the environment (HOTPAIR_NATS for --nats, and so on).
The key of the operator's role is in the folder of keys (operator-NAME.nk). Every command that changes something stands in the audit log.

The exit status is 0 if it was done, 1 if it was refused, 2 if nobody could tell.`,
		Example: `  hotpair ctl status
  hotpair ctl switchover --operator alice --keys /etc/hotpair/keys
  hotpair ctl audit --json | jq 'select(.outcome == "refused")'`,
	}
	fl := cmd.PersistentFlags()
	fl.StringVar(&c.nats, "nats", "nats://127.0.0.1:4222", "URL of the NATS server")
	fl.StringVar(&c.pair, "pair", "pair", "name of the pair: letters, digits, - and _")
	fl.StringVar(&c.operator, "operator", access.DefaultOperator, "who you are: a name that the NATS server's configuration knows")
	fl.BoolVar(&c.json, "json", false, "print JSON, one value for each line")
	fl.DurationVar(&c.timeout, "timeout", 5*time.Second, "how long an answer may take")
	c.login.add(fl)
	for _, verb := range ctlVerbs {
		cmd.AddCommand(verb(c))
	}
	return cmd
}

// run connects, and does what a verb does.
func (c *ctl) run(do func(ctx context.Context, op *natsworld.Operator, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := fromEnvironment(cmd); err != nil {
			return err
		}
		c.out = cmd.OutOrStdout()
		if err := access.CheckName(c.pair); err != nil {
			return fmt.Errorf("--pair: %w", err)
		}
		if err := access.CheckName(c.operator); err != nil {
			return fmt.Errorf("--operator: %w", err)
		}
		if c.timeout <= 0 {
			return fmt.Errorf("--timeout: above 0, not %s", c.timeout)
		}
		login, err := c.login.login(c.nats, access.OperatorRole(c.operator))
		if err != nil {
			return err
		}
		op, err := natsworld.OpenOperator(c.nats, c.pair, c.operator, &login)
		if err != nil {
			return err
		}
		defer op.Close()
		return do(cmd.Context(), op, args)
	}
}

// ask gives a node a command, within the time that an answer may take.
func (c *ctl) ask(ctx context.Context, op *natsworld.Operator, id wire.ID, verb string, args map[string]string) (operator.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return op.Do(ctx, id, verb, args)
}

// command gives nodes a command that changes something, and prints what became of it. The exit status is the worst.
func (c *ctl) command(ctx context.Context, op *natsworld.Operator, verb string, args map[string]string, ids ...wire.ID) error {
	worst := error(nil)
	for _, id := range ids {
		a, err := c.ask(ctx, op, id, verb, args)
		switch {
		case err != nil && len(ids) == 1:
			return err
		case err != nil:
			a = operator.Answer{Outcome: "unknown", Text: err.Error()}
			worst = status(statusCouldNotTell)
		case a.Outcome != operator.Done && worst == nil:
			worst = status(statusFailed)
		}
		if c.json {
			err = c.printJSON(map[string]any{"node": id, "verb": verb, "args": args, "outcome": a.Outcome, "text": a.Text, "data": a.Data})
		} else {
			_, err = fmt.Fprintln(c.out, strings.TrimSpace(fmt.Sprintf("%s %s: %s. %s", id, verb, a.Outcome, a.Text)))
		}
		if err != nil {
			return err
		}
	}
	return worst
}

func (c *ctl) printJSON(v any) error {
	data, err := json.Marshal(v)
	if err == nil {
		_, err = fmt.Fprintf(c.out, "%s\n", data)
	}
	return err
}

// table prints rows in columns; the first one is the heading.
func table(out io.Writer, rows [][]string) {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		// A column ends where a row has no cell for it: all rows get as many as the heading.
		cells := make([]string, len(rows[0]))
		copy(cells, row)
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush() // into memory
	for line := range strings.Lines(text.String()) {
		fmt.Fprintln(out, strings.TrimRight(line, " \n"))
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// since shows a time of the run's clock, in seconds, for people.
func since(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
