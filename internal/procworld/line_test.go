package procworld

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// pair returns both ends of a line.
func pair(t *testing.T) (runner, child *line) {
	t.Helper()
	ours, theirs, err := socketpair()
	require.NoError(t, err)
	t.Cleanup(func() { _ = ours.Close(); _ = theirs.Close() })
	return newLine(ours), newLine(theirs)
}

// What goes over a line arrives as it was: a configuration that differs would make another run.
func TestLineCarriesEverything(t *testing.T) {
	runner, child := pair(t)
	cfg := config.Default()
	cfg.Clients = 7
	cfg.A.HASyncDlyLnkConn, cfg.B.ConnectTout = !cfg.A.HASyncDlyLnkConn, 1234567891
	cfg.M.Autorestart, cfg.Switch.SyncTime = true, 98765*time.Microsecond
	cfg.Off(node.Off(node.X1, node.X6))
	orders := []down{
		{Node: &nodeSpec{ID: wire.Client(7), Config: cfg, URL: "nats://x", Pair: "p", Clock: natsworld.Clock{Base: 1<<62 + 1, Speed: 12.5}}},
		{NATS: &natsSpec{Port: 4222, StoreDir: "d"}},
		{Go: true},
		{Do: &node.Command{ID: 1<<63 + 5, Verb: "call", Args: map[string]string{"from": "<1001>", "to": "a\nb"}}},
		{Stop: true},
	}
	reports := []up{
		{Hello: true},
		{Ready: true, Inc: 3, Port: 4},
		{Records: []trace.Record{
			{At: 5, Kind: trace.Received, Node: wire.B, Inc: 1, Index: 9, Peer: wire.A, PeerInc: 2, PeerIndex: 8, Msg: &wire.Message{
				Kind: wire.CallNamed, Epoch: 4, Num: 3, ConnID: 1<<63 + 1, Call: callmodel.CallID{Ref: 1, Born: 2},
			}},
			{At: 6, Kind: trace.Noted, Node: wire.B, Inc: 1, Index: 10, Note: &node.Note{Kind: node.NoteRole, Text: "Backup", N: 4}},
		}},
		{Fatal: "it \"broke\"\n<here>"},
	}
	for _, want := range orders {
		require.NoError(t, runner.send(want))
		var got down
		require.NoError(t, child.receive(&got))
		require.Equal(t, want, got)
	}
	for _, want := range reports {
		require.NoError(t, child.send(want))
		var got up
		require.NoError(t, runner.receive(&got))
		require.Equal(t, want, got)
	}
}

// A process that is killed in the middle of a line has not written it.
func TestLineCutIsNoLine(t *testing.T) {
	ours, theirs, err := socketpair()
	require.NoError(t, err)
	defer ours.Close()
	_, err = theirs.WriteString("{\"hello\":true}\n{\"records\":[{\"at\":1,")
	require.NoError(t, err)
	require.NoError(t, theirs.Close())
	l := newLine(ours)
	var u up
	require.NoError(t, l.receive(&u))
	require.True(t, u.Hello)
	require.ErrorIs(t, l.receive(&u), io.EOF)
}

func TestLineRefusesNonsense(t *testing.T) {
	for _, text := range []string{"\n", "hello\n", "[]\n", "{\"inc\":-1}\n", "{\"records\":[{\"rec\":\"made-up\"}]}\n", "{\"records\":[{\"node\":\"Z\"}]}\n"} {
		l := fromText(t, text)
		var u up
		err := l.receive(&u)
		require.Error(t, err, text)
		require.False(t, errors.Is(err, io.EOF), text)
	}
}

func fromText(t *testing.T, text string) *line {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	go func() {
		_, _ = w.WriteString(text)
		_ = w.Close()
	}()
	t.Cleanup(func() { _ = r.Close() })
	return newLine(r)
}

func TestTailKeepsTheEnd(t *testing.T) {
	var also strings.Builder
	tl := &tail{also: &also}
	require.Empty(t, tl.String())
	for range 1000 {
		_, err := tl.Write([]byte("early\n"))
		require.NoError(t, err)
	}
	_, err := tl.Write([]byte("late\n"))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(tl.String(), "early\nlate"))
	require.LessOrEqual(t, len(tl.String()), tailSize+100)
	require.Equal(t, 6000+5, also.Len(), "all of it goes on")
}

// FuzzLine: no line makes either end panic.
func FuzzLine(f *testing.F) {
	f.Add(`{"node":{"id":"A","config":{},"url":"u","pair":"p","clock":{"base":1,"speed":2}}}`)
	f.Add(`{"records":[{"at":1,"rec":"sent","node":"A","inc":1,"idx":1,"peer":"B","msg":{"kind":"PeerState"}}]}`)
	f.Add(`{"do":{"id":1,"verb":"x","args":{"a":"b"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var u up
		var d down
		_ = fromText(t, text+"\n").receive(&u)
		_ = fromText(t, text+"\n").receive(&d)
	})
}
