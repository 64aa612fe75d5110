package metrics

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// TestTheListOfMetrics holds docs/metrics.md to what is served; HOTPAIR_UPDATE=1 writes its table.
func TestTheListOfMetrics(t *testing.T) {
	const doc, begin, end = "../../docs/metrics.md", "<!-- table -->\n", "<!-- end of the table -->"
	table := "\n| metric | type | labels beside pair and node | |\n|---|---|---|---|\n"
	row := func(name, kind, labels, help string) {
		table += "| `" + name + "` | " + kind + " | " + labels + " | " + help + " |\n"
	}
	for _, m := range metrics {
		kind, labels := "gauge", ""
		if strings.HasSuffix(m.name, "_total") {
			kind = "counter"
		}
		for _, l := range m.labels {
			labels += "`" + l + "`"
		}
		row(m.name, kind, labels, m.help)
	}
	row(redundancyName, "summary", "", redundancyHelp)
	table += "\n"
	data, err := os.ReadFile(doc)
	require.NoError(t, err)
	parts := regexp.MustCompile(`(?s)^(.*` + begin + `)(.*)(` + end + `.*)$`).FindStringSubmatch(string(data))
	require.Len(t, parts, 4)
	if os.Getenv("HOTPAIR_UPDATE") != "" {
		require.NoError(t, os.WriteFile(doc, []byte(parts[1]+table+parts[3]), 0o644))
		return
	}
	require.Equal(t, table, parts[2], "HOTPAIR_UPDATE=1 go test ./internal/metrics writes it")
}

type served struct {
	*Trackers
	t   *testing.T
	url string
	at  time.Duration
}

func serve(t *testing.T, ids ...wire.ID) *served {
	s := &served{t: t}
	s.Trackers = NewTrackers("pair", func() time.Duration { return s.at }, ids...)
	srv := httptest.NewServer(Handler(s.Trackers))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *served) get(path string) (int, string) {
	s.t.Helper()
	r, err := http.Get(s.url + path)
	require.NoError(s.t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(s.t, err)
	return r.StatusCode, string(body)
}

func (s *served) note(id wire.ID, n node.Note) {
	s.Record(&trace.Record{At: s.at, Kind: trace.Noted, Node: id, Inc: 1, Note: &n})
}

// TestMetricsOfAPair: what happens to a pair shows, and every metric of the list has a value.
func TestMetricsOfAPair(t *testing.T) {
	s := serve(t, wire.A, wire.MLayer)
	_, text := s.get("/metrics")
	require.Contains(t, text, `hotpair_up{node="A",pair="pair"} 0`)
	for _, id := range []wire.ID{wire.A, wire.MLayer} {
		s.Record(&trace.Record{Kind: trace.Started, Node: id, Inc: 1})
	}
	s.note(wire.A, node.Note{Kind: node.NoteRole, Text: "primary", N: 7})
	s.note(wire.A, node.Note{Kind: node.NoteCTI, Text: "synchronized"})
	s.note(wire.A, node.Note{Kind: node.NoteAnnounced})
	s.note(wire.A, node.Note{Kind: node.NoteTagged, N: 3})
	s.at = 2 * time.Second
	s.note(wire.A, node.Note{Kind: node.NoteTagged, N: 2})
	s.note(wire.A, node.Note{Kind: node.NoteBadInput})
	s.note(wire.A, node.AlarmNote(node.SyncWaits, true, wire.B, "why"))
	s.note(wire.MLayer, node.Note{Kind: node.NoteRecord, Peer: wire.A, N: 7})
	s.note(wire.MLayer, node.Note{Kind: node.NotePairReady, N: 1})
	s.Record(&trace.Record{Kind: trace.Up, Node: wire.A, Peer: wire.B})
	s.Record(&trace.Record{Kind: trace.Down, Node: wire.A, Peer: wire.MLayer, Text: "timeout"})
	for _, kind := range []trace.Kind{trace.Sent, trace.Received} {
		s.Record(&trace.Record{Kind: kind, Node: wire.A, Peer: wire.Client(1), Msg: &wire.Message{Kind: wire.EventRinging}})
	}
	code, text := s.get("/metrics")
	require.Equal(t, http.StatusOK, code)
	for _, line := range []string{
		`hotpair_primary{node="A",pair="pair"} 1`, `hotpair_epoch{node="A",pair="pair"} 7`, `hotpair_ready{node="A",pair="pair"} 0`,
		`hotpair_pair_ready{node="M",pair="pair"} 1`, `hotpair_tagged_calls{node="A",pair="pair"} 2`, `hotpair_forecast_seconds{node="A",pair="pair"} 9`,
		`hotpair_time_to_redundancy_seconds_sum{node="M",pair="pair"} 2`, `hotpair_time_to_redundancy_seconds_count{node="M",pair="pair"} 1`,
		`hotpair_events_total{event="EventRinging",node="A",pair="pair"} 1`, `hotpair_link_up{node="A",pair="pair",peer="B"} 1`,
		`hotpair_link_up{node="A",pair="pair",peer="M"} 0`, `hotpair_link_downs_total{cause="timeout",node="A",pair="pair"} 1`,
		`hotpair_alarm{alarm="sync-waits",node="A",pair="pair"} 1`, `hotpair_alarm{alarm="no-brain",node="M",pair="pair"} 0`,
		`hotpair_alarms_total{alarm="sync-waits",node="A",pair="pair"} 1`, `hotpair_switchovers_total{node="M",pair="pair"} 1`,
		`hotpair_dropped_messages_total{node="A",pair="pair"} 1`, `hotpair_up{node="A",pair="pair"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
	for _, m := range metrics {
		require.Contains(t, text, "\n"+m.name+"{")
	}
}

func TestHealth(t *testing.T) {
	s := serve(t, wire.A, wire.MLayer)
	is := func(path string, want int, why ...string) {
		t.Helper()
		code, text := s.get(path)
		var h Health
		require.NoError(t, json.Unmarshal([]byte(text), &h))
		require.Equal(t, want, code, text)
		require.Equal(t, why, h.Why)
		require.Equal(t, want == http.StatusOK, h.OK)
		require.Len(t, h.Nodes, 2)
	}
	is("/healthz", 503, "A does not run", "M does not run")
	for _, id := range []wire.ID{wire.A, wire.MLayer} {
		s.Record(&trace.Record{Kind: trace.Started, Node: id, Inc: 1})
	}
	is("/healthz", 200)
	is("/readyz", 503, "A has not announced EventLinkConnected: its CTI link is down", "M has no link to a T-Server")
	s.note(wire.A, node.Note{Kind: node.NoteAnnounced})
	s.Record(&trace.Record{Kind: trace.Up, Node: wire.MLayer, Peer: wire.A})
	is("/readyz", 200)
	s.Record(&trace.Record{Kind: trace.CarrierDown, Node: wire.MLayer})
	is("/healthz", 503, "M has lost its connection to NATS")
	is("/readyz", 503, "M has lost its connection to NATS")
	code, _ := s.get("/elsewhere")
	require.Equal(t, http.StatusNotFound, code)
	_, err := Listen("256.0.0.1:x", s)
	require.ErrorContains(t, err, "--http")
}
