package natsworld

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"hotpair/internal/wire"
)

// ErrSuperseded is why a host ends of whose node a later incarnation was started: the name, and the sessions, are the later one's.
var ErrSuperseded = errors.New("another process was started under this name")

// twinTime is how long, on the wall clock, a host that starts waits for the last word of an older one that is there. Usually nobody is, which NATS says
// at once; without an answer the host begins all the same, since who stands still cannot answer.
const twinTime = 250 * time.Millisecond

// StartedSubject returns where an incarnation of a node announces that it starts.
func StartedSubject(pair string, id wire.ID) string {
	return fmt.Sprintf("hotpair.%s.started.%s", pair, id)
}

// startedWord is what is said there: the announcement of the incarnation that starts, and, as the answer, the last word of the one that ends.
type startedWord struct {
	Inc uint64 `json:"inc"`
}

// announce tells an older process of this name, if there is one, and waits for its last word. The inbox stays: one that stands still answers when
// it goes on. It is called before the host hears anything else.
func (h *Host) announce() error {
	h.announced = StartedSubject(h.opt.Pair, h.opt.ID)
	h.inbox = h.nc.NewInbox()
	if _, err := h.nc.ChanSubscribe(h.inbox, h.msgs); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	if err := h.nc.PublishRequest(h.announced, h.inbox, h.word()); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	alarm := time.NewTimer(twinTime)
	defer alarm.Stop()
	select {
	case m := <-h.msgs:
		h.older = h.lastWord(m)
	case <-alarm.C:
	}
	// From now on this one listens for later ones.
	if _, err := h.nc.ChanSubscribe(h.announced, h.msgs); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	return nil
}

func (h *Host) word() []byte {
	data, _ := json.Marshal(startedWord{h.inc}) // a number
	return data
}

// stillLatest: whoever took a number before this host listened has not been heard.
func (h *Host) stillLatest(ctx context.Context) error {
	latest, _, err := h.store.latest(ctx, incKey(h.opt.ID))
	if err == nil && latest > h.inc {
		err = h.supersededBy(latest)
	}
	return err
}

func (h *Host) supersededBy(latest uint64) error {
	return fmt.Errorf("%w, as incarnation %d of %s; this one, %d, ends", ErrSuperseded, latest, h.opt.ID, h.inc)
}

// lastWord returns the incarnation that has ended because of this one; 0 if the message says nothing of the kind, as when nobody listens.
func (h *Host) lastWord(m *nats.Msg) uint64 {
	var w startedWord
	if json.Unmarshal(m.Data, &w) != nil || w.Inc >= h.inc {
		return 0
	}
	return w.Inc
}

// startedAgain: somebody says that this node was started. He is not believed: the store knows.
func (h *Host) startedAgain(m *nats.Msg) {
	var w startedWord
	err := json.Unmarshal(m.Data, &w)
	switch {
	case err != nil:
		h.badInput(wire.None, m.Subject, fmt.Errorf(`{"inc":N} is wanted, the incarnation that starts: %w`, err))
	case w.Inc > h.inc:
		h.heir = m.Reply
		h.askLatest()
	}
}

// askLatest looks into the store for a later incarnation, one question at a time.
func (h *Host) askLatest() {
	if h.asking {
		h.askAgain = true
		return
	}
	h.asking = true
	go func() {
		ctx, cancel := context.WithTimeout(h.ctx, storeTimeout)
		latest, _, err := h.store.latest(ctx, incKey(h.opt.ID))
		cancel()
		h.later(func() { h.latestIs(latest, err) })
	}()
}

func (h *Host) latestIs(latest uint64, err error) {
	h.asking = false
	switch {
	case err == nil && latest > h.inc:
		h.superseded(latest)
	case h.askAgain: // an error is not looked into: the carrier comes back, or a conflict shows, and the question is asked again
		h.askAgain = false
		h.askLatest()
	}
}

// superseded says the last word, and ends the host. It says no goodbye.
func (h *Host) superseded(latest uint64) {
	h.mux.Superseded(latest)
	h.flush()
	if h.heir != "" {
		_ = h.nc.Publish(h.heir, h.word())
		_ = h.nc.FlushTimeout(stopTime)
	}
	h.end(h.supersededBy(latest))
}

// noticeOlder raises the alarm for an older process that has ended because of this one.
func (h *Host) noticeOlder(inc uint64) {
	if inc != 0 {
		h.mux.StartedTwice(inc)
	}
}
