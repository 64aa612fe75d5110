package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hotpair/internal/natsworld"
	"hotpair/internal/operator"
)

func ctlAudit(c *ctl) *cobra.Command {
	last := 50
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "The audit log: who, when, what, and the outcome",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			if last < 1 {
				return fmt.Errorf("--last: above 0, not %d", last)
			}
			ctx, cancel := context.WithTimeout(ctx, c.timeout)
			defer cancel()
			entries, err := op.Audit(ctx, 2*last) // a command has two
			if err != nil {
				return err
			}
			list := operator.Merge(entries)
			list = list[max(len(list)-last, 0):]
			if c.json {
				for _, e := range list {
					if err := c.printJSON(e); err != nil {
						return err
					}
				}
				return nil
			}
			rows := [][]string{{"WHEN", "WHO", "NODE", "WHAT", "OUTCOME"}}
			for _, e := range list {
				rows = append(rows, auditRow(e))
			}
			table(c.out, rows)
			return nil
		}),
	}
	cmd.Flags().IntVar(&last, "last", last, "how many commands are shown")
	return cmd
}

func auditRow(e operator.Command) []string {
	what, outcome := e.Verb, string(e.Outcome)
	for _, k := range slices.Sorted(maps.Keys(e.Args)) {
		what += " " + k + "=" + e.Args[k]
	}
	if e.Text != "" {
		outcome += ": " + e.Text
	}
	return []string{e.Time.Local().Format(time.DateTime), e.Operator, fmt.Sprintf("%s#%d", e.Node, e.Inc), what, outcome}
}
