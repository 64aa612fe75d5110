package natsworld

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"hotpair/hasync/mlayer"
	"hotpair/internal/wire"
)

func noPolling(o *HostOptions) { o.Config.Link.AddpTimeout = 0 }

func TestADeadPeerIsGoneAtOnce(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair(noPolling)
	a.Kill()
	peer.wait("down A#1gone")
}

func TestWithoutNoticesARestartIsFoundByItsIncarnation(t *testing.T) {
	b := newBench(t)
	off := func(o *HostOptions) { o.Config.DisconnectNotices = false; noPolling(o) }
	a, peer := b.pair(off)
	a.Kill()
	require.NoError(t, a.ended())
	b.start(wire.A, off)
	peer.wait("up A#2")
	require.Contains(t, peer.said(), "down A#1restarted")
	require.NotContains(t, peer.said(), "down A#1gone")
}

// intruder speaks as A, packet by packet.
type intruder struct {
	t   *testing.T
	nc  *nats.Conn
	sub *nats.Subscription
}

func (b *bench) intruder() intruder {
	nc, err := nats.Connect(b.server.URL())
	require.NoError(b.t, err)
	b.t.Cleanup(nc.Close)
	sub, err := nc.SubscribeSync("hotpair.pair.ha.B.A")
	require.NoError(b.t, err)
	return intruder{b.t, nc, sub}
}

func (i intruder) says(format string, args ...any) {
	i.t.Helper()
	require.NoError(i.t, i.nc.Publish("hotpair.pair.ha.A.B", fmt.Appendf(nil, format, args...)))
}

// hears waits for the next packet that is no knock.
func (i intruder) hears(want string) {
	i.t.Helper()
	for {
		m, err := i.sub.NextMsg(patience)
		require.NoError(i.t, err)
		if knock := `{"pkt":"knock"`; len(m.Data) < len(knock) || string(m.Data[:len(knock)]) != knock {
			require.Contains(i.t, string(m.Data), want)
			return
		}
	}
}

// forget drops what has been heard so far.
func (i intruder) forget() {
	i.t.Helper()
	require.NoError(i.t, i.nc.Flush())
	for {
		switch _, err := i.sub.NextMsg(time.Millisecond); {
		case errors.Is(err, nats.ErrTimeout):
			return
		default:
			require.NoError(i.t, err)
		}
	}
}

const lateData = `{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":%d,"msg":{"kind":"FullSyncAck","num":%d}}`

// TestTheNoticeOvertakesTheLastMessages: what NATS does by chance is made to happen. The last messages of a dead connection come by another one.
func TestTheNoticeOvertakesTheLastMessages(t *testing.T) {
	b := newBench(t)
	peer := b.start(wire.B)
	dead, late := b.intruder(), b.intruder()
	conn := ownConn(dead.nc)
	dead.says(`{"pkt":"hello","fromInc":1,"session":1,"conn":%q}`, conn)
	dead.hears(`"pkt":"helloAck"`)
	dead.says(`{"pkt":"confirm","fromInc":1,"toInc":1,"session":1}`)
	dead.says(lateData, 1, 1)
	peer.wait("got 1")
	dead.nc.Close()
	peer.wait("down A#1gone")
	require.NoError(t, late.nc.Flush())
	late.forget()
	late.says(lateData, 2, 2)
	late.hears(`"pkt":"reset"`)
	late.says(`{"pkt":"hello","fromInc":1,"session":2,"conn":%q}`, conn)
	late.says(lateData, 3, 3)
	late.hears(`"pkt":"reset"`) // and nothing answers the hello
	require.NotContains(t, peer.said(), "got 2")
	late.says(`{"pkt":"hello","fromInc":1,"session":3}`)
	late.hears(`"pkt":"helloAck"`)
}

func TestParseNotice(t *testing.T) {
	for data, want := range map[string]string{
		`{`:                                 "no JSON",
		`{"server":{"id":"X"}}`:             "names no connection",
		`{"client":{"id":3}}`:               "names no connection",
		`{"server":{},"client":{"id":"x"}}`: "no JSON",
	} {
		_, _, err := parseNotice([]byte(data))
		require.ErrorContains(t, err, want)
	}
	conn, reason, err := parseNotice([]byte(`{"server":{"id":"NX","ver":"2"},"client":{"id":7,"acc":"HOTPAIR"},"reason":"Client Closed"}`))
	require.NoError(t, err)
	require.Equal(t, []string{"NX/7", "Client Closed"}, []string{conn, reason})
	server, client, err := splitConn(conn)
	require.NoError(t, err)
	require.Equal(t, "NX", server)
	require.Equal(t, uint64(7), client)
	for _, name := range []string{"", "NX", "/7", "NX/", "NX/x", "N.>/7", "N*/7"} {
		_, _, err := splitConn(name)
		require.ErrorContains(t, err, "a connection's name is SERVER/NUMBER", name)
	}
}

func FuzzParseNotice(f *testing.F) {
	f.Add([]byte(`{"server":{"id":"NX"},"client":{"id":7},"reason":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if conn, _, err := parseNotice(data); err == nil {
			require.NotEmpty(t, conn)
		}
	})
}

// TestFenceKick: the server closes the connection of a T-Server that the Management Layer takes for lost; it comes back with another one.
func TestFenceKick(t *testing.T) {
	b := newBench(t)
	fence := func(o *HostOptions) { o.Config.M.Fence = mlayer.Kick }
	m, a := b.start(wire.MLayer, fence), b.start(wire.A)
	m.wait("up A#1")
	old := ownConn(a.nc)
	m.do("fence", 1)
	a.wait("carrier-down")
	a.wait("carrier-up")
	m.wait("down A#1gone")
	m.wait("up A#1", 2)
	_, cid, err := splitConn(old)
	require.NoError(t, err)
	eventually(t, func() bool {
		z, err := b.server.s.Connz(&server.ConnzOptions{State: server.ConnClosed, CID: cid})
		require.NoError(t, err)
		return len(z.Conns) == 1 && z.Conns[0].Reason == "Kicked"
	})
	require.NotEqual(t, old, ownConn(a.nc))
}

func TestWithoutTheFenceNobodyIsKicked(t *testing.T) {
	b := newBench(t)
	m, a := b.start(wire.MLayer), b.start(wire.A)
	m.wait("up A#1")
	m.do("fence", 1)
	m.do("set", 2)
	m.wait("fired 2")
	require.NotContains(t, a.said(), "carrier-down")
}

// foreign is a server as somebody else may run it: no accounts.
func foreign(t *testing.T) string {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(s.Shutdown)
	require.True(t, s.ReadyForConnections(patience))
	return s.ClientURL()
}

// TestServerWithoutNotices: the log says that polling is all there is, and that fencing does not work.
func TestServerWithoutNotices(t *testing.T) {
	b := newBench(t)
	url := foreign(t)
	core, log := observer.New(zapcore.WarnLevel)
	m := b.start(wire.MLayer, func(o *HostOptions) {
		o.URL, o.Foreign, o.Log = url, true, zap.New(core)
		o.Config.M.Fence = mlayer.Kick
		o.noticeTime = 10 * time.Millisecond
	})
	eventually(t, func() bool { return log.FilterMessageSnippet("sends no disconnect notices").Len() == 1 })
	eventually(t, func() bool { return log.FilterMessageSnippet("fence: kick is configured").Len() == 1 })
	require.NotContains(t, m.said(), "carrier-down")
}

// TestServerWithNotices: a foreign server that has the accounts is as good.
func TestServerWithNotices(t *testing.T) {
	b := newBench(t)
	core, log := observer.New(zapcore.DebugLevel)
	m := b.start(wire.MLayer, func(o *HostOptions) { o.Foreign, o.Log = true, zap.New(core) })
	eventually(t, func() bool { return log.FilterMessageSnippet("sends disconnect notices").Len() == 1 })
	require.Zero(t, log.FilterLevelExact(zap.WarnLevel).Len())
	require.NotContains(t, m.said(), "carrier-down")
}
