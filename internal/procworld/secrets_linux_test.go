package procworld_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/procworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// TestSecretsStaySecret: no key stands in what processes log, in the trace, or in what everybody on the machine can see of a process: arguments and environment. They are in files that only
// their owner can read.
func TestSecretsStaySecret(t *testing.T) {
	dir := t.TempDir()
	var log, records bytes.Buffer
	ready, kicked := false, false
	c := slackened()
	w, err := procworld.New(procworld.Options{Config: c, Speed: speed, KeysDir: dir, Log: &log, Sink: trace.SinkFunc(func(r *trace.Record) {
		kicked = kicked || r.Kind == trace.CarrierDown && r.Node == wire.A
		ready = ready || r.Kind == trace.Noted && r.Note.Kind == node.NotePairReady && r.Note.N == 1
		require.NoError(t, json.NewEncoder(&records).Encode(r))
	})})
	require.NoError(t, err)
	closed := false
	defer func() {
		if !closed {
			_ = w.Close()
		}
	}()
	require.NoError(t, w.Boot(wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1)))
	_, err = w.Run(w.Now()+10*time.Minute, func() bool { return ready })
	require.NoError(t, err)
	require.True(t, ready)

	visible := map[string]string{}
	for _, id := range []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1), wire.NATS} {
		for _, file := range []string{"cmdline", "environ"} {
			data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", w.Pid(id), file))
			require.NoError(t, err)
			visible[id.String()+" "+file] = string(data)
		}
	}
	// What is refused, and what makes no sense, is logged.
	login := w.Login("C1")
	nc, err := natsworld.Connect(w.NATSURL(), w.Pair(), &login)
	require.NoError(t, err)
	require.NoError(t, nc.Publish(natsworld.Subject(w.Pair(), wire.Client(1), wire.A), []byte("nonsense")))
	require.NoError(t, nc.Flush())
	operator := w.Login(access.OperatorRole(access.DefaultOperator))
	op, err := natsworld.OpenOperator(w.NATSURL(), w.Pair(), access.DefaultOperator, &operator)
	require.NoError(t, err)
	_, err = op.Do(t.Context(), wire.MLayer, "kick", map[string]string{"node": "A"})
	require.NoError(t, err)
	op.Close()
	nc.Close()
	_, err = w.Run(w.Now()+10*time.Minute, func() bool { return kicked })
	require.NoError(t, err)
	require.True(t, kicked)
	require.NoError(t, w.Close())
	closed = true

	visible["log"], visible["trace"] = log.String(), records.String()
	require.Contains(t, visible["log"], "dropped a message", "the log is looked at")
	require.Contains(t, visible["trace"], `"kick"`)
	files, err := filepath.Glob(filepath.Join(dir, "*.nk"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		seed, err := os.ReadFile(file)
		require.NoError(t, err)
		for where, text := range visible {
			require.NotContains(t, text, strings.TrimSpace(string(seed)), "%s in %s", filepath.Base(file), where)
		}
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Zero(t, info.Mode()&0o077, file)
	}
}
