package natsworld

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// alarms returns what was raised and cleared, in order.
func (p *person) alarms() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.records {
		if r := &p.records[i]; r.Kind == trace.Noted && r.Note.Kind == node.NoteAlarm {
			all = append(all, map[uint64]string{1: "raised ", 0: "cleared "}[r.Note.N]+r.Note.Alarm.String()+": "+r.Note.Text)
		}
	}
	return all
}

// TestStartedTwice: the older process ends as soon as the later one is there, without a goodbye; the later one tells of it, and has what the older stored.
func TestStartedTwice(t *testing.T) {
	b := newBench(t)
	a, peer := b.pair()
	a.do("persist", 1, "value", "one")
	twin := b.start(wire.A)
	require.Equal(t, uint64(2), twin.Inc())
	err := a.ended()
	require.ErrorIs(t, err, ErrSuperseded)
	require.ErrorContains(t, err, "as incarnation 2 of A; this one, 1, ends")
	twin.wait("start with one")
	peer.wait("up A#2")
	require.NotContains(t, peer.said(), "down A#1goodbye")
	eventually(t, func() bool { return len(twin.alarms()) == 2 })
	require.Equal(t, []string{
		"raised started-twice: incarnation 1 was there, and has ended", "cleared started-twice: incarnation 1 was there, and has ended",
	}, twin.alarms())
	last := a.records[len(a.records)-1]
	require.Equal(t, node.NoteSuperseded, last.Note.Kind)
	require.Equal(t, uint64(2), last.Note.N)
	require.NoError(t, twin.ctx.Err(), "the later one stays")
}

// TestStartedThrice: each start ends the one before, also where several come at once.
func TestStartedThrice(t *testing.T) {
	b := newBench(t)
	all := []*person{b.start(wire.A), b.start(wire.A), b.start(wire.A)}
	for _, p := range all[:2] {
		require.ErrorIs(t, p.ended(), ErrSuperseded)
	}
	all[2].do("persist", 1, "value", "x")
	require.Len(t, all[2].alarms(), 2)
}

// TestAPausedOneIsStartedTwice: who stands still is not waited for. When it goes on it ends, and the later one tells of it then.
func TestAPausedOneIsStartedTwice(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	resume := a.Pause()
	twin := b.start(wire.A)
	twin.do("persist", 1, "value", "mine")
	require.Empty(t, twin.alarms())
	resume()
	require.ErrorIs(t, a.ended(), ErrSuperseded)
	eventually(t, func() bool { return len(twin.alarms()) == 2 })
	require.Contains(t, twin.alarms()[0], "incarnation 1 was there")
}

// TestAConflictShowsTheLaterOne: the announcement was lost; the older one finds out when it wants to store something, and stores nothing.
func TestAConflictShowsTheLaterOne(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	a.do("persist", 1, "value", "one")
	later, _, err := b.openFor(wire.A) // as a start does
	require.NoError(t, err)
	require.Equal(t, uint64(2), later.inc)
	a.Do(&node.Command{ID: 2, Verb: "persist", Args: map[string]string{"value": "two"}})
	require.ErrorIs(t, a.ended(), ErrSuperseded)
	require.Contains(t, a.said(), "conflict with one")
	require.NotContains(t, a.said(), "behind two", "what stands behind the barrier is dropped")
	twin := b.start(wire.A)
	twin.wait("start with one")
}

// TestOwnConnectionComesBackToALaterOne: what was announced while the connection was down is found in the store.
func TestOwnConnectionComesBackToALaterOne(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	b.restartServer(func() { a.wait("carrier-down") })
	later, _, err := b.openFor(wire.A)
	require.NoError(t, err)
	require.Equal(t, uint64(2), later.inc)
	a.wait("carrier-up") // it may have asked before that
	b.restartServer(func() {})
	require.ErrorIs(t, a.ended(), ErrSuperseded)
}

// TestALaterOneThatNobodyHeardOf: it took its number after this one, and said so before this one listened.
func TestALaterOneThatNobodyHeardOf(t *testing.T) {
	b := newBench(t)
	nc, _ := b.stranger()
	_, err := nc.Subscribe(StartedSubject("pair", wire.A), func(m *nats.Msg) {
		_, _, err := b.openFor(wire.A)
		if err == nil {
			err = m.Respond([]byte("{}"))
		}
		if err != nil {
			t.Error(err)
		}
	})
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
	_, err = NewHost(context.Background(), b.options(wire.A))
	require.ErrorIs(t, err, ErrSuperseded)
	require.ErrorContains(t, err, "as incarnation 2 of A; this one, 1, ends")
}

// TestAForgedStartEndsNobody: what is announced is not believed; the store knows who was started.
func TestAForgedStartEndsNobody(t *testing.T) {
	b := newBench(t)
	a := b.start(wire.A)
	nc, _ := b.stranger()
	inbox, err := nc.SubscribeSync(nc.NewRespInbox())
	require.NoError(t, err)
	subject := StartedSubject("pair", wire.A)
	for _, word := range []string{`{"inc":99}`, `{"inc":1}`, `{"inc":0}`, `{}`, `nonsense`, `{"inc":-1}`, ``} {
		require.NoError(t, nc.PublishRequest(subject, inbox.Subject, []byte(word)))
	}
	// The last word of one that never was is none either.
	for _, word := range []string{`{"inc":7}`, `{"inc":1}`, `[]`} {
		require.NoError(t, nc.Publish(a.inbox, []byte(word)))
	}
	require.NoError(t, nc.Flush())
	for range 2 { // the second is answered when the first question to the store is
		a.do("persist", 1, "value", "still there")
	}
	eventually(t, func() bool { return len(a.bad()) == 3 })
	for _, why := range a.bad() {
		require.Contains(t, why, `hotpair.pair.started.A: {"inc":N} is wanted, the incarnation that starts`)
	}
	n, _, err := inbox.Pending()
	require.NoError(t, err)
	require.Zero(t, n, "nobody says a last word")
	require.Empty(t, a.alarms())
}

func (p *person) bad() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.records {
		if r := &p.records[i]; r.Kind == trace.Noted && r.Note.Kind == node.NoteBadInput {
			all = append(all, r.Note.Text)
		}
	}
	return all
}
