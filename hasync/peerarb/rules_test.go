package peerarb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// rig is one arbiter, and what it did in the last step, in words.
type rig struct {
	t      *testing.T
	arb    *Arbiter
	out    node.Output
	did    []string
	own    bool // EventLinkConnected is in force here, and at the peer
	peers  bool
	closed bool

	stored Durable
	full   bool     // the store takes nothing
	taken  *Durable // another incarnation has written
}

func (r *rig) Store(out *node.Output) { out.Store(nil) }
func (r *rig) Drop(clients []wire.ID, _ string, _ *node.Output) {
	r.did = append(r.did, fmt.Sprintf("drop %d", len(clients)))
}
func (r *rig) ActivityChanged(*node.Output) {}
func (r *rig) RenewLink(*node.Output)       { r.closed = true }
func (r *rig) Ready() (own, peers bool)     { return r.own, r.peers }

func newRig(t *testing.T, self wire.ID, stored Durable) *rig {
	r := &rig{t: t, own: true, peers: true, stored: stored}
	r.arb = New(self, DefaultOptions(), r)
	r.step(func() { r.arb.Start(stored, &r.out) })
	return r
}

// step lets something happen, and returns what the arbiter did: stored, messages, timers that it set, commands that it answered.
func (r *rig) step(happens func()) []string {
	r.did = nil
	r.arb.Begin()
	r.carryOut(happens)
	return r.did
}

// answers is what the store says.
func (r *rig) answers() {
	switch {
	case r.taken != nil:
		r.arb.Unstored(*r.taken, true, &r.out)
	case r.full:
		r.arb.Unstored(r.stored, false, &r.out)
	default:
		r.stored = r.arb.Durable()
		r.arb.Stored(&r.out)
	}
}

func (r *rig) carryOut(happens func()) {
	r.out = node.Output{}
	happens()
	for r.arb.Settle(&r.out) {
	}
	out := r.out
	for _, op := range out.Ops {
		switch op.Kind {
		case node.OpStore:
			r.did = append(r.did, "store")
			r.carryOut(r.answers)
		case node.OpSend:
			r.did = append(r.did, out.Msgs[op.Index].Kind.String())
		case node.OpSet:
			r.did = append(r.did, [...]string{"grace", "window", "report", "retry"}[op.Timer.Kind-graceTimer])
		case node.OpNote:
			if n := &out.Notes[op.Index]; n.Kind == node.NoteDone || n.Kind == node.NoteRefused {
				r.did = append(r.did, n.Kind.String())
			}
		}
	}
}

func (r *rig) is(state State, epoch uint64) {
	r.t.Helper()
	require.Equal(r.t, state.String(), r.arb.State().String())
	require.Equal(r.t, epoch, r.arb.Epoch())
}

func (r *rig) linkUp() []string   { return r.step(func() { r.arb.LinkUp(&r.out) }) }
func (r *rig) linkDown() []string { return r.step(func() { r.arb.LinkDown(&r.out) }) }
func (r *rig) fire(k node.TimerKind) []string {
	return r.step(func() { r.arb.Fired(node.Timer{Kind: k}, &r.out) })
}

func (r *rig) hear(m wire.Message) []string {
	return r.step(func() { require.True(r.t, r.arb.Receive(&m, &r.out)) })
}

func (r *rig) do(verb string) string {
	did := r.step(func() {
		cmd := &node.Command{ID: 9, Verb: verb}
		if verb == "activate" {
			r.arb.Activate(cmd, &r.out)
		} else {
			r.arb.Deactivate(cmd, &r.out)
		}
	})
	return strings.Join(did, " ")
}

// shake is a handshake of the peer: whether it is active, the epoch of its last activation, its sessions.
func shake(active bool, own, sessions uint64) wire.Message {
	m := wire.Message{Kind: wire.PeerHandshake, Role: wire.Backup, Epoch: own, Num: own, Sessions: sessions}
	if active {
		m.Role = wire.Primary
	}
	return m
}

func (r *rig) login(ids ...int) {
	for _, id := range ids {
		r.step(func() { r.arb.LoggedIn(wire.Client(id), &r.out) })
	}
}

func (r *rig) lose(ids ...int) (did []string) {
	for _, id := range ids {
		did = append(did, r.step(func() { r.arb.Lost(wire.Client(id), &r.out) })...)
	}
	return did
}

// holder is the primary, active on an open link, with n clients.
func holding(t *testing.T, n int) *rig {
	r := newRig(t, wire.A, Durable{})
	r.linkUp()
	r.hear(shake(false, 0, 0))
	r.is(Active, 1)
	for id := range n {
		r.login(id + 1)
	}
	return r
}

// waiting is the secondary on an open link to the primary, which is active in epoch 1.
func waiting(t *testing.T) *rig {
	r := newRig(t, wire.B, Durable{})
	r.linkUp()
	r.hear(shake(true, 1, 5))
	r.is(Inactive, 0)
	require.Equal(t, wire.A, r.arb.Durable().Last, "durably noted (P11)")
	return r
}

func TestP7AtOnceOrAfterGrace(t *testing.T) {
	r := waiting(t)
	require.Equal(t, []string{"store"}, r.linkDown())
	r.is(Active, 2)

	r = newRig(t, wire.B, Durable{Last: wire.A})
	require.Equal(t, []string{"grace"}, r.did, "it had no link to lose")
	r.is(Inactive, 0)
	r.fire(graceTimer)
	r.is(Active, 2)

	r = waiting(t) // its own connection is lost, and returns
	require.Empty(t, r.step(func() { r.arb.CarrierDown(&r.out) }))
	r.is(Inactive, 0)
	require.Equal(t, []string{"grace"}, r.step(r.arb.CarrierUp))

	r = newRig(t, wire.B, Durable{})
	r.linkUp()
	require.Equal(t, []string{"store"}, r.linkDown(), "a link that was lost before its handshake was lost all the same")
	r.is(Active, 2)
}

func TestP8TheMajorityInTheSameEvent(t *testing.T) {
	for _, tc := range []struct {
		name     string
		clients  int
		lost     []int
		inactive bool
	}{
		{"majority", 5, []int{1, 2, 3}, true},
		{"minority", 5, []int{1, 2}, false},
		{"exactly half", 4, []int{1, 2}, false},
		{"nobody", 0, nil, false},
	} {
		for _, linkFirst := range []bool{true, false} {
			r := holding(t, tc.clients)
			r.arb.opt.PartialLossThreshold = 100 // no request in between
			if linkFirst {
				r.linkDown()
			}
			r.lose(tc.lost...)
			if !linkFirst {
				r.linkDown()
			}
			require.Equal(t, tc.inactive, r.arb.State() == Inactive, "%s, link first: %t", tc.name, linkFirst)
			if tc.inactive {
				require.Equal(t, wire.B, r.arb.Durable().Last)
				require.Zero(t, r.arb.Sessions(), "the rest is dropped")
			}
		}
	}
	r := holding(t, 5)
	r.linkDown()
	r.fire(windowTimer)
	r.lose(1, 2, 3)
	r.is(Active, 1) // another event

	r = holding(t, 5)
	r.linkDown()
	r.lose(1, 2)
	r.login(1) // it is back
	r.lose(3)
	r.is(Active, 1)
	r.step(func() { r.arb.LoggedOut(wire.Client(4)) }) // no loss
	r.is(Active, 1)
	r.lose(5)
	r.is(Inactive, 1)

	r = holding(t, 5)
	r.linkDown()
	r.lose(1, 2)
	r.linkUp() // "and the link is still down"
	r.lose(3)
	r.is(Active, 1)

	r = holding(t, 3)
	r.step(func() { r.arb.CarrierDown(&r.out) })
	r.is(Active, 1) // no census without an own connection
	require.False(t, r.arb.window.open)
}

func TestP9RequestReportAndWithdrawal(t *testing.T) {
	r := holding(t, 5)
	require.Equal(t, []string{"window"}, r.lose(1), "one of five is 20 %, and below the least number")
	require.Equal(t, []string{"ActivateRequest", "report"}, r.lose(2))
	require.Empty(t, r.lose(3), "one request in a window")
	require.Empty(t, r.fire(windowTimer), "it does not close while the request is outstanding")
	require.True(t, r.arb.window.open)
	require.Empty(t, r.hear(wire.Message{Kind: wire.ClientReport, Num: 2, Node: wire.Client(1)}), "of another request")
	require.Equal(t, []string{"store", "drop 2", "HandOver"}, r.hear(wire.Message{Kind: wire.ClientReport, Num: 1, Node: wire.Client(1)}))
	r.is(Inactive, 1)
	require.Equal(t, wire.B, r.arb.Holder())

	r = holding(t, 5)
	r.lose(1, 2)
	require.Equal(t, []string{"ActivateWithdrawn"}, r.fire(reportTimer))
	require.Empty(t, r.hear(wire.Message{Kind: wire.ClientReport, Num: 1, Node: wire.Client(1)}), "it comes too late")
	require.True(t, r.arb.window.open)
	require.Empty(t, r.lose(3), "still the same window")
	r.fire(windowTimer)
	require.False(t, r.arb.window.open)
	require.Equal(t, []string{"window"}, r.lose(4))
	require.Equal(t, []string{"ActivateRequest", "report"}, r.lose(5))
	require.Equal(t, uint64(2), r.out.Msgs[0].Num)

	// The link goes down meanwhile: P9 turns into P8, and what is noticed of it now still belongs to it.
	r = holding(t, 5)
	r.lose(1, 2)
	r.fire(windowTimer)
	require.Equal(t, []string{"window"}, r.linkDown())
	r.is(Active, 1)
	r.lose(3)
	r.is(Inactive, 1)
}

func TestP9TheSecondaryOpensAndCloses(t *testing.T) {
	ask := wire.Message{Kind: wire.ActivateRequest, Num: 1}
	r := waiting(t)
	require.Empty(t, r.hear(ask), "nothing is stored, and no epoch taken")
	r.is(Open, 0)
	r.login(1)
	require.Equal(t, []string{"ClientReport"}, r.did)
	require.Equal(t, uint64(1), r.out.Msgs[0].Num)
	require.Empty(t, r.hear(wire.Message{Kind: wire.ActivateWithdrawn, Num: 2}), "another one")
	require.Equal(t, []string{"drop 1"}, r.hear(wire.Message{Kind: wire.ActivateWithdrawn, Num: 1}))
	r.is(Inactive, 0)

	r = waiting(t)
	r.hear(ask)
	r.login(1)
	require.Equal(t, []string{"store"}, r.hear(wire.Message{Kind: wire.HandOver, Text: "P9", Epoch: 1}))
	r.is(Active, 2)
	require.Equal(t, 1, r.arb.Sessions(), "who came stays")

	r = waiting(t)
	r.hear(ask)
	r.login(1)
	r.linkDown()
	r.is(Active, 2)
	require.Equal(t, 1, r.arb.Sessions())

	r = waiting(t)
	r.do("deactivate")
	r.hear(ask)
	r.is(Inactive, 0)

	r = waiting(t)
	r.hear(ask)
	r.step(func() { r.arb.CarrierDown(&r.out) })
	r.is(Inactive, 0)
}

func TestP10ActivateAndDeactivate(t *testing.T) {
	r := waiting(t)
	require.Equal(t, "AskActivity", r.do("activate"), "it is answered when the server is active")
	require.Equal(t, "refused", r.do("activate"), "one at a time")
	require.Equal(t, []string{"store", "done"}, r.hear(wire.Message{Kind: wire.HandOver, Text: "P10", Epoch: 1}))
	r.is(Active, 2)

	r = waiting(t)
	r.do("activate")
	require.Contains(t, r.linkDown(), "done", "P7 makes it active")

	r = holding(t, 1)
	require.Equal(t, []string{"store", "drop 1", "HandOver"}, r.hear(wire.Message{Kind: wire.AskActivity}))
	require.Equal(t, "AskActivity", r.do("activate"), "it is switched back")

	r = holding(t, 1)
	require.Equal(t, "store drop 1 HandOver done", r.do("deactivate"), "a holder hands over first")
	require.True(t, r.out.Msgs[0].Deactivated)
	require.True(t, r.arb.Durable().Off)
	require.Equal(t, "done", r.do("deactivate"), "again")
	require.Empty(t, r.linkDown())
	r.is(Inactive, 1) // whatever P7 to P13 say
	require.Equal(t, "store done", r.do("activate"))
	r.is(Active, 3)

	r = holding(t, 1)
	r.hear(wire.Message{Kind: wire.PeerDeactivated, Deactivated: true})
	require.Equal(t, "store drop 1 PeerDeactivated done", r.do("deactivate"), "unless the other is deactivated, too")
	require.Equal(t, wire.A, r.arb.Holder())
	require.Equal(t, []string{"store", "HandOver"}, r.hear(wire.Message{Kind: wire.PeerDeactivated}), "and when that one is activated, it hands over")

	r = newRig(t, wire.A, Durable{Off: true})
	require.Empty(t, r.did, "no grace for a server that is deactivated")
	r.linkUp()
	require.Equal(t, "refused", r.do("activate"), "before the peer's handshake no command changes the role")
	require.Equal(t, "refused", r.do("deactivate"))
	r.is(Inactive, 0)
}

func TestP11TheHolderFollowsFromBothHandshakes(t *testing.T) {
	idle := handshake{}
	off := handshake{off: true}
	for _, tc := range []struct {
		a, b handshake
		want wire.ID
	}{
		{idle, idle, wire.A},
		{idle, handshake{own: 2}, wire.B},
		{handshake{own: 3}, handshake{own: 2}, wire.A},
		{off, idle, wire.B},
		{handshake{own: 3, off: true}, idle, wire.B},
		{off, off, wire.A},
		{off, handshake{own: 2, off: true}, wire.B},
		{handshake{active: true, own: 1}, handshake{own: 2}, wire.A},
		{idle, handshake{active: true, own: 2}, wire.B},
		{handshake{active: true, own: 1, sessions: 3}, handshake{active: true, own: 2, sessions: 2}, wire.A},
		{handshake{active: true, own: 1, sessions: 2}, handshake{active: true, own: 2, sessions: 2}, wire.B},
		{handshake{active: true, own: 3, sessions: 2}, handshake{active: true, own: 2, sessions: 2}, wire.A},
	} {
		require.Equal(t, tc.want, holder(tc.a, tc.b), "%+v %+v", tc.a, tc.b)
	}
	// It is named from what was sent, not from what is so when the peer's handshake comes.
	r := newRig(t, wire.A, Durable{})
	r.fire(graceTimer)
	r.login(1, 2)
	r.linkUp()
	r.lose(1, 2)
	r.hear(shake(true, 2, 1))
	require.Equal(t, wire.A, r.arb.Holder())
	r.is(Active, 3)

	// A primary that has noted the secondary as last active waits for ever; one that has not, for activation-grace.
	require.Empty(t, newRig(t, wire.A, Durable{Last: wire.B}).did)
	require.Equal(t, []string{"grace"}, newRig(t, wire.A, Durable{Last: wire.A, Own: 1}).did)

	// A hand-over to a server that is deactivated comes back, unless the other is, too.
	for _, both := range []bool{false, true} {
		r = waiting(t)
		r.do("deactivate")
		did := r.hear(wire.Message{Kind: wire.HandOver, Text: "P12", Epoch: 1, Deactivated: both})
		require.Equal(t, !both, len(did) > 0 && did[len(did)-1] == "HandOver")
		r.is(Inactive, 0)
	}
	// Nobody but the holder hands over.
	r = holding(t, 1)
	r.hear(wire.Message{Kind: wire.HandOver, Text: "P9"})
	require.Equal(t, node.NoteBadInput, r.out.Notes[0].Kind)
	r.is(Active, 1)
}

func TestP12HandsOverWhenTheOtherHasAnnounced(t *testing.T) {
	r := holding(t, 1)
	r.own, r.peers = false, false
	require.Empty(t, r.step(func() {}), "the other one could do no better")
	r.hear(wire.Message{Kind: wire.PeerDeactivated, Deactivated: true})
	r.peers = true
	require.Empty(t, r.step(func() {}), "it is deactivated")
	require.Equal(t, []string{"store", "drop 1", "HandOver"}, r.hear(wire.Message{Kind: wire.PeerDeactivated}))
	r.is(Inactive, 1)
}

func TestP13EpochsWithoutAnArbiter(t *testing.T) {
	require.Equal(t, []uint64{1, 3, 3, 5}, []uint64{next(wire.A, 0), next(wire.A, 1), next(wire.A, 2), next(wire.A, 3)})
	require.Equal(t, []uint64{2, 2, 4, 4}, []uint64{next(wire.B, 0), next(wire.B, 1), next(wire.B, 2), next(wire.B, 3)})

	r := holding(t, 1)
	require.Equal(t, []string{"store"}, r.step(func() { r.arb.HeardOfEpoch(wire.Client(2), 4, &r.out) }), "from a client")
	r.is(Active, 5)
	r.step(func() { r.arb.HeardOfEpoch(wire.Client(2), 1<<40, &r.out) })
	require.Equal(t, node.NoteBadInput, r.out.Notes[0].Kind, "a made-up one would use up the numbers")
	r.is(Active, 5)

	r = newRig(t, wire.B, Durable{}) // both are active, and the link heals
	r.fire(graceTimer)
	r.login(1, 2, 3)
	r.linkUp()
	require.Equal(t, []string{"store"}, r.hear(shake(true, 3, 2)))
	r.is(Active, 4)
	r = newRig(t, wire.B, Durable{})
	r.fire(graceTimer)
	r.login(1)
	r.linkUp()
	require.Equal(t, []string{"store", "drop 1"}, r.hear(shake(true, 3, 2)))
	r.is(Inactive, 2)
}

func TestP13WhatIsNotDurableIsNotSo(t *testing.T) {
	r := waiting(t)
	r.full = true
	r.linkDown()
	r.is(Inactive, 0)
	require.Equal(t, "refused", r.do("activate"), "the store is left alone for a while")
	require.Equal(t, []string{"store", "retry"}, r.fire(storeTimer))
	r.full = false
	require.Contains(t, r.fire(storeTimer), "grace")
	r.fire(graceTimer)
	r.is(Active, 2)

	// An epoch that was not stored, and that the peer tells of, is one that was seen, whatever else is not stored.
	r = waiting(t)
	r.full = true
	r.linkDown()
	r.step(func() { r.arb.HeardOfEpoch(wire.A, 2, &r.out) })
	r.fire(storeTimer)
	r.full = false
	r.fire(storeTimer)
	r.fire(graceTimer)
	r.is(Active, 4)

	// One that was active, and could not note that it handed over, still is.
	r = holding(t, 2)
	r.full = true
	require.Equal(t, "store retry refused", r.do("deactivate"))
	r.is(Active, 1)
	require.False(t, r.arb.Deactivated())
	require.False(t, r.closed, "nothing has happened")

	// Another incarnation has written: it is that one's turn.
	r = holding(t, 2)
	r.taken = &Durable{Own: 3, Highest: 3, Last: wire.A}
	require.Equal(t, "store drop 2 retry refused", r.do("deactivate"))
	r.is(Inactive, 3)
	require.True(t, r.closed)
}

// TestP11WhoCannotBecomeActiveBeginsAnew: the other one has handed over, and may be the holder again.
func TestP11WhoCannotBecomeActiveBeginsAnew(t *testing.T) {
	r := waiting(t)
	r.full = true
	r.hear(wire.Message{Kind: wire.HandOver, Epoch: 1, Text: "P10"})
	r.is(Inactive, 0)
	require.True(t, r.closed)
	r.linkUp()
	r.hear(shake(false, 1, 0))
	require.Equal(t, wire.A, r.arb.Holder())
}

// TestP11WhoCannotNoteTheHolderIsInactiveAllTheSame.
func TestP11WhoCannotNoteTheHolderIsInactiveAllTheSame(t *testing.T) {
	r := newRig(t, wire.B, Durable{})
	r.fire(graceTimer)
	r.login(1)
	r.linkUp()
	r.full = true
	require.Equal(t, []string{"store", "drop 1", "retry"}, r.hear(shake(true, 3, 2)))
	r.is(Inactive, 2)
	r.full = false
	require.Contains(t, r.fire(storeTimer), "store")
	require.Equal(t, wire.A, r.stored.Last, "noted when it can be")
}
