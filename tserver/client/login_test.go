package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/hasync/pairconf"
	"hotpair/internal/canon/canontest"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// seeker is a client under peer arbitration, started as incarnation 2; without jitter, unless change says otherwise.
func seeker(change func(o *LoginOptions)) *rig {
	o := DefaultLoginOptions()
	o.Jitter = false
	if change != nil {
		change(&o)
	}
	r := &rig{c: New(wire.Client(1), node.Rules{}).LogIn(o)}
	r.step(node.Input{Kind: node.Start, Inc: 2})
	return r
}

// ports are what the client did with its links, in order.
func (r *rig) ports() (list []string) {
	for _, op := range r.out.Ops {
		switch op.Kind {
		case node.OpShut:
			list = append(list, "shut "+op.Peer.String())
		case node.OpUnshut:
			list = append(list, "try "+op.Peer.String())
		}
	}
	return list
}

// waits returns how long the client waits before its next attempt, 0 if it does not.
func (r *rig) waits() time.Duration {
	for _, op := range r.out.Ops {
		if op.Kind == node.OpSet && op.Timer.Kind == retryTimer {
			return op.After
		}
	}
	return 0
}

func (r *rig) retry() { r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: retryTimer}}) }

func (r *rig) up(at wire.ID) { r.step(node.Input{Kind: node.PortUp, Peer: at, Inc: 7}) }

func TestP6TriesBothInTurn(t *testing.T) {
	r := seeker(nil)
	require.Equal(t, []string{"shut A", "shut B", "try A"}, r.ports())
	r.up(wire.A)
	require.Equal(t, wire.Login, r.out.Msgs[0].Kind)
	require.Equal(t, pairconf.Proof(pairconf.Key("C1", ""), wire.A, 7, wire.Client(1), 2), r.out.Msgs[0].Proof)
	r.hear(wire.A, wire.Message{Kind: wire.EventLoginRefused, Text: "A is not active"})
	require.Equal(t, []string{"shut A"}, r.ports())
	want := 500 * time.Millisecond
	for i, at := range []wire.ID{wire.B, wire.A, wire.B, wire.A, wire.B, wire.A} {
		require.Equal(t, min(want, 5*time.Second), r.waits(), "attempt %d", i)
		want *= 2
		r.retry()
		require.Equal(t, []string{"try " + at.String()}, r.ports())
		r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: attemptTimer}}) // nobody there
		require.Equal(t, []string{"shut " + at.String()}, r.ports())
	}
	r.retry()
	r.up(wire.B)
	r.hear(wire.B, wire.Message{Kind: wire.EventLoggedIn, Node: wire.A})
	require.Equal(t, wire.RegisterAddress, r.out.Msgs[0].Kind)
	require.Equal(t, node.Note{Kind: node.NoteSession, Peer: wire.B, N: 1}, r.out.Notes[0])
	// It loses the server, and begins with the other one, soon.
	r.step(node.Input{Kind: node.PortDown, Peer: wire.B, Cause: node.CauseGone})
	require.Equal(t, node.Note{Kind: node.NoteSession, Peer: wire.B, Text: "gone"}, r.out.Notes[0])
	require.Equal(t, 500*time.Millisecond, r.waits())
	r.retry()
	require.Equal(t, []string{"try A"}, r.ports())
}

func TestP5ItIsGivenTheOtherServersAddress(t *testing.T) {
	r := seeker(func(o *LoginOptions) { o.KnowsBoth = false })
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: attemptTimer}})
	r.retry()
	require.Equal(t, []string{"try A"}, r.ports(), "it knows of no other")
	r.up(wire.A)
	r.hear(wire.A, wire.Message{Kind: wire.EventLoggedIn, Node: wire.B})
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseGone})
	r.retry()
	require.Equal(t, []string{"try B"}, r.ports())
}

func TestTheServerSaysWhyTheSessionEnds(t *testing.T) {
	r := seeker(nil)
	r.up(wire.A)
	r.hear(wire.A, wire.Message{Kind: wire.EventLoggedIn, Node: wire.B})
	r.hear(wire.A, wire.Message{Kind: wire.EventLoggedOut, Text: "A is not active any more: P9"})
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseClosed})
	require.Equal(t, "A is not active any more: P9", r.out.Notes[0].Text)
}

func TestLoginAndLogoutByCommand(t *testing.T) {
	r := seeker(nil)
	do := func(verb string) string {
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 9, Verb: verb}})
		for _, n := range r.out.Notes {
			if n.N == 9 {
				return n.Kind.String()
			}
		}
		return ""
	}
	require.Equal(t, "refused", do("login"))
	r.up(wire.A)
	r.hear(wire.A, wire.Message{Kind: wire.EventLoggedIn, Node: wire.B})
	require.Equal(t, "done", do("logout"))
	require.Equal(t, wire.Logout, r.out.Msgs[0].Kind)
	require.Equal(t, []string{"shut A"}, r.ports())
	require.Equal(t, "refused", do("logout"))
	r.step(node.Input{Kind: node.CarrierDown})
	r.step(node.Input{Kind: node.CarrierUp})
	require.Zero(t, r.waits(), "it wants no session")
	require.Equal(t, "done", do("login"))
	require.Equal(t, []string{"try A"}, r.ports())
	require.Equal(t, "refused", do("dance"))
}

// A client that logs out before the server has answered says so, since the server may have let it in: otherwise it would be counted as lost (P9).
func TestP9ALogoutBeforeTheAnswerIsToldToo(t *testing.T) {
	r := seeker(nil)
	r.up(wire.A)
	require.Equal(t, wire.Login, r.out.Msgs[0].Kind)
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 9, Verb: "logout"}})
	require.Equal(t, wire.Logout, r.out.Msgs[0].Kind)
	require.Equal(t, []string{"shut A"}, r.ports())
}

// A client whose own connection is lost rests, and comes back with the others: not at once.
func TestItsOwnConnectionIsLost(t *testing.T) {
	r := seeker(func(o *LoginOptions) { o.Jitter = true })
	r.up(wire.A)
	r.hear(wire.A, wire.Message{Kind: wire.EventLoggedIn, Node: wire.B})
	r.step(node.Input{Kind: node.CarrierDown})
	require.Equal(t, node.NoteSession, r.out.Notes[0].Kind)
	r.step(node.Input{Kind: node.CarrierUp})
	require.Positive(t, r.waits())
	require.LessOrEqual(t, r.waits(), 500*time.Millisecond)
	r.retry()
	require.Equal(t, []string{"try A"}, r.ports())
}

// TestX13NobodyIsAskedWithoutASession: a request that is made after the session has ended, however it did, waits for the next one.
func TestX13NobodyIsAskedWithoutASession(t *testing.T) {
	for name, in := range map[string]node.Input{
		"it logged out":        {Kind: node.Do, Cmd: &node.Command{ID: 9, Verb: "logout"}},
		"own connection lost":  {Kind: node.CarrierDown},
		"lost the server":      {Kind: node.PortDown, Peer: wire.A, Cause: node.CauseTimeout},
		"the server threw out": {Kind: node.PortDown, Peer: wire.A, Cause: node.CauseClosed},
	} {
		t.Run(name, func(t *testing.T) {
			r := seeker(nil)
			r.up(wire.A)
			r.hear(wire.A, wire.Message{Kind: wire.EventLoggedIn, Node: wire.B})
			r.hear(wire.A, primaryOf(1))
			require.Equal(t, wire.A, r.c.Primary())
			r.step(in)
			require.Equal(t, wire.None, r.c.Primary())
			r.out.Reset()
			_, err := r.c.Request(wire.Message{Kind: wire.RequestQueryServer}, true, &r.out)
			require.NoError(t, err)
			require.Empty(t, r.out.Msgs)
		})
	}
}

// Two clients draw different times, and one draws the same again when it is run again.
func TestJitterIsDrawnFromTheGivenGenerator(t *testing.T) {
	drawn := func(id wire.ID, inc uint64) (times []time.Duration) {
		r := &rig{c: New(id, node.Rules{}).LogIn(DefaultLoginOptions())}
		r.step(node.Input{Kind: node.Start, Inc: inc})
		for range 5 {
			r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: attemptTimer}})
			times = append(times, r.waits())
			r.retry()
		}
		return times
	}
	require.Equal(t, drawn(wire.Client(1), 1), drawn(wire.Client(1), 1))
	require.NotEqual(t, drawn(wire.Client(1), 1), drawn(wire.Client(2), 1))
	require.NotEqual(t, drawn(wire.Client(1), 1), drawn(wire.Client(1), 2))
}

func TestCanonicalHoldsTheLogin(t *testing.T) {
	for _, jitter := range []bool{false, true} {
		r := seeker(func(o *LoginOptions) { o.Jitter = jitter })
		r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: attemptTimer}})
		derived := []string{"opt"}
		if !jitter {
			derived = append(derived, "draws") // nothing is drawn
		}
		require.Empty(t, canontest.Unseen(r.c.login, func() []byte { return r.c.AppendCanonical(nil) }, derived))
		again := New(wire.Client(1), node.Rules{}).LogIn(r.c.login.opt)
		require.NoError(t, again.Restore(r.c.AppendCanonical(nil)))
		require.Equal(t, r.c, again)
	}
	require.NotEqual(t, pairconf.Key("a", "b c"), pairconf.Key("a b", "c"))
}

func TestLoginOptions(t *testing.T) {
	for want, change := range map[string]func(o *LoginOptions){
		"login-timeout is above 0":                      func(o *LoginOptions) { o.Timeout = 0 },
		"login-backoff is above 0":                      func(o *LoginOptions) { o.Backoff = -1 },
		"login-backoff-max is from login-backoff to 1h": func(o *LoginOptions) { o.BackoffMax = o.Backoff - 1 },
		"at most 64 bytes":                              func(o *LoginOptions) { o.User = string(make([]byte, 65)) },
	} {
		o := DefaultLoginOptions()
		require.NoError(t, o.Validate())
		change(&o)
		require.ErrorContains(t, o.Validate(), want)
	}
}
