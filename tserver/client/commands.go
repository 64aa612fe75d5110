package client

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// command: register dn=1001; request kind=MakeCall thisDN=1001 otherDN=1002.
func (c *Client) command(cmd *node.Command, out *node.Output) {
	switch cmd.Verb {
	case "register":
		c.registerCommand(cmd, out)
	case "request":
		c.requestCommand(cmd, out)
	default:
		out.Refuse(cmd, fmt.Sprintf("a client knows no %q; it knows register and request", cmd.Verb))
	}
}

func (c *Client) registerCommand(cmd *node.Command, out *node.Output) {
	dn := callmodel.DN(cmd.Args["dn"])
	switch {
	case dn == "" || len(cmd.Args) != 1:
		out.Refuse(cmd, "register takes one argument, dn")
		return
	case slices.Contains(c.dns, dn):
		out.Refuse(cmd, fmt.Sprintf("%s is registered already", dn))
		return
	}
	c.add(dn, out)
	out.Done(cmd)
}

// requestCommand makes a request. The command is answered when its outcome is known, or, with wait=false, at once.
func (c *Client) requestCommand(cmd *node.Command, out *node.Output) {
	m, err := ParseRequest(cmd.Args)
	if err != nil {
		out.Refuse(cmd, err.Error())
		return
	}
	if _, err = c.Request(m, cmd.Args["repeat"] != "false", out); err != nil {
		out.Refuse(cmd, err.Error())
		return
	}
	if cmd.Args["wait"] == "false" {
		out.Done(cmd)
	} else {
		c.open[len(c.open)-1].cmd = cmd.ID
	}
}

// requestArguments are the arguments of a request by their names in a command, which are those in the JSON.
var requestArguments = map[string]func(m *wire.Message, v string) error{
	"thisDN":         func(m *wire.Message, v string) error { m.ThisDN = callmodel.DN(v); return nil },
	"otherDN":        func(m *wire.Message, v string) error { m.OtherDN = callmodel.DN(v); return nil },
	"text":           func(m *wire.Message, v string) error { m.Text = v; return nil },
	"connId":         func(m *wire.Message, v string) error { return m.ConnID.UnmarshalText([]byte(v)) },
	"transferConnId": func(m *wire.Message, v string) error { return m.TransferConnID.UnmarshalText([]byte(v)) },
	"workMode":       func(m *wire.Message, v string) error { return m.WorkMode.UnmarshalText([]byte(v)) },
	"num":            func(m *wire.Message, v string) (err error) { m.Num, err = strconv.ParseUint(v, 10, 64); return err },
	"data":           func(m *wire.Message, v string) (err error) { m.Data, err = parseData(v); return err },
}

// ParseRequest reads a request from the arguments of a command: kind, which may lack its "Request", and what it takes; wait and repeat are true or false.
// data is KEY:VALUE, separated by commas.
func ParseRequest(args map[string]string) (m wire.Message, err error) {
	kind := "Request" + strings.TrimPrefix(args["kind"], "Request")
	if m.Kind, err = wire.ParseKind(kind); err != nil || !m.Kind.IsRequest() {
		return m, fmt.Errorf("kind: %q is no request", args["kind"])
	}
	for _, key := range slices.Sorted(maps.Keys(args)) {
		v := args[key]
		switch set, ok := requestArguments[key]; {
		case key == "kind":
		case key == "wait" || key == "repeat":
			if v != "true" && v != "false" {
				return m, fmt.Errorf("%s is true or false, not %q", key, v)
			}
		case !ok:
			return m, fmt.Errorf("%s: no such argument; a request takes %q, kind, wait and repeat", key, slices.Sorted(maps.Keys(requestArguments)))
		default:
			if err := set(&m, v); err != nil {
				return m, fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return m, nil
}

func parseData(v string) (callmodel.AttachedData, error) {
	var pairs []callmodel.Pair
	for _, p := range strings.Split(v, ",") {
		key, value, ok := strings.Cut(p, ":")
		if !ok {
			return "", fmt.Errorf("KEY:VALUE is wanted, not %.40q", p)
		}
		pairs = append(pairs, callmodel.Pair{Key: key, Value: value})
	}
	return callmodel.Attach(pairs...), nil
}
