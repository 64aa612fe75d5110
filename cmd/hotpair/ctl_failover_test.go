package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/operator"
	"hotpair/internal/procworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// newFailoverRunning starts a pair under peer arbitration with two clients and three seats.
func newFailoverRunning(t *testing.T) *running {
	r := &running{t: t, keys: t.TempDir()}
	c, err := config.Parse([]byte("arbitration: peer\nclients: 2\nlicence:\n  seats: 3\n  features:\n    - name: dispatch\n"))
	require.NoError(t, err)
	r.w, err = procworld.New(procworld.Options{Config: c, Speed: 4, KeysDir: r.keys, Sink: trace.SinkFunc(func(*trace.Record) {})})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.w.Close()) })
	require.NoError(t, r.w.Boot(wire.Switch, wire.A))
	r.eventually("status", `A +active +0 +no`)
	require.NoError(t, r.w.Boot(wire.B, wire.Client(1), wire.Client(2)))
	r.eventually("clients", `A +active +2 +C1 C2\nB +inactive +0`)
	r.eventually("status", `is ready: a switchover loses nothing\nprimary is A`)
	return r
}

// eventually runs a verb until what it prints is so.
func (r *running) eventually(verb, want string) {
	r.t.Helper()
	last := ""
	require.Eventually(r.t, func() bool {
		last, _ = r.ctl(verb)
		return regexp.MustCompile(want).MatchString(last)
	}, time.Minute, 20*time.Millisecond, "%s", want)
}

func (r *running) refused(want string, args ...string) {
	r.t.Helper()
	text, code := r.ctl(args...)
	require.Equal(r.t, statusFailed, code, text)
	require.Contains(r.t, text, want)
}

// TestCtlOfClientFailover: System Administration of a pair that decides by itself.
func TestCtlOfClientFailover(t *testing.T) {
	r := newFailoverRunning(t)
	text := r.held("status")
	require.NotContains(t, text, "\nM ", "there is none to be missed")
	require.Regexp(t, `\nSERVER +ACTIVITY +SESSIONS +DEACTIVATED +CONFIGURATION\nA +active +2 +no +0.0\nB +inactive +0 +no +0.0\n`, text)
	require.Regexp(t, `A +3 +2 +dispatch +0% +gets a seat\nB +3 +0 +dispatch`, r.held("licences"))

	// The configuration.
	require.Equal(t, "A config-set: done.\n", r.held("config", "set", "dn/1001", "reception", "--reason", "moved"))
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte("secret\n"), 0o600))
	r.held("config", "set", "user/alice", "--password-file", password)
	require.Equal(t, "reception\n", r.held("config", "get", "dn/1001", "--server", "B"))
	require.Regexp(t, `configuration 1.2 at A\n\nOBJECT +VERSION +VALUE\ndn/1001 +1.1 +reception\nuser/alice +1.2 +\(key is set\)\n`, r.held("config", "list"))
	require.Equal(t, "both have version 1.2\n", r.held("config", "diff"))
	require.Equal(t, "there is no conflict on record\n", r.held("config", "conflicts"))
	file := filepath.Join(t.TempDir(), "config.json")
	require.Contains(t, r.held("config", "export", file), "2 objects, is in "+file)
	r.held("config", "set", "dn/1001")
	r.refused("there is no dn/1001", "config", "get", "dn/1001")
	require.Contains(t, r.held("config", "import", file), "1 objects were changed\n")
	require.Equal(t, "reception\n", r.held("config", "get", "dn/1001"))
	r.refused("B is not active", "config", "set", "dn/1", "x", "--server", "B")
	r.held("config", "set", "user/alice") // so that clients get in again without credentials

	// The activity.
	require.NoError(t, r.w.Kill(wire.A))
	r.eventually("clients", `B +active +2 +C1 C2`)
	require.NoError(t, r.w.Boot(wire.A))
	r.eventually("status", `is ready: a switchover loses nothing\nprimary is B`)
	require.Equal(t, "A switchback: done.\n", r.held("switchback", "--reason", "repaired", "--yes"))
	r.eventually("clients", `A +active +2 +C1 C2\nB +inactive +0`)
	require.Equal(t, "B deactivate: done.\n", r.held("deactivate", "B", "--reason", "maintenance", "--yes"))
	require.Regexp(t, `B +inactive +0 +yes`, r.held("status"))
	require.Equal(t, "B activate: done.\n", r.held("activate", "B", "--reason", "maintenance is over", "--yes"))
	r.eventually("clients", `B +active +2 +C1 C2`)
	require.NoError(t, r.w.Kill(wire.B))
	text, code := r.ctl("switchback", "--reason", "B is dead", "--yes")
	require.Equal(t, statusFailed, code, text)
	require.Contains(t, text, "A switchback: refused. switchback: there is no link to B")
	require.Equal(t, "A switchback: done.\n", r.held("switchback", "--reason", "B is dead", "--yes", "--force"))
	r.eventually("clients", `A +active +2 +C1 C2`)

	// Who did what, when and why, and which state they had before them.
	var found []string
	for _, line := range strings.Split(strings.TrimSpace(r.held("audit", "--json", "--last", "100")), "\n") {
		require.NotContains(t, line, "secret\"")
		var e operator.Entry
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		require.Equal(t, "local", e.Operator)
		if e.Outcome == operator.Done && e.Verb == "switchback" {
			found = append(found, e.Args["reason"]+": "+e.Args["confirmed"])
		}
		if e.Verb == "config-set" && e.Args["object"] == "user/alice" && e.Args["value"] != "" {
			require.Equal(t, "(secret)", e.Args["value"])
		}
	}
	require.Equal(t, []string{
		"repaired: A inactive, epoch 2, 0 sessions; B active, epoch 2, 2 sessions",
		"B is dead: A inactive, epoch 4, 0 sessions; B unknown",
	}, found)

	for _, c := range []struct {
		want string
		args []string
	}{
		{"--reason: say why", []string{"activate", "A", "--yes"}},
		{`activate: a server (A, B) is wanted, not "C1"`, []string{"activate", "C1", "--reason", "x", "--yes"}},
		{"a password does not belong on a command line", []string{"config", "set", "user/bob", "secret"}},
		{"an object is dn/NAME", []string{"config", "set", "pet/1", "x"}},
		{"--server: A or B", []string{"config", "list", "--server", "S"}},
		{"import: ", []string{"config", "import", filepath.Join(t.TempDir(), "none")}},
	} {
		text, code := r.ctl(c.args...)
		require.Equal(t, statusCouldNotTell, code, text)
		require.Contains(t, text, c.want)
	}
}

func TestSystemAdministrationAsks(t *testing.T) {
	for answer, done := range map[string]bool{"y\n": true, "Yes\n": true, "n\n": false, "\n": false, "": false} {
		var out bytes.Buffer
		err := ask(strings.NewReader(answer), &out, "A is inactive\nactivate A? [y/N] ")
		require.Equal(t, done, err == nil, "%q", answer)
		require.Contains(t, out.String(), "activate A?")
	}
}
