package link

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-json"

	"hotpair/internal/wire"
)

// MaxPayload is the greatest payload that is read, in bytes: attached data of the greatest size fits in, however much of it has to be escaped.
const MaxPayload = 512 << 10

// maxReason bounds what an error tells of a payload, in characters.
const maxReason = 1000

// Encode appends a packet as JSON.
func Encode(b []byte, h Header, m *wire.Message) ([]byte, error) {
	if fast, ok := appendFast(b, &h, m); ok {
		return fast, nil
	}
	return encodeAny(b, h, m)
}

func encodeAny(b []byte, h Header, m *wire.Message) ([]byte, error) {
	data, err := json.Marshal(&Packet{Header: h, Msg: m})
	if err != nil {
		return b, fmt.Errorf("packet: %w", err)
	}
	return append(b, data...), nil
}

// Decode reads a packet that came from one node to another, as a node of the protocol's present version. Its error says what is wrong and what is allowed.
func Decode(data []byte, from, to wire.ID) (p Packet, err error) {
	return DecodeInto(&wire.Message{}, data, from, to, wire.Version)
}

// DecodeInto is Decode for those who read many packets: the packet's message may be m, whose former contents are gone. A packet that says that it is of
// a later version than the reader's is read as far as it is understood; a message that is not understood is of the kind wire.Unknown.
func DecodeInto(m *wire.Message, data []byte, from, to wire.ID, version uint32) (p Packet, err error) {
	if len(data) > MaxPayload {
		return p, fmt.Errorf("the payload has %d bytes, at most %d are read", len(data), MaxPayload)
	}
	*m = wire.Message{}
	if decodeFast(data, &p, m) {
		return p, p.validate(from, to)
	}
	if p, err = decodeAny(data, from, to); err != nil {
		if newer, ok := decodeNewer(data, from, to, version); ok {
			return newer, nil
		}
	}
	return p, err
}

// decodeNewer reads a packet of a later version than the reader's: what it does not know in it, it leaves out. ok is false if it is none, or if not even
// its header can be understood.
func decodeNewer(data []byte, from, to wire.ID, version uint32) (p Packet, ok bool) {
	var raw struct {
		Header
		Msg json.RawMessage `json:"msg"`
	}
	if err := json.Unmarshal(data, &raw); err != nil || raw.Ver <= version {
		return p, false
	}
	p.Header = raw.Header
	if len(raw.Msg) > 0 {
		p.Msg = readNewer(raw.Msg, from, to)
	}
	return p, p.validateHeader() == nil
}

// readNewer reads a message of a later version.
func readNewer(data []byte, from, to wire.ID) *wire.Message {
	var m wire.Message
	if err := json.Unmarshal(data, &m); err == nil {
		m.Trim()
		if m.Validate(from, to) == nil {
			return &m
		}
	}
	var named struct {
		Kind string `json:"kind"`
	}
	_ = json.Unmarshal(data, &named) // what has no name has none
	return &wire.Message{Kind: wire.Unknown, Text: fmt.Sprintf("%.40q", named.Kind)}
}

func decodeAny(data []byte, from, to wire.ID) (p Packet, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("the payload is no packet: %.*s", maxReason, err.Error()) // which may quote all of the payload
	}
	if rest := bytes.TrimSpace(data[min(d.InputOffset(), int64(len(data))):]); len(rest) > 0 {
		return p, errors.New("the payload is no packet: something follows it")
	}
	return p, p.validate(from, to)
}

func (p *Packet) validate(from, to wire.ID) error {
	if err := p.validateHeader(); err != nil || p.Msg == nil {
		return err
	}
	if needs := p.Msg.Needs(); needs > max(p.Ver, 1) {
		return fmt.Errorf("%s: it needs version %d of the protocol, and ver of the packet is %d", p.Msg.Kind, needs, max(p.Ver, 1))
	}
	return p.Msg.Validate(from, to)
}

func (p *Packet) validateHeader() error {
	h := &p.Header
	switch {
	case h.Kind == 0 || h.Kind >= packetEnd:
		return fmt.Errorf("pkt is missing: it is one of %q", packetNames[1:])
	case h.FromInc == 0:
		return fmt.Errorf("%s: fromInc is missing", h.Kind)
	case h.Kind > Hello && h.ToInc == 0:
		return fmt.Errorf("%s: toInc is missing", h.Kind)
	case h.Kind > Knock && h.Session == 0:
		return fmt.Errorf("%s: session is missing", h.Kind)
	case len(h.Conn) > MaxConn:
		return fmt.Errorf("%s: conn has %d bytes, at most %d are allowed", h.Kind, len(h.Conn), MaxConn)
	case h.Conn != "" && h.Kind != Hello && h.Kind != HelloAck:
		return fmt.Errorf("%s: conn belongs into hello and helloAck, and into nothing else", h.Kind)
	case h.Addp != 0 && h.Kind != Hello && h.Kind != HelloAck:
		return fmt.Errorf("%s: addp belongs into hello and helloAck, and into nothing else", h.Kind)
	case h.Addp != 0 && (h.addp(0) < MinAddpRemote || h.addp(0) > time.Hour):
		return fmt.Errorf("%s: addp is from %d to %d ms, not %d", h.Kind, MinAddpRemote/time.Millisecond, time.Hour/time.Millisecond, h.Addp)
	case (h.Kind == Data) != (p.Msg != nil):
		return fmt.Errorf("%s: a message belongs into data, and into nothing else", h.Kind)
	case h.Kind == Data && h.Seq == 0:
		return fmt.Errorf("%s: seq is missing", h.Kind)
	}
	return nil
}
