package natsworld

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hotpair/internal/access"
	"hotpair/internal/operator"
	"hotpair/internal/status"
	"hotpair/internal/wire"
)

// Operator gives nodes commands. Its methods may be called by several goroutines.
type Operator struct {
	nc         *nats.Conn
	pair, name string
}

// ErrAbsent says that nobody answers to the commands of a node.
var ErrAbsent = errors.New("it does not run, or is not connected to NATS")

// OpenOperator connects as the operator of a name.
func OpenOperator(url, pair, name string, l *Login) (*Operator, error) {
	nc, err := Connect(url, pair, l, nats.Name("hotpair operator "+name), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.ErrorHandler(quiet))
	if err != nil {
		return nil, err
	}
	return &Operator{nc, pair, name}, nil
}

// quiet: what the server refuses shows in what is asked for.
func quiet(*nats.Conn, *nats.Subscription, error) {}

// Close disconnects.
func (o *Operator) Close() { o.nc.Close() }

// Do gives a node a command, and returns what it answers. An error means that there is no answer: ErrAbsent, if nobody is there to give one. A command
// that changes something may have been carried out then.
func (o *Operator) Do(ctx context.Context, id wire.ID, verb string, args map[string]string) (operator.Answer, error) {
	var a operator.Answer
	m, err := o.nc.RequestWithContext(ctx, access.CommandSubject(o.pair, o.name, id.String(), verb), mustJSON(operator.Request{Args: args}))
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return a, fmt.Errorf("%s: %w", id, ErrAbsent)
	case errors.Is(err, context.DeadlineExceeded) && errors.Is(o.nc.LastError(), nats.ErrPermissionViolation):
		return a, fmt.Errorf("%s %s: NATS refuses this: it is for the operator %s only, and by his key", id, verb, o.name)
	case err != nil:
		return a, fmt.Errorf("%s does not answer: %w", id, err)
	}
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return a, fmt.Errorf("%s: its answer makes no sense: %w", id, err)
	}
	return a, nil
}

// Status asks a node for its state.
func (o *Operator) Status(ctx context.Context, id wire.ID) (status.Status, error) {
	var s status.Status
	a, err := o.Do(ctx, id, access.StatusVerb, nil)
	if err == nil {
		err = json.Unmarshal(a.Data, &s)
	}
	return s, err
}

// Watch calls f with the state of each node that tells it, until ctx ends.
func (o *Operator) Watch(ctx context.Context, f func(status.Status)) error {
	sub, err := o.nc.Subscribe(access.StatusSubject(o.pair, "*"), func(m *nats.Msg) {
		var s status.Status
		if json.Unmarshal(m.Data, &s) == nil {
			f(s)
		}
	})
	if err == nil {
		err = o.nc.FlushWithContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	<-ctx.Done()
	return sub.Unsubscribe()
}

// Audit returns the last n entries of the audit log, the oldest first.
func (o *Operator) Audit(ctx context.Context, n int) ([]operator.Entry, error) {
	js, err := jetstream.New(o.nc)
	if err != nil {
		return nil, err
	}
	return readAudit(ctx, js, o.pair, n)
}
