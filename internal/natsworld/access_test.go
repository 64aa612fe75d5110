package natsworld

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/wire"
)

var guarded = access.Options{Pair: "pair", Clients: 2, Operators: []string{"alice", "bob"}, Tester: true}

// guard starts a server that lets only the pair's users in.
func guard(t *testing.T, o access.Options) (*Server, access.Keys) {
	t.Helper()
	keys, err := access.NewKeys(o)
	require.NoError(t, err)
	s, err := StartServer(ServerOptions{StoreDir: t.TempDir(), Config: access.ServerConfig(o, keys, access.ServerOptions{})})
	require.NoError(t, err)
	t.Cleanup(s.Shutdown)
	return s, keys
}

// subjects are what the table speaks of, without wildcards, and what nobody but the admin may use.
func subjects() []string {
	all := map[string]bool{}
	for _, r := range access.Roles(guarded) {
		for _, right := range slices.Concat(r.Publish, r.Subscribe) {
			if right.Subject == ">" {
				continue
			}
			for _, some := range []string{"C1", "S"} {
				subject := strings.ReplaceAll(right.Subject, "*", some)
				subject = strings.ReplaceAll(subject, ">", "PING")
				all[subject] = true
			}
		}
	}
	for _, other := range []string{
		">", "*.*", "hotpair.>", "hotpair.pair.>", "hotpair.pair.*.*.*", "hotpair.pair.*.*.A", "hotpair.pair.client.*.C1", "_INBOX.>", "_INBOX.pair.>", "$SYS.>", "$SRV.>",
		"hotpair.other.ha.A.B", "hotpair.other.client.C1.A", "hotpair.pair.ha.A.B.C", "hotpair.pair", "_INBOX.x", "_INBOX.other.A.x", "free",
		"hotpair.pair.operator.mallory.M.switchover", "hotpair.pair.operator.alice.M.stop", "hotpair.pair.operator.alice.S.switchover",
		"$JS.API.STREAM.DELETE.KV_hotpair_pair", "$JS.API.STREAM.UPDATE.KV_hotpair_pair", "$JS.API.STREAM.PURGE.hotpair_audit_pair",
		"$JS.API.STREAM.MSG.GET.KV_hotpair_pair", "$JS.API.STREAM.NAMES", "$JS.API.CONSUMER.CREATE.KV_hotpair_pair", "$JS.API.STREAM.CREATE.other",
		"$KV.hotpair_pair.M.else", "$KV.hotpair_other.M.state", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.SYS.CONNZ", "$SYS.ACCOUNT.HOTPAIR.CONNECT",
	} {
		all[other] = true
	}
	var list []string
	for s := range all {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// user is a connection of a role, and what the server has refused it.
type user struct {
	nc      *nats.Conn
	mu      sync.Mutex
	refused map[string]bool // direction and subject
}

var violation = regexp.MustCompile(`Permissions Violation for (Publish|Subscription) to "([^"]*)"`)

func enter(t *testing.T, s *Server, keys access.Keys, role string) *user {
	t.Helper()
	u := &user{refused: map[string]bool{}}
	l := LoginOf(keys, role)
	var err error
	u.nc, err = Connect(s.URL(), guarded.Pair, &l, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if m := violation.FindStringSubmatch(err.Error()); m != nil {
			u.mu.Lock()
			u.refused[m[1]+" "+m[2]] = true
			u.mu.Unlock()
		}
	}))
	require.NoError(t, err)
	t.Cleanup(u.nc.Close)
	return u
}

// settled waits until the error handler has heard of everything: it is called in order, and the last refusal is one that is provoked.
func (u *user) settled(t *testing.T) {
	t.Helper()
	require.NoError(t, u.nc.Flush())
	require.Eventually(t, func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.refused["Publish the.end"]
	}, patience, 1e6)
}

// TestEveryCellOfTheTable tries each role, each subject and each direction against a running server, and compares with the table.
func TestEveryCellOfTheTable(t *testing.T) {
	s, keys := guard(t, guarded)
	all := subjects()
	cells := 0
	for _, r := range access.Roles(guarded) {
		if r.Name == access.Admin {
			continue // may do everything: below
		}
		u := enter(t, s, keys, r.Name)
		for _, subject := range all {
			if !strings.ContainsAny(subject, "*>") {
				require.NoError(t, u.nc.Publish(subject, nil))
			}
			sub, err := u.nc.SubscribeSync(subject)
			require.NoError(t, err)
			require.NoError(t, u.nc.Flush()) // so that its own words do not come back into a queue
			_ = sub.Unsubscribe()
		}
		require.NoError(t, u.nc.Publish("the.end", nil))
		u.settled(t)
		for _, subject := range all {
			require.Equal(t, r.MayPublish(subject) || strings.ContainsAny(subject, "*>"), !u.refused["Publish "+subject], "%s publishes %s", r.Name, subject)
			require.Equal(t, r.MaySubscribe(subject), !u.refused["Subscription "+subject], "%s subscribes to %s", r.Name, subject)
			cells += 2
		}
	}
	require.Greater(t, cells, 1000)
}

// TestWhatIsAllowedArrives: what the table allows is carried, not only not refused.
func TestWhatIsAllowedArrives(t *testing.T) {
	s, keys := guard(t, guarded)
	admin := enter(t, s, keys, access.Admin)
	heard, err := admin.nc.SubscribeSync("hotpair.>")
	require.NoError(t, err)
	require.NoError(t, admin.nc.Flush())
	for _, r := range access.Roles(guarded) {
		u := enter(t, s, keys, r.Name)
		for _, right := range r.Publish {
			if strings.HasPrefix(right.Subject, "hotpair.") {
				subject := strings.ReplaceAll(right.Subject, "*", "C1")
				require.NoError(t, u.nc.Publish(subject, []byte(r.Name)))
				m, err := heard.NextMsg(patience)
				require.NoError(t, err, "%s publishes %s", r.Name, subject)
				require.Equal(t, subject, m.Subject)
				require.Equal(t, r.Name, string(m.Data))
			}
		}
		u.nc.Close()
	}
}

func TestWithoutAKeyNobodyEnters(t *testing.T) {
	s, keys := guard(t, guarded)
	for name, l := range map[string]Login{
		"nobody":         {},
		"a stranger":     {Seed: strangersKey(t)},
		"a password":     openSystem,
		"admin's public": {Seed: access.Secret(keys[access.Admin].Public)},
	} {
		_, err := Connect(s.URL(), "pair", &l)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), string(keys[access.Admin].Seed))
	}
	_, err := Connect(s.URL(), "pair", &Login{})
	require.ErrorContains(t, err, "it lets nobody in without a key")
	_, err = NewHost(t.Context(), HostOptions{ID: wire.A, URL: s.URL(), Pair: "pair", Login: LoginOf(keys, "B"), Clock: NewClock(1)})
	require.ErrorIs(t, err, nats.ErrPermissionViolation)
}

func strangersKey(t *testing.T) access.Secret {
	t.Helper()
	keys, err := access.NewKeys(guarded)
	require.NoError(t, err)
	return keys["A"].Seed
}

// TestSecretsDoNotPrint: whatever prints a login, its secret stays one.
func TestSecretsDoNotPrint(t *testing.T) {
	_, keys := guard(t, guarded)
	l := LoginOf(keys, "A")
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(format, l), string(l.Seed))
		require.NotContains(t, fmt.Sprintf(format, keys), string(l.Seed))
	}
	_, err := Connect("nats://me:sesame@127.0.0.1:1", "pair", &l)
	require.ErrorContains(t, err, "NATS at nats://me:xxxxx@127.0.0.1:1: ")
	require.NotContains(t, err.Error(), "sesame")
	require.True(t, errors.Is(err, nats.ErrNoServers))
}
