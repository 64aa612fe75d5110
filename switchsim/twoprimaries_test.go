package switchsim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// TestX13TwoPrimaries: a T-Server of a lower epoch is refused, unless both may be active (P8).
func TestX13TwoPrimaries(t *testing.T) {
	for _, two := range []bool{false, true} {
		o := DefaultOptions()
		o.TwoPrimaries = two
		s := New(o)
		var out node.Output
		step := func(in node.Input) {
			out.Reset()
			s.Step(&in, &out)
		}
		step(node.Input{Kind: node.Start, Inc: 1})
		ask := func(from wire.ID, epoch, ref uint64) (code callmodel.ErrorCode) {
			step(node.Input{Kind: node.Receive, Peer: from, Msg: &wire.Message{
				Kind: wire.SwitchRequest, Epoch: epoch, Client: wire.Client(int(ref)), RefID: ref, Of: wire.RequestSetDNDOn, ThisDN: "1001",
			}})
			for i := range out.Msgs {
				if out.Msgs[i].Kind == wire.SwitchAnswer {
					return out.Msgs[i].Code
				}
			}
			return 0
		}
		for _, id := range []wire.ID{wire.A, wire.B} {
			step(node.Input{Kind: node.PortUp, Peer: id, Inc: 1})
			step(node.Input{Kind: node.Receive, Peer: id, Msg: &wire.Message{Kind: wire.SnapshotRequest}})
			step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: syncTimer, Key: uint32(id)}})
		}
		require.NotEqual(t, callmodel.ErrStaleEpoch, ask(wire.B, 2, 1))
		require.Equal(t, !two, ask(wire.A, 1, 2) == callmodel.ErrStaleEpoch, "two: %t", two)
	}
}
