package tserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/switchsim"
	"hotpair/tserver"
)

// wrapTimer of the only agent, whose DN is the second one.
var wrapTimer = node.Timer{Kind: 20, Key: 1}

// answeredFromQueue lets the agent at 1002, which works manual-in, have a call, which ends: it is in after-call work.
func answeredFromQueue(p *phone) {
	p.must(wire.Message{Kind: wire.RequestAgentLogin, ThisDN: "1002", Text: "alice", WorkMode: callmodel.WorkManualIn})
	p.must(wire.Message{Kind: wire.RequestAgentReady, ThisDN: "1002"})
	p.do("call", "name", "q", "from", "T1", "to", "Q1")
	c := p.connID("1002")
	p.must(wire.Message{Kind: wire.RequestAnswerCall, ThisDN: "1002", ConnID: c})
	p.must(wire.Message{Kind: wire.RequestReleaseCall, ThisDN: "1002", ConnID: c})
}

func (p *phone) agent(dn callmodel.DN) callmodel.AgentState {
	return p.must(wire.Message{Kind: wire.RequestQueryAddress, ThisDN: dn}).Agent
}

func (p *phone) data(c callmodel.ConnID) callmodel.AttachedData {
	return p.must(wire.Message{Kind: wire.RequestQueryCall, ConnID: c}).Data
}

func (p *phone) ready(id wire.ID) bool {
	ready, _ := p.pair[id-wire.A].Engine().Readiness()
	return ready
}

// TestR12ALateBackupGetsAllOfIt: attached data, after-call work with what is left of its time, and what was carried out, all before Full Sync Done.
func TestR12ALateBackupGetsAllOfIt(t *testing.T) {
	p := newPhone(t, func(_ *switchsim.Options, o *tserver.Options) { o.WrapUpTime = 8 * time.Second })
	c := p.established()
	attach := wire.Message{Kind: wire.RequestAttachUserData, RefID: 50, ThisDN: "1001", ConnID: c, Data: alice}
	p.must(attach)
	p.must(wire.Message{Kind: wire.RequestReleaseCall, RefID: 51, ThisDN: "1001", ConnID: c})
	p.refs = 100
	answeredFromQueue(p)
	require.Equal(t, callmodel.AgentAfterCallWork, p.agent("1002"))
	for range 3 {
		require.True(t, p.timers[wire.A][wrapTimer])
		p.step(wire.A, node.Input{Kind: node.Fired, Timer: wrapTimer})
	}
	c = p.must(wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1003", OtherDN: "1004", Data: alice}).ConnID
	p.must(wire.Message{Kind: wire.RequestAttachUserData, ThisDN: "1003", ConnID: c, Data: callmodel.Attach(callmodel.Pair{Key: "topic", Value: "x"})})

	p.backup()
	require.True(t, p.ready(wire.A))
	require.True(t, p.ready(wire.B))
	p.die()
	require.Equal(t, "name=alice topic=x", p.data(c).String())
	require.Equal(t, callmodel.AgentAfterCallWork, p.agent("1002"))
	require.Equal(t, wire.EventACK, p.must(attach).Kind, "it was carried out, and its call is over")
	for left := 5; left > 0; left-- {
		require.Equal(t, callmodel.AgentAfterCallWork, p.agent("1002"), "%d ticks are left", left)
		require.True(t, p.timers[wire.B][wrapTimer])
		p.step(wire.B, node.Input{Kind: node.Fired, Timer: wrapTimer})
		p.run()
	}
	require.Equal(t, callmodel.AgentReady, p.agent("1002"))
}

// TestR12TheWrapUpThatEndedUnseen: the time of after-call work was over at the backup when the primary died: the successor makes the agent ready.
func TestR12TheWrapUpThatEndedUnseen(t *testing.T) {
	p := newPhone(t, func(_ *switchsim.Options, o *tserver.Options) { o.WrapUpTime = 8 * time.Second })
	p.backup()
	answeredFromQueue(p)
	for range 8 {
		p.step(wire.B, node.Input{Kind: node.Fired, Timer: wrapTimer})
	}
	p.run()
	require.Equal(t, callmodel.AgentAfterCallWork, p.agent("1002"), "a backup asks the switch for nothing")
	p.die()
	require.Equal(t, callmodel.AgentReady, p.agent("1002"))
}

// TestR12AfterCallWorkThatWasNotToldYet: the switch tells of the agent, and the primary dies before it has told of after-call work.
func TestR12AfterCallWorkThatWasNotToldYet(t *testing.T) {
	p := newPhone(t, nil)
	p.backup()
	p.up[[2]wire.ID{wire.A, wire.Switch}] = false // it does not get the number that it needs (X8)
	answers := p.ask(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestQueryServer})
	require.NotEmpty(t, answers)
	p.up[[2]wire.ID{wire.Switch, wire.A}] = false
	p.step(wire.Switch, node.Input{Kind: node.Receive, Peer: wire.A, Msg: &wire.Message{Kind: wire.SwitchRequest, Epoch: 1, Of: wire.RequestAgentLogin, ThisDN: "1002", Text: "alice"}})
	p.step(wire.Switch, node.Input{Kind: node.Receive, Peer: wire.A, Msg: &wire.Message{
		Kind: wire.SwitchRequest, Epoch: 1, Of: wire.RequestAgentNotReady, ThisDN: "1002", WorkMode: callmodel.WorkAfterCall,
	}})
	p.run()
	p.die()
	require.Equal(t, callmodel.AgentAfterCallWork, p.agent("1002"))
}

// TestR12ChangesWhileTheHALinkWasDown: a call whose ConnID the backup has acknowledged is not tagged again (R5), but its data are told before Full Sync Done,
// whatever the method.
func TestR12ChangesWhileTheHALinkWasDown(t *testing.T) {
	for _, method := range []tserver.SyncMethod{"drain", "transfer"} {
		t.Run(string(method), func(t *testing.T) {
			p := newPhone(t, func(_ *switchsim.Options, o *tserver.Options) { o.HASyncMethod = method })
			p.backup()
			c := p.established()
			require.True(t, p.ready(wire.A))
			p.cut(wire.A, wire.B)
			p.must(wire.Message{Kind: wire.RequestAttachUserData, ThisDN: "1001", ConnID: c, Data: alice})
			require.False(t, p.ready(wire.A))
			p.link(wire.A, wire.B)
			p.run()
			require.True(t, p.ready(wire.A))
			p.agree()
			p.die()
			require.Equal(t, alice, p.data(c))
		})
	}
}

// TestR6CallsMergeWhileTagged: the tag stays with the ConnID that survives, and R12 tells the backup which it is.
func TestR6CallsMergeWhileTagged(t *testing.T) {
	p := newPhone(t, func(_ *switchsim.Options, o *tserver.Options) { o.HASyncMethod = "drain" })
	main := p.established()
	p.backup()
	require.False(t, p.ready(wire.A), "the call is waited out")
	consult := p.must(wire.Message{Kind: wire.RequestInitiateTransfer, ThisDN: "1002", ConnID: main, OtherDN: "1003"}).ConnID
	p.must(wire.Message{Kind: wire.RequestAnswerCall, ThisDN: "1003", ConnID: consult})
	require.False(t, p.ready(wire.A))
	p.must(wire.Message{Kind: wire.RequestCompleteTransfer, ThisDN: "1002", ConnID: main, TransferConnID: consult})
	require.True(t, p.ready(wire.A))
	p.agree()
	p.die()
	p.must(wire.Message{Kind: wire.RequestReleaseCall, ThisDN: "1003", ConnID: main})
	require.Equal(t, [3]int{}, p.count())
}

// TestX7AttachedDataWaitForTheBackup: clients see a change when the backup has acknowledged it, and everything behind it then.
func TestX7AttachedDataWaitForTheBackup(t *testing.T) {
	p := newPhone(t, nil)
	p.backup()
	c := p.established()
	p.up[[2]wire.ID{wire.B, wire.A}] = false // acknowledgements are late
	heard := len(p.heard[wire.Client(1)])
	require.Empty(t, p.ask(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestAttachUserData, ThisDN: "1001", ConnID: c, Data: alice}))
	require.Empty(t, p.ask(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestHoldCall, ThisDN: "1001", ConnID: c}), "it is behind")
	require.Len(t, p.heard[wire.Client(1)], heard)
	p.die()
	require.Equal(t, alice, p.data(c), "the backup has it")
}

// TestR12AnEventForLaterNamesTheCallNow: the backup's switch is late, so an event of the primary's waits; its ConnID, which is acknowledged, does not.
func TestR12AnEventForLaterNamesTheCallNow(t *testing.T) {
	p := newPhone(t, func(_ *switchsim.Options, o *tserver.Options) { o.HASyncMethod = hasync.Drain })
	c := p.established()
	p.backup()
	call := p.pair[0].Engine().CallOf(c)
	require.NotEqual(t, c, p.pair[1].Engine().ConnID(call), "it is tagged, and B calls it what it has invented")
	p.up[[2]wire.ID{wire.Switch, wire.B}] = false
	p.ask(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestAttachUserData, ThisDN: "1001", ConnID: c, Data: alice})
	require.Equal(t, c, p.pair[1].Engine().ConnID(call))
	require.Empty(t, p.pair[1].Engine().Data(call), "its time is to come")
}
