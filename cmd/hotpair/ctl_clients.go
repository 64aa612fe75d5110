package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hotpair/internal/natsworld"
	"hotpair/internal/operator"
	"hotpair/internal/wire"
)

// askServers asks both servers, and hands on what each answers. It is an error if none does.
func (c *ctl) askServers(ctx context.Context, op *natsworld.Operator, verb string, each func(id wire.ID, data json.RawMessage) error) error {
	var failed error
	answered := false
	for _, id := range []wire.ID{wire.A, wire.B} {
		a, err := c.ask(ctx, op, id, verb, nil)
		if err == nil && a.Outcome != operator.Done {
			err = fmt.Errorf("%s %s: %s", id, verb, a.Text)
		}
		if err != nil {
			failed = err
			continue
		}
		answered = true
		if c.json {
			err = c.printJSON(map[string]any{"node": id, verb: a.Data})
		} else {
			err = each(id, a.Data)
		}
		if err != nil {
			return err
		}
	}
	if !answered {
		return failed
	}
	return nil
}

func ctlClients(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use: "clients", Short: "Which clients have a session, and where (client failover)", Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			rows := [][]string{{"SERVER", "ACTIVITY", "SESSIONS", "CLIENTS"}}
			err := c.askServers(ctx, op, "clients", func(id wire.ID, data json.RawMessage) error {
				var l operator.Clients
				if err := json.Unmarshal(data, &l); err != nil {
					return fmt.Errorf("%s clients: its answer makes no sense: %w", id, err)
				}
				rows = append(rows, []string{id.String(), l.Activity, strconv.Itoa(len(l.Clients)), strings.Join(l.Clients, " ")})
				return nil
			})
			if err == nil && !c.json {
				table(c.out, rows)
			}
			return err
		}),
	}
}

func ctlLicences(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use: "licences", Short: "Seats and features, and what is in use (client failover)", Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			rows := [][]string{{"SERVER", "SEATS", "IN USE", "FEATURES", "GRACE USED", "A NEW LOGIN"}}
			err := c.askServers(ctx, op, "licences", func(id wire.ID, data json.RawMessage) error {
				var l operator.Licences
				if err := json.Unmarshal(data, &l); err != nil {
					return fmt.Errorf("%s licences: its answer makes no sense: %w", id, err)
				}
				seats, next := strconv.FormatUint(l.Seats, 10), "gets a seat"
				if !l.Licensed {
					seats = "no limit"
				}
				if l.Refuses != "" {
					next = "is refused: " + l.Refuses
				}
				rows = append(rows, []string{
					id.String(), seats, strconv.FormatUint(l.InUse, 10), strings.Join(l.Features, " "), strconv.Itoa(int(100*l.GraceUsed)) + "%", next,
				})
				return nil
			})
			if err == nil && !c.json {
				table(c.out, rows)
			}
			return err
		}),
	}
}
