package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/procworld"
	pairstatus "hotpair/internal/status"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// running is a pair of processes, and what hotpair ctl says of it.
type running struct {
	t    *testing.T
	w    *procworld.World
	keys string
}

func newRunning(t *testing.T) *running {
	r := &running{t: t, keys: t.TempDir()}
	ready, announced := false, false
	sink := func(rec *trace.Record) {
		switch {
		case rec.Kind != trace.Noted:
		case rec.Note.Kind == node.NotePairReady:
			ready = rec.Note.N == 1
		case rec.Note.Kind == node.NoteAnnounced && rec.Node == wire.A:
			announced = true
		}
	}
	var err error
	r.w, err = procworld.New(procworld.Options{Config: config.Default(), Speed: 4, KeysDir: r.keys, Sink: trace.SinkFunc(sink)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.w.Close()) })
	require.NoError(t, r.w.Boot(wire.Switch, wire.A, wire.MLayer, wire.Client(1)))
	_, err = r.w.Run(r.w.Now()+5*time.Minute, func() bool { return announced })
	require.NoError(t, err)
	require.NoError(t, r.w.Boot(wire.B)) // behind A, so that A stays primary (R7)
	_, err = r.w.Run(r.w.Now()+5*time.Minute, func() bool { return ready })
	require.NoError(t, err)
	require.True(t, ready)
	return r
}

// ctl runs hotpair ctl, and returns what it prints and its exit status.
func (r *running) ctl(args ...string) (string, int) {
	cmd, out := rootCommand(), &bytes.Buffer{}
	cmd.SetArgs(append(append([]string{"ctl"}, args...), "--nats", r.w.NATSURL(), "--keys", r.keys))
	cmd.SetOut(out)
	err := cmd.ExecuteContext(r.t.Context())
	var s status
	switch {
	case errors.As(err, &s):
		return out.String(), int(s)
	case err != nil:
		return err.Error(), statusCouldNotTell
	}
	return out.String(), statusHeld
}

func (r *running) held(args ...string) string {
	r.t.Helper()
	text, code := r.ctl(args...)
	require.Equal(r.t, statusHeld, code, text)
	return text
}

// TestCtl: what an operator sees of a pair, and does to it.
func TestCtl(t *testing.T) {
	r := newRunning(t)
	text := r.held("status")
	require.Contains(t, text, "pair \"pair\" is ready: a switchover loses nothing\nprimary is A, of epoch 1 (cold start)\n")
	require.Regexp(t, `\nA     up \S+ +1    primary  1      synchronized  yes        done  yes    synchronized\n`, text)
	require.Equal(t, "no alarm is raised\n", r.held("alarms"))
	require.Equal(t, "M switchover: done.\n", r.held("switchover"))
	require.Eventually(t, func() bool {
		var p pairstatus.Pair
		require.NoError(t, json.Unmarshal([]byte(r.held("status", "--json")), &p))
		return p.Primary == wire.B && p.Ready
	}, time.Minute, 10*time.Millisecond)
	require.Equal(t, "A kick: done.\nB kick: done.\n", r.held("kick", "C1"))

	require.NoError(t, r.w.Kill(wire.A))
	require.Eventually(t, func() bool {
		text, code := r.ctl("switchover", "--timeout", "1s")
		return code == statusFailed && text == "M switchover: refused. switchover: A has not announced EventLinkConnected\n"
	}, time.Minute, 10*time.Millisecond)
	text = r.held("status")
	require.Contains(t, text, "is not ready: A: it does not run, or is not connected to NATS")
	require.Regexp(t, `\nB-A +\S+ +gone\n`, text)

	text = r.held("audit")
	require.Regexp(t, `\n\S+ \S+ +local +M#1 +switchover +done\n`, text)
	require.Regexp(t, `\n\S+ \S+ +local +M#1 +switchover +refused: switchover: A has not announced`, text)
	lines := strings.Split(strings.TrimSpace(r.held("audit", "--json", "--last", "2")), "\n")
	require.Len(t, lines, 2)
	for _, line := range lines {
		require.True(t, json.Valid([]byte(line)))
	}

	for _, c := range []struct {
		want string
		args []string
	}{
		{`kick: a client (C1, C2, …) or a T-Server (A, B) is wanted, not "M"`, []string{"kick", "M"}},
		{"operator-mallory.nk: no such file", []string{"status", "--operator", "mallory"}},
		{`no node of the pair "other" answers at`, []string{"status", "--pair", "other", "--timeout", "300ms"}},
		{"--last: above 0, not 0", []string{"audit", "--last", "0"}},
		{"--timeout: above 0", []string{"status", "--timeout", "0s"}},
	} {
		text, code := r.ctl(c.args...)
		require.Equal(t, statusCouldNotTell, code, text)
		require.Contains(t, text, c.want)
	}
}
