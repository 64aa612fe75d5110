package tserver

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

func peerServer(self wire.ID) *Server {
	o := DefaultOptions()
	o.PeerArbitration = true
	return New(self, o)
}

func start(s *Server, stored []byte) *node.Output {
	var out node.Output
	s.Step(&node.Input{Kind: node.Start, Inc: 1, Value: stored}, &out)
	return &out
}

// What is stored and makes no sense counts as deactivated: a guess could make two servers active.
func TestP10StoredStateThatMakesNoSense(t *testing.T) {
	for _, stored := range []string{
		"{", `{"arbiter":{"own":2}}`, `{"arbiter":{"last":"C1"}}`, `{"arbiter":{"last":"X"}}`, `{"arbiter":{"highest":999999999999999999}}`,
		`{"arbiter":{},"config":{"objects":[{"name":"pet/1"}]}}`, `{"arbiter":{},"config":{"version":{"epoch":999999999999999999,"n":1}}}`,
		`{"arbiter":{},"config":{"objects":[{"name":"dn/2","value":"x"},{"name":"dn/1","value":"x"}]}}`,
	} {
		s := peerServer(wire.A)
		out := start(s, []byte(stored))
		require.Equal(t, node.NoteBadInput, out.Notes[1].Kind, stored)
		require.True(t, s.Arbiter().Deactivated(), stored)
	}
	s := peerServer(wire.A)
	start(s, []byte(`{"arbiter":{"own":3,"highest":4,"last":"B"},"config":{"version":{"epoch":1,"n":2},"common":{"epoch":0,"n":0}}}`))
	require.False(t, s.Arbiter().Deactivated())
	require.Equal(t, uint64(3), s.Arbiter().Epoch())
}

// TestP13TheConfigurationKnowsEpochs: a server that has stored a change of the other one's has seen its epoch, whatever else it had stored by then.
func TestP13TheConfigurationKnowsEpochs(t *testing.T) {
	s := peerServer(wire.A)
	start(s, []byte(`{"arbiter":{"own":1,"highest":2,"last":"A"},"config":{"version":{"epoch":4,"n":1},"common":{"epoch":4,"n":1}}}`))
	var out node.Output
	s.Step(&node.Input{Kind: node.Do, Cmd: &node.Command{ID: 1, Verb: "activate"}}, &out)
	out.Reset()
	s.Step(&node.Input{Kind: node.Stored}, &out)
	require.Equal(t, uint64(5), s.Arbiter().Epoch())
}

func FuzzStored(f *testing.F) {
	f.Add([]byte(`{"arbiter":{"own":3,"highest":4,"last":"B","deactivated":true},"licence":{"known":true,"seats":3,"features":["a"],"used":2}}`))
	f.Add([]byte(`{"arbiter":{},"config":{"version":{"epoch":1,"n":2},"common":{"epoch":1,"n":1},"objects":[{"name":"dn/1","value":"x","version":{"epoch":1,"n":2}}],"conflicts":[]}}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, stored []byte) {
		s := peerServer(wire.B)
		start(s, stored)
		// Whatever it made of it can be stored and read again.
		var out node.Output
		(*arbiterServer)(s.failover).Store(&out)
		for _, op := range out.Ops {
			if op.Kind == node.OpPersist {
				require.True(t, json.Valid(op.Value))
				again := peerServer(wire.B)
				start(again, op.Value)
				require.Equal(t, s.Arbiter().Durable(), again.Arbiter().Durable())
			}
		}
	})
}
