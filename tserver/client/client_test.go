package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/canon/canontest"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

type rig struct {
	c   *Client
	out node.Output
}

func (r *rig) step(in node.Input) {
	r.out.Reset()
	r.c.Step(&in, &r.out)
}

func (r *rig) hear(from wire.ID, m wire.Message) {
	r.step(node.Input{Kind: node.Receive, Peer: from, Msg: &m})
}

func ringing(epoch, seq uint64, sub uint32) wire.Message {
	return wire.Message{Kind: wire.EventRinging, Epoch: epoch, Seq: seq, Sub: sub, Call: callmodel.CallID{Ref: 1, Born: 1}, ConnID: 7, ThisDN: "1001"}
}

func primaryOf(epoch uint64) wire.Message {
	return wire.Message{Kind: wire.EventServerInfo, Epoch: epoch, Role: wire.Primary}
}

// acted reports whether the last step acted on an event.
func (r *rig) acted() bool { return len(r.out.Notes) == 1 && r.out.Notes[0].Kind == node.NoteActed }

func newRig() *rig {
	r := &rig{c: New(wire.Client(1), node.Rules{})}
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	return r
}

// TestX6EventsOfALowerEpochAreIgnored, and their sender is told of the higher one.
func TestX6EventsOfALowerEpochAreIgnored(t *testing.T) {
	r := newRig()
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	r.hear(wire.A, ringing(1, 1, 0))
	require.True(t, r.acted())
	r.hear(wire.B, primaryOf(2))
	r.hear(wire.A, ringing(1, 2, 0))
	require.Equal(t, []node.Note{{Kind: node.NoteIgnored, Peer: wire.A, N: 1, Call: callmodel.CallID{Ref: 1, Born: 1}, ConnID: 7}}, r.out.Notes)
	require.Equal(t, []wire.Message{{Kind: wire.EpochSeen, Epoch: 2}}, r.out.Msgs)
	r.hear(wire.A, wire.Message{Kind: wire.EventServerInfo, Epoch: 1, Role: wire.Backup})
	require.Empty(t, r.out.Msgs, "a backup takes itself for nothing")
	r.hear(wire.A, primaryOf(1))
	require.Equal(t, []wire.Message{{Kind: wire.EpochSeen, Epoch: 2}}, r.out.Msgs)
	r.hear(wire.B, wire.Message{Kind: wire.EventResumed, Epoch: 2, Complete: true})
	r.hear(wire.B, ringing(2, 2, 0))
	require.True(t, r.acted())
}

// TestX8Resume: what was seen is not seen again, what was missed is asked for, and what comes before the answer comes again.
func TestX8Resume(t *testing.T) {
	r := newRig()
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	r.hear(wire.A, primaryOf(1))
	require.Empty(t, r.out.Msgs, "nothing was seen yet")
	r.hear(wire.A, wire.Message{Kind: wire.EventLinkConnected, Epoch: 1, Seq: 4, Sub: 1})
	require.Empty(t, r.out.Msgs, "it begins here")
	r.hear(wire.A, primaryOf(1))
	require.Equal(t, []wire.Message{{Kind: wire.ResumeEvents, Epoch: 1, Seq: 4, Sub: 1}}, r.out.Msgs)
	r.hear(wire.A, wire.Message{Kind: wire.EventResumed, Epoch: 1, Complete: true})
	r.hear(wire.A, ringing(1, 5, 1))
	require.True(t, r.acted())
	r.hear(wire.A, ringing(1, 5, 1))
	require.False(t, r.acted(), "once")

	r.hear(wire.B, primaryOf(2))
	require.Equal(t, []wire.Message{{Kind: wire.ResumeEvents, Epoch: 2, Seq: 5, Sub: 1}}, r.out.Msgs)
	r.hear(wire.B, ringing(2, 8, 0))
	require.False(t, r.acted(), "it will come again, behind what is missing")
	r.hear(wire.B, wire.Message{Kind: wire.EventResumed, Epoch: 2, Num: 2, Seq: 8, Complete: true})
	require.Equal(t, []node.Note{{Kind: node.NoteResumed, Peer: wire.B, N: 2, M: 8, Text: "complete"}}, r.out.Notes)
	for _, m := range []wire.Message{ringing(2, 6, 0), ringing(2, 8, 0), ringing(2, 9, 0)} {
		r.hear(wire.B, m)
		require.True(t, r.acted(), m.Seq)
	}

	// A T-Server that does not know what was missed tells where it begins.
	r.hear(wire.A, primaryOf(3))
	r.hear(wire.B, wire.Message{Kind: wire.EventResumed, Epoch: 3, Complete: true})
	require.Empty(t, r.out.Notes, "B is not the one that is asked")
	r.hear(wire.A, wire.Message{Kind: wire.EventResumed, Epoch: 3, Num: 1, Seq: 20, Sub: 3})
	require.Equal(t, "incomplete", r.out.Notes[0].Text)
	r.hear(wire.A, wire.Message{Kind: wire.EventPartyInfo, Epoch: 3, Call: callmodel.CallID{Ref: 1, Born: 1}, ConnID: 7})
	require.True(t, r.acted())
	r.hear(wire.A, ringing(3, 20, 3))
	require.False(t, r.acted())
	r.hear(wire.A, ringing(3, 20, 4))
	require.True(t, r.acted())

	// The same T-Server, after the link was down.
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A})
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	r.hear(wire.A, primaryOf(3))
	require.Equal(t, []wire.Message{{Kind: wire.ResumeEvents, Epoch: 3, Seq: 20, Sub: 4}}, r.out.Msgs)
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A})
	require.Zero(t, r.c.resuming, "the answer will not come")
}

func TestRegistrations(t *testing.T) {
	r := newRig()
	require.Equal(t, []wire.Message{{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN}}, r.out.Msgs)
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "register", Args: map[string]string{"dn": "1001"}}})
	require.Equal(t, []wire.Message{{Kind: wire.RegisterAddress, ThisDN: "1001"}}, r.out.Msgs, "where it is connected")
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	require.Len(t, r.out.Msgs, 2, "and where it connects later")
	for _, cmd := range []node.Command{
		{Verb: "dance"}, {Verb: "register"}, {Verb: "register", Args: map[string]string{"dn": "1001"}}, {Verb: "register", Args: map[string]string{"dn": "1", "x": "y"}},
	} {
		r.step(node.Input{Kind: node.Do, Cmd: &cmd})
		require.Equal(t, node.NoteRefused, r.out.Notes[0].Kind, cmd.String())
	}
	r.step(node.Input{Kind: node.CarrierDown})
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "register", Args: map[string]string{"dn": "1002"}}})
	require.Empty(t, r.out.Msgs, "it is connected to nobody")
}

// TestR12ARegistrationThatIsMadeOnce: at the primary, again at the next one as long as nobody has answered, and not any more then.
func TestR12ARegistrationThatIsMadeOnce(t *testing.T) {
	r := &rig{c: New(wire.Client(1), node.Rules{}).RegisterOnly("1001", "1002").RegisterOnce()}
	asks := func(dns ...callmodel.DN) {
		var want []wire.Message
		for _, dn := range dns {
			want = append(want, wire.Message{Kind: wire.RegisterAddress, Epoch: r.c.epoch, ThisDN: dn})
		}
		var got []wire.Message
		for _, m := range r.out.Msgs {
			if m.Kind == wire.RegisterAddress {
				got = append(got, m)
			}
		}
		require.Equal(t, want, got)
	}
	for _, id := range []wire.ID{wire.A, wire.B} {
		r.step(node.Input{Kind: node.PortUp, Peer: id, Inc: 1})
		asks()
	}
	r.hear(wire.A, primaryOf(1))
	asks("1001", "1002")
	r.hear(wire.A, wire.Message{Kind: wire.EventRegistered, Epoch: 1, ThisDN: "1001"})
	r.hear(wire.B, primaryOf(2))
	asks("1002")
	r.hear(wire.A, wire.Message{Kind: wire.EventRegistered, Epoch: 2, ThisDN: "1002"})
	r.hear(wire.B, wire.Message{Kind: wire.EventRegistered, Epoch: 2, ThisDN: "1002"})
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "register", Args: map[string]string{"dn": "1003"}}})
	asks("1003")
	r.c.Unregister("1003", &r.out)
	r.step(node.Input{Kind: node.PortDown, Peer: wire.B})
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "register", Args: map[string]string{"dn": "1004"}}})
	asks()
	r.hear(wire.A, primaryOf(3))
	asks("1004")
}

// TestR12TheEndOfARegistrationIsToldToTheNextPrimary, as long as none has answered.
func TestR12TheEndOfARegistrationIsToldToTheNextPrimary(t *testing.T) {
	r := &rig{c: New(wire.Client(1), node.Rules{}).RegisterOnly("1001", "1002", "1003")}
	ends := func() (list []callmodel.DN) {
		for _, m := range r.out.Msgs {
			if m.Kind == wire.UnregisterAddress {
				list = append(list, m.ThisDN)
			}
		}
		return list
	}
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	r.hear(wire.A, primaryOf(1))
	for _, dn := range []callmodel.DN{"1001", "1002", "1003"} {
		r.out.Reset()
		require.True(t, r.c.Unregister(dn, &r.out))
		require.False(t, r.c.Unregister(dn, &r.out))
		require.Equal(t, []callmodel.DN{dn}, ends())
	}
	r.hear(wire.A, wire.Message{Kind: wire.EventUnregistered, Epoch: 1, ThisDN: "1001"})
	require.True(t, r.c.Register("1002", &r.out), "it wants it after all")
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	r.hear(wire.B, primaryOf(2))
	require.Equal(t, []callmodel.DN{"1003"}, ends())
	r.hear(wire.B, wire.Message{Kind: wire.EventError, Epoch: 2, Of: wire.UnregisterAddress, Code: callmodel.ErrNotRegistered, ThisDN: "1003"})
	r.hear(wire.A, primaryOf(3))
	require.Empty(t, ends())
}

func TestCanonicalHoldsEveryField(t *testing.T) {
	r := newRig()
	r.hear(wire.A, ringing(3, 2, 1))
	r.hear(wire.A, primaryOf(3))
	_, err := r.c.Request(wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002"}, true, &r.out)
	require.NoError(t, err)
	r.c.todo, r.c.leaving = []callmodel.DN{"1001"}, []callmodel.DN{"1002"}
	require.Empty(t, canontest.Unseen(r.c, func() []byte { return r.c.AppendCanonical(nil) }, []string{"self", "without", "observer", "login", "once"}))
	again := New(wire.Client(1), node.Rules{})
	require.NoError(t, again.Restore(r.c.AppendCanonical(nil)))
	require.Equal(t, r.c, again)
}
