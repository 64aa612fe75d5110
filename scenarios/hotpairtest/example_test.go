package hotpairtest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/scenarios"
	"hotpair/scenarios/hotpairtest"
	"hotpair/tserver/client/live"
)

// The examples of this file are tests as other people write them, of a system of their own. Theirs is a desk: the agent at 1001 transfers calls, and a screen shows
// who talks to whom.

// desk is the system under test. It uses the live client library; a program in another language would use NATS (docs/nats.md).
type desk struct {
	c      *live.Client
	mu     sync.Mutex
	screen map[callmodel.DN]callmodel.DN // who talks to whom
	moved  map[callmodel.ConnID]callmodel.ConnID
	heard  chan struct{} // closed when the screen changes
}

// openDesk connects where the pair says.
func openDesk(t *testing.T, door *scenarios.Door) *desk {
	t.Helper()
	c, err := live.Dial(t.Context(), live.Options{
		URL: door.URL, Pair: door.Pair, Name: door.Role, Seed: door.Seed, Register: []callmodel.DN{"1001", "1002", "1003"}, Reconnect: 200 * time.Millisecond,
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	d := &desk{c: c, screen: map[callmodel.DN]callmodel.DN{}, moved: map[callmodel.ConnID]callmodel.ConnID{}, heard: make(chan struct{})}
	events := c.Events(context.Background())
	go func() {
		for e, err := range events {
			if err != nil {
				return
			}
			d.hear(&e)
		}
	}()
	return d
}

func (d *desk) hear(e *live.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Name {
	case "EventEstablished":
		d.screen[e.ThisDN] = e.OtherDN
	case "EventPartyChanged":
		d.screen[e.ThisDN] = e.OtherDN
		d.moved[e.PreviousConnID] = e.ConnID
	case "EventReleased":
		delete(d.screen, e.ThisDN)
	default:
		return
	}
	close(d.heard)
	d.heard = make(chan struct{})
}

// shows waits until the screen shows who talks to whom at a DN; "" is nobody.
func (d *desk) shows(t *testing.T, dn, other callmodel.DN) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		d.mu.Lock()
		now, heard := d.screen[dn], d.heard
		d.mu.Unlock()
		if now == other {
			return
		}
		select {
		case <-heard:
		case <-deadline:
			t.Fatalf("the screen shows %q at %s, and not %q", now, dn, other)
		}
	}
}

// TestExampleFailoverInTheMiddleOfATransfer: the primary dies between the two steps of a transfer, as a real process by kill -9. The transfer goes on.
func TestExampleFailoverInTheMiddleOfATransfer(t *testing.T) {
	t.Parallel()
	pair := hotpairtest.Start(t, hotpairtest.Options{World: hotpairtest.Processes, Config: "switch: {sync-time: 100ms}"})
	d := openDesk(t, pair.Door(1))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	connID, err := d.c.MakeCall(ctx, "1002", "1001", callmodel.Pair{Key: "customer", Value: "4711"})
	require.NoError(t, err)
	require.NoError(t, d.c.AnswerCall(ctx, "1001", connID))
	d.shows(t, "1001", "1002")
	consult, err := d.c.InitiateTransfer(ctx, "1001", connID, "1003")
	require.NoError(t, err)
	require.NoError(t, d.c.AnswerCall(ctx, "1003", consult))

	pair.Kill(hotpairtest.A)

	require.NoError(t, d.c.CompleteTransfer(ctx, "1001", connID, consult))
	d.shows(t, "1002", "1003")
	d.shows(t, "1003", "1002")
	d.shows(t, "1001", "")
	require.Equal(t, "B", d.c.Status().Primary)
	require.NoError(t, d.c.ReleaseCall(ctx, "1002", connID))
	d.shows(t, "1003", "")
}

// TestExampleTheNetworkOfTheDeskFails: the pair is well, and the desk's own connection is not.
func TestExampleTheNetworkOfTheDeskFails(t *testing.T) {
	t.Parallel()
	pair := hotpairtest.Start(t, hotpairtest.Options{Config: "switch: {sync-time: 100ms}"})
	d := openDesk(t, pair.Door(1))
	pair.Cut("C1-A") // its link to the primary only
	pair.Call("c1", "1001", "1002")
	pair.Answer("c1")
	pair.Heal("C1-A")
	d.shows(t, "1001", "1002")
	pair.Isolate("C1") // all of it
	pair.Release("c1")
	pair.Heal("C1")
	d.shows(t, "1001", "")
}

// TestExampleHoursInMilliseconds: in virtual time, a test of the pair itself, with traffic, takes no time. Figures of the run are returned.
func TestExampleHoursInMilliseconds(t *testing.T) {
	pair := hotpairtest.Start(t, hotpairtest.Options{World: hotpairtest.Sim, Config: "addp-timeout: 60s"})
	pair.Load("erlangs=20 hold=lognormal:188s,240s")
	pair.Wait(3 * time.Hour)
	pair.Kill(hotpairtest.B)
	pair.Wait(time.Minute)
	pair.Boot(hotpairtest.B)
	pair.Await("pair ready", 12*time.Hour)
	pair.StopLoad()
	res := pair.Finish()
	require.Greater(t, res.Metrics.TimeToRedundancy, time.Minute, "the calls from before have to end")
	require.Positive(t, res.Metrics.AtRisk)
}
