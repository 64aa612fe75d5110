package main

import (
	"context"

	"github.com/spf13/cobra"

	"hotpair/internal/natsworld"
	"hotpair/internal/wire"
)

func ctlSwitchover(c *ctl) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "switchover",
		Short: "Make the other T-Server primary; refused at readiness 0 unless forced",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			args := map[string]string{}
			if force {
				args["force"] = "true"
			}
			return c.command(ctx, op, "switchover", args, wire.MLayer)
		}),
	}
	cmd.Flags().BoolVar(&force, "force", false, "also when ConnIDs of calls in progress change by it")
	return cmd
}
