package workqueue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ackTime is how long an acknowledgement may take. Nobody answers one if the owner has ended the queue at the last result.
const ackTime = 2 * time.Second

// joinWait is how long a worker waits for a queue that is not there yet.
const joinWait = 10 * time.Second

// Join joins a queue as a worker. It waits a while for one that is not there yet.
func Join(ctx context.Context, o Options) (*Queue, error) {
	q, err := connect(o)
	if err != nil {
		return nil, err
	}
	limit := time.Now().Add(joinWait)
	for {
		if q.work, err = q.js.Stream(ctx, q.streamName("WORK")); err == nil || time.Now().After(limit) || ctx.Err() != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		q.Close()
		return nil, fmt.Errorf("queue: there is none called %s: %w", o.Name, err)
	}
	return q, nil
}

// gone reports that the queue has ended.
func gone(err error) bool {
	return errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrConsumerDeleted) ||
		errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders)
}

// Work does pieces of work, one at a time, until the queue has ended or the context does, which is no error. What do returns is a piece's result; its
// error ends the work, and the piece is left to others.
func (q *Queue) Work(ctx context.Context, do func(ctx context.Context, data []byte) ([]byte, error)) error {
	c, err := q.work.Consumer(ctx, "workers")
	if err != nil {
		if gone(err) {
			return nil
		}
		return fmt.Errorf("queue %s: %w", q.name, err)
	}
	every := max(c.CachedInfo().Config.AckWait/4, 10*time.Millisecond)
	for ctx.Err() == nil {
		msg, err := c.Next(jetstream.FetchMaxWait(resultWait))
		switch {
		case errors.Is(err, nats.ErrTimeout):
			if _, err := c.Info(ctx); err != nil && gone(err) {
				return nil // the queue has ended
			}
			continue
		case err != nil && (ctx.Err() != nil || gone(err)):
			return nil //nolint:nilerr // so has the queue, or the context
		case err != nil:
			return fmt.Errorf("queue %s: %w", q.name, err)
		}
		if err := q.one(ctx, msg, every, do); err != nil {
			if ctx.Err() != nil || gone(err) {
				return nil //nolint:nilerr // so has the queue, or the context
			}
			return err
		}
	}
	return nil
}

// one does a piece, and says that it is at it for as long as that takes.
func (q *Queue) one(ctx context.Context, msg jetstream.Msg, every time.Duration, do func(context.Context, []byte) ([]byte, error)) error {
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				_ = msg.InProgress() // if it does not arrive, somebody else does the piece as well
			}
		}
	}()
	result, err := do(ctx, msg.Data())
	close(done)
	<-ended
	if err != nil {
		return errors.Join(err, msg.Nak())
	}
	key := strings.TrimPrefix(msg.Subject(), q.subject("work", ""))
	if _, err := q.js.Publish(ctx, q.subject("result", key), result); err != nil && !isTwice(err) {
		return fmt.Errorf("queue %s: the result of %s: %w", q.name, key, err)
	}
	acking, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	if err := msg.DoubleAck(acking); err != nil && !gone(err) {
		return nil // the piece is done again, and its result counts once
	}
	return nil
}

// isTwice reports that there is a result already: the piece was done before by a worker that died, or was too slow.
func isTwice(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == maxMsgsPerSubject
}

// maxMsgsPerSubject is the server's error code for "maximum messages per subject exceeded", as JetStream's store reports it (10077: message could not be
// stored).
const maxMsgsPerSubject = 10077
