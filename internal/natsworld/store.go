package natsworld

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hotpair/internal/wire"
)

// store is a node's part of the pair's bucket: its incarnation counter and its durable state.
type store struct {
	kv       jetstream.KeyValue
	stateKey string
	revision uint64 // that was read or written last
}

const (
	storeTimeout = 5 * time.Second       // of one request
	storeRetry   = 20 * time.Millisecond // between two of them
)

// Bucket returns the name of a pair's KV bucket.
func Bucket(pair string) string { return "hotpair_" + pair }

func openStore(ctx context.Context, nc *nats.Conn, pair string, id wire.ID) (*store, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("JetStream: %w", err)
	}
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: Bucket(pair), History: 1, Storage: jetstream.FileStorage})
	if err != nil {
		return nil, fmt.Errorf("JetStream: bucket %s: %w; is JetStream enabled on this server?", Bucket(pair), err)
	}
	return &store{kv: kv, stateKey: id.String() + ".state"}, nil
}

// nextIncarnation takes the node's next start number. Whoever else starts the same node takes another one.
func (s *store) nextIncarnation(ctx context.Context, id wire.ID) (uint64, error) {
	key := id.String() + ".inc"
	for {
		inc, revision := uint64(0), uint64(0)
		entry, err := s.kv.Get(ctx, key)
		switch {
		case err == nil:
			revision = entry.Revision()
			if inc, err = strconv.ParseUint(string(entry.Value()), 10, 64); err != nil {
				return 0, fmt.Errorf("JetStream: key %s holds no start number but %q", key, entry.Value())
			}
		case !errors.Is(err, jetstream.ErrKeyNotFound):
			return 0, fmt.Errorf("JetStream: key %s: %w", key, err)
		}
		inc++
		_, err = s.kv.Update(ctx, key, []byte(strconv.FormatUint(inc, 10)), revision)
		if err == nil || !isConflict(err) {
			return inc, wrapStore(key, err)
		}
	}
}

func wrapStore(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("JetStream: key %s: %w", key, err)
}

func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// read returns the durable state, nil if there is none.
func (s *store) read(ctx context.Context) ([]byte, error) {
	entry, err := s.kv.Get(ctx, s.stateKey)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		s.revision = 0
		return nil, nil
	case err != nil:
		return nil, wrapStore(s.stateKey, err)
	}
	s.revision = entry.Revision()
	return entry.Value(), nil
}

// errConflict: another incarnation has written.
var errConflict = errors.New("the state was written by another incarnation")

// write makes value durable, or reports errConflict. While the store cannot be reached, it tries again, until ctx ends.
func (s *store) write(ctx context.Context, value []byte) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, storeTimeout)
		revision, err := s.kv.Update(attempt, s.stateKey, value, s.revision)
		cancel()
		switch {
		case err == nil:
			s.revision = revision
			return nil
		case isConflict(err):
			return s.afterConflict(ctx, value)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(storeRetry):
		}
	}
}

// afterConflict tells a conflict from an answer that was lost: if what is stored is what was to be written, it was written.
func (s *store) afterConflict(ctx context.Context, value []byte) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, storeTimeout)
		entry, err := s.kv.Get(attempt, s.stateKey)
		cancel()
		if err == nil {
			if string(entry.Value()) == string(value) {
				s.revision = entry.Revision()
				return nil
			}
			return errConflict
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(storeRetry):
		}
	}
}
