package link

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-json"

	"hotpair/internal/wire"
)

// MaxPayload is the greatest payload that is read, in bytes.
const MaxPayload = 64 << 10

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

// Decode reads a packet that came from one node to another. Its error says what is wrong and what is allowed.
func Decode(data []byte, from, to wire.ID) (p Packet, err error) {
	return DecodeInto(&wire.Message{}, data, from, to)
}

// DecodeInto is Decode for those who read many packets: the packet's message may be m, whose former contents are gone.
func DecodeInto(m *wire.Message, data []byte, from, to wire.ID) (p Packet, err error) {
	if len(data) > MaxPayload {
		return p, fmt.Errorf("the payload has %d bytes, at most %d are read", len(data), MaxPayload)
	}
	*m = wire.Message{}
	if decodeFast(data, &p, m) {
		return p, p.validate(from, to)
	}
	return decodeAny(data, from, to)
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
	case h.Kind != Data:
		return nil
	case h.Seq == 0:
		return fmt.Errorf("%s: seq is missing", h.Kind)
	}
	return p.Msg.Validate(from, to)
}
