package scenarios

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/procworld"
)

func TestMain(m *testing.M) {
	procworld.Main()
	os.Exit(m.Run())
}

// all loads the scenarios of a folder.
func all(t testing.TB, dir string) []*Scenario {
	t.Helper()
	list, err := LoadDir(dir)
	require.NoError(t, err)
	return list
}

// play runs a scenario and returns the result with its trace.
func play(t testing.TB, sc *Scenario, o Options) (*Result, []byte) {
	t.Helper()
	var trace bytes.Buffer
	o.Trace = &trace
	res, err := Run(context.Background(), sc, o)
	require.NoError(t, err)
	return res, trace.Bytes()
}

func parse(t testing.TB, text string) *Scenario {
	t.Helper()
	sc, err := Parse("test.txtar", []byte(text))
	require.NoError(t, err)
	return sc
}
