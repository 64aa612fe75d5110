// Package metrics shows the state of nodes over HTTP: as Prometheus metrics (docs/metrics.md lists them), and as health checks.
//
// It must not know how nodes run, nor where their state comes from.
package metrics
