package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// TestAssertionsCanFail: each kind of judgement, true and false, on the same run.
func TestAssertionsCanFail(t *testing.T) {
	const script = "boot S A M\nawait A announced within=10s\n"
	for name, c := range map[string]struct {
		line string
		held bool
	}{
		"expect":            {"expect A role=primary", true},
		"expect, not":       {"expect A role=backup", false},
		"! expect":          {"! expect A role=backup", true},
		"! expect, not":     {"! expect A role=primary", false},
		"! expect for":      {"! expect A announced=false for=5s", true},
		"await late":        {"await B announced within=5s", false},
		"never":             {"never A role=backup", true},
		"never, not":        {"never A cti=down\nlink A down\nwait 1s", false},
		"never, from now":   {"never A role=primary", false},
		"always":            {"always A announced", true},
		"always, not":       {"always A announced\nlink A down\nwait 1s", false},
		"always for":        {"always A announced for=3s", true},
		"sometimes":         {"sometimes A cti=synchronizing", true},
		"sometimes, not":    {"sometimes B running", false},
		"a refused command": {"! call c1 from=1001 to=1001\nexpect A running", true},
		"not refused":       {"! call c1 from=1001 to=1002\nexpect A running", false},
		"refused":           {"call c1 from=1001 to=1002\ncall c2 from=1001 to=1003\nexpect A running", false},
		"may be refused":    {"? restart A\n? answer c9\nexpect A running", true},
		"nobody to ask":     {"kill A\n? dial C1 1001 to=1002 nowait\nwait 1m\nexpect S running", true},
		"need not":          {"? kill A\nexpect A running", false},
		"message":           {"call c1 from=1001 to=1002\nawait S->A CallCreated within=1s", true},
		"message once":      {"call c1 from=1001 to=1002\nawait S->A CallCreated within=1s\n! expect S->A CallCreated", true},
		"link":              {"expect S-A up", true},
		"number":            {"expect S calls>0", false},
	} {
		t.Run(name, func(t *testing.T) {
			sc := parse(t, "no-converge: it is about the assertion\n"+script+c.line)
			res, _ := play(t, sc, Options{})
			want := Failed
			if c.held {
				want = Held
			}
			require.Equal(t, want, res.Verdict, res.Text())
		})
	}
}

// TestAlarmsAreFacts: what is raised and not cleared is seen at its node, and keeps the pair from being whole (L3).
func TestAlarmsAreFacts(t *testing.T) {
	f := newFacts()
	cfg := config.Default()
	f.monitors = monitor.NewSet(&cfg)
	note := func(id wire.ID, a node.Alarm, raised bool) {
		n := node.AlarmNote(a, raised, wire.None, "why")
		f.record(&trace.Record{Kind: trace.Noted, Node: id, Inc: 1, Note: &n})
	}
	holds := func(text string) bool {
		words := strings.Fields(text)
		p, err := parsePattern(newArgs(words, &config.Config{}, &verb{}))
		require.NoError(t, err)
		return f.holdsState(&p)
	}
	require.True(t, holds("M alarms=0") && holds("pair alarms=0") && holds("M alarm!=store") && !holds("M alarm=store"))
	note(wire.MLayer, node.NoBrain, true)
	note(wire.MLayer, node.StoreFault, true)
	note(wire.A, node.OptionsDiffer, true)
	require.True(t, holds("M alarm=store") && holds("M alarm=no-brain") && !holds("M alarm!=store") && holds("A alarm!=store"))
	require.True(t, holds("M alarms=2") && holds("pair alarms=3"))
	text, raised := f.alarms.First(f.monitors)
	require.True(t, raised)
	require.Equal(t, "M no-brain (why)", text)
	note(wire.MLayer, node.NoBrain, false)
	require.True(t, holds("M alarms=1"))
	f.record(&trace.Record{Kind: trace.Ended, Node: wire.MLayer, Inc: 1, Text: "killed"})
	require.True(t, holds("M alarms=0") && holds("pair alarms=1"))
	require.Equal(t, []string{"M no-brain", "M store", "A options-differ"}, f.metric.Alarms)
}

func TestConvergenceHealsWhatTheScriptBroke(t *testing.T) {
	sc := parse(t, `boot S A M C1
await A announced within=10s
boot B
await pair ready within=20s
call c1 from=1001 to=1002
stuck c1
cut A-B
delay S-A 5s
isolate M
link B silent
store full
pause B
kill A
expect A running=false
`)
	res, _ := play(t, sc, Options{})
	require.Equal(t, Held, res.Verdict, res.Text())
}

// TestTheFirstViolationEndsTheRun, if that is wanted: what the script says after it is not done.
func TestTheFirstViolationEndsTheRun(t *testing.T) {
	sc, err := Load("hotstandby/watermark.txtar")
	require.NoError(t, err)
	sc.lines = append(sc.lines, parse(t, "wait 24h\nexpect A running").lines...)
	x1, err := node.ParseRule("X1")
	require.NoError(t, err)
	var seen int
	o := Options{Without: node.Off(x1), FirstViolation: true, Observe: trace.SinkFunc(func(*trace.Record) { seen++ })}
	res, _ := play(t, sc, o)
	require.Equal(t, Failed, res.Verdict)
	require.Equal(t, "S2", res.Violations[0].Monitor, res.Text())
	require.Less(t, res.RunTime, time.Minute)
	require.Positive(t, seen)
}

// TestAViolationFailsTheRun: with X6 off, monitors alone make a scenario fail that asserts nothing of the kind.
func TestAViolationFailsTheRun(t *testing.T) {
	sc, err := Load("hotstandby/paused-primary-wakes.txtar")
	require.NoError(t, err)
	res, _ := play(t, onlyMonitors(sc), Options{Without: node.Off(node.X6)})
	require.Equal(t, Failed, res.Verdict)
	require.NotEmpty(t, res.Violations)
	require.Contains(t, res.Text(), "replay: hotpair run --world sim --without X6 hotstandby/paused-primary-wakes.txtar")
}

// TestEditedTraces: what somebody changed in a trace by hand is found, and what was cut off is not taken for a verdict.
func TestEditedTraces(t *testing.T) {
	sc, err := Load("hotstandby/operator-switches-over.txtar")
	require.NoError(t, err)
	_, whole := play(t, sc, Options{})
	rep, err := monitor.Verify(bytes.NewReader(whole))
	require.NoError(t, err)
	require.Empty(t, rep.Violations)
	lines := bytes.SplitAfter(whole, []byte("\n"))

	replace := func(old, with string) []byte {
		require.Contains(t, string(whole), old)
		return bytes.Replace(whole, []byte(old), []byte(with), 1)
	}
	without := func(part ...string) []byte {
		var kept [][]byte
		removed := false
		for _, l := range lines {
			match := !removed
			for _, p := range part {
				match = match && bytes.Contains(l, []byte(p))
			}
			if match {
				removed = true
				continue
			}
			kept = append(kept, l)
		}
		require.True(t, removed)
		return bytes.Join(kept, nil)
	}
	for name, c := range map[string]struct {
		trace   []byte
		monitor string
	}{
		"a second primary":                {replace(`"kind":"role","n":1,"text":"backup"`, `"kind":"role","n":1,"text":"primary"`), "S1"},
		"a swapped ConnID":                {replace(`"connId":"0000010000000001","text":"adopted"`, `"connId":"0000010000000002","text":"adopted"`), "S3"},
		"a swapped ConnID on the wire":    {replace(`"kind":"CallNamedAck","epoch":1,"num":1,"call":{"ref":1,"born":1099511627777},"connId":"0000010000000001"`, `"kind":"CallNamedAck","epoch":1,"num":1,"call":{"ref":1,"born":1099511627777},"connId":"0000010000000002"`), "trace"},
		"a removed release":               {without(`"received"`, `CallReleased`), "trace"},
		"a removed release at the switch": {without(`"noted"`, `"text":"released"`), "trace"},
	} {
		t.Run(name, func(t *testing.T) {
			rep, err := monitor.Verify(bytes.NewReader(c.trace))
			require.NoError(t, err)
			var names []string
			for _, v := range rep.Violations {
				names = append(names, v.Monitor)
			}
			require.Contains(t, names, c.monitor)
		})
	}
	for name, cut := range map[string][]byte{
		"empty": nil, "only a header": lines[0], "half": whole[:len(whole)/2], "without its end": bytes.Join(lines[:len(lines)-2], nil),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := monitor.Verify(bytes.NewReader(cut))
			require.ErrorIs(t, err, trace.ErrCut)
		})
	}
}

func TestStore(t *testing.T) {
	dir := t.TempDir()
	sc, err := Load("hotstandby/synchronization.txtar")
	require.NoError(t, err)
	for range keptRuns + 2 {
		res, err := Run(context.Background(), sc, Options{StoreDir: dir})
		require.NoError(t, err)
		require.DirExists(t, res.Dir)
	}
	latest := filepath.Join(dir, "synchronization", "latest")
	for _, f := range []string{"trace.jsonl", "ladder.txt", "verdict.json"} {
		require.FileExists(t, filepath.Join(latest, f))
	}
	var res map[string]any
	data, err := os.ReadFile(filepath.Join(latest, "verdict.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &res))
	for _, key := range []string{"verdict", "assertions", "faults", "monitors", "links", "metrics", "replay"} {
		require.Contains(t, res, key)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "synchronization"))
	require.NoError(t, err)
	require.Len(t, entries, keptRuns+1, "the runs that are kept, and latest")
	f, err := os.Open(filepath.Join(latest, "trace.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	rep, err := monitor.Verify(f)
	require.NoError(t, err)
	require.Empty(t, rep.Violations)
}

// TestStoreRemovesItsOwnRunsOnly: whatever else lies there stays, and a scenario's name does not lead out of the store.
func TestStoreRemovesItsOwnRunsOnly(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "test", "1-notes")
	require.NoError(t, os.MkdirAll(other, 0o750))
	sc := parse(t, "no-converge: short\nboot S\nexpect S running\n")
	for range keptRuns + 2 {
		_, err := Run(context.Background(), sc, Options{StoreDir: dir})
		require.NoError(t, err)
	}
	require.DirExists(t, other)
	entries, err := os.ReadDir(filepath.Join(dir, "test"))
	require.NoError(t, err)
	require.Len(t, entries, keptRuns+2, "the runs that are kept, latest, and what is not ours")

	for _, path := range []string{"...txtar", "..txtar", ".txtar"} {
		sc, err := Parse(path, []byte("no-converge: short\nboot S\nexpect S running\n"))
		require.NoError(t, err)
		_, err = Run(context.Background(), sc, Options{StoreDir: dir})
		require.ErrorContains(t, err, "cannot be stored; rename its file")
	}
}

// TestNothingIsLeftWhenTheStoreFails: the world that was made already ends.
func TestNothingIsLeftWhenTheStoreFails(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	sc := parse(t, "no-converge: short\nboot S\nexpect S running\n")
	_, err := Run(context.Background(), sc, Options{World: NATS, StoreDir: file})
	require.ErrorContains(t, err, "store: ")
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestUpdateWritesTheLadderAndNothingElse also keeps a file that has no line break at its end.
func TestUpdateWritesTheLadderAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txtar")
	const script = "# title\nboot S A M\n\nawait A announced within=10s\n-- config.yaml --\n# a comment\nclients: 0\n"
	require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
	sc, err := Load(path)
	require.NoError(t, err)
	res, err := Run(context.Background(), sc, Options{Update: true})
	require.NoError(t, err)
	require.Equal(t, Held, res.Verdict, res.Text())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, script+"-- ladder.txt --\n"+res.Ladder, string(data))

	// A ladder that is not as expected fails.
	require.NoError(t, os.WriteFile(path, bytes.Replace(data, []byte("Appoint epoch=1"), []byte("Appoint epoch=2"), 1), 0o600))
	sc, err = Load(path)
	require.NoError(t, err)
	res, err = Run(context.Background(), sc, Options{})
	require.NoError(t, err)
	require.Equal(t, Failed, res.Verdict)
	require.Contains(t, res.Reason, "M->A")
}

func TestJUnit(t *testing.T) {
	sc := parse(t, "no-converge: short\nboot S\nexpect S running=false\n")
	res, _ := play(t, sc, Options{})
	var b bytes.Buffer
	require.NoError(t, WriteJUnit(&b, []*Result{res}))
	var suite junitSuite
	require.NoError(t, xml.Unmarshal(b.Bytes(), &suite))
	require.Equal(t, 1, suite.Failures)
	require.Contains(t, suite.Cases[0].Failure.Text, "expect S running=false")
}

func TestInterruptedRunCouldNotTell(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sc := parse(t, "boot S A M\nawait A announced within=10s\n")
	var file bytes.Buffer
	res, err := Run(ctx, sc, Options{Trace: &file})
	require.NoError(t, err)
	require.Equal(t, CouldNotTell, res.Verdict)
	_, err = monitor.Verify(&file)
	require.ErrorIs(t, err, trace.ErrCut, "nor does its trace tell anything")

	// What did not come true in part of a run has not failed.
	sc = parse(t, "boot S A M\nawait A announced within=10s\nsometimes B running\n")
	res, err = Run(ctx, sc, Options{})
	require.NoError(t, err)
	require.Equal(t, CouldNotTell, res.Verdict, res.Text())
	require.Empty(t, res.Assertions)
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	sc := parse(t, "boot S A M\nawait A announced within=10s\n")
	for want, o := range map[string]Options{
		`unknown world "moon": there are sim, nats, processes`: {World: "moon"},
		"--update rewrites ladders from virtual time":          {World: NATS, Update: true},
		"and without --busy":                                   {Update: true, Busy: time.Second},
		"--busy: from 0 to 1m0s, not 2m0s":                     {Busy: 2 * time.Minute},
		"not the world nats":                                   {World: NATS, Busy: time.Second},
		"is for the world nats, not for sim":                   {NATSURL: "nats://127.0.0.1:1"},
		"the speed is at most":                                 {World: NATS, Speed: 500},
		"speed is above 0":                                     {World: NATS, Speed: -1},
	} {
		_, err := Run(context.Background(), sc, o)
		require.ErrorContains(t, err, want)
	}
}
