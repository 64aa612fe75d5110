package live_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/scenarios/hotpairtest"
	"hotpair/tserver/client/live"
)

func TestMain(m *testing.M) { hotpairtest.Main(m) }

// quick is a pair that synchronizes at once.
const quick = "switch: {sync-time: 100ms}\nreconnect: 100ms\nsync-reconnect-tout: 100ms\n"

// dial connects the library in the place of client Cn.
func dial(t *testing.T, p *hotpairtest.Pair, n int, change func(*live.Options)) *live.Client {
	t.Helper()
	door := p.Door(n)
	o := live.Options{URL: door.URL, Pair: door.Pair, Name: door.Role, Seed: door.Seed, Reconnect: 100 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := live.Dial(ctx, o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// heard reads events until one has a name, and returns them all.
type heard struct {
	t    *testing.T
	next func() (live.Event, error, bool)
}

func listen(t *testing.T, ctx context.Context, c *live.Client) *heard {
	next, stop := iter.Pull2(c.Events(ctx))
	t.Cleanup(stop)
	return &heard{t, next}
}

func (h *heard) until(name string) (events []live.Event) {
	h.t.Helper()
	for {
		e, err, ok := h.next()
		require.NoError(h.t, err, "waiting for %s; heard: %v", name, names(events))
		require.True(h.t, ok)
		if events = append(events, e); e.Name == name {
			return events
		}
	}
}

func names(events []live.Event) (list []string) {
	for _, e := range events {
		list = append(list, e.Name)
	}
	return list
}

// TestX8ALiveClientFollowsAFailover: the primary dies in the middle of a call. The client's user sees that another T-Server is primary, and each event once, with one
// ConnID.
func TestX8ALiveClientFollowsAFailover(t *testing.T) {
	for _, world := range []string{hotpairtest.NATS, hotpairtest.Processes} {
		t.Run(world, func(t *testing.T) {
			t.Parallel()
			p := hotpairtest.Start(t, hotpairtest.Options{World: world, Config: quick})
			c := dial(t, p, 1, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.Equal(t, "A", c.Status().Primary)
			require.NoError(t, c.Register(ctx, "1001"))
			require.NoError(t, c.Register(ctx, "1002"))
			require.NoError(t, c.Register(ctx, "1002"), "once more is no harm")
			h := listen(t, ctx, c)
			connID, err := c.MakeCall(ctx, "1001", "1002", callmodel.Pair{Key: "customer", Value: "4711"})
			require.NoError(t, err)
			before := h.until("EventRinging")
			p.Kill(hotpairtest.A)
			require.NoError(t, c.AnswerCall(ctx, "1002", connID), "it waits for the new primary, or asks it")
			require.Equal(t, "B", c.Status().Primary)
			require.NoError(t, c.ReleaseCall(ctx, "1001", connID))
			events := slices.Concat(before, h.until("EventReleased"), h.until("EventReleased"))
			seen, changed := map[string]int{}, 0
			last := live.Event{}
			for _, e := range events {
				if e.Name == "EventPrimaryChanged" {
					require.Equal(t, "B", e.Server)
					changed++
				}
				if e.ConnID == 0 {
					continue
				}
				require.Equal(t, connID, e.ConnID, e.Name)
				require.True(t, last.Seq < e.Seq || last.Seq == e.Seq && last.Sub < e.Sub || last.Seq == 0, "%v behind %v", e, last)
				last = e
				seen[fmt.Sprintf("%s at %s", e.Name, e.ThisDN)]++
				value, _ := e.Data.Get("customer")
				require.Equal(t, "4711", value)
			}
			require.Equal(t, 1, changed, names(events))
			require.Equal(t, map[string]int{
				"EventDialing at 1001": 1, "EventRinging at 1002": 1, "EventEstablished at 1001": 1, "EventEstablished at 1002": 1,
				"EventReleased at 1001": 1, "EventReleased at 1002": 1,
			}, seen)
			require.Contains(t, names(events), "EventServerDisconnected")
			require.Contains(t, names(events), "EventRestoreConnection")
		})
	}
}

// TestX13OutcomesAreTrue: calls are made by many at once while the primary is killed over and over. What the library says was done is there, once; what it
// says was not done is not.
func TestX13OutcomesAreTrue(t *testing.T) {
	t.Parallel()
	p := hotpairtest.Start(t, hotpairtest.Options{Config: quick + "autorestart: true\nha-sync-method: transfer\n"})
	c := dial(t, p, 1, func(o *live.Options) { o.Register = []callmodel.DN{"*"} })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	type result struct {
		connID callmodel.ConnID
		err    error
	}
	var mu sync.Mutex
	var results []result
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			from, to := callmodel.DN(fmt.Sprint(1001+2*i)), callmodel.DN(fmt.Sprint(1002+2*i))
			for {
				select {
				case <-stop:
					return
				default:
				}
				connID, err := c.MakeCall(ctx, from, to)
				mu.Lock()
				results = append(results, result{connID, err})
				mu.Unlock()
				if err == nil {
					err = c.ReleaseCall(ctx, from, connID)
				}
				if err != nil && !errors.Is(err, live.ErrNotDone) {
					return // what is up there now is not known
				}
			}
		})
	}
	created := 0
	stopCounting := p.OnRecord(func(r *hotpairtest.Record) {
		if r.Kind == hotpairtest.Noted && r.Node.String() == "S" && r.Note.Kind.String() == "call" && r.Note.Text == "created" {
			created++
		}
	})
	for range 2 {
		p.Wait(300 * time.Millisecond)
		p.Kill(c.Status().Primary)
		p.Await("pair ready", 30*time.Second)
	}
	close(stop)
	wg.Wait()
	p.Wait(500 * time.Millisecond)
	stopCounting()
	done, unknown, ids := 0, 0, map[callmodel.ConnID]bool{}
	for _, r := range results {
		switch {
		case r.err == nil:
			done++
			require.False(t, ids[r.connID], "two calls have one ConnID")
			ids[r.connID] = true
		case errors.Is(r.err, live.ErrUnknown):
			unknown++
		default:
			require.ErrorIs(t, r.err, live.ErrNotDone)
		}
	}
	t.Logf("%d done, %d unknown, %d in all; the switch made %d calls", done, unknown, len(results), created)
	require.Positive(t, done)
	require.GreaterOrEqual(t, created, done)
	require.LessOrEqual(t, created, done+unknown)
}

// TestALiveClientIsCutOff: nothing is lost while its own connection is, and it says so.
func TestALiveClientIsCutOff(t *testing.T) {
	t.Parallel()
	p := hotpairtest.Start(t, hotpairtest.Options{Config: quick})
	c := dial(t, p, 1, func(o *live.Options) { o.Register = []callmodel.DN{"1002"} })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h := listen(t, ctx, c)
	p.Isolate("C1")
	h.until("EventServerDisconnected")
	h.until("EventServerDisconnected")
	p.Call("c1", "1001", "1002")
	p.Answer("c1")
	p.Heal("C1")
	events := h.until("EventEstablished")
	require.Contains(t, names(events), "EventRestoreConnection")
	require.Contains(t, names(events), "EventRinging")
	require.NoError(t, c.AwaitReady(ctx))
	require.True(t, c.Status().Ready())
}

// TestRequestsSayWhatIsWrong: the switch's and the T-Server's reasons, and the context's, with an outcome each.
func TestRequestsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := hotpairtest.Start(t, hotpairtest.Options{Config: quick})
	c := dial(t, p, 1, func(o *live.Options) { o.Register = []callmodel.DN{"1001"} })
	ctx := t.Context()
	var e *live.RequestError
	_, err := c.MakeCall(ctx, "1001", "9")
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, live.ErrNotDone)
	require.Equal(t, callmodel.ErrUnknownDN, e.Code, err)
	require.Contains(t, err.Error(), "RequestMakeCall: not done: unknown-dn: ")
	_, err = c.MakeCall(ctx, "1003", "1004")
	require.ErrorAs(t, err, &e)
	require.Equal(t, callmodel.ErrNotRegistered, e.Code, err)
	err = c.Register(ctx, "77")
	require.ErrorAs(t, err, &e)
	require.Equal(t, callmodel.ErrUnknownDN, e.Code)
	info, err := c.QueryAddress(ctx, "1001")
	require.NoError(t, err)
	require.Equal(t, callmodel.DNExtension, info.DNType)

	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.QueryServer(over)
	require.ErrorIs(t, err, live.ErrNotDone)
	require.ErrorIs(t, err, context.Canceled)

	p.Link("A", "silent") // the switch does not answer
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = c.MakeCall(brief, "1001", "1002")
	require.ErrorIs(t, err, live.ErrUnknown)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	asked := make(chan error, 1)
	go func() {
		_, err := c.MakeCall(ctx, "1001", "1002")
		asked <- err
	}()
	c.Close()
	require.ErrorIs(t, <-asked, live.ErrClosed)
	for _, err := range c.Events(ctx) {
		require.ErrorIs(t, err, live.ErrClosed)
	}
	_, err = c.QueryServer(ctx)
	require.ErrorIs(t, err, live.ErrClosed)
	require.ErrorIs(t, c.AwaitReady(ctx), live.ErrClosed)
	p.Link("A", "up")
}

// TestDialSaysWhatIsWrong: options, a pair that is not there, and a key of another role.
func TestDialSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]live.Options{
		`name: a client is called C1 to C4096, not "A"`: {URL: "nats://127.0.0.1:1", Name: "A"},
		"at most one of KeyFile, Seed and Creds":        {URL: "nats://127.0.0.1:1", Name: "C1", Seed: "x", KeyFile: "y"},
		"KeyFile: open nowhere.nk":                      {URL: "nats://127.0.0.1:1", Name: "C1", KeyFile: "nowhere.nk"},
		"speed":                                         {URL: "nats://127.0.0.1:1", Name: "C1", Speed: -1},
		"addp-timeout":                                  {URL: "nats://127.0.0.1:1", Name: "C1", AddpTimeout: time.Nanosecond},
		"NATS at nats://127.0.0.1:1: ":                  {URL: "nats://127.0.0.1:1", Name: "C1"},
	} {
		_, err := live.Dial(t.Context(), o)
		require.ErrorContains(t, err, want)
	}
	p := hotpairtest.Start(t, hotpairtest.Options{Nodes: []string{"S", "A"}, NoConverge: "nobody is primary", Config: "clients: 2"})
	door := p.Door(1)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := live.Dial(ctx, live.Options{URL: door.URL, Name: "C1", Seed: door.Seed})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "no primary is in service")
	_, err = live.Dial(t.Context(), live.Options{URL: door.URL, Name: "C1", Seed: p.Door(2).Seed})
	require.ErrorContains(t, err, "Permissions Violation")
}
