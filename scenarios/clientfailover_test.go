package scenarios

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/monitor"
)

// partialFailures draws a scenario of client failover: clients in ten sites, of which some lose the way to a server, or to both, while the link between the
// servers, their connections and they themselves fail and come back, and the configuration is changed meanwhile.
func partialFailures(clients int, seed uint64) string {
	const sites = 10
	rng := rand.New(rand.NewPCG(seed, 0x7061727469616c))
	var b strings.Builder
	fmt.Fprintf(&b, "# Random partial failures, seed %d.\nrules: P7 P8 P9 P11 P13\nboot S A\nawait A announced within=20s\nboot B\nawait B holder=A within=20s\n", seed)
	for s := range sites {
		fmt.Fprintf(&b, "boot s%d\n", s)
	}
	fmt.Fprintf(&b, "await pair clients=%d within=1m\nawait pair ready within=1m\n", clients)
	isolated, running := map[string]bool{}, map[string]bool{"A": true, "B": true}
	for range 5 + rng.IntN(8) {
		site := fmt.Sprintf("s%d", rng.IntN(sites))
		server := []string{"A", "B"}[rng.IntN(2)]
		switch rng.IntN(9) {
		case 0:
			fmt.Fprintf(&b, "cut A-B\n")
		case 1, 2, 3:
			for n := range 1 + rng.IntN(sites) {
				fmt.Fprintf(&b, "cut s%d-%s\n", n, server)
			}
		case 4:
			if !isolated[site] {
				fmt.Fprintf(&b, "isolate %s\n", site)
				isolated[site] = true
			}
		case 5:
			if !isolated[server] && running[server] {
				fmt.Fprintf(&b, "isolate %s\n", server)
				isolated[server] = true
			}
		case 6:
			switch {
			case running[server]:
				fmt.Fprintf(&b, "kill %s\n", server)
				running[server] = false
			case !isolated[server]:
				fmt.Fprintf(&b, "restart %s\n", server)
				running[server] = true
			}
		case 7:
			fmt.Fprintf(&b, "heal all\n")
			clear(isolated)
		case 8:
			if running[server] {
				fmt.Fprintf(&b, "? activate %s\n", server)
			}
		}
		for _, id := range []string{"A", "B"} {
			if running[id] {
				fmt.Fprintf(&b, "? configure %s dn/%d=%d\n", id, 1000+rng.IntN(20), rng.IntN(1000))
			}
		}
		fmt.Fprintf(&b, "wait %ds\n", 1+rng.IntN(25))
	}
	fmt.Fprintf(&b, "expect S running\n-- config.yaml --\narbitration: peer\nclients: %d\nlicence:\n  seats: %d\nsites:\n", clients, clients)
	for s := range sites {
		fmt.Fprintf(&b, "  s%d: C%d-C%d\n", s, s*clients/sites+1, (s+1)*clients/sites)
	}
	return b.String()
}

// TestEditedTracesOfClientFailover: what somebody changed by hand in a trace of client failover is found by the monitor whose affair it is.
func TestEditedTracesOfClientFailover(t *testing.T) {
	sc, err := Load("clientfailover/configuration-conflict.txtar")
	require.NoError(t, err)
	_, whole := play(t, sc, Options{})
	for name, c := range map[string]struct{ old, with, monitor string }{
		"an inactive server lets a client in": {`"note":{"kind":"activity","n":1,"text":"active","why":"P11"}`, `"note":{"kind":"activity","n":1,"text":"inactive","why":"P11"}`, "S7"},
		"another holder":                      {`"note":{"kind":"holder","peer":"A"`, `"note":{"kind":"holder","peer":"B"`, "S7"},
		"another configuration":               {`"kind":"config","n":2,"m":2,"text":"`, `"kind":"config","n":2,"m":2,"text":"0`, "S8"},
		"a change that was forgotten":         {`"note":{"kind":"config-conflict","n":1,"m":2`, `"note":{"kind":"config-conflict","n":1,"m":9`, "S8"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(whole), c.old)
			rep, err := monitor.Verify(bytes.NewReader(bytes.Replace(whole, []byte(c.old), []byte(c.with), 1)))
			require.NoError(t, err)
			var names []string
			for _, v := range rep.Violations {
				names = append(names, v.Monitor)
			}
			require.Contains(t, names, c.monitor)
		})
	}
	// Every client's last session is taken away.
	i := bytes.LastIndex(whole, []byte(`"note":{"kind":"session","peer":"A","n":1}`))
	require.Positive(t, i)
	edited := append(append(append([]byte(nil), whole[:i]...), `"note":{"kind":"session","peer":"A","n":0}`...), whole[i+len(`"note":{"kind":"session","peer":"A","n":1}`):]...)
	rep, err := monitor.Verify(bytes.NewReader(edited))
	require.NoError(t, err)
	require.Equal(t, "L2", rep.Violations[len(rep.Violations)-1].Monitor)
}

// TestL2AfterRandomPartialFailures: after healing all clients are at one active server, the configurations are equal, and nothing that was acknowledged is
// lost (S8); meanwhile no server lets in whom it must not (S7). HOTPAIR_CLIENTFAILOVER (make clientfailover) makes it 500 clients and 50 seeds.
func TestL2AfterRandomPartialFailures(t *testing.T) {
	clients, seeds := 40, 12
	if os.Getenv("HOTPAIR_CLIENTFAILOVER") != "" {
		clients, seeds = 500, 50
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			sc := parse(t, partialFailures(clients, uint64(seed)))
			res, _ := play(t, sc, Options{})
			require.Equal(t, Held, res.Verdict, "%s\n%s", sc.archive.Comment, res.Text())
			require.Subset(t, res.Monitors, []string{"S7", "S8", "L2"})
		})
	}
}
