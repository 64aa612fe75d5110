package procworld

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/metrics"
	"hotpair/internal/natsworld"
	"hotpair/internal/status"
	"hotpair/internal/wire"
)

// NodeOptions say which node is run by hand.
type NodeOptions struct {
	ID      wire.ID
	Config  config.Config
	NATSURL string
	Pair    string
	Speed   float64
	Log     *zap.Logger
	// Login says as whom it connects.
	Login natsworld.Login
	// System is a user of NATS's system account, for the Management Layer (fence: kick); nil is the one of an open server of ours.
	System *natsworld.Login
	// HTTP is host:port for metrics and health; "" for none.
	HTTP string
}

// RunNode runs a node at a NATS server that somebody else started, until ctx ends; then it stops in an orderly way. Its records go to its
// trace subject.
func RunNode(ctx context.Context, o NodeOptions) error {
	if err := natsworld.CheckSpeed(&o.Config, o.Speed); err != nil {
		return err
	}
	h, err := natsworld.NewHost(ctx, natsworld.HostOptions{
		ID: o.ID, Config: o.Config, URL: o.NATSURL, Pair: o.Pair, Clock: natsworld.NewClock(o.Speed), Log: o.Log, PublishTrace: true,
		Foreign: true, Login: o.Login, System: o.System,
	})
	if err != nil {
		return err
	}
	o.Log.Info("node runs", zap.Stringer("node", o.ID), zap.Uint64("incarnation", h.Inc()), zap.String("pair", o.Pair),
		zap.String("trace", natsworld.TraceSubject(o.Pair, o.ID)))
	h.Go()
	if o.HTTP != "" {
		s, err := metrics.Listen(o.HTTP, hostSource{h})
		if err != nil {
			h.Stop()
			return err
		}
		defer s.Close()
		o.Log.Info("metrics and health", zap.String("http", s.Addr()))
	}
	select {
	case <-ctx.Done():
		h.Stop()
		o.Log.Info("node stopped", zap.Stringer("node", o.ID))
		return nil
	case <-h.Done():
		return fmt.Errorf("node %s ended: %w", o.ID, h.Err())
	}
}

// hostSource shows the node of a host.
type hostSource struct{ *natsworld.Host }

// Look implements metrics.Source.
func (h hostSource) Look(ctx context.Context, f func(metrics.View)) error {
	return h.Host.Look(ctx, func(s status.Status, c *status.Counts) { f(metrics.View{Status: s, Running: true, Counts: c}) })
}

// NATSOptions say which NATS server is run by hand.
type NATSOptions struct {
	// Port on loopback; 0 takes any that is free. StoreDir is the folder of JetStream's files.
	Port     int
	StoreDir string
	// Access says for which pair it is. KeysDir is the folder of its users' keys, which are made where they are missing; "" lets everybody do
	// everything.
	Access  access.Options
	KeysDir string
	Log     *zap.Logger
}

// RunNATS runs a NATS server with JetStream on loopback until ctx ends.
func RunNATS(ctx context.Context, o NATSOptions) error {
	so, log := natsworld.ServerOptions{Port: o.Port, StoreDir: o.StoreDir}, o.Log
	if o.KeysDir != "" {
		keys, err := access.KeepKeys(o.KeysDir, o.Access)
		if err != nil {
			return err
		}
		so.Config = access.ServerConfig(o.Access, keys, access.ServerOptions{})
	}
	s, err := natsworld.StartServer(so)
	if err != nil {
		return err
	}
	log.Info("NATS server runs", zap.String("url", s.URL()), zap.String("store", o.StoreDir), zap.String("keys", o.KeysDir))
	if o.KeysDir == "" {
		log.Warn("NATS server is open: whoever reaches its port may do everything")
	}
	<-ctx.Done()
	s.Shutdown()
	log.Info("NATS server stopped")
	return nil
}
