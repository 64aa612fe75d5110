package link

import (
	"fmt"
	"strconv"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// The payloads of call traffic are written and read here without reflection: they are nearly all that there is to write and read. Whatever is not of
// this shape takes the general way, so that this file decides nothing: it writes the same bytes, and accepts, with the same result, some of the same.

// appendFast appends a packet, unless it has something that is not common; then ok is false and b is to be dropped.
func appendFast(b []byte, h *Header, m *wire.Message) (_ []byte, ok bool) {
	if *h != (Header{Kind: h.Kind, FromInc: h.FromInc, ToInc: h.ToInc, Session: h.Session, Seq: h.Seq, Index: h.Index}) || h.Kind >= packetEnd {
		return b, false
	}
	b = append(b, `{"pkt":"`...)
	b = append(b, packetNames[h.Kind]...)
	b = append(b, `","fromInc":`...)
	b = strconv.AppendUint(b, h.FromInc, 10)
	b = appendUint(b, `,"toInc":`, h.ToInc)
	b = appendUint(b, `,"session":`, h.Session)
	b = appendUint(b, `,"seq":`, h.Seq)
	b = appendUint(b, `,"idx":`, h.Index)
	if m != nil {
		b = append(b, `,"msg":`...)
		if b, ok = appendMessage(b, m); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

// common is the message without its fields that call traffic does not use.
func common(m *wire.Message) wire.Message {
	return wire.Message{
		Kind: m.Kind, Epoch: m.Epoch, Num: m.Num, Seq: m.Seq, Sub: m.Sub, Call: m.Call, ConnID: m.ConnID, ThisDN: m.ThisDN, OtherDN: m.OtherDN,
		CallType: m.CallType, ThisRole: m.ThisRole, OtherRole: m.OtherRole, Time: m.Time,
	}
}

func appendMessage(b []byte, m *wire.Message) (_ []byte, ok bool) {
	if *m != common(m) || !plain(m.ThisDN) || !plain(m.OtherDN) {
		return b, false
	}
	b = append(b, `{"kind":"`...)
	b = append(b, m.Kind.String()...)
	b = append(b, '"')
	b = appendUint(b, `,"epoch":`, m.Epoch)
	b = appendUint(b, `,"num":`, m.Num)
	b = appendUint(b, `,"seq":`, m.Seq)
	b = appendUint(b, `,"sub":`, uint64(m.Sub))
	if m.Call != (callmodel.CallID{}) {
		b = append(b, `,"call":{"ref":`...)
		b = strconv.AppendUint(b, uint64(m.Call.Ref), 10)
		b = append(b, `,"born":`...)
		b = strconv.AppendUint(b, m.Call.Born, 10)
		b = append(b, '}')
	}
	if m.ConnID != 0 {
		b = append(b, `,"connId":"`...)
		for shift := 60; shift >= 0; shift -= 4 {
			b = append(b, "0123456789abcdef"[m.ConnID>>shift&15])
		}
		b = append(b, '"')
	}
	b = appendString(b, `,"thisDN":"`, string(m.ThisDN))
	b = appendString(b, `,"otherDN":"`, string(m.OtherDN))
	if m.CallType != 0 {
		b = appendString(b, `,"callType":"`, m.CallType.String())
	}
	if m.ThisRole != 0 {
		b = appendString(b, `,"thisRole":"`, m.ThisRole.String())
	}
	if m.OtherRole != 0 {
		b = appendString(b, `,"otherRole":"`, m.OtherRole.String())
	}
	b = appendUint(b, `,"time":`, m.Time)
	return append(b, '}'), true
}

func appendUint(b []byte, name string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(b, name...), n, 10)
}

func appendString(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return append(append(append(b, name...), s...), '"')
}

// plain reports that a string stands in JSON as it is.
func plain(s callmodel.DN) bool {
	for i := range len(s) {
		if !plainByte(s[i]) {
			return false
		}
	}
	return true
}

func plainByte(c byte) bool {
	switch c {
	case '"', '\\', '<', '>', '&':
		return false
	}
	return c >= ' ' && c < 0x7f
}

// fastReader reads what appendFast writes, and nothing else: names in their order, no spaces, no escapes. Once something is not as expected, bad is set.
type fastReader struct {
	b   []byte
	bad bool
}

// decodeFast reads a packet. ok is false if it has to be read in the general way.
func decodeFast(data []byte, p *Packet, m *wire.Message) (ok bool) {
	r := fastReader{b: data}
	r.must(`{"pkt":"`)
	p.Kind = packetKind(r.word())
	r.must(`,"fromInc":`)
	p.FromInc = r.uint()
	p.ToInc = r.optionalUint(`,"toInc":`)
	p.Session = r.optionalUint(`,"session":`)
	p.Seq = r.optionalUint(`,"seq":`)
	p.Index = r.optionalUint(`,"idx":`)
	if r.has(`,"msg":`) {
		r.message(m)
		p.Msg = m
	}
	r.must(`}`)
	return !r.bad && len(r.b) == 0 && p.Kind != 0
}

func packetKind(name []byte) PacketKind {
	for k, n := range packetNames[1:] {
		if n == string(name) {
			return PacketKind(k + 1)
		}
	}
	return 0
}

func (r *fastReader) message(m *wire.Message) {
	r.must(`{"kind":"`)
	m.Kind = kindsByName[string(r.word())]
	m.Epoch = r.optionalUint(`,"epoch":`)
	m.Num = r.optionalUint(`,"num":`)
	m.Seq = r.optionalUint(`,"seq":`)
	m.Sub = r.uint32(r.optionalUint(`,"sub":`))
	if r.has(`,"call":{"ref":`) {
		m.Call.Ref = r.uint32(r.uint())
		r.must(`,"born":`)
		m.Call.Born = r.uint()
		r.must(`}`)
	}
	if r.has(`,"connId":"`) {
		m.ConnID = r.connID(r.word())
	}
	if r.has(`,"thisDN":"`) {
		m.ThisDN = callmodel.DN(r.word())
	}
	if r.has(`,"otherDN":"`) {
		m.OtherDN = callmodel.DN(r.word())
	}
	if r.has(`,"callType":"`) {
		m.CallType = oneOf(r, callmodel.CallInternal, callmodel.CallInbound, callmodel.CallOutbound, callmodel.CallConsult)
	}
	if r.has(`,"thisRole":"`) {
		m.ThisRole = oneOf(r, callmodel.RoleOrigination, callmodel.RoleDestination, callmodel.RoleConferenceMember)
	}
	if r.has(`,"otherRole":"`) {
		m.OtherRole = oneOf(r, callmodel.RoleOrigination, callmodel.RoleDestination, callmodel.RoleConferenceMember)
	}
	m.Time = r.optionalUint(`,"time":`)
	r.must(`}`)
	r.bad = r.bad || m.Kind == 0
}

// kindsByName finds a kind without searching.
var kindsByName = func() map[string]wire.Kind {
	kinds := map[string]wire.Kind{}
	for i, name := range wire.Kinds() {
		kinds[name] = wire.Kind(i + 1)
	}
	return kinds
}()

func (r *fastReader) has(s string) bool {
	if len(r.b) < len(s) || string(r.b[:len(s)]) != s {
		return false
	}
	r.b = r.b[len(s):]
	return true
}

func (r *fastReader) must(s string) { r.bad = !r.has(s) || r.bad }

// word reads up to the closing quote.
func (r *fastReader) word() []byte {
	for i, c := range r.b {
		if c == '"' {
			w := r.b[:i]
			r.b = r.b[i+1:]
			return w
		}
		if !plainByte(c) {
			break
		}
	}
	r.bad = true
	return nil
}

// maxDigits is how many digits are read here: a number that has them cannot overflow.
const maxDigits = 19

func (r *fastReader) uint() (n uint64) {
	i := 0
	for ; i < len(r.b) && r.b[i] >= '0' && r.b[i] <= '9'; i++ {
		n = n*10 + uint64(r.b[i]-'0')
	}
	r.bad = r.bad || i == 0 || i > maxDigits || i > 1 && r.b[0] == '0'
	r.b = r.b[i:]
	return n
}

func (r *fastReader) optionalUint(name string) uint64 {
	if !r.has(name) {
		return 0
	}
	return r.uint()
}

func (r *fastReader) uint32(n uint64) uint32 {
	r.bad = r.bad || n >= 1<<32
	return uint32(n)
}

func (r *fastReader) connID(digits []byte) (id callmodel.ConnID) {
	r.bad = r.bad || len(digits) != 16
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			r.bad = true
		}
		id = id<<4 | callmodel.ConnID(c&15)
	}
	return id
}

// oneOf reads the name of one of the values.
func oneOf[T fmt.Stringer](r *fastReader, values ...T) (none T) {
	name := r.word()
	for _, v := range values {
		if v.String() == string(name) {
			return v
		}
	}
	r.bad = true
	return none
}
