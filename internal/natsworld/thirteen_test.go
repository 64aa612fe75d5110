package natsworld

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"hotpair/internal/link"
	"hotpair/internal/wire"
)

// What docs/nats.md says of NATS, as far as no other test of this package shows it.

// TestPublishedIsNotDelivered: publishing succeeds although nobody is there any more; the link finds out, since a poll is not answered.
func TestPublishedIsNotDelivered(t *testing.T) {
	b := newBench(t)
	soon := func(o *HostOptions) {
		o.Config.DisconnectNotices, o.Config.Link.AddpTimeout = false, 50*time.Millisecond
	}
	peer := b.start(wire.B, soon)
	dead := b.intruder()
	dead.says(`{"pkt":"hello","fromInc":1,"session":1}`)
	dead.hears(`"pkt":"helloAck"`)
	dead.says(`{"pkt":"confirm","fromInc":1,"toInc":1,"session":1}`)
	peer.wait("up A#1")
	dead.nc.Close()
	peer.do("send", 1)
	peer.wait("sent")
	require.NoError(t, peer.nc.Flush(), "the server has it")
	peer.wait("down A#1timeout")
}

// TestNothingStaleIsDelivered: what is sent without a connection is not kept for later, and what a dead incarnation said is dropped.
func TestNothingStaleIsDelivered(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	require.Equal(t, -1, a.nc.Opts.ReconnectBufSize)
	b.restartServer(func() {
		a.wait("carrier-down")
		peer.wait("carrier-down")
		require.ErrorIs(t, a.nc.Publish(Subject("pair", wire.A, wire.B), []byte("stale")), nats.ErrReconnectBufExceeded)
	})
	peer.wait("up A#1", 2)
	old := b.intruder()
	old.says(lateData, 1, 6)
	a.do("send", 7)
	peer.wait("got 7")
	require.NotContains(t, peer.said(), "got 6", "of a session that is over")
}

// TestNodesNeverGiveUp: by default a connection is closed for good after sixty tries.
func TestNodesNeverGiveUp(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	require.Equal(t, -1, a.nc.Opts.MaxReconnect)
	require.Equal(t, 250*time.Millisecond, a.nc.Opts.PingInterval)
	require.Equal(t, 2, a.nc.Opts.MaxPingsOut)
}

// TestServerLimits: one client that does not read must not be carried along for long.
func TestServerLimits(t *testing.T) {
	b := newBench(t)
	v, err := b.server.s.Varz(nil)
	require.NoError(t, err)
	require.Equal(t, 2*time.Second, v.WriteDeadline)
	require.EqualValues(t, 64<<20, v.MaxPending)
	require.GreaterOrEqual(t, v.MaxPayload, link.MaxPayload)
}

// TestARefusedNodeEnds: a server that refuses what a node publishes says so behind its back; a node that nobody hears is no backup.
func TestARefusedNodeEnds(t *testing.T) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
		Users: []*server.User{{Username: "a", Password: "a", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"hotpair.*.ha.>"}},
		}}},
	})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(s.Shutdown)
	require.True(t, s.ReadyForConnections(patience))
	b := newBench(t)
	a := b.start(wire.A, func(o *HostOptions) { o.URL = "nats://a:a@" + s.Addr().String() })
	require.ErrorIs(t, a.ended(), nats.ErrPermissionViolation)
}

// TestNoQueueGroupNoLease: primary and backup share no subscription by chance, and nothing that is decided hangs on the expiry of a key.
func TestNoQueueGroupNoLease(t *testing.T) {
	b := newBench(t)
	b.pair()
	z, err := b.server.s.Connz(&server.ConnzOptions{Subscriptions: true, SubscriptionsDetail: true})
	require.NoError(t, err)
	require.NotEmpty(t, z.Conns)
	for _, c := range z.Conns {
		require.NotEmpty(t, c.SubsDetail)
		for _, sub := range c.SubsDetail {
			require.Empty(t, sub.Queue, sub.Subject)
		}
	}
	status, err := b.kv().Status(context.Background())
	require.NoError(t, err)
	require.Zero(t, status.TTL())
}

// TestNodesAskNobody: messages between nodes have no reply subject, so that "no responders" tells nothing of a peer that is reconnecting.
func TestNodesAskNobody(t *testing.T) {
	b := newBench(t)
	_, sub := b.stranger()
	a, peer := b.pair()
	a.do("send", 1)
	peer.wait("got 1")
	for n := 0; n < 3; { // hello, helloAck, confirm or later
		m, err := sub.NextMsg(patience)
		require.NoError(t, err)
		if strings.HasPrefix(m.Subject, "hotpair.pair.started.") {
			continue // at its start, a node asks for older processes of its own name; TestOwnConnectionComesBackToALaterOne has one that reconnects then
		}
		require.Empty(t, m.Reply)
		n++
	}
}
