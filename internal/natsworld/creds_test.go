package natsworld

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// operatorMode starts a NATS server whose users have JWTs, and returns the files of credentials by role, made from the table of permissions.
func operatorMode(t *testing.T) (*Server, map[string]string) {
	t.Helper()
	pair := func(create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		k, err := create()
		require.NoError(t, err)
		public, err := k.PublicKey()
		require.NoError(t, err)
		return k, public
	}
	encode := func(c interface {
		Encode(nkeys.KeyPair) (string, error)
	}, k nkeys.KeyPair,
	) string {
		token, err := c.Encode(k)
		require.NoError(t, err)
		return token
	}
	operator, operatorID := pair(nkeys.CreateOperator)
	_, systemID := pair(nkeys.CreateAccount)
	account, accountID := pair(nkeys.CreateAccount)
	oc := jwt.NewOperatorClaims(operatorID)
	oc.SystemAccount = systemID
	ac := jwt.NewAccountClaims(accountID)
	ac.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	conf := fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }\n", encode(oc, operator), systemID,
		accountID, encode(ac, operator), systemID, encode(jwt.NewAccountClaims(systemID), operator))

	files, dir := map[string]string{}, t.TempDir()
	for _, r := range access.Roles(guarded) {
		user, userID := pair(nkeys.CreateUser)
		uc := jwt.NewUserClaims(userID)
		for _, right := range r.Publish {
			uc.Pub.Allow.Add(right.Subject)
		}
		for _, right := range r.Subscribe {
			uc.Sub.Allow.Add(right.Subject)
		}
		seed, err := user.Seed()
		require.NoError(t, err)
		creds, err := jwt.FormatUserConfig(encode(uc, account), seed)
		require.NoError(t, err)
		files[r.Name] = filepath.Join(dir, r.Name+".creds")
		require.NoError(t, os.WriteFile(files[r.Name], creds, 0o600))
	}
	s, err := StartServer(ServerOptions{StoreDir: t.TempDir(), Config: conf})
	require.NoError(t, err)
	t.Cleanup(s.Shutdown)
	return s, files
}

// TestCredentials: on a server in operator mode, nodes enter with files of credentials, and the same table holds.
func TestCredentials(t *testing.T) {
	s, files := operatorMode(t)
	host := func(id wire.ID, role string) (*Host, chan trace.Record, error) {
		records := make(chan trace.Record, 1000)
		h, err := NewHost(t.Context(), HostOptions{
			ID: id, Config: config.Default(), URL: s.URL(), Pair: guarded.Pair, Clock: NewClock(10), Login: Login{Role: role, Creds: files[role]},
			Records: func(list []trace.Record) error {
				for _, r := range list {
					records <- r
				}
				return nil
			},
		})
		return h, records, err
	}
	sw, _, err := host(wire.Switch, "S")
	require.NoError(t, err)
	defer sw.Kill()
	a, records, err := host(wire.A, "A")
	require.NoError(t, err)
	defer a.Kill()
	sw.Go()
	a.Go()
	for r := range records {
		if r.Kind == trace.Up && r.Peer == wire.Switch {
			break
		}
	}
	_, _, err = host(wire.B, "A")
	require.ErrorIs(t, err, nats.ErrPermissionViolation, "A's credentials are not B's")
	_, err = Connect(s.URL(), guarded.Pair, &Login{})
	require.ErrorContains(t, err, "--creds")
	_, err = Connect(s.URL(), guarded.Pair, &Login{Creds: filepath.Join(t.TempDir(), "none.creds")})
	require.Error(t, err)
}
