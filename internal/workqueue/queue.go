package workqueue

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hotpair/internal/natsworld"
)

// Options say where a queue is.
type Options struct {
	// URL of the NATS server, which has JetStream.
	URL string
	// Name of the queue: letters, digits and hyphens, at most 40.
	Name string
	// AckWait is how long a worker may be silent before its piece is given to another one; the owner's counts. 0 is DefaultAckWait.
	AckWait time.Duration
}

// DefaultAckWait is long enough for a machine that is busy.
const DefaultAckWait = 20 * time.Second

// maxAge is how long a queue that nobody ended stays at the server.
const maxAge = 7 * 24 * time.Hour

var nameForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

// Queue is one end of a queue. It is used by one goroutine.
type Queue struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	name    string
	ackWait time.Duration
	work    jetstream.Stream
	results jetstream.Stream
}

func (q *Queue) streamName(of string) string { return "HOTPAIR_QUEUE_" + q.name + "_" + of }

func (q *Queue) subject(of, key string) string {
	return "hotpair-queue." + q.name + "." + of + "." + key
}

func connect(o Options) (*Queue, error) {
	if !nameForm.MatchString(o.Name) {
		return nil, fmt.Errorf("queue: a name has letters, digits and hyphens, at most 40, not %.50q", o.Name)
	}
	if o.AckWait == 0 {
		o.AckWait = DefaultAckWait
	}
	nc, err := natsworld.Connect(o.URL, "", &natsworld.Login{}, nats.MaxReconnects(-1), nats.Name("hotpair queue "+o.Name))
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	return &Queue{nc: nc, js: js, name: o.Name, ackWait: o.AckWait}, nil
}

// Make makes a queue that is not there yet. Its owner ends it with End.
func Make(ctx context.Context, o Options) (*Queue, error) {
	q, err := connect(o)
	if err != nil {
		return nil, err
	}
	q.work, err = q.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: q.streamName("WORK"), Subjects: []string{q.subject("work", "*")}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, MaxAge: maxAge,
	})
	if err == nil {
		q.results, err = q.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: q.streamName("RESULTS"), Subjects: []string{q.subject("result", "*")}, Storage: jetstream.FileStorage, MaxAge: maxAge,
			MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
		})
	}
	if err == nil {
		_, err = q.work.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: "workers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.ackWait, MaxAckPending: -1,
		})
	}
	if err != nil {
		q.Close()
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) || errors.Is(err, jetstream.ErrConsumerExists) { // a stream of the same kind may be made twice
			return nil, fmt.Errorf("queue: there is one called %s already: join it, or take another name", o.Name)
		}
		return nil, fmt.Errorf("queue %s: %w; is JetStream enabled on this server?", o.Name, err)
	}
	return q, nil
}

// Put adds a piece of work. The key is part of a subject: letters, digits and hyphens.
func (q *Queue) Put(ctx context.Context, key string, data []byte) error {
	if _, err := q.js.Publish(ctx, q.subject("work", key), data, jetstream.WithMsgID("work-"+key)); err != nil {
		return fmt.Errorf("queue %s: piece %s: %w", q.name, key, err)
	}
	return nil
}

// resultWait is how long a request for results waits, so that the context is looked at.
const resultWait = 500 * time.Millisecond

// Collect hands over the results, each once, in the order in which they came, until take reports that it has enough, or the context ends, which is no
// error.
func (q *Queue) Collect(ctx context.Context, take func(key string, data []byte) (enough bool)) error {
	c, err := q.results.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return fmt.Errorf("queue %s: %w", q.name, err)
	}
	for ctx.Err() == nil {
		msg, err := c.Next(jetstream.FetchMaxWait(resultWait))
		switch {
		case errors.Is(err, nats.ErrTimeout):
			continue
		case ctx.Err() != nil:
			return nil //nolint:nilerr // that the context ends is no error
		case err != nil:
			return fmt.Errorf("queue %s: results: %w", q.name, err)
		}
		if take(strings.TrimPrefix(msg.Subject(), q.subject("result", "")), msg.Data()) {
			return nil
		}
	}
	return nil
}

// End ends the queue: the workers see that it is gone.
func (q *Queue) End(ctx context.Context) error {
	err := errors.Join(q.js.DeleteStream(ctx, q.streamName("WORK")), q.js.DeleteStream(ctx, q.streamName("RESULTS")))
	q.Close()
	return err
}

// Close closes the connection, and leaves the queue as it is.
func (q *Queue) Close() { q.nc.Close() }
