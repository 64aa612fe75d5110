package procworld

import (
	"context"
	"fmt"
	"net/url"

	"go.uber.org/zap"

	"hotpair/internal/config"
	"hotpair/internal/natsworld"
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
	// System is a user of NATS's system account, for the Management Layer (fence: kick); nil is the one of hotpair node nats.
	System *url.Userinfo
}

// RunNode runs a node at a NATS server that somebody else started, until ctx ends; then it stops in an orderly way. Its records go to its
// trace subject.
func RunNode(ctx context.Context, o NodeOptions) error {
	if err := natsworld.CheckSpeed(&o.Config, o.Speed); err != nil {
		return err
	}
	h, err := natsworld.NewHost(ctx, natsworld.HostOptions{
		ID: o.ID, Config: o.Config, URL: o.NATSURL, Pair: o.Pair, Clock: natsworld.NewClock(o.Speed), Log: o.Log, PublishTrace: true,
		Foreign: true, System: o.System,
	})
	if err != nil {
		return err
	}
	o.Log.Info("node runs", zap.Stringer("node", o.ID), zap.Uint64("incarnation", h.Inc()), zap.String("pair", o.Pair),
		zap.String("trace", natsworld.TraceSubject(o.Pair, o.ID)))
	h.Go()
	select {
	case <-ctx.Done():
		h.Stop()
		o.Log.Info("node stopped", zap.Stringer("node", o.ID))
		return nil
	case <-h.Done():
		return fmt.Errorf("node %s ended: %w", o.ID, h.Err())
	}
}

// RunNATS runs a NATS server with JetStream on loopback until ctx ends.
func RunNATS(ctx context.Context, port int, storeDir string, log *zap.Logger) error {
	s, err := natsworld.StartServer(natsworld.ServerOptions{Port: port, StoreDir: storeDir})
	if err != nil {
		return err
	}
	log.Info("NATS server runs", zap.String("url", s.URL()), zap.String("store", storeDir))
	<-ctx.Done()
	s.Shutdown()
	log.Info("NATS server stopped")
	return nil
}
