package natsworld

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hotpair/internal/access"
	"hotpair/internal/fault"
	"hotpair/internal/wire"
)

// store is a node's part of the pair's bucket: its incarnation counter and its durable state.
//
// The value of the state's key is a line with the number of the incarnation that wrote it, and behind it what the node persisted;
// without the end of the line, nothing was persisted yet.
type store struct {
	js       jetstream.JetStream
	kv       jetstream.KeyValue
	pair     string
	stateKey string
	inc      uint64
	revision uint64 // of the state's key, that was read or written last
	value    []byte // what was
}

const (
	storeTimeout = time.Second           // of one request; it is tried again
	storeRetry   = 20 * time.Millisecond // between two of them
)

// errNoBucket: there is no bucket, and it is for others to make it.
var errNoBucket = errors.New("the pair has no bucket yet: the switch, a T-Server or the Management Layer makes it when it starts")

func openStore(ctx context.Context, nc *nats.Conn, pair string, id wire.ID) (*store, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("JetStream: %w", err)
	}
	kv, err := openBucket(ctx, js, pair, !id.IsClient())
	if err != nil {
		return nil, err
	}
	return &store{js: js, kv: kv, pair: pair, stateKey: id.String() + ".state"}, nil
}

// openBucket opens the pair's bucket, and makes it, if it may, where there is none.
func openBucket(ctx context.Context, js jetstream.JetStream, pair string, mayMake bool) (jetstream.KeyValue, error) {
	bucket := access.Bucket(pair)
	kv, err := js.KeyValue(ctx, bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		if !mayMake {
			return nil, fmt.Errorf("JetStream: bucket %s: %w", bucket, errNoBucket)
		}
		kv, err = js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket, History: 1, Storage: jetstream.FileStorage})
		if errors.Is(err, jetstream.ErrBucketExists) { // since another node has made it meanwhile
			kv, err = js.KeyValue(ctx, bucket)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("JetStream: bucket %s: %w; is JetStream enabled on this server?", bucket, err)
	}
	return kv, nil
}

// nextIncarnation takes the node's next start number. Whoever else starts the same node takes another one.
func (s *store) nextIncarnation(ctx context.Context, id wire.ID) error {
	key := incKey(id)
	for {
		inc, revision, err := s.latest(ctx, key)
		if err != nil {
			return err
		}
		s.inc = inc + 1
		_, err = s.kv.Update(ctx, key, strconv.AppendUint(nil, s.inc, 10), revision)
		if why, refused := s.refused(ctx, err); refused {
			return fmt.Errorf("%w: its start number cannot be made durable under key %s: %s", fault.ErrStore, key, why)
		}
		if !isConflict(err) {
			return wrapStore(key, err)
		}
	}
}

// latest returns the last start number that was taken, and the revision of its key; zeros if there is none.
func (s *store) latest(ctx context.Context, key string) (inc, revision uint64, err error) {
	entry, err := s.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, wrapStore(key, err)
	}
	if inc, err = strconv.ParseUint(string(entry.Value()), 10, 64); err != nil {
		return 0, 0, fmt.Errorf("JetStream: key %s holds no start number but %.40q", key, entry.Value())
	}
	return inc, entry.Revision(), nil
}

// incKey is the key of a node's start number.
func incKey(id wire.ID) string { return id.String() + ".inc" }

func wrapStore(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("JetStream: key %s: %w", key, err)
}

func isConflict(err error) bool { return errors.Is(err, jetstream.ErrKeyRevisionMismatch) }

// state is what stands under the state's key.
type state struct {
	inc      uint64 // that wrote it; 0 if there is nothing
	value    []byte // nil if nothing was persisted
	revision uint64
}

func encodeState(inc uint64, value []byte) []byte {
	b := strconv.AppendUint(nil, inc, 10)
	if value == nil {
		return b
	}
	return append(append(b, '\n'), value...)
}

func decodeState(b []byte) (st state, err error) {
	number, value, persisted := bytes.Cut(b, []byte("\n"))
	if st.inc, err = strconv.ParseUint(string(number), 10, 64); err != nil || st.inc == 0 {
		return st, fmt.Errorf("its first line is no incarnation number but %.40q", number)
	}
	if persisted {
		st.value = append([]byte{}, value...)
	}
	return st, nil
}

func (s *store) read(ctx context.Context) (state, error) {
	entry, err := s.kv.Get(ctx, s.stateKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return state{}, nil
	}
	if err != nil {
		return state{}, wrapStore(s.stateKey, err)
	}
	st, err := decodeState(entry.Value())
	st.revision = entry.Revision()
	return st, wrapStore(s.stateKey, err)
}

// claim returns the durable state, nil if there is none, and makes this incarnation its author: what an earlier one writes from now on
// conflicts. If a later one has claimed it already, what this one writes does.
func (s *store) claim(ctx context.Context) ([]byte, error) {
	for {
		st, err := s.read(ctx)
		if err != nil || st.inc > s.inc {
			return st.value, err
		}
		s.revision, err = s.kv.Update(ctx, s.stateKey, encodeState(s.inc, st.value), st.revision)
		if why, refused := s.refused(ctx, err); refused {
			return nil, fmt.Errorf("%w: key %s cannot be claimed: %s", fault.ErrStore, s.stateKey, why)
		}
		if !isConflict(err) {
			s.value = st.value
			return st.value, wrapStore(s.stateKey, err)
		}
	}
}

// errConflict: another incarnation has written.
var errConflict = errors.New("the state was written by another incarnation")

// write makes value durable, or returns what is stored and errConflict, or an error that wraps fault.ErrStore, if the store does not take it. While
// the store cannot be reached, it tries again; any other error means that ctx has ended.
func (s *store) write(ctx context.Context, value []byte) (stored []byte, err error) {
	if value == nil {
		value = []byte{}
	}
	for ; ctx.Err() == nil; s.pause(ctx) {
		attempt, cancel := context.WithTimeout(ctx, storeTimeout)
		revision, err := s.kv.Update(attempt, s.stateKey, encodeState(s.inc, value), s.revision)
		why, refused := s.refused(attempt, err)
		cancel()
		switch {
		case err == nil:
			s.revision, s.value = revision, value
			return nil, nil
		case isConflict(err):
			return s.afterConflict(ctx, value)
		case refused:
			return s.value, fmt.Errorf("%w: %s", fault.ErrStore, why)
		}
	}
	return nil, ctx.Err()
}

// afterConflict tells a conflict from an answer that was lost: if this incarnation is the author of what is stored, and it is what was to be
// written, it was written. From now on the node knows what is stored, and may write.
func (s *store) afterConflict(ctx context.Context, value []byte) ([]byte, error) {
	for ; ctx.Err() == nil; s.pause(ctx) {
		attempt, cancel := context.WithTimeout(ctx, storeTimeout)
		st, err := s.read(attempt)
		cancel()
		if err != nil {
			continue
		}
		s.revision, s.value = st.revision, st.value
		if st.inc == s.inc && bytes.Equal(st.value, value) {
			return nil, nil
		}
		return st.value, errConflict
	}
	return nil, ctx.Err()
}

func (s *store) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(storeRetry):
	}
}
