package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hotpair/internal/status"
	"hotpair/internal/wire"
)

// Health is what /healthz and /readyz answer.
type Health struct {
	OK bool `json:"ok"`
	// Why is what is wrong.
	Why   []string        `json:"why,omitempty"`
	Nodes []status.Status `json:"nodes"`
}

// Handler serves /metrics, /healthz and /readyz.
//
// /healthz answers 200 if every node answers and is connected to NATS, /readyz if it does its work beside: a T-Server that is announced, a Management Layer, switch or
// client with a link to a T-Server. Otherwise they answer 503; the body says why.
func Handler(s Source) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(s), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { answer(w, check(r.Context(), s, unhealthy)) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { answer(w, check(r.Context(), s, unready)) })
	return mux
}

func check(ctx context.Context, s Source, wrong func(*View) string) Health {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	h := Health{Nodes: []status.Status{}}
	err := s.Look(ctx, func(v View) {
		h.Nodes = append(h.Nodes, v.Status)
		if why := wrong(&v); why != "" {
			h.Why = append(h.Why, why)
		}
	})
	if err != nil {
		h.Why = append(h.Why, err.Error())
	}
	h.OK = len(h.Why) == 0
	return h
}

func unhealthy(v *View) string {
	switch {
	case !v.Running:
		return v.Node.String() + " does not run"
	case !v.Carrier:
		return v.Node.String() + " has lost its connection to NATS"
	}
	return ""
}

func unready(v *View) string {
	if why := unhealthy(v); why != "" {
		return why
	}
	if t := v.TServer; t != nil {
		if !t.Announced {
			return fmt.Sprintf("%s has not announced EventLinkConnected: its CTI link is %s", v.Node, t.CTI)
		}
		return ""
	}
	for _, l := range v.Links {
		if l.Up && (l.Peer == wire.A || l.Peer == wire.B) {
			return ""
		}
	}
	return v.Node.String() + " has no link to a T-Server"
}

func answer(w http.ResponseWriter, h Health) {
	w.Header().Set("Content-Type", "application/json")
	if !h.OK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(h) // who asked is gone
}

// Server serves until it is closed.
type Server struct {
	http *http.Server
	addr string
	done chan struct{}
}

// Listen serves a source at host:port; port 0 takes any that is free.
func Listen(addr string, s Source) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--http: %w", err)
	}
	srv := &Server{
		http: &http.Server{Handler: Handler(s), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 1 << 16},
		addr: l.Addr().String(), done: make(chan struct{}),
	}
	go func() {
		defer close(srv.done)
		if err := srv.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(fmt.Sprintf("metrics: the listener has failed: %v", err))
		}
	}()
	return srv, nil
}

// Addr returns host:port.
func (s *Server) Addr() string { return s.addr }

// Close ends the server.
func (s *Server) Close() {
	_ = s.http.Close() // what was being answered is cut off
	<-s.done
}
