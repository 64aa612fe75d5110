package matrix

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/procworld"
	"hotpair/scenarios"
)

func TestMain(m *testing.M) {
	procworld.Main()
	os.Exit(m.Run())
}

// play runs a case, which must hold. If it does not, the scenario is written to a file, so that it can be replayed.
func play(t *testing.T, c Case, world string) {
	path := filepath.Join(os.TempDir(), "hotpair-matrix", c.Name+".txtar")
	sc, err := scenarios.Parse(path, []byte(c.Text))
	if err != nil {
		t.Errorf("%s\n%v", c.Text, err)
		return
	}
	res, err := scenarios.Run(t.Context(), sc, scenarios.Options{World: world})
	switch {
	case err != nil:
		t.Errorf("%s: %v", c.Name, err)
	case res.Verdict != scenarios.Held:
		assert.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		assert.NoError(t, os.WriteFile(path, []byte(c.Text), 0o600))
		t.Errorf("%s\n%s", c.Text, res.Text())
	}
}

// TestMatrix runs every case in virtual time.
func TestMatrix(t *testing.T) {
	for _, c := range All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			play(t, c, scenarios.Sim)
		})
	}
}

// TestEachMomentAndFaultIsThere: nothing falls out of the matrix unnoticed, and names are names of files.
func TestEachMomentAndFaultIsThere(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		assert.False(t, seen[c.Name], c.Name)
		seen[c.Name] = true
		assert.Regexp(t, "^[A-Za-z0-9-]+$", c.Name)
	}
	for _, m := range moments {
		for _, f := range faults() {
			assert.Equal(t, m.busy == "" || f.node != m.busy, seen[m.name+"-"+f.name], "%s-%s", m.name, f.name)
		}
	}
	assert.Equal(t, All(), All())
}

// TestMatrixWithoutARule: the matrix can fail, and it is a monitor that fails it.
func TestMatrixWithoutARule(t *testing.T) {
	for rule, name := range map[node.Rule]string{node.X3: "S5", node.X4: "S2", node.X5: "S3", node.X6: "S1"} {
		t.Run(rule.String(), func(t *testing.T) {
			require.True(t, slices.ContainsFunc(All(), func(c Case) bool {
				sc, err := scenarios.Parse(c.Name, []byte(c.Text))
				require.NoError(t, err)
				res, err := scenarios.Run(t.Context(), sc, scenarios.Options{Without: node.Off(rule)})
				require.NoError(t, err)
				return slices.ContainsFunc(res.Violations, func(v monitor.Violation) bool { return v.Monitor == name })
			}))
		})
	}
}

// drawn returns n cases, always the same.
func drawn(n int) []Case {
	all := All()
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

// few is how many cases are run in each real world, at the same time, if nothing else is said: they mostly wait.
const few = 4

// TestMatrixInRealWorlds runs a few cases on NATS and as processes, always the same. HOTPAIR_MATRIX=processes (or nats) runs all of them there, or as
// many as HOTPAIR_MATRIX_CASES says, four at a time, and tells how far it is.
func TestMatrixInRealWorlds(t *testing.T) {
	world := os.Getenv("HOTPAIR_MATRIX")
	if world != "" {
		runAll(t, world)
		return
	}
	cases := drawn(2 * few)
	var running sync.WaitGroup
	for i, world := range []string{scenarios.NATS, scenarios.Processes} {
		for _, c := range cases[i*few : (i+1)*few] {
			running.Go(func() { play(t, c, world) })
		}
	}
	running.Wait()
}

func runAll(t *testing.T, world string) {
	cases := All()
	if text := os.Getenv("HOTPAIR_MATRIX_CASES"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err, "HOTPAIR_MATRIX_CASES")
		require.Positive(t, n, "HOTPAIR_MATRIX_CASES")
		cases = drawn(min(n, len(cases)))
	}
	next := make(chan Case, len(cases))
	for _, c := range cases {
		next <- c
	}
	close(next)
	began := time.Now()
	var done atomic.Int32
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for c := range next {
				play(t, c, world)
				if n := done.Add(1); n%20 == 0 || int(n) == len(cases) {
					fmt.Fprintf(os.Stderr, "matrix: %d of %d cases in %s after %s\n", n, len(cases), world, time.Since(began).Round(time.Second))
				}
			}
		})
	}
	running.Wait()
}
