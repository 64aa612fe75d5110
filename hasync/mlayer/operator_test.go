package mlayer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// TestOperatorKicks: kick has the carrier close a T-Server's connection, and tells whose incarnation it was.
func TestOperatorKicks(t *testing.T) {
	r := newRig(t, "")
	r.up(wire.A, 4)
	kick := func(args map[string]string) []node.Note {
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 9, Verb: "kick", Args: args}})
		return r.out.Notes
	}
	require.Equal(t, []node.Note{{Kind: node.NoteFence, Peer: wire.A, M: 4}, {Kind: node.NoteDone, N: 9, Text: "kick"}}, kick(map[string]string{"node": "A"}))
	for _, args := range []map[string]string{nil, {"node": "C1"}, {"node": "X"}, {"node": "A", "force": "true"}} {
		require.Equal(t, []node.Note{{Kind: node.NoteRefused, N: 9, Text: "kick takes node=A or node=B, and nothing else"}}, kick(args))
	}
	require.Equal(t, []node.Note{{Kind: node.NoteRefused, N: 9, Text: "kick: B is not connected to the Management Layer"}}, kick(map[string]string{"node": "B"}))
}
