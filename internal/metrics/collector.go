package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotpair/internal/node"
	"hotpair/internal/status"
	"hotpair/internal/wire"
)

// View is what is shown of a node. Counts are valid during the call only.
type View struct {
	status.Status
	Running bool
	Counts  *status.Counts
}

// Source shows nodes. It may be called by several goroutines.
type Source interface {
	// Look calls f with each node. An error means that a node does not answer.
	Look(ctx context.Context, f func(View)) error
}

// lookTime bounds one look, on the wall clock.
const lookTime = 2 * time.Second

// metric is one metric: how it is described, and how it is read off a node.
type metric struct {
	name, help string
	labels     []string // beside pair and node
	kind       prometheus.ValueType
	read       func(v *View, put func(value float64, labels ...string))
}

func gauge(name, help string, read func(*View, func(float64, ...string)), labels ...string) metric {
	return metric{name, help, labels, prometheus.GaugeValue, read}
}

func counter(name, help string, read func(*View, func(float64, ...string)), labels ...string) metric {
	return metric{name, help, labels, prometheus.CounterValue, read}
}

// ofTServer and ofManager read what only they have.
func ofTServer(read func(*status.TServer) float64) func(*View, func(float64, ...string)) {
	return func(v *View, put func(float64, ...string)) {
		if v.Running && v.TServer != nil {
			put(read(v.TServer))
		}
	}
}

func ofManager(read func(*status.Manager) float64) func(*View, func(float64, ...string)) {
	return func(v *View, put func(float64, ...string)) {
		if v.Running && v.Manager != nil {
			put(read(v.Manager))
		}
	}
}

func ofAll(read func(*View) float64) func(*View, func(float64, ...string)) {
	return func(v *View, put func(float64, ...string)) { put(read(v)) }
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// ofKinds reads counters of messages. What never came is left out.
func ofKinds(counts func(*status.Counts) []uint64, fits func(wire.Kind) bool) func(*View, func(float64, ...string)) {
	return func(v *View, put func(float64, ...string)) {
		for k, n := range counts(v.Counts) {
			if kind := wire.Kind(k); n > 0 && fits(kind) {
				put(float64(n), kind.String())
			}
		}
	}
}

func any1(wire.Kind) bool { return true }

func sent(c *status.Counts) []uint64     { return c.Sent }
func received(c *status.Counts) []uint64 { return c.Received }

// metrics are all metrics but the summary, in the order of docs/metrics.md.
var metrics = []metric{
	gauge("hotpair_up", "1 if the node runs.", ofAll(func(v *View) float64 { return truth(v.Running) })),
	counter("hotpair_starts_total", "Starts of the node that were seen.", ofAll(func(v *View) float64 { return float64(v.Counts.Starts) })),
	gauge("hotpair_incarnation", "The node's incarnation: which start of it.", ofAll(func(v *View) float64 { return float64(v.Inc) })),
	gauge("hotpair_connected", "1 if the node's own connection to NATS is up.", ofAll(func(v *View) float64 { return truth(v.Running && v.Carrier) })),
	gauge("hotpair_primary", "1 if the T-Server is primary, 0 if it is backup.", ofTServer(func(t *status.TServer) float64 { return truth(t.Role == wire.Primary.String()) })),
	gauge("hotpair_epoch", "The epoch of the primary that the T-Server is or backs (X6).", ofTServer(func(t *status.TServer) float64 { return float64(t.Epoch) })),
	gauge("hotpair_cti_synchronized", "1 if the T-Server has read the switch, and its CTI link is up.", ofTServer(func(t *status.TServer) float64 { return truth(t.CTI == "synchronized") })),
	gauge("hotpair_announced", "1 if EventLinkConnected is in force.", ofTServer(func(t *status.TServer) float64 { return truth(t.Announced) })),
	gauge("hotpair_ready", "The T-Server's readiness (X10).", ofTServer(func(t *status.TServer) float64 { return truth(t.Ready) })),
	gauge("hotpair_pair_ready", "The pair's readiness (X10), as the Management Layer sees it: 1 if a switchover loses nothing.", ofManager(func(m *status.Manager) float64 { return truth(m.Ready) })),
	gauge("hotpair_tagged_calls", "Tagged calls that remain, at the primary: they are in the way of readiness.", ofTServer(func(t *status.TServer) float64 { return float64(t.Tagged) })),
	gauge("hotpair_forecast_seconds", "How long it will take until no tagged call is left; absent as long as nothing is known.", func(v *View, put func(float64, ...string)) {
		if v.Running && v.TServer != nil && v.TServer.Forecast != nil {
			put(*v.TServer.Forecast)
		}
	}),
	counter("hotpair_switchovers_total", "How often the Management Layer has named a primary, the first time included.", func(v *View, put func(float64, ...string)) {
		if v.Node == wire.MLayer {
			put(float64(v.Counts.Records))
		}
	}),
	counter("hotpair_events_total", "Events of calls that were sent to clients, by their name.", ofKinds(sent, wire.Kind.IsCallEvent), "event"),
	counter("hotpair_messages_sent_total", "Messages that were sent, by kind.", ofKinds(sent, any1), "kind"),
	counter("hotpair_messages_received_total", "Messages that were received, by kind.", ofKinds(received, any1), "kind"),
	counter("hotpair_dropped_messages_total", "Messages that were dropped, since they made no sense or came too fast.", ofAll(func(v *View) float64 { return float64(v.Counts.Dropped) })),
	gauge("hotpair_link_up", "1 if the link to the peer is up. Links that never were are absent.", func(v *View, put func(float64, ...string)) {
		for _, l := range v.Links {
			put(truth(v.Running && l.Up), l.Peer.String())
		}
	}, "peer"),
	counter("hotpair_link_downs_total", "How often links went down, by cause.", func(v *View, put func(float64, ...string)) {
		for cause, n := range v.Counts.Downs {
			put(float64(n), cause)
		}
	}, "cause"),
	gauge("hotpair_alarm", "1 if the node has raised the alarm.", func(v *View, put func(float64, ...string)) {
		raised := map[string]float64{}
		for _, a := range v.Alarms {
			raised[a.Alarm] = truth(v.Running)
		}
		for _, name := range node.AlarmNames() {
			put(raised[name], name)
		}
	}, "alarm"),
	counter("hotpair_alarms_total", "How often the node has raised the alarm.", func(v *View, put func(float64, ...string)) {
		for i, name := range node.AlarmNames() {
			if n := v.Counts.Alarms[i+1]; n > 0 {
				put(float64(n), name)
			}
		}
	}, "alarm"),
}

// The summary.
const (
	redundancyName = "hotpair_time_to_redundancy_seconds"
	redundancyHelp = "How long it took from readiness 0 to 1, each time: of the pair at the Management Layer, of itself at a T-Server."
)

// collector implements prometheus.Collector.
type collector struct {
	source     Source
	descs      []*prometheus.Desc
	redundancy *prometheus.Desc
}

func newCollector(s Source) *collector {
	common := []string{"pair", "node"}
	c := &collector{source: s, redundancy: prometheus.NewDesc(redundancyName, redundancyHelp, common, nil)}
	for i := range metrics {
		c.descs = append(c.descs, prometheus.NewDesc(metrics[i].name, metrics[i].help, append(common[:2:2], metrics[i].labels...), nil))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
	ch <- c.redundancy
}

// Collect implements prometheus.Collector. A node that does not answer is absent.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	_ = c.source.Look(ctx, func(v View) {
		labels := []string{v.Pair, v.Node.String()}
		for i := range metrics {
			metrics[i].read(&v, func(value float64, more ...string) {
				ch <- prometheus.MustNewConstMetric(c.descs[i], metrics[i].kind, value, append(labels[:2:2], more...)...)
			})
		}
		if v.TServer != nil || v.Manager != nil {
			ch <- prometheus.MustNewConstSummary(c.redundancy, v.Counts.Redundancies, v.Counts.Redundancy.Seconds(), nil, labels...)
		}
	})
}
