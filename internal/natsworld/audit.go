package natsworld

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"hotpair/internal/access"
	"hotpair/internal/operator"
)

// maxAudit bounds the audit log, in bytes: hundreds of thousands of commands. Beyond it, the oldest entries go.
const maxAudit = 64 << 20

// auditStream is the audit log's configuration: nobody deletes an entry, the admin neither, unless he deletes it all.
func auditStream(pair string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: access.AuditStream(pair), Subjects: []string{access.AuditSubject(pair, "*")}, Description: "what operators did to the hotpair pair " + pair,
		Storage: jetstream.FileStorage, MaxBytes: maxAudit, Discard: jetstream.DiscardOld, DenyDelete: true, DenyPurge: true, AllowDirect: true,
	}
}

// writeAudit writes an entry, and makes the log where there is none.
func writeAudit(ctx context.Context, js jetstream.JetStream, pair string, e operator.Entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	publish := func() error {
		_, err := js.Publish(ctx, access.AuditSubject(pair, e.Node.String()), data, jetstream.WithExpectStream(access.AuditStream(pair)), jetstream.WithRetryAttempts(0))
		return err
	}
	err = publish()
	if errors.Is(err, jetstream.ErrNoStreamResponse) {
		if _, err = js.CreateStream(ctx, auditStream(pair)); err == nil || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			err = publish()
		}
	}
	if err != nil {
		return fmt.Errorf("audit log %s: %w", access.AuditStream(pair), err)
	}
	return nil
}

// readAudit returns the last n entries, the oldest first; none where there is no log yet.
func readAudit(ctx context.Context, js jetstream.JetStream, pair string, n int) ([]operator.Entry, error) {
	stream, err := js.Stream(ctx, access.AuditStream(pair))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("audit log %s: %w", access.AuditStream(pair), err)
	}
	state := stream.CachedInfo().State
	var list []operator.Entry
	from := state.FirstSeq
	if state.LastSeq >= uint64(n) {
		from = max(from, state.LastSeq-uint64(n)+1)
	}
	for seq := from; state.Msgs > 0 && seq <= state.LastSeq; seq++ {
		m, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("audit log %s: entry %d: %w", access.AuditStream(pair), seq, err)
		}
		var e operator.Entry
		if err := json.Unmarshal(m.Data, &e); err != nil {
			return nil, fmt.Errorf("audit log %s: entry %d is none: %w", access.AuditStream(pair), seq, err)
		}
		list = append(list, e)
	}
	return list, nil
}
