package client

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// ready is a client, incarnation 2, that is connected to A, which is primary of epoch 1, and to B.
func ready(t *testing.T) *rig {
	r := &rig{c: New(wire.Client(1), node.Rules{})}
	r.step(node.Input{Kind: node.Start, Inc: 2})
	for _, id := range []wire.ID{wire.A, wire.B} {
		r.step(node.Input{Kind: node.PortUp, Peer: id, Inc: 1})
	}
	r.hear(wire.A, primaryOf(1))
	require.Empty(t, r.out.Notes)
	return r
}

const ref = 2<<32 + 1

// dial makes a request, which has the first reference ID.
func (r *rig) dial(t *testing.T, repeat bool) {
	r.out.Reset()
	id, err := r.c.Request(wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002"}, repeat, &r.out)
	require.NoError(t, err)
	require.Equal(t, uint64(ref), id, "the client's incarnation is in it")
}

// told returns what the last step says of the outcome, "" if nothing.
func (r *rig) told() string {
	for _, n := range r.out.Notes {
		if n.Kind == node.NoteAnswered {
			return n.Text
		}
	}
	return ""
}

// sent returns what the last step sent to a T-Server: kinds with reference IDs.
func (r *rig) sent(to wire.ID) (list []string) {
	for _, op := range r.out.Ops {
		if op.Kind == node.OpSend && op.Peer == to {
			m := &r.out.Msgs[op.Index]
			list = append(list, fmt.Sprintf("%s %d %d", m.Kind, m.RefID&refMask, m.Num&refMask))
		}
	}
	return list
}

func failed(refID uint64, code callmodel.ErrorCode) wire.Message {
	return wire.Message{Kind: wire.EventError, Epoch: 1, RefID: refID, Code: code, Text: "why"}
}

// TestX13Outcomes: what a single answer of the primary says.
func TestX13Outcomes(t *testing.T) {
	dialing := wire.Message{Kind: wire.EventDialing, Epoch: 1, Seq: 5, ThisDN: "1001", RefID: ref}
	for name, tc := range map[string]struct {
		answer wire.Message
		want   string
	}{
		"an event":           {dialing, "done"},
		"EventACK":           {wire.Message{Kind: wire.EventACK, Epoch: 1, RefID: ref}, "done"},
		"refused":            {failed(ref, callmodel.ErrBusy), "not done: busy: why"},
		"no switch":          {failed(ref, callmodel.ErrLinkDown), "not done: link-down: why"},
		"another one's":      {wire.Message{Kind: wire.EventACK, Epoch: 1, RefID: ref + 1}, ""},
		"nothing is known":   {failed(ref, callmodel.ErrOutcomeUnknown), ""},
		"not primary":        {failed(ref, callmodel.ErrNotPrimary), ""},
		"a later primary":    {failed(ref, callmodel.ErrStaleEpoch), ""},
		"forgotten for good": {failed(ref, callmodel.ErrForgotten), "unknown: forgotten: why"},
	} {
		t.Run(name, func(t *testing.T) {
			r := ready(t)
			r.dial(t, true)
			require.Equal(t, []string{"RequestMakeCall 1 0"}, r.sent(wire.A))
			r.hear(wire.A, tc.answer)
			require.Equal(t, tc.want, r.told())
		})
	}
}

// TestX13AFailoverInBetween: the successor is asked whether the request was carried out. If not, it is void, and can be made again.
func TestX13AFailoverInBetween(t *testing.T) {
	for name, tc := range map[string]struct {
		repeat bool
		answer func(query uint64) wire.Message
		want   string
		again  []string
	}{
		"it was":                 {true, func(q uint64) wire.Message { return wire.Message{Kind: wire.EventACK, Epoch: 2, RefID: q} }, "done", nil},
		"it was refused":         {true, func(q uint64) wire.Message { return failed(q, callmodel.ErrBusy) }, "not done: busy: why", nil},
		"it was not: made again": {true, func(q uint64) wire.Message { return failed(q, callmodel.ErrVoid) }, "", []string{"RequestMakeCall 3 0"}},
		"it was not":             {false, func(q uint64) wire.Message { return failed(q, callmodel.ErrVoid) }, "not done: void: why", nil},
		"nobody knows":           {true, func(q uint64) wire.Message { return failed(q, callmodel.ErrForgotten) }, "unknown: forgotten: why", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := ready(t)
			r.dial(t, tc.repeat)
			r.step(node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseGone})
			require.Empty(t, r.told())
			r.hear(wire.B, primaryOf(2))
			require.Equal(t, []string{"RequestQueryRequest 2 1"}, r.sent(wire.B))
			m := tc.answer(ref + 1)
			m.Epoch = 2
			r.hear(wire.B, m)
			require.Equal(t, tc.want, r.told())
			require.Equal(t, tc.again, r.sent(wire.B))
			if tc.again != nil {
				r.hear(wire.B, wire.Message{Kind: wire.EventACK, Epoch: 2, RefID: ref + 2})
				require.Equal(t, "done", r.told())
				require.Equal(t, uint64(ref), r.out.Notes[len(r.out.Notes)-1].N, "by the reference ID that its maker knows")
			}
		})
	}
}

// TestX13AskedAgain: who cannot be answered now asks the same T-Server again after a while, and not before, whatever it hears meanwhile; a successor it asks at
// once.
func TestX13AskedAgain(t *testing.T) {
	again := node.Input{Kind: node.Fired, Timer: node.Timer{Kind: againTimer}}
	r := ready(t)
	r.dial(t, true)
	r.hear(wire.A, failed(ref, callmodel.ErrOutcomeUnknown))
	require.Empty(t, r.sent(wire.A))
	require.Contains(t, r.out.Ops, node.Op{Kind: node.OpSet, Timer: again.Timer, After: againTime})
	r.hear(wire.A, ringing(1, 4, 0))
	require.Empty(t, r.sent(wire.A))
	r.step(again)
	require.Equal(t, []string{"RequestQueryRequest 2 1"}, r.sent(wire.A))
	r.hear(wire.A, failed(ref+1, callmodel.ErrLinkDown))
	require.Empty(t, r.sent(wire.A))
	r.hear(wire.A, ringing(1, 5, 0))
	require.Empty(t, r.sent(wire.A))
	r.hear(wire.B, primaryOf(2))
	r.hear(wire.B, wire.Message{Kind: wire.EventResumed, Epoch: 2, Seq: 5, Complete: true})
	require.Equal(t, []string{"RequestQueryRequest 3 1"}, r.sent(wire.B))
}

// TestX13TheEventComesByResuming: what was missed shows that the request was carried out; the answer to the question is of no use any more.
func TestX13TheEventComesByResuming(t *testing.T) {
	r := ready(t)
	r.hear(wire.A, ringing(1, 4, 0))
	r.dial(t, true)
	r.step(node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseGone})
	r.hear(wire.B, primaryOf(2))
	require.Equal(t, []string{"ResumeEvents 0 0"}, r.sent(wire.B), "first what was missed")
	r.hear(wire.B, wire.Message{Kind: wire.EventResumed, Epoch: 2, Seq: 5, Num: 1, Complete: true})
	require.Equal(t, []string{"RequestQueryRequest 2 1"}, r.sent(wire.B))
	r.hear(wire.B, wire.Message{Kind: wire.EventDialing, Epoch: 2, Seq: 5, ThisDN: "1001", RefID: ref})
	require.Equal(t, "done", r.told())
	r.hear(wire.B, failed(ref+1, callmodel.ErrVoid))
	require.Empty(t, r.told())
	require.Empty(t, r.sent(wire.B))
}

// TestX13NobodyAnswers: at last the client says what it knows.
func TestX13NobodyAnswers(t *testing.T) {
	low := uint64(ref)
	patience := node.Input{Kind: node.Fired, Timer: node.Timer{Kind: patienceTimer, Key: uint32(low)}}
	r := ready(t)
	r.dial(t, true)
	r.step(patience)
	require.Equal(t, "unknown", r.told())
	r = &rig{c: New(wire.Client(1), node.Rules{})}
	r.step(node.Input{Kind: node.Start, Inc: 2})
	r.dial(t, true)
	r.step(patience)
	require.Equal(t, "not done", r.told(), "there was nobody to ask")
}

// TestEventPrimaryChanged is told once for each change.
func TestEventPrimaryChanged(t *testing.T) {
	r := ready(t)
	r.hear(wire.A, primaryOf(1))
	require.Empty(t, r.out.Notes)
	r.hear(wire.B, primaryOf(2))
	require.Equal(t, []node.Note{{Kind: node.NotePrimaryChanged, Peer: wire.B, N: 2}}, r.out.Notes)
	r.hear(wire.B, primaryOf(2))
	require.Empty(t, r.out.Notes)
}

func TestRequestCommands(t *testing.T) {
	for want, args := range map[string]map[string]string{
		`kind: "Dance" is no request`:                    {"kind": "Dance"},
		"colour: no such argument":                       {"kind": "HoldCall", "colour": "red"},
		"connId: a ConnID has 16 hexadecimal digits":     {"kind": "HoldCall", "connId": "1"},
		"data: KEY:VALUE is wanted":                      {"kind": "AttachUserData", "data": "x"},
		"wait is true or false":                          {"kind": "HoldCall", "wait": "perhaps"},
		`workMode: unknown work mode "lazy"`:             {"kind": "AgentReady", "workMode": "lazy"},
		"num: strconv.ParseUint: parsing \"x\": invalid": {"kind": "QueryRequest", "num": "x"},
	} {
		r := ready(t)
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 1, Verb: "request", Args: args}})
		require.Equal(t, node.NoteRefused, r.out.Notes[0].Kind)
		require.Contains(t, r.out.Notes[0].Text, want)
	}
	r := ready(t)
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 7, Verb: "request", Args: map[string]string{"kind": "MakeCall", "thisDN": "1001", "otherDN": "1002", "data": "a:1,b:2"}}})
	require.Empty(t, r.out.Notes, "it waits for the outcome")
	r.hear(wire.A, wire.Message{Kind: wire.EventACK, Epoch: 1, RefID: ref})
	require.Equal(t, node.Note{Kind: node.NoteDone, N: 7, Text: "request"}, r.out.Notes[len(r.out.Notes)-1])
	for range maxOpen {
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{ID: 8, Verb: "request", Args: map[string]string{"kind": "SetDNDOn", "thisDN": "1001", "wait": "false"}}})
		require.Equal(t, node.NoteDone, r.out.Notes[0].Kind)
	}
	_, err := r.c.Request(wire.Message{Kind: wire.RequestSetDNDOn}, true, &r.out)
	require.ErrorIs(t, err, ErrTooMany)
	_, err = ready(t).c.Request(wire.Message{Kind: wire.EventACK}, true, &r.out)
	require.ErrorContains(t, err, "EventACK is no request")
}
