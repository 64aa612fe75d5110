package procworld_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/procworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Nodes that are started by hand find each other at any NATS server, publish their records, and say goodbye when they are to end.
func TestNodesByHand(t *testing.T) {
	s, err := natsworld.StartServer(natsworld.ServerOptions{StoreDir: t.TempDir()})
	require.NoError(t, err)
	defer s.Shutdown()
	nc, err := nats.Connect(s.URL())
	require.NoError(t, err)
	defer nc.Close()
	msgs := make(chan *nats.Msg, 4096)
	_, err = nc.ChanSubscribe("hotpair.mine.trace.*", msgs)
	require.NoError(t, err)
	require.NoError(t, nc.Flush())

	ends := map[wire.ID]context.CancelFunc{}
	results := map[wire.ID]chan error{}
	for _, id := range []wire.ID{wire.Switch, wire.A} {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		ends[id], results[id] = cancel, result
		o := procworld.NodeOptions{ID: id, Config: slackened(), NATSURL: s.URL(), Pair: "mine", Speed: speed, Log: zap.NewNop()}
		go func() { result <- procworld.RunNode(ctx, o) }()
	}
	await := func(match func(*trace.Record) bool) {
		t.Helper()
		for {
			select {
			case m := <-msgs:
				var r trace.Record
				require.NoError(t, json.Unmarshal(m.Data, &r), "%s", m.Data)
				require.Equal(t, natsworld.TraceSubject("mine", r.Node), m.Subject)
				if match(&r) {
					return
				}
			case <-time.After(time.Minute):
				require.FailNow(t, "no such record")
			}
		}
	}
	await(port(wire.Switch, wire.A, trace.Up))
	ends[wire.A]()
	require.NoError(t, <-results[wire.A])
	await(func(r *trace.Record) bool { return port(wire.Switch, wire.A, trace.Down)(r) && r.Text == "goodbye" })
	ends[wire.Switch]()
	require.NoError(t, <-results[wire.Switch])
}

func TestNodeByHandSaysWhatIsWrong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port where no NATS server is
	require.NoError(t, err)
	require.NoError(t, l.Close())
	o := procworld.NodeOptions{ID: wire.A, Config: config.Default(), NATSURL: "nats://" + l.Addr().String(), Pair: "p", Speed: 1, Log: zap.NewNop()}
	err = procworld.RunNode(t.Context(), o)
	require.ErrorContains(t, err, fmt.Sprintf("node A: NATS at %s", o.NATSURL))
	o.Speed = 1000
	require.ErrorContains(t, procworld.RunNode(t.Context(), o), "the speed is at most")
}

func TestNATSByHand(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	taken := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // what "tcp" listens on
	require.NoError(t, l.Close())
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		result <- procworld.RunNATS(ctx, procworld.NATSOptions{Port: taken, StoreDir: t.TempDir(), Log: zap.NewNop()})
	}()
	require.Eventually(t, func() bool {
		nc, err := nats.Connect(fmt.Sprintf("nats://127.0.0.1:%d", taken))
		if err == nil {
			nc.Close()
		}
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-result)
}
