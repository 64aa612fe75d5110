package asyncapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/wire"
)

const file = "../../docs/asyncapi.yaml"

// kindComments reads the comments at the kinds of messages.
func kindComments(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../wire/kind.go", nil, parser.ParseComments)
	require.NoError(t, err)
	docs := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Doc != nil && len(v.Names) == 1 {
			docs[v.Names[0].Name] = strings.Join(strings.Fields(v.Doc.Text()), " ")
		}
		return true
	})
	return docs
}

// TestTheDescriptionIsUpToDate holds docs/asyncapi.yaml to the program; HOTPAIR_UPDATE=1 writes it.
func TestTheDescriptionIsUpToDate(t *testing.T) {
	want, err := Document(kindComments(t))
	require.NoError(t, err)
	if os.Getenv("HOTPAIR_UPDATE") != "" {
		require.NoError(t, os.WriteFile(file, want, 0o644))
		return
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	wanted, is := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(wanted), len(is)) {
		require.Equal(t, wanted[i], is[i], "line %d; HOTPAIR_UPDATE=1 go test ./internal/asyncapi writes it", i+1)
	}
	require.Len(t, is, len(wanted), "HOTPAIR_UPDATE=1 go test ./internal/asyncapi writes it")
}

// TestEveryKindIsDescribed: a message of each kind, and every packet, stands on the channels on which it is sent.
func TestEveryKindIsDescribed(t *testing.T) {
	d := load(t)
	for _, name := range append(wire.Kinds(), packetOrder...) {
		require.True(t, d.messages[name] != nil, name)
	}
	ids := []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer, wire.Client(1), wire.Client(20)}
	for _, from := range ids {
		for _, to := range ids {
			link := wire.LinkOf(from, to)
			if link == wire.NoLink {
				continue
			}
			c := d.channelOf("hotpair.some." + link.String() + "." + from.String() + "." + to.String())
			require.NotNil(t, c, "%s to %s", from, to)
			for _, k := range wire.KindsBetween(from, to) {
				require.True(t, c.messages[k.String()] != nil, k.String())
			}
		}
	}
}

// TestEverySubjectIsDescribed: what anybody but the admin may publish stands in the description.
func TestEverySubjectIsDescribed(t *testing.T) {
	d := load(t)
	for _, r := range access.Roles(access.Options{Pair: "pair", Clients: 2, Operators: []string{"alice"}, Tester: true}) {
		for _, right := range r.Publish {
			if right.Subject == ">" {
				continue
			}
			subject := strings.ReplaceAll(right.Subject, "*", "C2")
			subject = strings.ReplaceAll(subject, ">", "PING")
			require.NotNil(t, d.channelOf(subject), "%s publishes %s", r.Name, subject)
		}
	}
	for _, subject := range []string{"hotpair.pair.ha.A.C1", "hotpair.pair.client.C1.M", "hotpair.pair", "free", "hotpair.pair.operator.alice.M.stop"} {
		require.Nil(t, d.channelOf(subject), subject)
	}
}

// TestExamplesAreValid: each example is what its schema says.
func TestExamplesAreValid(t *testing.T) {
	d := load(t)
	n := 0
	for name, m := range d.messages {
		for _, example := range m.examples {
			require.NoError(t, m.schema.Validate(example), name)
			n++
		}
	}
	require.GreaterOrEqual(t, n, len(wire.Kinds())+len(packetOrder)+len(access.Commands))
}

// TestWhatIsWrongIsFound: payloads that are not as described.
func TestWhatIsWrongIsFound(t *testing.T) {
	d := load(t)
	const subject = "hotpair.pair.client.C1.A"
	require.NoError(t, d.check(subject, []byte(`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":{"kind":"RegisterAddress","thisDN":"*"}}`)))
	for _, wrong := range []string{
		`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":{"kind":"RegisterAddress","thisDN":"*","sub":1}}`,
		`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":{"kind":"ResumeEvents"}}`,
		`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":{"kind":"EventRinging"}}`,
		`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1}`,
		`{"pkt":"hello","fromInc":1}`,
		`{"pkt":"hello","fromInc":0,"session":1}`,
		`{"pkt":"hello","fromInc":1,"session":1,"colour":"red"}`,
		`{"pkt":"wave","fromInc":1,"session":1}`,
		`no JSON`,
		``,
	} {
		require.Error(t, d.check(subject, []byte(wrong)), wrong)
	}
	require.Error(t, d.check("somewhere.else", []byte(`{}`)))
	require.Error(t, d.check("hotpair.pair.operator.alice.M.switchover", []byte(`{"args":{"force":"no"}}`)))
}
