package live_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/scenarios/hotpairtest"
	"hotpair/tserver/client/live"
)

// deciding is a pair that decides by itself who is active; with users.
const deciding = quick + "arbitration: peer\nha-sync-method: transfer\nusers: {alice: wonderland}\n"

func asAlice(o *live.Options) {
	o.Login = &live.Login{User: "alice", Password: "wonderland", Backoff: 50 * time.Millisecond, BackoffMax: 200 * time.Millisecond, PrimaryOnly: true}
}

// TestP6ALiveClientFindsTheActiveServer: it logs in to the primary, is given the other address (P5), and comes over in the middle of a call when the primary dies.
func TestP6ALiveClientFindsTheActiveServer(t *testing.T) {
	for _, world := range []string{hotpairtest.NATS, hotpairtest.Processes} {
		t.Run(world, func(t *testing.T) {
			t.Parallel()
			p := hotpairtest.Start(t, hotpairtest.Options{World: world, Config: deciding})
			c := dial(t, p, 1, asAlice)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.Equal(t, [2]bool{true, false}, c.Status().Connected)
			require.NoError(t, c.Register(ctx, "1001"))
			require.NoError(t, c.Register(ctx, "1002"))
			h := listen(t, ctx, c)
			connID, err := c.MakeCall(ctx, "1001", "1002")
			require.NoError(t, err)
			p.Kill(hotpairtest.A)
			require.NoError(t, c.AnswerCall(ctx, "1002", connID), "it waits until it is let in again")
			require.Equal(t, "B", c.Status().Primary)
			require.Equal(t, [2]bool{false, true}, c.Status().Connected)
			require.NoError(t, c.ReleaseCall(ctx, "1001", connID))
			events := append(h.until("EventReleased"), h.until("EventReleased")...)
			require.Subset(t, names(events), []string{"EventLoggedOut", "EventLoggedIn", "EventPrimaryChanged", "EventRestoreConnection", "EventEstablished"})
			for _, e := range events {
				if e.ConnID != 0 {
					require.Equal(t, connID, e.ConnID, e.Name)
				}
			}
		})
	}
}

// TestP4ALiveClientIsRefused: by a server that is not active, and with wrong credentials; the reason is told.
func TestP4ALiveClientIsRefused(t *testing.T) {
	t.Parallel()
	p := hotpairtest.Start(t, hotpairtest.Options{Config: deciding + "clients: 2\n"})
	door := p.Door(2)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := live.Dial(ctx, live.Options{
		URL: door.URL, Pair: door.Pair, Name: door.Role, Seed: door.Seed, Reconnect: 50 * time.Millisecond,
		Login: &live.Login{User: "alice", Password: "looking-glass", Backoff: 20 * time.Millisecond, BackoffMax: 40 * time.Millisecond},
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "A refused the login: credentials: the user is not known, or the password is wrong")
	require.ErrorContains(t, err, "B refused the login: B is not active")

	// Deactivated, A hands over; the client is told why its session ends, is refused by A from then on, and is let in by B.
	c := dial(t, p, 1, asAlice)
	long, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h := listen(t, long, c)
	p.Do("deactivate A")
	events := h.until("EventLoggedOut")
	require.Contains(t, events[len(events)-1].Text, "A is not active any more")
	events = h.until("EventLoggedIn")
	require.Equal(t, "B", events[len(events)-1].Server)
	require.NoError(t, c.AwaitReady(long))
	p.Do("activate A")
	p.Await("A activity=active", 10*time.Second)
	h.until("EventLoggedOut")
	h.until("EventLoggedIn")
}

// TestLoginOptionsOfALiveClient that are out of range are refused before anything is tried.
func TestLoginOptionsOfALiveClient(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]live.Login{
		"login-timeout is above 0":                      {Timeout: -1},
		"login-backoff-max is from login-backoff to 1h": {Backoff: time.Minute},
		"a user's name has at most 64 bytes":            {User: string(make([]byte, 65))},
	} {
		_, err := live.Dial(t.Context(), live.Options{URL: "nats://127.0.0.1:1", Name: "C1", Login: &l})
		require.ErrorContains(t, err, want)
	}
}

// TestUnregisterWaitsForItsAnswer: no event follows, and what is not registered cannot be unregistered. While nobody answers, nothing is known, and the library goes on.
func TestUnregisterWaitsForItsAnswer(t *testing.T) {
	t.Parallel()
	p := hotpairtest.Start(t, hotpairtest.Options{Config: quick, NoConverge: "the primary is gone"})
	c := dial(t, p, 1, func(o *live.Options) { o.Register = []callmodel.DN{"1001", "1002"} })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, c.Unregister(ctx, "1001"))
	err := c.Unregister(ctx, "1001")
	require.ErrorIs(t, err, live.ErrNotDone)
	require.ErrorContains(t, err, `UnregisterAddress: not done: not-registered: "1001" is not registered by this client`)
	_, err = c.MakeCall(ctx, "1001", "1003")
	require.ErrorIs(t, err, live.ErrNotDone)

	p.Kill(hotpairtest.M) // so that nobody is named
	p.Kill(hotpairtest.A)
	brief, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Unregister(brief, "1002"), live.ErrUnknown)
	p.Do("restart M")
	require.NoError(t, c.AwaitReady(ctx))
	require.Equal(t, "B", c.Status().Primary)
	_, err = c.MakeCall(ctx, "1002", "1003")
	var e *live.RequestError
	require.ErrorAs(t, err, &e)
	require.Equal(t, callmodel.ErrNotRegistered, e.Code)
	c.Close()
	require.ErrorIs(t, c.Unregister(ctx, "1003"), live.ErrClosed)
}
