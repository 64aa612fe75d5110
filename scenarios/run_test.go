package scenarios

import (
	"context"
	"fmt"
	"os"
	"testing"

	"hotpair/internal/procworld"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { procworld.Main(); os.Exit(m.Run()) }

func TestTry(t *testing.T) {
	list, err := LoadDir("hotstandby")
	require.NoError(t, err)
	for _, sc := range list {
		f, _ := os.Create("/tmp/trace.jsonl")
		res, err := Run(context.Background(), sc, Options{Trace: f, World: os.Getenv("W")})
		require.NoError(t, err)
		fmt.Println(res.Verdict, res.Reason, res.Wall, res.RunTime)
		fmt.Println(res.Ladder)
		fmt.Printf("%+v\n", res.Metrics)
		for _, v := range res.Violations {
			fmt.Println(v)
		}
	}
}
