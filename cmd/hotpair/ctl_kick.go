package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"hotpair/internal/natsworld"
	"hotpair/internal/wire"
)

func ctlKick(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "kick NODE",
		Short: "End a client's sessions (C1), or have NATS close a T-Server's connection (A, B)",
		Long: `Ends the sessions of a client at both T-Servers (C1, C2, …), or has the NATS server close the connection of a T-Server (A, B), as "fence: kick" does. Who
was kicked may come back: a client whose key NATS does not know any more cannot.`,
		Args: cobra.ExactArgs(1),
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, args []string) error {
			id, err := wire.ParseID(args[0])
			switch {
			case err == nil && id.IsClient():
				return c.command(ctx, op, "kick", map[string]string{"client": id.String()}, wire.A, wire.B)
			case err == nil && id.IsTServer():
				return c.command(ctx, op, "kick", map[string]string{"node": id.String()}, wire.MLayer)
			}
			return fmt.Errorf("kick: a client (C1, C2, …) or a T-Server (A, B) is wanted, not %.40q", args[0])
		}),
	}
}
