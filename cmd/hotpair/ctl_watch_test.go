package main

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	pairstatus "hotpair/internal/status"
	"hotpair/internal/wire"
)

// TestCtlWatch: without a terminal, a line for each change, until it is interrupted.
func TestCtlWatch(t *testing.T) {
	r := newRunning(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := rootCommand()
	in, out := io.Pipe()
	cmd.SetArgs([]string{"ctl", "watch", "--nats", r.w.NATSURL(), "--keys", r.keys})
	cmd.SetOut(out)
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	var text bytes.Buffer
	until := func(pattern string) {
		t.Helper()
		re, buf := regexp.MustCompile(pattern), make([]byte, 4096)
		for !re.Match(text.Bytes()) {
			n, err := in.Read(buf)
			require.NoError(t, err, "%s\n%s", pattern, text.Bytes())
			text.Write(buf[:n])
		}
	}
	until(`(?m)^\S+  pair  readiness is 1: a switchover loses nothing$`)
	r.held("switchover")
	until(`(?m)^\S+  M     names B, epoch 2: operator's command$`)
	until(`(?m)^\S+  B     is primary of epoch 2$`)
	require.NoError(t, r.w.Kill(wire.A))
	until(`(?m)^\S+  A     is absent: it does not run, or is not connected to NATS$`)
	cancel()
	go func() { _, _ = io.Copy(io.Discard, in) }()
	require.NoError(t, <-ended)
}

// TestScreen: what a terminal shows.
func TestScreen(t *testing.T) {
	s := &screen{updates: make(chan pairstatus.Pair, 1)}
	require.Equal(t, "waiting for the pair…", s.text())
	s.Update(tea.WindowSizeMsg{Width: 100, Height: 12})
	forecast := 12.34
	p := pairstatus.Assemble("pair", []pairstatus.Status{
		{Node: wire.A, Inc: 1, Carrier: true, Up: 5, TServer: &pairstatus.TServer{Role: "primary", Epoch: 1, Tagged: 3, Forecast: &forecast, Why: "why"}},
	}, []pairstatus.Absent{{Node: wire.B, Why: "gone"}})
	_, next := s.Update(updated(p))
	require.NotNil(t, next, "the next state is waited for")
	text := s.View().Content
	require.Contains(t, text, "pair \"pair\" is not ready: B: gone\nprimary is A, of epoch 1\ncalls in the way: 3; forecast: 12.3s\n")
	require.Regexp(t, `\nB     absent +gone\n`, text)
	require.Contains(t, text, "  B     is absent: gone")
	require.LessOrEqual(t, strings.Count(text, "\n"), 14)
	for _, key := range []tea.KeyPressMsg{{Code: 'q', Text: "q"}, {Code: tea.KeyEscape}, {Code: 'c', Mod: tea.ModCtrl}} {
		_, cmd := s.Update(key)
		require.NotNil(t, cmd, key.String())
		require.Equal(t, tea.Quit(), cmd())
	}
	_, cmd := s.Update(tea.KeyPressMsg{Code: 'x', Text: "x"})
	require.Nil(t, cmd)
}
