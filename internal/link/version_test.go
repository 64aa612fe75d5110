package link

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// A packet of a later version is read as far as it is understood; from the reader's own version, or an earlier one, the same is an error.
func TestPacketsOfALaterVersion(t *testing.T) {
	const head = `{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4`
	named := `"kind":"CallNamed","num":3,"call":{"ref":4,"born":5},"connId":"0000000000000abc"`
	known := &wire.Message{Kind: wire.CallNamed, Num: 3, ConnID: 0xabc}
	known.Call.Ref, known.Call.Born = 4, 5
	for name, tc := range map[string]struct {
		rest   string
		want   *wire.Message
		refuse string // by a reader of the packet's version
	}{
		"what is known":            {`,"msg":{` + named + `}}`, known, ""},
		"a field of the header":    {`,"colour":"red","msg":{` + named + `}}`, known, "colour"},
		"a field of the message":   {`,"msg":{` + named + `,"colour":{"red":[1,2]}}}`, known, "colour"},
		"a field of another kind":  {`,"msg":{` + named + `,"role":"primary"}}`, known, "CallNamed: not allowed: role"},
		"a kind":                   {`,"msg":{"kind":"Hurray","num":3}}`, &wire.Message{Kind: wire.Unknown, Text: `"Hurray"`}, `unknown message kind "Hurray"`},
		"a kind on another link":   {`,"msg":{"kind":"EpochSeen"}}`, &wire.Message{Kind: wire.Unknown, Text: `"EpochSeen"`}, "EpochSeen is not what A sends B"},
		"a value":                  {`,"msg":{"kind":"FullSyncDone","num":3,"reason":"bored"}}`, &wire.Message{Kind: wire.Unknown, Text: `"FullSyncDone"`}, `unknown reason "bored"`},
		"something else than kind": {`,"msg":[1]}`, &wire.Message{Kind: wire.Unknown, Text: `""`}, "the payload is no packet"},
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(head + `,"ver":3` + tc.rest)
			for version := range uint32(3) {
				p, err := DecodeInto(&wire.Message{}, data, wire.A, wire.B, version)
				require.NoError(t, err)
				require.Equal(t, Packet{Header: Header{Kind: Data, FromInc: 1, ToInc: 2, Session: 3, Seq: 4, Ver: 3}, Msg: tc.want}, p)
			}
			for _, data := range []string{string(data), head + tc.rest} {
				_, err := DecodeInto(&wire.Message{}, []byte(data), wire.A, wire.B, 3)
				if tc.refuse == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, tc.refuse)
				}
			}
		})
	}
	for _, tc := range []struct{ payload, want string }{
		{`{"pkt":"greeting","fromInc":1,"ver":3}`, "unknown packet"},
		{`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"ver":3,"msg":{"kind":"Hurray"}}`, "unknown message kind"},
		{`{"pkt":"poll","fromInc":1,"toInc":2,"session":3,"ver":3,"msg":{"kind":"Hurray"}}`, "unknown message kind"},
		{`{"pkt":"knock","fromInc":1,"ver":-3,"colour":1}`, "the payload is no packet"},
		{head + `,"msg":{"kind":"SyncProgress","num":1}}`, "SyncProgress: it needs version 3 of the protocol, and ver of the packet is 1"},
		{head + `,"msg":{"kind":"RegistrationTold"}}`, "RegistrationTold: it needs version 2 of the protocol, and ver of the packet is 1"},
		{head + `,"msg":{"kind":"PeerState","role":"backup","cti":"down","calls":1}}`, "PeerState: it needs version 3"},
	} {
		_, err := Decode([]byte(tc.payload), wire.A, wire.B)
		require.ErrorContains(t, err, tc.want)
	}
}

// A newer node that says what the older one does not know, which it should not: the link stays up, and nothing that is known is lost.
func TestOlderNodeSkipsWhatItDoesNotKnow(t *testing.T) {
	say := func(n *bench) {
		n.a.do(func(out *node.Output) {
			out.Send(wire.B, wire.CallNamed).Num = 1
			out.Send(wire.B, wire.SyncProgress).Num = 2
			m := out.Send(wire.B, wire.PeerState)
			m.Num, m.Calls = 3, 7
			out.Send(wire.B, wire.CallNamed).Num = 4
		})
		require.Equal(t, []uint32{0, 3, 3, 0}, []uint32{n.queues[wire.A][0].h.Ver, n.queues[wire.A][1].h.Ver, n.queues[wire.A][2].h.Ver, n.queues[wire.A][3].h.Ver})
	}
	var calls uint64
	listen := func(in *node.Input, _ *node.Output) {
		if in.Kind == node.Receive {
			calls += in.Msg.Calls
		}
	}

	n := open(defaults)
	n.b.onStep = listen
	say(n)
	n.deliver()
	require.Equal(t, []string{"got 1", "got 3", "got 4"}, n.b.told)
	require.Zero(t, calls, "a field that is not known")
	require.Contains(t, n.b.records, "4 noted SyncProgress")
	require.True(t, n.b.port().up)

	newer := defaults
	newer.Version = 3
	n = open(newer)
	n.b.onStep = listen
	say(n)
	n.deliver()
	require.Equal(t, []string{"got 1", "got 2", "got 3", "got 4"}, n.b.told)
	require.Equal(t, uint64(7), calls)

	n = open(defaults)
	say(n)
	n.take(n.a)
	n.deliver()
	require.Contains(t, n.b.told, "down gap", "what is not known has its number all the same")
}
