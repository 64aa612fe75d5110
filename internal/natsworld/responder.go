package natsworld

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Responder answers requests on a subject, one after another, and publishes beside. It outlives the NATS server.
type Responder struct {
	nc   *nats.Conn
	msgs chan *nats.Msg
}

// responderQueue is how many requests may wait for their turn; more are lost, as by core NATS.
const responderQueue = 1024

// NewResponder connects, and listens on a subject.
func NewResponder(server, pair string, l *Login, subject string) (*Responder, error) {
	r := &Responder{msgs: make(chan *nats.Msg, responderQueue)}
	nc, err := Connect(server, pair, l, nats.Name("hotpair "+pair+" "+l.Role), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		nats.ReconnectBufSize(-1), nats.IgnoreDiscoveredServers())
	if err != nil {
		return nil, err
	}
	r.nc = nc
	if _, err = nc.ChanSubscribe(subject, r.msgs); err == nil {
		err = nc.FlushTimeout(connectTime)
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("NATS: %w", err)
	}
	return r, nil
}

// Serve answers requests until ctx ends, or there are to be no more behind one. An answer waits until it can be sent: what was asked may have been to kill the server.
func (r *Responder) Serve(ctx context.Context, answer func(request []byte) (reply []byte, more bool)) {
	for {
		select {
		case m := <-r.msgs:
			reply, more := answer(m.Data)
			r.respond(ctx, m, reply)
			if !more {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (r *Responder) respond(ctx context.Context, m *nats.Msg, answer []byte) {
	for until := time.Now().Add(connectTime); m.Reply != "" && time.Now().Before(until); {
		err := r.nc.Publish(m.Reply, answer)
		if err == nil {
			err = r.nc.FlushTimeout(time.Second)
		}
		if err == nil || errors.Is(err, nats.ErrMaxPayload) {
			return
		}
		select {
		case <-time.After(reconnectWait):
		case <-ctx.Done():
			return
		}
	}
}

// Publish publishes, if there is a server to publish to.
func (r *Responder) Publish(subject string, payload []byte) { _ = r.nc.Publish(subject, payload) }

// Close ends the connection, behind what was published.
func (r *Responder) Close() {
	_ = r.nc.FlushTimeout(time.Second)
	r.nc.Close()
}
