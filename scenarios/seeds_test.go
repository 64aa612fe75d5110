package scenarios

import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// seedsFile holds the digest of the trace of each seed. The same digests come out of every build and machine: with the race detector, with one
// core or many. HOTPAIR_UPDATE=1 rewrites it.
const seedsFile = "testdata/seeds.txt"

// TestSeeds: seeds 1 to 50 give 50 different traces, each the same again, also on one core.
func TestSeeds(t *testing.T) {
	sc, err := Load("testdata/seeds.txtar")
	require.NoError(t, err)
	digests := func() []string {
		var list []string
		for seed := uint64(1); seed <= 50; seed++ {
			res, trace := play(t, sc, Options{Seed: seed})
			require.Equal(t, Held, res.Verdict, res.Text())
			list = append(list, fmt.Sprintf("%d %x", seed, sha256.Sum256(withoutHeader(trace))))
		}
		return list
	}
	first := digests()
	was := runtime.GOMAXPROCS(1)
	again := digests()
	runtime.GOMAXPROCS(was)
	require.Equal(t, first, again)
	different := map[string]bool{}
	for _, d := range first {
		_, digest, _ := strings.Cut(d, " ")
		different[digest] = true
	}
	require.Len(t, different, 50)

	text := strings.Join(first, "\n") + "\n"
	if os.Getenv("HOTPAIR_UPDATE") != "" {
		require.NoError(t, os.WriteFile(seedsFile, []byte(text), 0o600))
	}
	want, err := os.ReadFile(seedsFile)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// withoutHeader drops the line that names the seed.
func withoutHeader(trace []byte) []byte {
	_, rest, _ := strings.Cut(string(trace), "\n")
	return []byte(rest)
}
