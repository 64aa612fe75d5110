package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/spf13/cobra"

	"hotpair/internal/natsworld"
	"hotpair/internal/operator"
	pairstatus "hotpair/internal/status"
	"hotpair/internal/wire"
)

// watched are the nodes that ctl asks for their state.
var watched = []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer}

// pairView is what ctl status shows.
type pairView struct {
	pairstatus.Pair
	Calls *operator.Calls `json:"calls,omitempty"`
}

func ctlStatus(c *ctl) *cobra.Command {
	calls := 10
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Who is primary, readiness with its reason, the calls in the way, and a forecast",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, op *natsworld.Operator, _ []string) error {
			view, err := c.look(ctx, op, calls)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(view)
			}
			view.print(c.out)
			return nil
		}),
	}
	cmd.Flags().IntVar(&calls, "calls", calls, "how many of the calls in the way are named, 1 to 1000")
	return cmd
}

// look asks all nodes, at once. It is an error if none of them answers.
func (c *ctl) look(ctx context.Context, op *natsworld.Operator, calls int) (pairView, error) {
	var view pairView
	p := c.states(ctx, op)
	if len(p.Nodes) == 0 {
		return view, fmt.Errorf("no node of the pair %q answers at %s: %s", c.pair, c.nats, p.Absent[0].Why)
	}
	view.Pair = p
	if p.Tagged > 0 && calls > 0 {
		a, err := c.ask(ctx, op, p.Primary, "calls", map[string]string{"limit": strconv.Itoa(calls)})
		switch {
		case err != nil:
			return view, err
		case a.Outcome != operator.Done:
			return view, fmt.Errorf("--calls: %s", a.Text)
		}
		if err := json.Unmarshal(a.Data, &view.Calls); err != nil {
			return view, fmt.Errorf("%s calls: its answer makes no sense: %w", p.Primary, err)
		}
	}
	return view, nil
}

// states asks all nodes for their state.
func (c *ctl) states(ctx context.Context, op *natsworld.Operator) pairstatus.Pair {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var wg sync.WaitGroup
	states, errs := make([]pairstatus.Status, len(watched)), make([]error, len(watched))
	for i, id := range watched {
		wg.Go(func() { states[i], errs[i] = op.Status(ctx, id) })
	}
	wg.Wait()
	var nodes []pairstatus.Status
	var absent []pairstatus.Absent
	for i, id := range watched {
		switch {
		case errors.Is(errs[i], natsworld.ErrAbsent):
			absent = append(absent, pairstatus.Absent{Node: id, Why: natsworld.ErrAbsent.Error()})
		case errs[i] != nil:
			absent = append(absent, pairstatus.Absent{Node: id, Why: errs[i].Error()})
		default:
			nodes = append(nodes, states[i])
		}
	}
	return pairstatus.Assemble(c.pair, nodes, absent)
}

func (v *pairView) print(out io.Writer) {
	fmt.Fprintln(out, headline(&v.Pair))
	fmt.Fprintln(out)
	table(out, nodeRows(&v.Pair))
	if rows := activityRows(&v.Pair); len(rows) > 1 {
		fmt.Fprintln(out)
		table(out, rows)
	}
	if rows := linkRows(&v.Pair); len(rows) > 1 {
		fmt.Fprintln(out)
		table(out, rows)
	}
	if rows := alarmRows(&v.Pair); len(rows) > 1 {
		fmt.Fprintln(out)
		table(out, rows)
	}
	if v.Calls != nil && len(v.Calls.Calls) > 0 {
		fmt.Fprintln(out)
		table(out, callRows(v.Calls))
	}
}

// headline says how the pair is, in one line.
func headline(p *pairstatus.Pair) string {
	text := fmt.Sprintf("pair %q is not ready: %s", p.Pair, p.Why)
	if p.Ready {
		text = fmt.Sprintf("pair %q is ready: a switchover loses nothing", p.Pair)
	}
	if p.Primary != wire.None {
		text += fmt.Sprintf("\nprimary is %s, of epoch %d", p.Primary, p.Epoch)
	}
	if m := p.Node(wire.MLayer); m != nil && m.Manager.Reason != "" {
		text += " (" + m.Manager.Reason + ")"
	}
	if p.Tagged > 0 {
		text += fmt.Sprintf("\ncalls in the way: %d; forecast: ", p.Tagged)
		if p.Forecast != nil {
			text += since(*p.Forecast)
		} else {
			text += "none yet, since none of them has ended"
		}
	}
	return text
}

func nodeRows(p *pairstatus.Pair) [][]string {
	rows := [][]string{{"NODE", "STATE", "INC", "ROLE", "EPOCH", "CTI LINK", "ANNOUNCED", "SYNC", "READY", "WHY"}}
	for _, id := range watched {
		s := p.Node(id)
		if s == nil {
			continue
		}
		state := "up " + since(s.Up)
		if !s.Carrier {
			state = "cut off"
		}
		row := []string{id.String(), state, strconv.FormatUint(s.Inc, 10)}
		switch {
		case s.TServer != nil:
			t := s.TServer
			row = append(row, t.Role, strconv.FormatUint(t.Epoch, 10), t.CTI, yesNo(t.Announced), t.Sync, yesNo(t.Ready), t.Why)
		case s.Manager != nil && s.Manager.Named != wire.None:
			row = append(row, "names "+s.Manager.Named.String(), strconv.FormatUint(s.Manager.Epoch, 10), "", "", "", yesNo(s.Manager.Ready), s.Manager.Why)
		}
		rows = append(rows, row)
	}
	for _, a := range p.Absent {
		rows = append(rows, []string{a.Node.String(), "absent", "", "", "", "", "", "", "", a.Why})
	}
	return rows
}

// activityRows are what the servers do for clients, where the pair decides by itself.
func activityRows(p *pairstatus.Pair) [][]string {
	rows := [][]string{{"SERVER", "ACTIVITY", "SESSIONS", "DEACTIVATED", "CONFIGURATION"}}
	for i := range p.Nodes {
		if t := p.Nodes[i].TServer; t != nil && t.Activity != "" {
			rows = append(rows, []string{p.Nodes[i].Node.String(), t.Activity, strconv.FormatUint(t.Sessions, 10), yesNo(t.Deactivated), t.Config})
		}
	}
	return rows
}

// linkRows are the links that are down.
func linkRows(p *pairstatus.Pair) [][]string {
	rows := [][]string{{"LINK DOWN", "FOR", "CAUSE"}}
	for i := range p.Nodes {
		s := &p.Nodes[i]
		for _, l := range s.Links {
			if !l.Up {
				rows = append(rows, []string{s.Node.String() + "-" + l.Peer.String(), since(l.For), l.Cause})
			}
		}
	}
	return rows
}

func callRows(c *operator.Calls) [][]string {
	rows := [][]string{{"CALL IN THE WAY", "CONNID", "FROM", "TO", "STATE"}}
	for _, call := range c.Calls {
		rows = append(rows, []string{call.Call, call.ConnID, call.From, call.To, call.State})
	}
	if more := c.Tagged - len(c.Calls); more > 0 {
		rows = append(rows, []string{fmt.Sprintf("and %d more", more)})
	}
	return rows
}
