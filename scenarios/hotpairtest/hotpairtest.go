package hotpairtest

import (
	"os"
	"testing"

	"hotpair/internal/procworld"
	"hotpair/scenarios"
)

// Main is for TestMain of tests that use the world of processes, where each node is the test's own binary, executed again: in a node's process it
// runs the node. It does not return.
func Main(m *testing.M) {
	procworld.Main()
	os.Exit(m.Run())
}

// Run runs the scenario file and returns what it showed. The test fails if the scenario does, or if nothing can be told, and shows why.
func Run(t testing.TB, path string, o scenarios.Options) *scenarios.Result {
	t.Helper()
	sc, err := scenarios.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	res, err := scenarios.Run(t.Context(), sc, o)
	if err != nil {
		t.Fatal(err)
	}
	if res.Verdict != scenarios.Held {
		t.Fatalf("\n%s", res.Text())
	}
	return res
}
