package link

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

var header = Header{Kind: Data, FromInc: 1, ToInc: 2, Session: 3, Seq: 4, Index: 5}

// This is a public interface: what stands in a payload does not change by accident.
func TestPayloads(t *testing.T) {
	for _, tc := range []struct {
		from, to wire.ID
		h        Header
		msg      *wire.Message
		want     string
	}{
		{wire.B, wire.A, Header{Kind: Knock, FromInc: 7}, nil, `{"pkt":"knock","fromInc":7}`},
		{wire.B, wire.A, Header{Kind: Knock, FromInc: 7, ToInc: 1, Session: 2}, nil, `{"pkt":"knock","fromInc":7,"toInc":1,"session":2}`},
		{wire.A, wire.B, Header{Kind: Hello, FromInc: 7, Session: 1}, nil, `{"pkt":"hello","fromInc":7,"session":1}`},
		{wire.A, wire.B, Header{Kind: Hello, FromInc: 7, Session: 1, Conn: "NA2O/12"}, nil, `{"pkt":"hello","fromInc":7,"session":1,"conn":"NA2O/12"}`},
		{wire.A, wire.B, Header{Kind: Poll, FromInc: 7, ToInc: 8, Session: 1, Seq: 9}, nil, `{"pkt":"poll","fromInc":7,"toInc":8,"session":1,"seq":9}`},
		{
			wire.A, wire.B, header, &wire.Message{Kind: wire.CallNamed, Epoch: 2, Num: 3, Call: callmodel.CallID{Ref: 4, Born: 5}, ConnID: 0xabc},
			`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"idx":5,"msg":` +
				`{"kind":"CallNamed","epoch":2,"num":3,"call":{"ref":4,"born":5},"connId":"0000000000000abc"}}`,
		},
		{
			wire.A, wire.MLayer, header,
			&wire.Message{Kind: wire.Status, Role: wire.Primary, CTI: callmodel.CTIDown, Announced: true, Ready: true},
			`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"idx":5,"msg":` +
				`{"kind":"Status","role":"primary","cti":"down","announced":true,"ready":true}}`,
		},
		{
			wire.MLayer, wire.B, header, &wire.Message{Kind: wire.Appoint, Epoch: 2, Node: wire.A, Inc: 3, Normal: true},
			`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"idx":5,"msg":{"kind":"Appoint","epoch":2,"normal":true,"node":"A","inc":3}}`,
		},
		{
			wire.A, wire.Client(1), header, &wire.Message{Kind: wire.EventError, Text: `<"&>` + "\u2028"},
			`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"idx":5,"msg":{"kind":"EventError","text":"<\"&>\u2028"}}`,
		},
	} {
		b, err := Encode([]byte("x"), tc.h, tc.msg)
		require.NoError(t, err)
		require.JSONEq(t, tc.want, string(b[1:]))
		p, err := Decode(b[1:], tc.from, tc.to)
		require.NoError(t, err)
		require.Equal(t, Packet{Header: tc.h, Msg: tc.msg}, p)
	}
}

func TestWrongPayloads(t *testing.T) {
	const data = `{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"idx":5,"msg":`
	for _, tc := range []struct{ payload, want string }{
		{"", "the payload is no packet"},
		{"{", "the payload is no packet"},
		{"null", "pkt is missing: it is one of"},
		{"[]", "the payload is no packet"},
		{`"pkt"`, "the payload is no packet"},
		{"{}", `pkt is missing: it is one of ["knock" "hello"`},
		{`{"pkt":""}`, `unknown packet "", known are`},
		{`{"pkt":"greeting","fromInc":1}`, `unknown packet "greeting", known are ["knock"`},
		{`{"pkt":"` + strings.Repeat("x", 60_000) + `"}`, "unknown packet"},
		{data + `{"kind":"` + strings.Repeat("x", 60_000) + `"}}`, "unknown message kind"},
		{`{"` + strings.Repeat("x", 60_000) + `":1}`, "the payload is no packet"},
		{`{"pkt":5,"fromInc":1}`, "the payload is no packet"},
		{`{"pkt":"knock"}`, "knock: fromInc is missing"},
		{`{"pkt":"knock","fromInc":-1}`, "the payload is no packet"},
		{`{"pkt":"knock","fromInc":18446744073709551616}`, "the payload is no packet"},
		{`{"pkt":"knock","fromInc":1.5}`, "the payload is no packet"},
		{`{"pkt":"knock","fromInc":1}{}`, "something follows it"},
		{`{"pkt":"knock","fromInc":1} x`, "something follows it"},
		{`{"pkt":"knock","fromInc":1,"colour":"red"}`, "colour"},
		{`{"pkt":"hello","fromInc":1}`, "hello: session is missing"},
		{`{"pkt":"hello","fromInc":1,"session":1,"conn":"` + strings.Repeat("x", 129) + `"}`, "conn has 129 bytes, at most 128 are allowed"},
		{`{"pkt":"hello","fromInc":1,"session":1,"addp":99}`, "addp is from 100 to 3600000 ms, not 99"},
		{`{"pkt":"hello","fromInc":1,"session":1,"addp":3600001}`, "addp is from 100 to 3600000 ms, not 3600001"},
		{`{"pkt":"poll","fromInc":1,"toInc":1,"session":1,"addp":100}`, "addp belongs into hello and helloAck"},
		{`{"pkt":"poll","fromInc":1,"toInc":1,"session":1,"conn":"x"}`, "conn belongs into hello and helloAck"},
		{`{"pkt":"confirm","fromInc":1,"session":1}`, "confirm: toInc is missing"},
		{`{"pkt":"poll","fromInc":1,"toInc":1,"session":1,"msg":{"kind":"CallNamed"}}`, "poll: a message belongs into data"},
		{`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1}`, "data: a message belongs into data"},
		{`{"pkt":"data","fromInc":1,"toInc":1,"session":1,"msg":{"kind":"CallNamed"}}`, "data: seq is missing"},
		{data + `{}}`, "kind is missing: A sends B one of PeerState"},
		{data + `{"kind":"Hurray"}}`, `unknown message kind "Hurray", known are`},
		{data + `{"kind":"CallNamed","num":1,"call":{"ref":1,"born":1}}}`, "CallNamed: missing: connId"},
		{data + `{"kind":"CallNamed","num":1,"call":{"ref":1,"born":1},"connId":"1"}}`, "a ConnID has 16 hexadecimal digits"},
		{data + `{"kind":"FullSyncAck","num":1,"role":"primary"}}`, "FullSyncAck: not allowed: role; it has epoch, num"},
		{data + `{"kind":"FullSyncDone","num":1,"reason":"bored"}}`, `unknown reason "bored", known are`},
		{data + `{"kind":"FullSyncAck","num":1,"extra":1}}`, "extra"},
		{data + `{"kind":"Status","role":"primary","cti":"down"}}`, "Status is not what A sends B"},
		{`{"pkt":"knock","fromInc":1,"x":"` + strings.Repeat("x", MaxPayload) + `"}`, "at most 524288 are read"},
		{strings.Repeat("[", MaxPayload), "the payload is no packet"},
		{`{"pkt":` + strings.Repeat(`{"pkt":`, 9000), "the payload is no packet"},
		{"\xff\xfe", "the payload is no packet"},
	} {
		_, err := Decode([]byte(tc.payload), wire.A, wire.B)
		require.ErrorContains(t, err, tc.want, "%.80s", tc.payload)
		require.Less(t, len(err.Error()), 2000, "the error does not quote all of it")
	}
}

// FuzzDecode: a decoder that panics takes the node with it, and what was decoded can be encoded to the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"pkt":"knock","fromInc":7}`), uint16(2), uint16(3))
	f.Add([]byte(`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"msg":{"kind":"BackupReady","num":1,"seq":9}}`), uint16(3), uint16(2))
	f.Add([]byte(`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"msg":{"kind":"RegisterAddress","thisDN":"*"}}`), uint16(16), uint16(2))
	f.Add([]byte(`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"msg":{"kind":"CallCreated","seq":9,"call":{"ref":1,"born":9},`+
		`"thisDN":"T1","otherDN":"1001","callType":"inbound"}}`), uint16(1), uint16(2))
	f.Add([]byte(`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"ver":3,"new":1,"msg":{"kind":"Later"}}`), uint16(2), uint16(3))
	f.Add([]byte(`{"pkt":"data","fromInc":1,"toInc":2,"session":3,"seq":4,"ver":2,"msg":{"kind":"SyncProgress","num":1,"new":{}}}`), uint16(2), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, from, to uint16) {
		p, err := Decode(data, wire.ID(from), wire.ID(to))
		sameAsGeneral(t, data, wire.ID(from), wire.ID(to), p, err)
		if err != nil {
			return
		}
		if p.Msg != nil && p.Msg.Kind == wire.Unknown {
			return // nobody sends it
		}
		b, err := Encode(nil, p.Header, p.Msg)
		require.NoError(t, err)
		again, err := Decode(b, wire.ID(from), wire.ID(to))
		require.NoError(t, err, "%s", b)
		require.Equal(t, p, again)
		// Others read it with other libraries.
		var other Packet
		require.NoError(t, json.Unmarshal(b, &other))
		require.Equal(t, p, other)
	})
}

// FuzzEncode: what a node may send arrives as it was.
func FuzzEncode(f *testing.F) {
	f.Add(uint8(wire.EventError), uint64(1), uint64(2), uint64(3), uint64(4), "1001", "text")
	f.Fuzz(func(t *testing.T, kind uint8, a, b, c, d uint64, dn, text string) {
		m := &wire.Message{Kind: wire.Kind(kind), Epoch: a, Num: b, Seq: c, ConnID: callmodel.ConnID(d), ThisDN: callmodel.DN(dn), Text: text}
		for _, link := range [][2]wire.ID{{wire.A, wire.B}, {wire.A, wire.Client(1)}, {wire.Client(1), wire.A}, {wire.A, wire.MLayer}} {
			if m.Validate(link[0], link[1]) != nil {
				continue
			}
			header := header
			if m.Needs() > 1 {
				header.Ver = m.Needs()
			}
			data, err := Encode(nil, header, m)
			require.NoError(t, err)
			general, err := encodeAny(nil, header, m)
			require.NoError(t, err)
			require.Equal(t, string(general), string(data))
			p, err := Decode(data, link[0], link[1])
			if len(data) > MaxPayload {
				require.Error(t, err)
				continue
			}
			require.NoError(t, err, "%s", data)
			require.Equal(t, Packet{Header: header, Msg: m}, p)
		}
	})
}

// sameAsGeneral: the fast way says what the general one does.
func sameAsGeneral(t *testing.T, data []byte, from, to wire.ID, p Packet, err error) {
	if len(data) > MaxPayload {
		return
	}
	want, wantErr := decodeAny(data, from, to)
	if newer, ok := decodeNewer(data, from, to, wire.Version); wantErr != nil && ok {
		want, wantErr = newer, nil
	}
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error(), "%s", data)
		return
	}
	require.NoError(t, err, "%s", data)
	require.Equal(t, want, p, "%s", data)
}

// traffic is what nearly all payloads are: it takes the fast way.
var traffic = []struct {
	from, to wire.ID
	msg      wire.Message
}{
	{wire.Switch, wire.A, wire.Message{
		Kind: wire.CallCreated, Seq: 1<<40 + 9, Call: callmodel.CallID{Ref: 7, Born: 1<<40 + 9}, CallType: callmodel.CallInternal, ThisDN: "1001", OtherDN: "1002",
	}},
	{wire.Switch, wire.B, wire.Message{Kind: wire.CallAnswered, Seq: 10, Call: callmodel.CallID{Ref: 7, Born: 9}}},
	{wire.Switch, wire.B, wire.Message{Kind: wire.CallReleased, Seq: 11, Call: callmodel.CallID{Ref: 7, Born: 9}}},
	{wire.A, wire.B, wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: 4, Call: callmodel.CallID{Ref: 7, Born: 9}, ConnID: 0xfedcba9876543210}},
	{wire.B, wire.A, wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: 4, Call: callmodel.CallID{Ref: 7, Born: 9}, ConnID: 1}},
	{wire.A, wire.Client(12), wire.Message{
		Kind: wire.EventRinging, Epoch: 1, Seq: 9, Sub: 1<<32 - 1, Call: callmodel.CallID{Ref: 1<<32 - 1, Born: 9}, ConnID: 1, CallType: callmodel.CallInbound, ThisDN: "1001", OtherDN: "T1",
		ThisRole: callmodel.RoleDestination, OtherRole: callmodel.RoleOrigination, Time: 1234,
	}},
}

func TestTrafficTakesTheFastWay(t *testing.T) {
	for _, tc := range traffic {
		fast, ok := appendFast(nil, &header, &tc.msg)
		require.True(t, ok, tc.msg.Kind)
		general, err := encodeAny(nil, header, &tc.msg)
		require.NoError(t, err)
		require.Equal(t, string(general), string(fast))

		var p Packet
		var m wire.Message
		require.True(t, decodeFast(fast, &p, &m), "%s", fast)
		want, err := decodeAny(fast, tc.from, tc.to)
		require.NoError(t, err)
		require.Equal(t, want, p)
	}
}

// Whatever fields messages and headers get, nothing is left out: what the fast way does not know takes the general one.
func TestNothingIsLeftOut(t *testing.T) {
	for _, dst := range []any{&wire.Message{}, &Header{}} {
		v := reflect.ValueOf(dst).Elem()
		for i := range v.NumField() {
			for _, value := range []any{1, "x", "<", ">", "&", `"`, `\`, "\x1f", "\x7f", "\u2028", "\xff", true} {
				h, m := header, wire.Message{Kind: wire.CallNamed}
				v.SetZero()
				field := reflect.Indirect(v).Field(i)
				if x := reflect.ValueOf(value); field.Kind() == x.Kind() || x.CanInt() && field.CanUint() {
					field.Set(x.Convert(field.Type()))
				} else if field.Kind() == reflect.Struct && x.CanInt() {
					field.Set(reflect.ValueOf(callmodel.CallID{Ref: 1, Born: 2}))
				}
				switch d := dst.(type) {
				case *wire.Message:
					m = *d
					m.Kind = wire.CallNamed
				case *Header:
					h = *d
					h.Kind = Data
				}
				data, err := Encode(nil, h, &m)
				require.NoError(t, err)
				general, err := encodeAny(nil, h, &m)
				require.NoError(t, err)
				require.Equal(t, string(general), string(data))
			}
		}
	}
}

// What differs a little from what is written here is read in the general way, or refused.
func TestAlmostTraffic(t *testing.T) {
	for _, tc := range traffic {
		data, err := Encode(nil, header, &tc.msg)
		require.NoError(t, err)
		for i := range data {
			for _, with := range []string{"", " ", "0", "9", "00000000000000000001", `"`, `\`, "x", "g", "{", "}", ",", "\x80", string(data[i]) + string(data[i])} {
				almost := slices.Concat(data[:i], []byte(with), data[i+1:])
				p, err := Decode(almost, tc.from, tc.to)
				sameAsGeneral(t, almost, tc.from, tc.to, p, err)
			}
			p, err := Decode(data[:i], tc.from, tc.to)
			sameAsGeneral(t, data[:i], tc.from, tc.to, p, err)
		}
	}
}

func BenchmarkCodec(b *testing.B) {
	for _, way := range []struct {
		name   string
		encode func([]byte, Header, *wire.Message) ([]byte, error)
		decode func([]byte, wire.ID, wire.ID) (Packet, error)
	}{{"fast", Encode, Decode}, {"general", encodeAny, decodeAny}} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			var data []byte
			for i := range b.N {
				tc := &traffic[i%len(traffic)]
				data, _ = way.encode(data[:0], header, &tc.msg)
				if _, err := way.decode(data, tc.from, tc.to); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
