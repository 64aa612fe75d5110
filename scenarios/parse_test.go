package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestErrorsNameTheirPlace: an error has file and line, and says what is allowed.
func TestErrorsNameTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown verb":        {"# t\nboot S\nbot A\nexpect S running", `test.txtar:3: unknown verb "bot"; did you mean "boot"?`},
		"unknown node":        {"boot S X\nexpect S running", `test.txtar:1: boot: unknown node "X"`},
		"unknown client":      {"boot C2\nexpect C1 running", "there is no C2: clients is 1 in the configuration"},
		"unknown key":         {"expect A rôle=primary", `unknown key "rôle"; did you mean "role"?`},
		"unknown value":       {"expect A role=boss", `role is backup, primary, not "boss"`},
		"unknown message":     {"await A->B FullSyncDon within=1s", `unknown message "FullSyncDon"; did you mean "FullSyncDone"?`},
		"unknown header":      {"rule: R1\nexpect A running", `test.txtar:1: unknown header "rule"; did you mean "rules"?`},
		"seed":                {"seed: 0\nexpect A running", `test.txtar:1: seed: a whole number from 1 is wanted, not "0"`},
		"no link":             {"cut S-M\nexpect A running", "S and M have no link"},
		"no time":             {"await A announced\n", "within=TIME is wanted"},
		"bad time":            {"wait 3\nexpect A running", `a time above 0 and up to 720h0m0s is wanted, such as 500ms or 2s, not "3"`},
		"negative time":       {"wait -3s\nexpect A running", "a time above 0"},
		"nothing asserted":    {"boot S A\n", "the scenario asserts nothing"},
		"! where it has none": {"! await A announced within=1s", "! does not go with await"},
		"? on a judgement":    {"? expect A running", "? does not go with expect: a judgement that may fail judges nothing"},
		"? alone":             {"?\nexpect A running", "test.txtar:1: a verb is wanted"},
		"open quote":          {"boot 'S\n", "test.txtar:1: a quote ' is not closed"},
		"condition":           {"[world:sim] boot S\nexpect S running", "a condition gives its reason"},
		"unknown world":       {"[world:moon 'why'] boot S\nexpect S running", "unknown condition"},
		"too many words":      {"kill\nexpect S running", "kill: a node is wanted"},
		"unexpected word":     {"load stop now\nexpect S running", "erlangs and hold are wanted"},
		"unknown file":        {"expect S running\n-- ladder --\n", `test.txtar:2: a scenario has the files config.yaml, ladder.txt and events.txt, and NAME.times with times, not "ladder"`},
		"no such times":       {"load erlangs=1 hold=file:a.times\nexpect A running", `test.txtar:1: load: hold: the archive has no file "a.times"`},
		"times that are none": {"load erlangs=1 hold=file:a.times\nexpect A running\n-- a.times --\n# measured\n188s\n\n12.5\nsoon\n", `test.txtar:8: a.times:5: a line holds a time above 0 and up to 720h0m0s, such as 188s, or a number of seconds, not "soon"`},
		"a time of 0":         {"load erlangs=1 hold=file:a.times\nexpect A running\n-- config.yaml --\nclients: 1\n-- a.times --\n0\n", `test.txtar:6: a.times:1: a line holds a time`},
		"no times":            {"load erlangs=1 hold=file:a.times\nexpect A running\n-- a.times --\n#\n", `test.txtar:3: a.times has no times`},
		"unused times":        {"expect A running\n-- a.times --\n1s\n", `test.txtar:2: no line takes the times of a.times`},
		"patience from files": {"load erlangs=1 hold=exp:1s queue=Q1 patience=file:b.times\nexpect A running", `test.txtar:1: load: patience: the archive has no file "b.times"`},
		"nameless file":       {"expect S running\n-- --\r\n", "test.txtar:2: a file of the archive has a name: -- NAME --"},
		"bad config":          {"expect S running\n-- config.yaml --\naddp-timeout: soon\n", "test.txtar:2: in config.yaml"},
		"config key":          {"expect S running\n-- config.yaml --\nadp: 1s\n", `unknown field "adp"`},
		"config range":        {"expect S running\n-- config.yaml --\nha-sync-batch: 5\n", "ha-sync-batch is from 200 to 1000, not 5"},
		"option of M":         {"option M connect-tout=1s\nexpect A running", "test.txtar:1: option: M has no options of its own: A and B have"},
		"option, value":       {"option A ha-sync-batch=5\nexpect A running", "ha-sync-batch is from 200 to 1000, not 5"},
		"option, key":         {"option A ha-sink=5\nexpect A running", "option ha-sink of A: "},
		"option without =":    {"option A connect-tout\nexpect A running", "an option is KEY=VALUE"},
		"share":               {"drop A-B share=2\nexpect S running", "share is a number above 0 and up to 1"},
		"always a message":    {"always A->B BackupReady", "a state is wanted"},
		"number":              {"expect A calls=many", `calls is a whole number from 0, not "many"`},
		"for, asserted":       {"expect A announced for=5s", "for goes with ! expect"},
		"within, denied":      {"! expect A announced within=5s", "within goes with expect; ! expect takes for=TIME"},
		"key twice":           {"await A announced within=1s within=2s", "within is given twice"},
		"rule":                {"rules: R10 Q7\nexpect A running", `test.txtar:1: rules: a rule is R, P or X with its number, such as R10, not "Q7"`},
		"a message elsewhere": {"! expect A->B CallCreated", "CallCreated is not what A sends B; that is one of PeerState, BackupReady"},
		"key of another":      {"! expect A->B FullSyncDone role=primary", `unknown key "role"`},
		"no key":              {"! expect S->A CallReleased num=1", `unknown key "num": CallReleased is looked for without keys`},
		"no such call":        {"call c1 from=1001 to=1002\nnever call c2 kept=false", `test.txtar:2: never: no line begins a call "c2"; did you mean "c1"?`},
		"answer no such call": {"answer c1\nexpect A running", `no line begins a call "c1"`},
		"load":                {"load erlangs=x hold=exp:1s\nexpect A running", `test.txtar:1: load: erlangs: a number from 1e-06 to 1e+06 is wanted, not "x"`},
		"holding time":        {"load erlangs=1 hold=exp:soon\nexpect A running", `test.txtar:1: load: hold: holding times are`},
		"no such DN":          {"call c1 from=1001 to=7\nexpect A running", `test.txtar:1: call: to: there is no DN "7"`},
		"an agent's DN":       {"agent 7 ready\nexpect A running", `test.txtar:1: agent: `},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("test.txtar", []byte(c.text))
			require.ErrorContains(t, err, c.want)
			var e *Error
			require.ErrorAs(t, err, &e)
		})
	}
}

func TestAllErrorsAreReported(t *testing.T) {
	_, err := Parse("x.txtar", []byte("bot S\nkil A\nexpect A running\n"))
	require.ErrorContains(t, err, "x.txtar:1:")
	require.ErrorContains(t, err, "x.txtar:2:")
}

// TestArgumentsAreTriedOneByOne: a command is judged by itself; what is refused because of another one shows when it runs.
func TestArgumentsAreTriedOneByOne(t *testing.T) {
	parse(t, "load erlangs=20 hold=exp:1s\ncall c1 from=1001 to=1002\ncall c1 from=1001 to=1002\nagent 1001 ready\n! call c2 from=1001 to=7\nexpect A running")
}

func TestHelpIsComplete(t *testing.T) {
	help := Help()
	for _, v := range verbTable {
		require.Contains(t, help, "  "+v.usage+"\n")
		require.True(t, strings.HasPrefix(v.usage, v.name), v.name)
		require.NotEmpty(t, v.help)
	}
	for _, keys := range [][]string{messageKeys, tserverKeys, pairKeys, callKeys} {
		for _, k := range keys {
			require.Contains(t, help, k)
		}
	}
}

// FuzzParse: whatever a file holds, it is read or refused, with a place.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("hotstandby/*.txtar")
	require.NoError(f, err)
	for _, p := range paths {
		data, err := os.ReadFile(p)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte("-- --"))
	f.Add([]byte("! expect A->B FullSyncDone for=1s\n-- config.yaml --\nA: {ha-sync-batch: 1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sc, err := Parse("fuzz.txtar", data)
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, err.Error(), "fuzz.txtar")
			return
		}
		require.Positive(t, sc.Assertions())
	})
}
