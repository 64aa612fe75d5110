package tserver_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/operator"
	"hotpair/internal/wire"
)

// operate gives a command, and returns the note that answers it.
func (r *rig) operate(verb string, args map[string]string) node.Note {
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 5, Verb: verb, Args: args}})
	for _, n := range r.out.Notes {
		if n.N == 5 && (n.Kind == node.NoteDone || n.Kind == node.NoteRefused) {
			return n
		}
	}
	require.FailNow(r.t, "no answer")
	return node.Note{}
}

// TestX10OperatorSeesTheCallsInTheWay: the tagged calls are told, with what is known of them.
func TestX10OperatorSeesTheCallsInTheWay(t *testing.T) {
	r := primary(t, nil)
	r.created(call(2, 6))
	r.hear(wire.B, backupReady(6))
	var calls operator.Calls
	require.NoError(t, json.Unmarshal([]byte(r.operate("calls", nil).Text), &calls))
	require.Equal(t, 2, calls.Held)
	require.Equal(t, 2, calls.Tagged)
	require.Len(t, calls.Calls, 2)
	require.Equal(t, "1@5", calls.Calls[0].Call)
	require.Len(t, calls.Calls[0].ConnID, 16)
	require.Equal(t, "ringing", calls.Calls[0].State)
	require.NotEmpty(t, calls.Calls[0].From)
	require.NoError(t, json.Unmarshal([]byte(r.operate("calls", map[string]string{"limit": "1"}).Text), &calls))
	require.Len(t, calls.Calls, 1)
	for _, limit := range []string{"0", "1001", "", "x"} {
		require.Equal(t, node.Note{Kind: node.NoteRefused, N: 5, Text: "calls takes limit=N, from 1 to 1000, and nothing else"}, r.operate("calls", map[string]string{"limit": limit}))
	}
}

func TestOperatorKicksAClient(t *testing.T) {
	r := primary(t, nil)
	c1 := wire.Client(1)
	require.Equal(t, "kick: C1 has no session at A", r.operate("kick", map[string]string{"client": "C1"}).Text)
	r.up(c1)
	r.hear(c1, wire.Message{Kind: wire.RegisterAddress, ThisDN: "*"})
	require.Equal(t, node.Note{Kind: node.NoteDone, N: 5, Text: "kick"}, r.operate("kick", map[string]string{"client": "C1"}))
	require.Contains(t, r.out.Ops, node.Op{Kind: node.OpClose, Peer: c1})
	r.created(call(2, 6))
	require.Empty(t, r.sent(c1, wire.EventDialing), "its registrations are gone")
	for _, args := range []map[string]string{nil, {"client": "A"}, {"node": "C1"}} {
		require.Equal(t, node.NoteRefused, r.operate("kick", args).Kind)
	}
	require.True(t, strings.HasPrefix(r.operate("dance", nil).Text, `a T-Server knows no command "dance"`))
}
