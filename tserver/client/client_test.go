package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/canon/canontest"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

type rig struct {
	c   *Client
	out node.Output
}

func (r *rig) step(in node.Input) {
	r.out.Reset()
	r.c.Step(&in, &r.out)
}

func (r *rig) hear(from wire.ID, m wire.Message) {
	r.step(node.Input{Kind: node.Receive, Peer: from, Msg: &m})
}

func ringing(epoch uint64) wire.Message {
	return wire.Message{Kind: wire.EventRinging, Epoch: epoch, Seq: 1, Call: callmodel.CallID{Ref: 1, Born: 1}, ConnID: 7, ThisDN: "1001"}
}

func newRig() *rig {
	r := &rig{c: New(wire.Client(1))}
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	return r
}

// TestX6EventsOfALowerEpochAreIgnored, and their sender is told of the higher one.
func TestX6EventsOfALowerEpochAreIgnored(t *testing.T) {
	r := newRig()
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	r.hear(wire.A, ringing(1))
	require.Equal(t, node.NoteActed, r.out.Notes[0].Kind)
	r.hear(wire.B, wire.Message{Kind: wire.EventServerInfo, Epoch: 2, Role: wire.Primary})
	r.hear(wire.A, ringing(1))
	require.Equal(t, []node.Note{{Kind: node.NoteIgnored, Peer: wire.A, N: 1, Call: callmodel.CallID{Ref: 1, Born: 1}, ConnID: 7}}, r.out.Notes)
	require.Equal(t, []wire.Message{{Kind: wire.EpochSeen, Epoch: 2}}, r.out.Msgs)
	r.hear(wire.A, wire.Message{Kind: wire.EventServerInfo, Epoch: 1, Role: wire.Backup})
	require.Empty(t, r.out.Msgs, "a backup takes itself for nothing")
	r.hear(wire.A, wire.Message{Kind: wire.EventServerInfo, Epoch: 1, Role: wire.Primary})
	require.Equal(t, []wire.Message{{Kind: wire.EpochSeen, Epoch: 2}}, r.out.Msgs)
	r.hear(wire.B, ringing(2))
	require.Equal(t, node.NoteActed, r.out.Notes[0].Kind)
}

func TestRegistrations(t *testing.T) {
	r := newRig()
	require.Equal(t, []wire.Message{{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN}}, r.out.Msgs)
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "register", Args: map[string]string{"dn": "1001"}}})
	require.Equal(t, []wire.Message{{Kind: wire.RegisterAddress, ThisDN: "1001"}}, r.out.Msgs, "where it is connected")
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	require.Len(t, r.out.Msgs, 2, "and where it connects later")
	for _, cmd := range []node.Command{
		{Verb: "dance"}, {Verb: "register"}, {Verb: "register", Args: map[string]string{"dn": "1001"}}, {Verb: "register", Args: map[string]string{"dn": "1", "x": "y"}},
	} {
		r.step(node.Input{Kind: node.Do, Cmd: &cmd})
		require.Equal(t, node.NoteRefused, r.out.Notes[0].Kind, cmd.String())
	}
	r.step(node.Input{Kind: node.CarrierDown})
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "register", Args: map[string]string{"dn": "1002"}}})
	require.Empty(t, r.out.Msgs, "it is connected to nobody")
}

func TestCanonicalHoldsEveryField(t *testing.T) {
	r := newRig()
	r.hear(wire.A, ringing(3))
	require.Empty(t, canontest.Unseen(r.c, func() []byte { return r.c.AppendCanonical(nil) }, []string{"self"}))
	again := New(wire.Client(1))
	require.NoError(t, again.Restore(r.c.AppendCanonical(nil)))
	require.Equal(t, r.c, again)
}
