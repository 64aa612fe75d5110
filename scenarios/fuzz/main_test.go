package fuzz_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/procworld"
	"hotpair/internal/trace"
	"hotpair/scenarios"
	"hotpair/scenarios/fuzz"
)

func TestMain(m *testing.M) {
	workerMain()
	procworld.Main()
	os.Exit(m.Run())
}

// trace runs a program and returns the trace file.
func traceOf(t testing.TB, p *fuzz.Program) []byte {
	t.Helper()
	sc, err := scenarios.Parse("fuzz.txtar", []byte(p.Text()))
	require.NoError(t, err, "%s", p.Text())
	var b bytes.Buffer
	_, err = scenarios.Run(t.Context(), sc, scenarios.Options{Trace: &b})
	require.NoError(t, err)
	return b.Bytes()
}

func without(t testing.TB, name string) node.Rules {
	t.Helper()
	r, err := node.ParseRule(name)
	require.NoError(t, err)
	return node.Off(r)
}

// observer is a trace.Sink that is told of every record.
type observer func()

func (o observer) Record(*trace.Record) { o() }
