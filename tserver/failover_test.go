package tserver

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/hasync/pairconf"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// secondary is B on an open link to A, which is active; it has read the switch and announced.
type secondary struct {
	t    *testing.T
	s    *Server
	out  node.Output
	full bool // the store takes nothing
}

func newSecondary(t *testing.T, change func(o *Options)) *secondary {
	o := DefaultOptions()
	o.PeerArbitration, o.HASyncDlyLnkConn = true, false
	if change != nil {
		change(&o)
	}
	r := &secondary{t: t, s: New(wire.B, o)}
	r.step(node.Input{Kind: node.Start, Inc: 4})
	r.step(node.Input{Kind: node.PortUp, Peer: wire.Switch, Inc: 1})
	r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotBegin, Seq: 7})
	r.hear(wire.Switch, wire.Message{Kind: wire.SnapshotEnd, Seq: 7})
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	r.hear(wire.A, wire.Message{Kind: wire.PeerHandshake, Role: wire.Primary, Epoch: 1, Num: 1, Sessions: 4})
	require.True(t, r.s.engine.Announced())
	return r
}

func (r *secondary) step(in node.Input) {
	r.out.Reset()
	r.s.Step(&in, &r.out)
	last := len(r.out.Ops) - 1
	if last < 0 || r.out.Ops[last].Kind != node.OpStore {
		return
	}
	first := r.out
	r.out = node.Output{}
	if answer := (node.Input{Kind: node.Stored}); !r.full {
		r.step(answer)
	} else {
		r.step(node.Input{Kind: node.StoreFailed, Text: "full"})
	}
	for _, op := range r.out.Ops {
		if op.Kind == node.OpSend {
			op.Index += int32(len(first.Msgs))
		}
		first.Ops = append(first.Ops, op)
	}
	first.Msgs = append(first.Msgs, r.out.Msgs...)
	r.out = first
}

func (r *secondary) hear(from wire.ID, m wire.Message) {
	r.step(node.Input{Kind: node.Receive, Peer: from, Msg: &m})
}

// kinds of what it sent somebody in the last step.
func (r *secondary) kinds(to wire.ID) (list []string) {
	for _, op := range r.out.Ops {
		if op.Kind == node.OpSend && op.Peer == to {
			list = append(list, r.out.Msgs[op.Index].Kind.String())
		}
	}
	return list
}

var c1 = wire.Client(1)

func (r *secondary) login(m wire.Message) []string {
	m.Kind = wire.Login
	if m.Text == "" {
		m.Text = "C1"
	}
	r.hear(c1, m)
	return r.kinds(c1)
}

// Those who came while it was open hear of the link, and of the primary, when it is active.
func TestP9WhoCameIsToldWhenTheServerIsActive(t *testing.T) {
	r := newSecondary(t, nil)
	r.step(node.Input{Kind: node.PortUp, Peer: c1, Inc: 1})
	require.Empty(t, r.kinds(c1), "it has to log in first")
	require.Equal(t, []string{"EventLoginRefused"}, r.login(wire.Message{}), "P4")
	r.hear(c1, wire.Message{Kind: wire.RegisterAddress, ThisDN: "1001"})
	require.Equal(t, []string{"EventError"}, r.kinds(c1))
	r.hear(wire.A, wire.Message{Kind: wire.ActivateRequest, Num: 1})
	require.Equal(t, []string{"EventLoggedIn"}, r.login(wire.Message{}), "it publishes nothing")
	require.Equal(t, []string{"ClientReport"}, r.kinds(wire.A))
	r.hear(wire.A, wire.Message{Kind: wire.HandOver, Epoch: 1, Text: "P9"})
	require.Equal(t, []string{"EventServerInfo", "EventLinkConnected"}, r.kinds(c1))
	require.Equal(t, uint64(2), r.s.engine.Epoch())
	// It is active: a client is welcomed at once, and what it has seen counts.
	r.step(node.Input{Kind: node.PortDown, Peer: c1, Cause: node.CauseGone})
	r.step(node.Input{Kind: node.PortUp, Peer: c1, Inc: 2})
	require.Equal(t, []string{"EventLoggedIn", "EventServerInfo", "EventLinkConnected", "EventServerInfo"}, r.login(wire.Message{Epoch: 5}))
	require.Equal(t, uint64(6), r.s.engine.Epoch(), "P13")
}

// TestP13WhatIsNotStoredHasNotHappened: a server that cannot store its epoch is no primary of it, not for a moment, and names nothing.
func TestP13WhatIsNotStoredHasNotHappened(t *testing.T) {
	r := newSecondary(t, nil)
	id := callmodel.CallID{Ref: 1, Born: 8}
	r.hear(wire.Switch, wire.Message{Kind: wire.CallCreated, Seq: 8, Call: id, ThisDN: "1001", OtherDN: "1002", CallType: callmodel.CallInternal})
	r.full = true
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseGone})
	require.Equal(t, wire.Backup, r.s.engine.Role())
	require.Zero(t, r.s.engine.Epoch())
	require.Zero(t, r.s.engine.ConnID(id))
	r.full = false
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: 67}}) // the store is tried again
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: 64}}) // activation-grace
	require.Equal(t, wire.Primary, r.s.engine.Role())
	require.Equal(t, uint64(2), r.s.engine.Epoch())
	require.NotZero(t, r.s.engine.ConnID(id))
}

func TestP13OnlyTheWordOfWhoMayLogInCounts(t *testing.T) {
	key := pairconf.Key("C1", "secret")
	r := newSecondary(t, func(o *Options) {
		o.FirstObjects = []pairconf.Object{{Name: "user/C1", Value: key, Version: pairconf.Version{N: 1}}}
	})
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseGone})
	require.Equal(t, uint64(2), r.s.engine.Epoch())
	r.step(node.Input{Kind: node.PortUp, Peer: c1, Inc: 9})
	for _, wrong := range []wire.Message{
		{Epoch: 7}, {Epoch: 7, Proof: key}, {Epoch: 7, Text: "C2"}, {Epoch: 7, Proof: pairconf.Proof(key, wire.B, 4, c1, 8)}, {Epoch: 7, Proof: pairconf.Proof(key, wire.A, 4, c1, 9)},
	} {
		require.Equal(t, []string{"EventLoginRefused"}, r.login(wrong))
	}
	r.hear(c1, wire.Message{Kind: wire.EpochSeen, Epoch: 7})
	require.Equal(t, uint64(2), r.s.engine.Epoch())
	require.Contains(t, r.login(wire.Message{Epoch: 7, Proof: pairconf.Proof(key, wire.B, 4, c1, 9)}), "EventLoggedIn")
	require.Equal(t, uint64(8), r.s.engine.Epoch())
}

// The T-Server sends nothing that the description of the interface does not know, and logs a client out in order or by an operator without a loss.
func TestP9LogoutAndKickAreNoLosses(t *testing.T) {
	r := newSecondary(t, nil)
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseGone})
	for _, end := range []func(){
		func() { r.hear(c1, wire.Message{Kind: wire.Logout}) },
		func() {
			r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 1, Verb: "kick", Args: map[string]string{"client": "C1"}}})
			require.Equal(t, []string{"EventLoggedOut"}, r.kinds(c1))
		},
	} {
		r.step(node.Input{Kind: node.PortUp, Peer: c1, Inc: 1})
		r.login(wire.Message{})
		require.Equal(t, 1, r.s.Arbiter().Sessions())
		end()
		require.Zero(t, r.s.Arbiter().Sessions())
		require.False(t, r.s.clients.connected(c1))
		r.step(node.Input{Kind: node.PortDown, Peer: c1, Cause: node.CauseClosed})
	}
}
