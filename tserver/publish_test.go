package tserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

var client1 = wire.Client(1)

// publishing is a primary of epoch 1 whose backup has sent Backup Ready, with a client that follows all DNs, and no call.
func publishing(t *testing.T, change func(*tserver.Options)) *rig {
	r := primary(t, change)
	r.up(client1)
	r.hear(client1, wire.Message{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN})
	r.released(call(1, 5))
	r.hear(wire.B, backupReady(5))
	return r
}

func (r *rig) ack(c callmodel.CallID, num uint64) {
	r.hear(wire.B, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: num, Call: c, ConnID: r.engine().ConnID(c)})
}

func (r *rig) answered(c callmodel.CallID) {
	r.seq++
	r.hear(wire.Switch, wire.Message{Kind: wire.CallAnswered, Seq: r.seq, Call: c})
}

// events returns the numbers of the call events that the last step sent to the client.
func (r *rig) events() (list [][2]uint64) {
	for _, op := range r.out.Ops {
		if op.Kind != node.OpSend || op.Peer != client1 {
			continue
		}
		if m := &r.out.Msgs[op.Index]; m.Kind.IsCallEvent() {
			list = append(list, [2]uint64{m.Seq, uint64(m.Sub)})
		}
	}
	return list
}

// setsPublishTimer reports whether the last step armed the timer of X7.
func (r *rig) setsPublishTimer() (after time.Duration) {
	for _, op := range r.out.Ops {
		if op.Kind == node.OpSet && op.Timer.Kind == 16 {
			after = op.After
		}
	}
	return after
}

func (r *rig) resume(seq uint64, sub uint32) (answer wire.Message) {
	r.t.Helper()
	r.hear(client1, wire.Message{Kind: wire.ResumeEvents, Seq: seq, Sub: sub})
	return r.one(client1, wire.EventResumed)
}

func TestX7EventsWaitForTheBackup(t *testing.T) {
	r := publishing(t, nil)
	r.created(call(2, 7))
	require.Empty(t, r.events())
	require.Equal(t, 200*time.Millisecond, r.setsPublishTimer())
	r.answered(call(2, 7))
	r.created(call(3, 9))
	require.Empty(t, r.events(), "and all events behind it")
	require.Zero(t, r.setsPublishTimer(), "the oldest one's time runs on")
	r.ack(call(2, 7), 2)
	require.Equal(t, [][2]uint64{{7, 0}, {7, 1}, {8, 0}, {8, 1}}, r.events())
	require.NotZero(t, r.setsPublishTimer(), "another event is the oldest now")
	r.ack(call(3, 9), 3)
	require.Equal(t, [][2]uint64{{9, 0}, {9, 1}}, r.events())
	r.answered(call(3, 9))
	require.Equal(t, [][2]uint64{{10, 0}, {10, 1}}, r.events(), "what is acknowledged does not wait")
}

func TestX7NobodyWaitsForNobody(t *testing.T) {
	for name, change := range map[string]func(*tserver.Options){
		"immediate": func(o *tserver.Options) { o.HAPublish = "immediate" },
		"X7 off":    func(o *tserver.Options) { o.Without = node.Off(node.X7) },
	} {
		t.Run(name, func(t *testing.T) {
			r := publishing(t, change)
			r.created(call(2, 7))
			require.Len(t, r.events(), 2)
		})
	}
	r := primary(t, nil)
	r.up(client1)
	r.hear(client1, wire.Message{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN})
	r.created(call(2, 6))
	require.Len(t, r.events(), 2, "the backup has sent no Backup Ready")
}

func TestX7GoesOnWithoutTheBackup(t *testing.T) {
	for name, end := range map[string]func(*rig){
		"it does not answer in time": func(r *rig) {
			r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: 16}})
			require.Equal(t, node.OpClose, r.out.Ops[0].Kind)
			require.Equal(t, wire.B, r.out.Ops[0].Peer)
		},
		"it fails":            func(r *rig) { r.down(wire.B) },
		"it loses the switch": func(r *rig) { r.peer(wire.B, wire.Backup, 1, callmodel.CTIDown, false) },
	} {
		t.Run(name, func(t *testing.T) {
			r := publishing(t, nil)
			r.created(call(2, 7))
			end(r)
			require.Len(t, r.events(), 2)
			ready, _ := r.engine().Readiness()
			require.False(t, ready)
		})
	}
}

func TestX7NobodyWaitsWithoutBound(t *testing.T) {
	r := publishing(t, func(o *tserver.Options) { o.ResumeBuffer = 0 })
	for i := range uint32(128) {
		require.Empty(t, r.events(), i)
		r.created(call(i+2, r.seq+1))
	}
	require.Empty(t, r.events(), "256 events wait")
	r.created(call(200, r.seq+1))
	require.Len(t, r.events(), 258, "there is no room for more")
}

func TestX7WhatWaitsIsNotABackupsToPublish(t *testing.T) {
	r := publishing(t, nil)
	r.created(call(2, 7))
	r.appoint(wire.B, 2, false)
	require.Empty(t, r.events())
	r.ack(call(2, 7), 2)
	require.Empty(t, r.events())
}

// follower is B, which has followed the switch beside A as a backup: call 2@6 was created, answered and released; call 3@9 was created.
func follower(t *testing.T, change func(*tserver.Options)) *rig {
	r := backup(t, change)
	r.up(client1)
	r.hear(client1, wire.Message{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN})
	r.created(call(2, 6))
	r.answered(call(2, 6))
	r.released(call(2, 6))
	r.created(call(3, 9))
	return r
}

func (r *rig) connIDs(c callmodel.CallID) (list []callmodel.ConnID) {
	for _, m := range r.out.Msgs {
		if m.Kind.IsCallEvent() && m.Call == c {
			list = append(list, m.ConnID)
		}
	}
	return list
}

func TestX8ResumesBehindWhatWasSeen(t *testing.T) {
	r := follower(t, nil)
	r.hear(wire.A, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 1, Call: call(2, 6), ConnID: 77}) // it is over already
	r.hear(wire.A, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 2, Call: call(3, 9), ConnID: 78})
	r.hear(client1, wire.Message{Kind: wire.ResumeEvents, Seq: 6})
	r.one(client1, wire.EventError) // a backup has published nothing
	r.appoint(wire.B, 2, false)
	answer := r.resume(6, 0)
	require.True(t, answer.Complete)
	require.Equal(t, uint64(7), answer.Num)
	require.Equal(t, [][2]uint64{{6, 1}, {7, 0}, {7, 1}, {8, 0}, {8, 1}, {9, 0}, {9, 1}}, r.events())
	require.Equal(t, []callmodel.ConnID{77, 77, 77, 77, 77}, r.connIDs(call(2, 6)))
	require.Equal(t, []callmodel.ConnID{78, 78}, r.connIDs(call(3, 9)))
	require.Empty(t, r.sent(client1, wire.EventPartyInfo))
	require.Zero(t, r.resume(9, 1).Num, "it has seen everything")
	require.True(t, r.resume(99, 0).Complete, "it is ahead")
}

func TestX8OnlyWhatIsRegistered(t *testing.T) {
	r := follower(t, nil)
	r.appoint(wire.B, 2, false)
	r.step(node.Input{Kind: node.PortDown, Peer: client1, Cause: node.CauseGoodbye})
	r.up(client1)
	r.hear(client1, wire.Message{Kind: wire.RegisterAddress, ThisDN: "1002"})
	r.resume(6, 0)
	require.Empty(t, r.events(), "the switch told of no such DN")
	r = newRig(t, wire.B, nil)
	r.up(client1)
	r.hear(client1, wire.Message{Kind: wire.RegisterAddress, ThisDN: "1002"})
	r.read(5)
	r.created(call(2, 6))
	r.up(wire.MLayer)
	r.appoint(wire.B, 2, false)
	r.resume(5, 9)
	r.one(client1, wire.EventResumed)
	r.hear(client1, wire.Message{Kind: wire.ResumeEvents, Seq: 6, Sub: 0})
	require.Equal(t, [][2]uint64{{6, 1}}, r.events(), "the called party's")
}

// TestX8UnnamedCallsThatAreOver: their ConnIDs came too late, or never. One call has one ConnID all the same.
func TestX8UnnamedCallsThatAreOver(t *testing.T) {
	r := follower(t, nil)
	r.appoint(wire.B, 2, false)
	r.resume(6, 0)
	for _, c := range []callmodel.CallID{call(2, 6), call(3, 9)} {
		ids := r.connIDs(c)
		require.NotZero(t, ids[0])
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
	}
	require.Equal(t, r.engine().ConnID(call(3, 9)), r.connIDs(call(3, 9))[0])
}

func TestX8BeyondTheBuffer(t *testing.T) {
	r := follower(t, func(o *tserver.Options) { o.ResumeBuffer = 4 })
	r.appoint(wire.B, 2, false)
	require.True(t, r.resume(7, 1).Complete, "four are kept")
	answer := r.resume(7, 0)
	require.False(t, answer.Complete)
	require.Equal(t, []uint64{9, 1}, []uint64{answer.Seq, uint64(answer.Sub)}, "the state is as of the last event")
	state := r.sent(client1, wire.EventPartyInfo)
	require.Equal(t, answer.Num, uint64(len(state)))
	require.Equal(t, []callmodel.CallID{call(1, 5), call(3, 9)}, []callmodel.CallID{state[0].Call, state[1].Call})
	require.Equal(t, r.engine().ConnID(call(3, 9)), state[1].ConnID)
	require.Empty(t, r.events())
}

func TestX8LossOfTheSwitchEmptiesTheBuffer(t *testing.T) {
	r := follower(t, nil)
	r.appoint(wire.B, 2, false)
	r.down(wire.Switch)
	require.False(t, r.resume(9, 1).Complete)
	r.read(12, call(3, 9), call(4, 11))
	require.Equal(t, [][2]uint64{{12, 16}, {12, 17}, {12, 18}, {12, 19}}, r.events(), "call 1 is gone, call 4 was found")
	require.False(t, r.resume(9, 1).Complete)
	require.False(t, r.resume(12, 0).Complete, "an event at 12 is missing")
	require.False(t, r.resume(12, 18).Complete, "nobody else finds the same")
	require.True(t, r.resume(12, 19).Complete)
	r.released(call(3, 9))
	require.Equal(t, [][2]uint64{{13, 0}, {13, 1}}, r.events())
	require.True(t, r.resume(13, 0).Complete)
	require.Equal(t, [][2]uint64{{13, 1}}, r.events())
}

// TestX8ReadAgainAtTheSameNumber: a release that was lost takes no number at the switch; reading it again finds that the call is gone.
func TestX8ReadAgainAtTheSameNumber(t *testing.T) {
	r := primary(t, nil)
	r.up(client1)
	r.hear(client1, wire.Message{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN})
	r.created(call(2, 6))
	require.Equal(t, [][2]uint64{{6, 0}, {6, 1}}, r.events())
	r.down(wire.Switch)
	r.read(6, call(2, 6))
	require.Equal(t, [][2]uint64{{6, 16}, {6, 17}}, r.events(), "call 1 is gone: no number is given twice")
}

// TestX9ReferenceInUse: the release of a stuck call is this T-Server's own finding; the new call's events have the numbers that they have at the other one.
func TestX9ReferenceInUse(t *testing.T) {
	r := publishing(t, func(o *tserver.Options) { o.HAPublish = "immediate" })
	r.created(call(2, 7))
	r.created(call(2, 8))
	require.Equal(t, [][2]uint64{{7, 16}, {7, 17}, {8, 0}, {8, 1}}, r.events())
}

// TestX8WhatWaitsComesLater: a client that resumes while events wait gets them when they are published.
func TestX8WhatWaitsComesLater(t *testing.T) {
	r := publishing(t, nil)
	r.created(call(2, 7))
	require.Zero(t, r.resume(6, 1).Num)
	r.ack(call(2, 7), 2)
	require.Len(t, r.events(), 2)
	r.created(call(3, 8))
	answer := r.resume(1, 0)
	require.False(t, answer.Complete)
	require.Equal(t, call(2, 7), r.one(client1, wire.EventPartyInfo).Call, "the other one's events follow")
}

// TestX8WhatWasNeverAgreedOn: a call that was over before the synchronization, and that the primary has not named to this backup, was perhaps seen
// with another ConnID.
func TestX8WhatWasNeverAgreedOn(t *testing.T) {
	done := wire.Message{Kind: wire.FullSyncDone, Epoch: 1, Num: 1, Reason: wire.Synchronized, Seq: 8}
	named := wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 1, Call: call(2, 6), ConnID: 77}
	for _, tt := range []struct {
		name     string
		says     []wire.Message
		complete bool
	}{
		{"over when it was agreed on, and never named", []wire.Message{done}, false},
		{"over when it was agreed on, and named", []wire.Message{named, done}, true},
		{"over when it was agreed on, and named then", []wire.Message{done, named}, true},
		{"over behind what was agreed on", []wire.Message{func() wire.Message { m := done; m.Seq = 5; return m }()}, true},
		{"never agreed on", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := follower(t, nil)
			for _, m := range tt.says {
				r.hear(wire.A, m)
			}
			r.appoint(wire.B, 2, false)
			require.Equal(t, tt.complete, r.resume(6, 0).Complete)
			require.True(t, r.resume(8, 1).Complete, "what followed concerns calls that both know")
		})
	}
}
