package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestUpServesMetrics: hotpair up --http tells of all nodes.
func TestUpServesMetrics(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	cmd := rootCommand()
	cmd.SetArgs([]string{"up", "--port", "0", "--speed", "5", "--http", "127.0.0.1:0"})
	cmd.SetOut(w)
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx); _ = w.Close() }()
	text := make([]byte, 4096)
	n, err := r.Read(text)
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, r) }()
	url := regexp.MustCompile(`http://[^/]+`).FindString(string(text[:n]))
	require.NotEmpty(t, url, "%s", text[:n])
	get := func(path string) (int, string) {
		resp, err := http.Get(url + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	require.Eventually(t, func() bool {
		code, _ := get("/readyz")
		_, metrics := get("/metrics")
		return code == http.StatusOK && strings.Contains(metrics, `hotpair_pair_ready{node="M",pair="pair"} 1`)
	}, time.Minute, 20*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}
