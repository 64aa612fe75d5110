package link

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// openOver opens a link between ends that name their connections.
func openOver(connA, connB string) *bench {
	n := &bench{opt: defaults, queues: map[wire.ID][]sent{}}
	n.a, n.b = &end{bench: n, id: wire.A, peer: wire.B, conn: connA}, &end{bench: n, id: wire.B, peer: wire.A, conn: connB}
	n.a.start()
	n.b.start()
	n.deliver()
	n.a.takeTold()
	n.b.takeTold()
	return n
}

func TestGone(t *testing.T) {
	n := openOver("s/1", "s/2")
	for _, e := range []*end{n.a, n.b} {
		e.mux.Gone("s/3")
		e.mux.Gone("")
		require.Empty(t, e.told, "a stranger, and one that nobody named")
	}
	n.a.mux.Gone("s/2")
	require.Equal(t, []string{"down gone"}, n.a.takeTold(), "the dialing end")
	n.b.mux.Gone("s/1")
	require.Equal(t, []string{"down gone"}, n.b.takeTold(), "the accepting end")
	n.b.mux.Gone("s/1")
	require.Empty(t, n.b.told)
}

func TestGoneWithoutANameIsFoundByPolling(t *testing.T) {
	n := openOver("", "")
	n.a.mux.Gone("")
	require.Empty(t, n.a.told)
	n.b.offline = true
	n.lose()
	n.pass(2*addp, n.lose)
	require.Equal(t, []string{"down timeout"}, n.a.told)
}

// The notice overtakes the last messages: they are of a closed session.
func TestWhatArrivesAfterTheNoticeIsDropped(t *testing.T) {
	n := openOver("s/1", "s/2")
	for i := range uint64(3) {
		n.a.send(i + 1)
	}
	n.a.offline = true // it is dead, and its messages are under way
	n.b.mux.Gone("s/1")
	n.deliver()
	require.Equal(t, []string{"down gone"}, n.b.told)
	require.False(t, n.b.port().up)
}

// The notice overtakes the handshake itself, step by step: the dead one's session does not come up.
func TestTheNoticeOvertakesTheHandshake(t *testing.T) {
	for steps := range 4 {
		t.Run(fmt.Sprint(steps), func(t *testing.T) {
			n := &bench{opt: defaults, queues: map[wire.ID][]sent{}}
			n.a, n.b = &end{bench: n, id: wire.A, peer: wire.B, conn: "s/1"}, &end{bench: n, id: wire.B, peer: wire.A, conn: "s/2"}
			n.b.start()
			n.lose()
			n.a.start()
			dead, other := n.a, n.b
			if steps%2 == 1 {
				dead, other = n.b, n.a
			}
			for i := range steps { // Hello, HelloAck, Confirm
				from := []*end{n.a, n.b}[i%2]
				n.give(from, n.take(from))
			}
			other.mux.Gone(dead.conn)
			told := len(other.told)
			dead.offline = true
			n.deliver()
			require.False(t, other.port().up)
			require.Len(t, other.told, told, "nothing comes up any more")
		})
	}
}

// A second Hello of the same session and the Confirm behind it are under way when the notice comes.
func TestTheNoticeOvertakesASecondHello(t *testing.T) {
	n := &bench{opt: defaults, queues: map[wire.ID][]sent{}}
	n.a, n.b = &end{bench: n, id: wire.A, peer: wire.B, conn: "s/1"}, &end{bench: n, id: wire.B, peer: wire.A, conn: "s/2"}
	n.b.start()
	n.lose()
	n.a.start()
	n.next(reconnect)
	require.Equal(t, []string{"hello", "hello"}, n.queued(n.a))
	n.give(n.a, n.take(n.a))
	n.give(n.b, n.take(n.b))
	require.Equal(t, []string{"hello", "confirm"}, n.queued(n.a))
	n.a.offline = true
	n.b.mux.Gone("s/1")
	n.deliver()
	require.Equal(t, []string{"start 1"}, n.b.told)
}

// The notice of a connection comes late: its owner is back over another one.
func TestTheNoticeOfAnOldConnectionIsNoNews(t *testing.T) {
	n := openOver("s/1", "s/2")
	n.a.mux.CarrierDown()
	n.a.conn = "s/9"
	n.a.mux.CarrierUp()
	n.deliver()
	require.Equal(t, []string{"down restarted", fmt.Sprintf("up A#%d", n.a.inc)}, n.b.takeTold())
	n.b.mux.Gone("s/1")
	require.Empty(t, n.b.told)
	n.b.mux.Gone("s/9")
	require.Equal(t, []string{"down gone"}, n.b.told)
}

func TestConnOf(t *testing.T) {
	n := openOver("s/1", "s/2")
	require.Equal(t, "s/2", n.a.mux.ConnOf(wire.B))
	require.Empty(t, n.a.mux.ConnOf(wire.MLayer), "there is no such link")
	n.a.mux.lost(n.a.port(), node.CauseTimeout)
	require.Equal(t, "s/2", n.a.mux.ConnOf(wire.B), "it may still be there, and can be closed")
	n.a.mux.Gone("s/2")
	require.Empty(t, n.a.mux.ConnOf(wire.B))
}

func TestEndedConnectionsAreForgotten(t *testing.T) {
	n := openOver("s/1", "s/2")
	for i := range 10 * rememberEnded {
		n.a.mux.Gone(fmt.Sprintf("t/%d", i))
	}
	require.False(t, n.a.mux.hasEnded("t/0"))
	require.True(t, n.a.mux.hasEnded(fmt.Sprintf("t/%d", 10*rememberEnded-1)))
	require.True(t, n.a.port().up)
}
