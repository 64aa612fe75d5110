package access

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/wire"
)

const doc = "../../docs/security.md"

// TestTheTableIsDocumented holds docs/security.md to the table; HOTPAIR_UPDATE=1 writes it.
func TestTheTableIsDocumented(t *testing.T) {
	const begin, end = "<!-- table -->\n", "<!-- end of the table -->"
	data, err := os.ReadFile(doc)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), begin)
	require.True(t, found)
	got, after, found := strings.Cut(rest, end)
	require.True(t, found)
	want := markdown()
	if os.Getenv("HOTPAIR_UPDATE") != "" {
		require.NoError(t, os.WriteFile(doc, []byte(before+begin+want+end+after), 0o644))
		return
	}
	require.Equal(t, want, got, "HOTPAIR_UPDATE=1 go test ./internal/access writes it")
}

func markdown() string {
	var b strings.Builder
	b.WriteString("\n| role | | subject | what for |\n|---|---|---|---|\n")
	for _, r := range Roles(Options{Pair: "PAIR", Clients: 1, Operators: []string{"NAME"}, Tester: true}) {
		for _, d := range []struct {
			name   string
			rights []Right
		}{{"publishes", r.Publish}, {"subscribes to", r.Subscribe}} {
			for _, right := range d.rights {
				fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", r.Name, d.name, right.Subject, right.Why)
			}
		}
	}
	b.WriteString("\n")
	return b.String()
}

// TestNobodySpeaksForAnother: but for the admin, no two roles may publish on a link in the same name, and none gets another one's answers.
func TestNobodySpeaksForAnother(t *testing.T) {
	roles := Roles(Options{Pair: "pair", Clients: 3, Operators: []string{"alice", "bob"}, Tester: true})
	ids := []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1), wire.Client(2), wire.Client(3)}
	for _, r := range roles {
		if r.Name == Admin {
			continue
		}
		for _, from := range ids {
			for _, to := range ids {
				link := wire.LinkOf(from, to)
				if link == wire.NoLink {
					continue
				}
				subject := fmt.Sprintf("hotpair.pair.%s.%s.%s", link, from, to)
				require.Equal(t, r.Name == from.String(), r.MayPublish(subject), "%s publishes %s", r.Name, subject)
				require.Equal(t, r.Name == to.String() || r.Name == Observer, r.MaySubscribe(subject), "%s hears %s", r.Name, subject)
			}
		}
		for _, other := range roles {
			if other.Name != Admin && other.Name != Observer { // who ask nothing
				require.Equal(t, other.Name == r.Name, r.MaySubscribe(Inbox("pair", other.Name)+".x"), "%s hears what %s is answered", r.Name, other.Name)
			}
		}
		for _, name := range []string{"alice", "bob"} {
			require.Equal(t, r.Name == OperatorRole(name), r.MayPublish(CommandSubject("pair", name, "M", "switchover")), "%s commands as %s", r.Name, name)
		}
	}
}

func TestKeepKeys(t *testing.T) {
	dir := t.TempDir() + "/keys"
	o := Options{Pair: "pair", Clients: 1}
	first, err := KeepKeys(dir, o)
	require.NoError(t, err)
	o.Clients = 2
	again, err := KeepKeys(dir, o)
	require.NoError(t, err)
	require.Len(t, again, len(first)+1)
	for role, key := range first {
		require.Equal(t, key, again[role])
	}
	for _, path := range []string{dir, KeyFile(dir, "A")} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Zero(t, info.Mode()&0o077, "nobody else may read %s", path)
	}
	require.NoError(t, os.WriteFile(KeyFile(dir, "B"), []byte("sesame"), 0o600))
	_, err = KeepKeys(dir, o)
	require.ErrorContains(t, err, "B.nk holds no nkey seed of a user")
}

func TestConfigHoldsNoSecret(t *testing.T) {
	o := Options{Pair: "pair", Clients: 2}
	keys, err := NewKeys(o)
	require.NoError(t, err)
	text := ServerConfig(o, keys, ServerOptions{Listen: "127.0.0.1:4222", StoreDir: "x"})
	for role, key := range keys {
		require.NotContains(t, text, string(key.Seed))
		require.Equal(t, 1, strings.Count(text, key.Public), role)
	}
}
