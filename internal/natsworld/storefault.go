package natsworld

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hotpair/internal/access"
	"hotpair/internal/fault"
)

// faultTime bounds what it takes to give the store a fault.
const faultTime = 10 * time.Second

// SetStore gives a pair's store a fault, or ends it, as whoever administers the server would: full, its stream may hold no more than it holds, and no
// message takes the place of another; read-only, its stream does not take what is written to the bucket.
func SetStore(url, pair string, l *Login, f fault.Store) error {
	nc, err := Connect(url, pair, l, nats.Timeout(faultTime))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(context.Background(), faultTime)
	defer cancel()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if _, err := openBucket(ctx, js, pair, true); err != nil {
		return err
	}
	stream, err := js.Stream(ctx, streamName(pair))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	info := stream.CachedInfo()
	c := info.Config
	c.Subjects, c.Discard, c.DiscardNewPerSubject, c.MaxMsgs = []string{bucketSubjects(pair)}, jetstream.DiscardNew, false, -1
	switch f {
	case fault.StoreFull:
		c.DiscardNewPerSubject, c.MaxMsgs = true, max(int64(info.State.Msgs), 1)
	case fault.StoreReadOnly:
		c.Subjects = []string{"hotpair." + pair + ".nobody-writes-here"}
	}
	if _, err := js.UpdateStream(ctx, c); err != nil {
		return fmt.Errorf("store: the stream %s cannot be changed: %w", c.Name, err)
	}
	return nil
}

func streamName(pair string) string     { return "KV_" + access.Bucket(pair) }
func bucketSubjects(pair string) string { return "$KV." + access.Bucket(pair) + ".>" }

// refusedCodes are what JetStream answers when a stream takes nothing: no room in it, its server or its account, or a message that is too large.
var refusedCodes = []jetstream.ErrorCode{
	10077, // the stream could not store it: its limits, or the disk
	10047, // no storage is left
	10023, // no resources are left
	10002, // the account's resources are used up
	10028, // memory
	10054, // larger than the stream takes
}

// refused tells whether an error means that the store does not take what is written, and will not until somebody does something about it; why
// says so. The store that nobody answers for may be read-only, or out of reach: only its configuration tells.
func (s *store) refused(ctx context.Context, err error) (why string, yes bool) {
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil {
		for _, code := range refusedCodes {
			if api.APIError().ErrorCode == code {
				return fmt.Sprintf("the store is full: %s (JetStream error %d)", api.APIError().Description, code), true
			}
		}
	}
	if !errors.Is(err, jetstream.ErrNoStreamResponse) && !errors.Is(err, nats.ErrNoResponders) {
		return "", false
	}
	stream, err := s.js.Stream(ctx, streamName(s.pair))
	if err != nil {
		return "", false
	}
	for _, subject := range stream.CachedInfo().Config.Subjects {
		if subject == bucketSubjects(s.pair) {
			return "", false
		}
	}
	return "the store is read-only: its stream " + streamName(s.pair) + " does not take what is written to the bucket", true
}
