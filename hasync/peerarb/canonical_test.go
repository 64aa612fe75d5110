package peerarb

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/canon"
	"hotpair/internal/canon/canontest"
	"hotpair/internal/wire"
)

// rich is an arbiter in which every part of the state is in use.
func rich() *Arbiter {
	a := New(wire.A, DefaultOptions(), nil)
	a.dur = Durable{Own: 3, Highest: 4, Last: wire.A}
	a.highest, a.state = 5, Active
	a.sessions = []wire.ID{wire.Client(1)}
	a.link = link{up: true, sent: handshake{own: 3, highest: 4, sessions: 1}}
	a.request = request{num: 1}
	a.window = window{open: true, base: 2, noted: []wire.ID{wire.Client(1)}}
	a.asked = asked{id: 1, verb: "activate"}
	return a
}

func TestCanonicalHoldsEveryField(t *testing.T) {
	a := rich()
	require.Empty(t, canontest.Unseen(a, func() []byte { return a.AppendCanonical(nil) }, []string{
		"self", "opt", "server", // given when it is made
		"storing", "lostNow", // of one step, and what follows it at once
		"notedOff", // follows from the rest after Settle
	}))
	b := a.AppendCanonical(nil)
	again := New(wire.A, DefaultOptions(), nil)
	r := canon.NewReader(b)
	again.Restore(r)
	require.NoError(t, r.Err())
	require.Equal(t, a, again)
	for cut := range b {
		r := canon.NewReader(b[:cut])
		New(wire.A, DefaultOptions(), nil).Restore(r)
		require.ErrorIs(t, r.Err(), canon.ErrMalformed, "cut at %d", cut)
	}
}
