package tserver

import (
	"encoding/json"
	"fmt"
	"strconv"

	"hotpair/internal/node"
	"hotpair/internal/operator"
	"hotpair/internal/wire"
)

const (
	// defaultCalls and maxCalls are how many calls the command calls names.
	defaultCalls = 20
	maxCalls     = 1000
)

// operate takes the operator's commands: calls [limit=N], and kick client=C1.
func (s *Server) operate(cmd *node.Command, out *node.Output) {
	if s.failover.command(cmd, out) {
		return
	}
	switch cmd.Verb {
	case "calls":
		s.tellCalls(cmd, out)
	case "kick":
		s.kick(cmd, out)
	default:
		out.Refuse(cmd, fmt.Sprintf("a T-Server knows no command %q; it knows calls and kick; the switch, the Management Layer and clients know others", cmd.Verb))
	}
}

// tellCalls tells which calls are in the way of readiness (X10).
func (s *Server) tellCalls(cmd *node.Command, out *node.Output) {
	limit := defaultCalls
	if text, given := cmd.Args["limit"]; given || len(cmd.Args) > 0 {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxCalls || len(cmd.Args) > 1 {
			out.Refuse(cmd, fmt.Sprintf("calls takes limit=N, from 1 to %d, and nothing else", maxCalls))
			return
		}
		limit = n
	}
	var list operator.Calls
	list.Held, list.Tagged = s.engine.Counts()
	for id, connID := range s.engine.Tagged() {
		if len(list.Calls) == limit {
			break
		}
		c := operator.Call{Call: id.String()}
		if connID != 0 {
			c.ConnID = connID.String()
		}
		if p := s.table.At(id.Ref); p != nil {
			to, _ := p.Other(0)
			c.From, c.To, c.State = string(p.At(0).DN), string(to), p.State().String()
		}
		list.Calls = append(list.Calls, c)
	}
	data, err := json.Marshal(list)
	if err != nil {
		panic(err) // text and numbers
	}
	out.Answer(cmd, string(data))
}

// kick ends a client's session. The client may come back: who is to be kept out must lose its key at NATS.
func (s *Server) kick(cmd *node.Command, out *node.Output) {
	id, err := wire.ParseID(cmd.Args["client"])
	switch {
	case err != nil || !id.IsClient() || len(cmd.Args) != 1:
		out.Refuse(cmd, "kick takes client=C1, C2, …, and nothing else")
	case !s.clients.connected(id):
		out.Refuse(cmd, fmt.Sprintf("kick: %s has no session at %s", id, s.self))
	default:
		s.failover.kicked(id, out)
		s.endSession(id, out)
		out.Close(id)
		out.Done(cmd)
	}
}
