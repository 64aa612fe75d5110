package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certificates writes a certificate authority, and a certificate that is good for a server on loopback and for its clients.
func certificates(t *testing.T, dir string) {
	t.Helper()
	write := func(name, kind string, der []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	}
	make := func(name string, serial int64, isCA bool, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		c := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			IsCA: isCA, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		if parent == nil {
			parent, signer = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
		require.NoError(t, err)
		write(name+".pem", "CERTIFICATE", der)
		keyDER, err := x509.MarshalECPrivateKey(key)
		require.NoError(t, err)
		write(name+".key", "EC PRIVATE KEY", keyDER)
		return c, key
	}
	ca, signer := make("ca", 1, true, nil, nil)
	make("server", 2, false, ca, signer)
	make("stranger", 3, true, nil, nil)
}

// standardServer starts a standard nats-server, built from its own main package, with a configuration file, and returns its URL.
func standardServer(t *testing.T, dir string) string {
	t.Helper()
	bin := filepath.Join(dir, "nats-server")
	built, err := exec.Command("go", "build", "-o", bin, "github.com/nats-io/nats-server/v2").CombinedOutput()
	require.NoError(t, err, "%s", built)
	cmd := exec.Command(bin, "-c", "access/nats-server.conf", "-l", "server.log")
	cmd.Dir = dir
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var log []byte
	require.Eventually(t, func() bool {
		log, _ = os.ReadFile(filepath.Join(dir, "server.log"))
		return bytes.Contains(log, []byte("Server is ready"))
	}, time.Minute, 5*time.Millisecond, "%s", log)
	port := regexp.MustCompile(`Listening for client connections on 127\.0\.0\.1:(\d+)`).FindSubmatch(log)
	require.NotNil(t, port, "%s", log)
	return "tls://127.0.0.1:" + string(port[1])
}

// TestAStandardServerWithTLS: what nats-config writes configures a standard nats-server, with TLS on both sides; nodes by hand and an operator enter with their keys and
// certificates, and nobody else does.
func TestAStandardServerWithTLS(t *testing.T) {
	dir := t.TempDir()
	certificates(t, dir)
	run := func(ctx context.Context, args ...string) (string, error) {
		cmd, out := rootCommand(), &bytes.Buffer{}
		cmd.SetArgs(args)
		cmd.SetOut(out)
		err := cmd.ExecuteContext(ctx)
		return out.String(), err
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	_, err := run(t.Context(), "nats-config", "--out", in("access"), "--listen", "127.0.0.1:-1", "--store", in("store"),
		"--tls-cert", in("server.pem"), "--tls-key", in("server.key"), "--tls-ca", in("ca.pem"))
	require.NoError(t, err)
	url := standardServer(t, dir)
	enter := []string{"--nats", url, "--keys", in("access/keys"), "--tls-ca", in("ca.pem"), "--tls-cert", in("server.pem"), "--tls-key", in("server.key")}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 5)
	for _, node := range []string{"switch", "tserver --id A", "tserver --id B", "mlayer", "client"} {
		args := append(append([]string{"node"}, strings.Fields(node)...), append(enter, "--log", "error")...)
		go func() { _, err := run(ctx, args...); ended <- err }()
	}
	t.Cleanup(func() {
		cancel()
		for range 5 {
			require.NoError(t, <-ended)
		}
	})
	status := append([]string{"ctl", "status", "--timeout", "2s"}, enter...)
	require.Eventually(t, func() bool {
		text, err := run(t.Context(), status...)
		return err == nil && strings.Contains(text, "is ready: a switchover loses nothing")
	}, time.Minute, 50*time.Millisecond)
	text, err := run(t.Context(), append([]string{"ctl", "kick", "B"}, enter...)...)
	require.NoError(t, err, "the system account, too")
	require.Equal(t, "M kick: done.\n", text)

	for name, c := range map[string]struct{ drop, put []string }{
		"no certificate of one's own": {drop: []string{"--tls-cert", "--tls-key"}},
		"another authority":           {drop: []string{"--tls-ca"}, put: []string{"--tls-ca", in("stranger.pem")}},
		"a stranger's certificate":    {drop: []string{"--tls-cert", "--tls-key"}, put: []string{"--tls-cert", in("stranger.pem"), "--tls-key", in("stranger.key")}},
		"no key":                      {drop: []string{"--keys"}},
	} {
		var args []string
		for i := 0; i < len(status); i++ {
			if !strings.HasPrefix(status[i], "--") || !strings.Contains(fmt.Sprint(c.drop), status[i]) {
				args = append(args, status[i])
				continue
			}
			i++
		}
		_, err := run(t.Context(), append(args, c.put...)...)
		require.Error(t, err, name)
	}
}
