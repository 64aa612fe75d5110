package tserver_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/switchsim"
	"hotpair/tserver"
)

var (
	alice = callmodel.Attach(callmodel.Pair{Key: "name", Value: "alice"})
	large = callmodel.Attach(callmodel.Pair{Key: "k", Value: strings.Repeat("x", callmodel.DefaultDataLimit)})
)

// scene is a situation in which a request is right, and the request.
type scene struct {
	set func(p *phone) wire.Message
	// wrong is what is of no use in the situation, beside what is wrong with every request: by code, what is changed.
	wrong map[callmodel.ErrorCode]func(p *phone, m *wire.Message)
}

func plain(kind wire.Kind, m wire.Message) func(*phone) wire.Message {
	return func(*phone) wire.Message {
		m.Kind = kind
		return m
	}
}

// inCall is a request of 1002, which is in a call with 1001.
func inCall(kind wire.Kind, more wire.Message) func(*phone) wire.Message {
	return func(p *phone) wire.Message {
		m := more
		m.Kind, m.ThisDN, m.ConnID = kind, "1002", p.established()
		return m
	}
}

// consulting is a request of 1002, which is in a call with 1001 and has asked 1003 about it.
func consulting(kind wire.Kind, answered bool) func(*phone) wire.Message {
	return func(p *phone) wire.Message {
		main := p.established()
		consult := p.must(wire.Message{Kind: wire.RequestInitiateTransfer, ThisDN: "1002", ConnID: main, OtherDN: "1003"}).ConnID
		if answered {
			p.must(wire.Message{Kind: wire.RequestAnswerCall, ThisDN: "1003", ConnID: consult})
		}
		m := wire.Message{Kind: kind, ThisDN: "1002", ConnID: main, TransferConnID: consult}
		if kind == wire.RequestAlternateCall {
			m.ConnID, m.TransferConnID = consult, main
		}
		return m
	}
}

func ringing(kind wire.Kind, more wire.Message) func(*phone) wire.Message {
	return func(p *phone) wire.Message {
		m := more
		m.Kind, m.ThisDN = kind, "1002"
		m.ConnID = p.must(wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002"}).ConnID
		return m
	}
}

func loggedIn(kind wire.Kind, more wire.Message) func(*phone) wire.Message {
	return func(p *phone) wire.Message {
		p.must(wire.Message{Kind: wire.RequestAgentLogin, ThisDN: "1002", Text: "alice"})
		m := more
		m.Kind, m.ThisDN = kind, "1002"
		return m
	}
}

func from(dn callmodel.DN) func(*phone, *wire.Message) {
	return func(_ *phone, m *wire.Message) { m.ThisDN = dn }
}

func to(dn callmodel.DN) func(*phone, *wire.Message) {
	return func(_ *phone, m *wire.Message) { m.OtherDN = dn }
}

// busy makes 1004 busy.
func busy(p *phone, m *wire.Message) {
	p.must(wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1004", OtherDN: "1005"})
	m.OtherDN = "1004"
}

type wrongs = map[callmodel.ErrorCode]func(*phone, *wire.Message)

// scenes has one for every request.
var scenes = map[wire.Kind]scene{
	wire.RequestMakeCall: {plain(wire.RequestMakeCall, wire.Message{ThisDN: "1001", OtherDN: "1002", Data: alice}), wrongs{
		callmodel.ErrWrongState:  func(p *phone, _ *wire.Message) { p.established() },
		callmodel.ErrBadArgument: to("1001"),
		callmodel.ErrUnknownDN:   to("9999"),
	}},
	wire.RequestAnswerCall: {ringing(wire.RequestAnswerCall, wire.Message{}), wrongs{callmodel.ErrWrongState: from("1001")}},
	wire.RequestReleaseCall: {inCall(wire.RequestReleaseCall, wire.Message{}), wrongs{
		callmodel.ErrWrongState: func(p *phone, m *wire.Message) {
			p.do("call", "name", "q", "from", "T1", "to", "Q1")
			m.ThisDN, m.ConnID = "Q1", p.connID("Q1")
		},
	}},
	wire.RequestHoldCall: {inCall(wire.RequestHoldCall, wire.Message{}), wrongs{
		callmodel.ErrWrongState: func(p *phone, m *wire.Message) { p.must(*m) },
	}},
	wire.RequestRetrieveCall: {func(p *phone) wire.Message {
		m := inCall(wire.RequestHoldCall, wire.Message{})(p)
		p.must(m)
		m.Kind = wire.RequestRetrieveCall
		return m
	}, wrongs{callmodel.ErrWrongState: from("1001")}},
	wire.RequestAlternateCall: {consulting(wire.RequestAlternateCall, true), wrongs{
		callmodel.ErrWrongState: func(_ *phone, m *wire.Message) { m.ConnID, m.TransferConnID = m.TransferConnID, m.ConnID },
	}},
	wire.RequestInitiateTransfer: {inCall(wire.RequestInitiateTransfer, wire.Message{OtherDN: "1003", Data: alice}), wrongs{
		callmodel.ErrUnknownDN:  to("9999"),
		callmodel.ErrWrongState: to("1001"),
	}},
	wire.RequestInitiateConference: {inCall(wire.RequestInitiateConference, wire.Message{OtherDN: "1003", Data: alice}), wrongs{callmodel.ErrUnknownDN: to("9999")}},
	wire.RequestCompleteTransfer: {consulting(wire.RequestCompleteTransfer, false), wrongs{
		callmodel.ErrWrongState: func(_ *phone, m *wire.Message) { m.ConnID, m.TransferConnID = m.TransferConnID, m.ConnID },
	}},
	wire.RequestCompleteConference: {consulting(wire.RequestCompleteConference, true), wrongs{
		callmodel.ErrWrongState: func(p *phone, m *wire.Message) {
			p.must(wire.Message{Kind: wire.RequestReleaseCall, ThisDN: "1003", ConnID: m.TransferConnID})
			m.TransferConnID = p.must(wire.Message{Kind: wire.RequestInitiateConference, ThisDN: "1002", ConnID: m.ConnID, OtherDN: "1004"}).ConnID
		},
	}},
	wire.RequestSingleStepTransfer: {inCall(wire.RequestSingleStepTransfer, wire.Message{OtherDN: "1003", Data: alice}), wrongs{
		callmodel.ErrBusy: busy, callmodel.ErrUnknownDN: to("9999"), callmodel.ErrWrongState: func(p *phone, m *wire.Message) {
			p.must(wire.Message{Kind: wire.RequestHoldCall, ThisDN: "1002", ConnID: m.ConnID})
		},
	}},
	wire.RequestSingleStepConference: {inCall(wire.RequestSingleStepConference, wire.Message{OtherDN: "1003", Data: alice}), wrongs{
		callmodel.ErrBusy: busy, callmodel.ErrUnknownDN: to("9999"), callmodel.ErrWrongState: to("1001"),
	}},
	wire.RequestDeleteFromConference: {func(p *phone) wire.Message {
		p.must(consulting(wire.RequestCompleteConference, true)(p))
		return wire.Message{Kind: wire.RequestDeleteFromConference, ThisDN: "1001", ConnID: p.connID("1001"), OtherDN: "1003"}
	}, wrongs{callmodel.ErrForeignCall: to("1005"), callmodel.ErrBadArgument: to("1001")}},
	wire.RequestRedirectCall: {ringing(wire.RequestRedirectCall, wire.Message{OtherDN: "1003", Data: alice}), wrongs{
		callmodel.ErrBusy: busy, callmodel.ErrUnknownDN: to("9999"), callmodel.ErrWrongState: from("1001"),
	}},
	wire.RequestRouteCall: {func(p *phone) wire.Message {
		p.do("call", "name", "r", "from", "T1", "to", "RP1")
		return wire.Message{Kind: wire.RequestRouteCall, ThisDN: "RP1", ConnID: p.connID("RP1"), OtherDN: "1003", Data: alice}
	}, wrongs{callmodel.ErrBusy: busy, callmodel.ErrUnknownDN: to("9999"), callmodel.ErrWrongState: from("T1")}},
	wire.RequestAttachUserData: {inCall(wire.RequestAttachUserData, wire.Message{Data: alice}), wrongs{
		callmodel.ErrTooMuchData: func(p *phone, m *wire.Message) { // together they are too large
			p.must(*m)
			m.Data = callmodel.Attach(callmodel.Pair{Key: "k", Value: strings.Repeat("x", callmodel.DefaultDataLimit-10)})
		},
	}},
	wire.RequestUpdateUserData: {inCall(wire.RequestUpdateUserData, wire.Message{Data: alice}), nil},
	wire.RequestDeletePair: {func(p *phone) wire.Message {
		p.must(inCall(wire.RequestAttachUserData, wire.Message{Data: alice})(p))
		return wire.Message{Kind: wire.RequestDeletePair, ThisDN: "1002", ConnID: p.connID("1002"), Text: "name"}
	}, wrongs{callmodel.ErrWrongState: func(_ *phone, m *wire.Message) { m.Text = "nothing" }}},
	wire.RequestDeleteUserData: {inCall(wire.RequestDeleteUserData, wire.Message{}), nil},
	wire.RequestAgentLogin: {plain(wire.RequestAgentLogin, wire.Message{ThisDN: "1002", Text: "bob", WorkMode: callmodel.WorkManualIn}), wrongs{
		callmodel.ErrWrongState:  func(p *phone, m *wire.Message) { p.must(wire.Message{Kind: m.Kind, ThisDN: "1003", Text: m.Text}) },
		callmodel.ErrBadArgument: func(_ *phone, m *wire.Message) { m.WorkMode = callmodel.WorkAux },
		callmodel.ErrUnknownDN:   from("T1"),
	}},
	wire.RequestAgentLogout: {loggedIn(wire.RequestAgentLogout, wire.Message{}), wrongs{callmodel.ErrWrongState: from("1003"), callmodel.ErrUnknownDN: from("Q1")}},
	wire.RequestAgentReady: {loggedIn(wire.RequestAgentReady, wire.Message{}), wrongs{
		callmodel.ErrWrongState: from("1003"), callmodel.ErrBadArgument: func(_ *phone, m *wire.Message) { m.WorkMode = callmodel.WorkAfterCall },
	}},
	wire.RequestAgentNotReady: {loggedIn(wire.RequestAgentNotReady, wire.Message{WorkMode: callmodel.WorkAfterCall}), wrongs{
		callmodel.ErrWrongState: from("1003"), callmodel.ErrBadArgument: func(_ *phone, m *wire.Message) { m.WorkMode = callmodel.WorkAutoIn },
	}},
	wire.RequestSetDNDOn:  {plain(wire.RequestSetDNDOn, wire.Message{ThisDN: "1002"}), wrongs{callmodel.ErrUnknownDN: from("T1")}},
	wire.RequestSetDNDOff: {plain(wire.RequestSetDNDOff, wire.Message{ThisDN: "1002"}), wrongs{callmodel.ErrUnknownDN: from("Q1")}},
	wire.RequestCallForwardSet: {plain(wire.RequestCallForwardSet, wire.Message{ThisDN: "1002", OtherDN: "1003"}), wrongs{
		callmodel.ErrUnknownDN: to("9999"), callmodel.ErrBadArgument: to("1002"),
	}},
	wire.RequestCallForwardCancel: {plain(wire.RequestCallForwardCancel, wire.Message{ThisDN: "1002"}), wrongs{callmodel.ErrUnknownDN: from("T1")}},
	wire.RequestQueryAddress:      {plain(wire.RequestQueryAddress, wire.Message{ThisDN: "1002"}), wrongs{callmodel.ErrUnknownDN: from("9999")}},
	wire.RequestQueryCall: {func(p *phone) wire.Message {
		return wire.Message{Kind: wire.RequestQueryCall, ConnID: p.established()}
	}, nil},
	wire.RequestQueryServer: {plain(wire.RequestQueryServer, wire.Message{}), nil},
	wire.RequestQueryRequest: {func(p *phone) wire.Message {
		p.established()
		return wire.Message{Kind: wire.RequestQueryRequest, Num: p.refs}
	}, wrongs{callmodel.ErrVoid: func(_ *phone, m *wire.Message) { m.Num = 1000 }}},
}

// refused makes a request that is to be refused, and holds that nothing but the error comes of it.
func refused(t *testing.T, p *phone, m wire.Message, client, at wire.ID, want callmodel.ErrorCode) {
	t.Helper()
	before, heard := p.count(), len(p.heard[wire.Client(1)])
	answers := p.ask(client, at, m)
	require.Len(t, answers, 1, "%s: %s", m.Kind, want)
	require.Equal(t, wire.EventError, answers[0].Kind, "%s: wanted %s", m.Kind, want)
	require.Equal(t, want, answers[0].Code, "%s: %s", m.Kind, answers[0].Text)
	require.NotEmpty(t, answers[0].Text)
	require.Equal(t, m.Kind, answers[0].Of)
	require.Equal(t, before, p.count(), "no call has come or gone")
	if client == wire.Client(1) {
		heard++
	}
	require.Len(t, p.heard[wire.Client(1)], heard, "nothing else is told")
}

// TestRequests: every request is carried out where it is right, and answered once; and with every wrong argument it gets its EventError.
func TestRequests(t *testing.T) {
	c1 := wire.Client(1)
	for kind := wire.RequestMakeCall; kind <= wire.RequestQueryRequest; kind++ {
		sc, ok := scenes[kind]
		require.True(t, ok, "%s has no scene", kind)
		t.Run(kind.String(), func(t *testing.T) {
			p := newPhone(t, nil)
			m := sc.set(p)
			require.Equal(t, kind, m.Kind)
			p.must(m)

			wrong := func(want callmodel.ErrorCode, change func(p *phone, m *wire.Message)) {
				p := newPhone(t, nil)
				m := sc.set(p)
				change(p, &m)
				refused(t, p, m, c1, wire.A, want)
			}
			for code, change := range sc.wrong {
				wrong(code, change)
			}
			isQuery := kind == wire.RequestQueryServer || kind == wire.RequestQueryAddress || kind == wire.RequestQueryCall
			if m.ThisDN != "" {
				wrong(callmodel.ErrBadArgument, from(""))
				wrong(callmodel.ErrUnknownDN, from("9999"))
			}
			if m.OtherDN != "" {
				wrong(callmodel.ErrBadArgument, to(""))
			} else {
				wrong(callmodel.ErrBadArgument, to("1007"))
			}
			if m.ConnID != 0 {
				wrong(callmodel.ErrBadArgument, func(_ *phone, m *wire.Message) { m.ConnID = 0 })
				wrong(callmodel.ErrUnknownCall, func(_ *phone, m *wire.Message) { m.ConnID = 12345 })
				if m.ThisDN != "" {
					wrong(callmodel.ErrForeignCall, from("1008"))
				}
			}
			if m.TransferConnID != 0 {
				wrong(callmodel.ErrBadArgument, func(_ *phone, m *wire.Message) { m.TransferConnID = 0 })
				wrong(callmodel.ErrUnknownCall, func(_ *phone, m *wire.Message) { m.TransferConnID = 12345 })
			}
			if m.Data != "" {
				wrong(callmodel.ErrTooMuchData, func(_ *phone, m *wire.Message) { m.Data = large })
			} else {
				wrong(callmodel.ErrBadArgument, func(_ *phone, m *wire.Message) { m.Data = alice })
			}
			wrong(callmodel.ErrBadArgument, func(_ *phone, m *wire.Message) { m.Mode = callmodel.RegPrivate })
			if !isQuery && m.ThisDN != "" {
				p := newPhone(t, nil)
				m := sc.set(p)
				refused(t, p, m, wire.Client(2), wire.A, callmodel.ErrNotRegistered)
				p.say(wire.Client(2), wire.A, wire.Message{Kind: wire.RegisterAddress, ThisDN: m.ThisDN, Mode: callmodel.RegMonitor})
				refused(t, p, m, wire.Client(2), wire.A, callmodel.ErrNotRegistered)
			}
			if kind == wire.RequestQueryServer {
				return
			}
			p = newPhone(t, nil)
			p.backup()
			refused(t, p, sc.set(p), c1, wire.B, callmodel.ErrNotPrimary)
			p = newPhone(t, nil)
			m = sc.set(p)
			p.cut(wire.A, wire.Switch)
			p.heard[c1] = nil
			refused(t, p, m, c1, wire.A, callmodel.ErrLinkDown)
		})
	}
}

// TestABadReference: 0 is none.
func TestABadReference(t *testing.T) {
	p := newPhone(t, nil)
	p.say(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002"})
	last := p.heard[wire.Client(1)][len(p.heard[wire.Client(1)])-1]
	require.Equal(t, callmodel.ErrBadReference, last.Code)
	require.Zero(t, p.sw.Calls())
}

// TestX13OnceOnly: a request that comes again, to the same T-Server or to another one, is carried out once and answered each time.
func TestX13OnceOnly(t *testing.T) {
	p := newPhone(t, nil)
	p.backup()
	m := wire.Message{Kind: wire.RequestMakeCall, RefID: 7, ThisDN: "1001", OtherDN: "1002"}
	connID := p.must(m).ConnID
	again := p.must(m)
	require.Equal(t, wire.EventACK, again.Kind)
	require.Equal(t, connID, again.ConnID)
	data := wire.Message{Kind: wire.RequestAttachUserData, RefID: 8, ThisDN: "1001", ConnID: connID, Data: alice}
	p.must(data)
	p.must(wire.Message{Kind: wire.RequestDeleteUserData, RefID: 9, ThisDN: "1001", ConnID: connID})
	p.die()
	require.Equal(t, wire.EventACK, p.must(m).Kind)
	require.Equal(t, wire.EventACK, p.must(data).Kind)
	require.Equal(t, 1, p.sw.Calls())
	require.Empty(t, p.must(wire.Message{Kind: wire.RequestQueryCall, ConnID: connID}).Data, "it was deleted since")
	asked := p.must(wire.Message{Kind: wire.RequestQueryRequest, RefID: 20, Num: 8})
	require.Equal(t, wire.EventACK, asked.Kind)
}

// TestX13Void: what was not carried out when it was asked for, never is.
func TestX13Void(t *testing.T) {
	p := newPhone(t, nil)
	refused(t, p, wire.Message{Kind: wire.RequestQueryRequest, RefID: 5, Num: 4}, wire.Client(1), wire.A, callmodel.ErrVoid)
	refused(t, p, wire.Message{Kind: wire.RequestMakeCall, RefID: 4, ThisDN: "1001", OtherDN: "1002"}, wire.Client(1), wire.A, callmodel.ErrVoid)
}

// TestX13Fence: the switch refuses what a primary passes on that has been replaced.
func TestX13Fence(t *testing.T) {
	p := newPhone(t, nil)
	p.say(wire.B, wire.Switch, wire.Message{Kind: wire.MarkEpoch, Epoch: 2})
	require.Equal(t, wire.Backup, p.pair[0].Engine().Role(), "and the primary hears of it (X6: from anybody)")

	p = newPhone(t, nil)
	p.say(wire.B, wire.Switch, wire.Message{Kind: wire.SnapshotRequest, Epoch: 2})
	refused(t, p, wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002"}, wire.Client(1), wire.A, callmodel.ErrStaleEpoch)
	p = newPhone(t, func(o *switchsim.Options, _ *tserver.Options) { o.Without = node.Off(node.X13) })
	p.say(wire.B, wire.Switch, wire.Message{Kind: wire.SnapshotRequest, Epoch: 2})
	p.must(wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002"})
}

// TestX13BeforeTheSwitchBegan: nobody knows what became of a request that an earlier incarnation of the switch may have carried out.
func TestX13BeforeTheSwitchBegan(t *testing.T) {
	p := newPhone(t, nil)
	refused(t, p, wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002", Seq: 5}, wire.Client(1), wire.A, callmodel.ErrForgotten)
	for range 70 {
		p.must(wire.Message{Kind: wire.RequestSetDNDOff, ThisDN: "1001"})
	}
	refused(t, p, wire.Message{Kind: wire.RequestMakeCall, RefID: 1, ThisDN: "1001", OtherDN: "1002"}, wire.Client(1), wire.A, callmodel.ErrForgotten)
}

// TestRequestTimesOut: the switch does not answer in time, and the client is told that nothing is known; a late answer is of no use.
func TestRequestTimesOut(t *testing.T) {
	p := newPhone(t, nil)
	p.up[[2]wire.ID{wire.A, wire.Switch}] = false
	m := wire.Message{Kind: wire.RequestMakeCall, RefID: 3, ThisDN: "1001", OtherDN: "1002"}
	require.Empty(t, p.ask(wire.Client(1), wire.A, m))
	require.Empty(t, p.ask(wire.Client(1), wire.A, m), "it is under way")
	timer := node.Timer{Kind: 19}
	require.True(t, p.timers[wire.A][timer])
	p.step(wire.A, node.Input{Kind: node.Fired, Timer: timer})
	p.run()
	last := p.heard[wire.Client(1)][len(p.heard[wire.Client(1)])-1]
	require.Equal(t, []any{uint64(3), callmodel.ErrOutcomeUnknown}, []any{last.RefID, last.Code})
	p.say(wire.Switch, wire.A, wire.Message{Kind: wire.SwitchAnswer, Client: wire.Client(1), RefID: 3})
	require.Equal(t, last, p.heard[wire.Client(1)][len(p.heard[wire.Client(1)])-1])
}

// TestRequestsOfALostCarrierDoNotTimeOut: nobody can be told, and the timer goes with the request. (It fired for a request that was forgotten.)
func TestRequestsOfALostCarrierDoNotTimeOut(t *testing.T) {
	p := newPhone(t, nil)
	p.up[[2]wire.ID{wire.A, wire.Switch}] = false
	require.Empty(t, p.ask(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestMakeCall, RefID: 3, ThisDN: "1001", OtherDN: "1002"}))
	timer := node.Timer{Kind: 19}
	require.True(t, p.timers[wire.A][timer])
	p.step(wire.A, node.Input{Kind: node.CarrierDown})
	require.False(t, p.timers[wire.A][timer])
}

// TestTasksOfALostCarrierAreForgotten: what waits for a number of the switch (X8) is not answered either: the links of clients are down with the carrier.
// (EventError went to a client whose port was down, and the T-Server fell over.)
func TestTasksOfALostCarrierAreForgotten(t *testing.T) {
	p := newPhone(t, nil)
	connID := p.must(wire.Message{Kind: wire.RequestMakeCall, RefID: 3, ThisDN: "1001", OtherDN: "1002"}).ConnID
	p.up[[2]wire.ID{wire.A, wire.Switch}] = false
	data := wire.Message{Kind: wire.RequestAttachUserData, RefID: 4, ThisDN: "1001", ConnID: connID, Data: alice}
	require.Empty(t, p.ask(wire.Client(1), wire.A, data), "it waits for a number")
	p.queue = nil
	p.step(wire.A, node.Input{Kind: node.CarrierDown})
	require.Empty(t, p.queue)
}

// TestTooManyRequests of one client are not taken.
func TestTooManyRequests(t *testing.T) {
	p := newPhone(t, nil)
	p.up[[2]wire.ID{wire.A, wire.Switch}] = false
	for range 32 {
		require.Empty(t, p.ask(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestSetDNDOn, ThisDN: "1001"}))
	}
	answers := p.ask(wire.Client(1), wire.A, wire.Message{Kind: wire.RequestSetDNDOn, ThisDN: "1001"})
	require.Equal(t, callmodel.ErrTooManyRequests, answers[0].Code)
}

// drawRequest draws a request, right or wrong, from bytes.
func drawRequest(b []byte, p *phone) wire.Message {
	pick := func(i int) byte {
		if i < len(b) {
			return b[i]
		}
		return 0
	}
	dns := []callmodel.DN{"", "1001", "1002", "1003", "1004", "1005", "T1", "T2", "Q1", "RP1", "9999", "*"}
	var seen []callmodel.ConnID
	for _, m := range p.heard[wire.Client(1)] {
		if m.ConnID != 0 {
			seen = append(seen, m.ConnID)
		}
	}
	connID := func(n byte) callmodel.ConnID {
		switch {
		case n < 16 || len(seen) == 0:
			return callmodel.ConnID(n)
		default:
			return seen[len(seen)-1-int(n-16)%min(len(seen), 40)]
		}
	}
	kinds := uint8(wire.RequestQueryRequest - wire.UnregisterAddress + 1)
	m := wire.Message{Kind: wire.UnregisterAddress + wire.Kind(pick(0)%kinds)}
	m.ThisDN, m.OtherDN = dns[int(pick(1))%len(dns)], dns[int(pick(2))%len(dns)]
	m.ConnID, m.TransferConnID = connID(pick(3)), connID(pick(4))
	return m
}

// trim drops the arguments that a request does not take, most of the time: otherwise hardly one would be carried out.
func trim(m wire.Message, more byte) wire.Message {
	example := scenes[m.Kind]
	if example.set == nil || more%8 == 0 {
		return m
	}
	t := wire.Message{Kind: m.Kind}
	takes := takes(m.Kind)
	if takes.ThisDN != "" {
		t.ThisDN = m.ThisDN
	}
	if takes.OtherDN != "" {
		t.OtherDN = m.OtherDN
	}
	if takes.ConnID != 0 {
		t.ConnID = m.ConnID
	}
	if takes.TransferConnID != 0 {
		t.TransferConnID = m.TransferConnID
	}
	if takes.Data != "" {
		t.Data = callmodel.Attach(callmodel.Pair{Key: string('a' + more%4), Value: strings.Repeat("x", int(more))})
	}
	if takes.Text != "" {
		t.Text = string('a' + more%4)
	}
	if takes.WorkMode != 0 && more%3 == 0 {
		t.WorkMode = callmodel.WorkMode(1 + more%4)
	}
	if takes.Num != 0 {
		t.Num = uint64(more)
	}
	return t
}

var taken = map[wire.Kind]wire.Message{}

// takes is an example of a request, which shows what it takes.
func takes(kind wire.Kind) wire.Message {
	if m, ok := taken[kind]; ok {
		return m
	}
	m := scenes[kind].set(newPhone(exampleT{}, nil))
	taken[kind] = m
	return m
}

// exampleT is for setting up an example outside of a test of its own.
type exampleT struct{ testing.TB }

func (exampleT) Helper()                   {}
func (exampleT) Errorf(f string, a ...any) { panic(f) }
func (exampleT) FailNow()                  { panic("an example cannot be set up") }

// FuzzRequests: whatever clients ask for, nobody panics, every request is answered, both T-Servers hold what the switch holds, under the same ConnIDs and with the
// same data, and when everybody has hung up no call is left. A byte of a request above 250 is a failover in between, if it is the first.
func FuzzRequests(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		b := make([]byte, 300)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newPhone(t, nil)
		p.backup()
		c1 := wire.Client(1)
		for b = b[:min(len(b), 300)]; len(b) >= 6; b = b[6:] {
			switch {
			case b[5] > 250 && p.pair[0] != nil:
				p.die()
			case b[5] > 240:
				p.step(wire.Switch, node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "answer", Args: map[string]string{"name": "T1"}}})
				p.run()
			case b[5] > 225:
				p.step(wire.Switch, node.Input{Kind: node.Do, Cmd: &node.Command{
					Verb: "call", Args: map[string]string{"name": string(rune('a' + b[0]%20)), "from": "T1", "to": []string{"Q1", "RP1", "1003"}[b[1]%3]},
				}})
				p.run()
			default:
				m := trim(drawRequest(b, p), b[5])
				if m.Kind == wire.UnregisterAddress {
					continue // or nothing more would be allowed
				}
				require.NotEmpty(t, p.ask(c1, p.primary(), m), "%+v is not answered", m)
			}
			p.agree()
			if len(p.heard[c1]) > 500 {
				p.heard[c1] = p.heard[c1][200:]
			}
		}
		p.do("release-all")
		p.agree()
		require.Equal(t, [3]int{}, p.count(), "a call has leaked")
	})
}

// agree: both T-Servers hold the switch's calls, under the same ConnIDs and with the same data.
func (p *phone) agree() {
	n := p.count()
	for i, s := range p.pair {
		if s == nil {
			continue
		}
		require.Equal(p.t, n[0], n[1+i], "T-Server %d holds other calls than the switch", i)
		for ref := uint32(1); ref <= p.opt.CallRefs; ref++ {
			id := s.Engine().HeldAt(ref)
			if other := p.pair[1-i]; other != nil {
				require.Equal(p.t, id, other.Engine().HeldAt(ref))
				require.Equal(p.t, s.Engine().ConnID(id), other.Engine().ConnID(id))
				require.Equal(p.t, s.Engine().Data(id), other.Engine().Data(id))
			}
		}
	}
}
