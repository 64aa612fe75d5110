package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"hotpair/internal/natsworld"
	pairstatus "hotpair/internal/status"
	"hotpair/internal/wire"
)

func ctlAlarms(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "alarms",
		Short: "The alarms that are raised; exit status 1 if there are any",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			view, err := c.look(ctx, op, 0)
			if err != nil {
				return err
			}
			rows := alarmRows(&view.Pair)
			switch {
			case c.json:
				err = c.printAlarms(&view.Pair)
			case len(rows) > 1:
				table(c.out, rows)
			default:
				_, err = fmt.Fprintln(c.out, "no alarm is raised")
			}
			for _, a := range view.Absent {
				if !c.json {
					fmt.Fprintf(c.out, "%s is not known: %s\n", a.Node, a.Why)
				}
			}
			if err == nil && len(rows) > 1 {
				err = status(statusFailed)
			}
			return err
		}),
	}
}

func (c *ctl) printAlarms(p *pairstatus.Pair) error {
	for i := range p.Nodes {
		for _, a := range p.Nodes[i].Alarms {
			err := c.printJSON(struct {
				Node wire.ID `json:"node"`
				pairstatus.Alarm
			}{p.Nodes[i].Node, a})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func alarmRows(p *pairstatus.Pair) [][]string {
	rows := [][]string{{"ALARM", "RAISED BY", "CONCERNS", "FOR", "TEXT"}}
	for i := range p.Nodes {
		for _, a := range p.Nodes[i].Alarms {
			concerns := ""
			if a.Peer != wire.None {
				concerns = a.Peer.String()
			}
			rows = append(rows, []string{a.Alarm, p.Nodes[i].Node.String(), concerns, since(a.For), a.Text})
		}
	}
	return rows
}
