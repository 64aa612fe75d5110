package hotpairtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/scenarios/hotpairtest"
)

// TestAPairInEachWorld: the same test drives a pair in virtual time, in this process, and as real processes.
func TestAPairInEachWorld(t *testing.T) {
	for _, world := range []string{hotpairtest.Sim, hotpairtest.NATS, hotpairtest.Processes} {
		t.Run(world, func(t *testing.T) {
			t.Parallel()
			p := hotpairtest.Start(t, hotpairtest.Options{World: world, Speed: 5})
			p.Boot("C1")
			p.Await("A->C1 EventRegistered", 5*time.Second)
			p.Call("c1", "1001", "1002")
			p.Await("call c1 same", 5*time.Second)
			p.Answer("c1")
			named := p.AwaitRecord("EventEstablished at the client", 5*time.Second, func(r *hotpairtest.Record) bool {
				return r.Kind == hotpairtest.Received && r.Node.String() == "C1" && r.Msg.Kind.String() == "EventEstablished"
			})
			p.Kill(hotpairtest.A)
			p.Await("B role=primary", 10*time.Second)
			p.Release("c1")
			over := p.AwaitRecord("EventReleased from B", 5*time.Second, func(r *hotpairtest.Record) bool {
				return r.Kind == hotpairtest.Received && r.Node.String() == "C1" && r.Msg.Kind.String() == "EventReleased"
			})
			require.Equal(t, "B", over.Peer.String())
			require.Equal(t, named.Msg.ConnID, over.Msg.ConnID)
			p.ExpectNot("pair ready", 0)
			res := p.Finish()
			require.Equal(t, uint64(1), res.Metrics.Switchovers)
			require.Equal(t, []string{"boot S", "boot A", "boot M", "boot B", "boot C1", "kill A", "boot A"}, res.Faults, "A was started again, to become whole")
		})
	}
}
