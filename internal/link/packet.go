package link

import (
	"fmt"
	"time"

	"hotpair/internal/wire"
)

// PacketKind says what a packet is for.
type PacketKind uint8

// The kinds of packets.
const (
	// Knock asks the dialing end to dial now. ToInc and Session name the session that was, if there was one: it is over.
	Knock PacketKind = iota + 1
	// Hello opens a session: FromInc, Session.
	Hello
	// HelloAck accepts it: FromInc, ToInc, Session.
	HelloAck
	// Confirm completes it.
	Confirm
	// Data carries a message: Seq numbers it, from 1.
	Data
	// Poll asks for a sign of life; Seq is the number of the last Data that was sent.
	Poll
	// PollAck answers; Seq as in Poll.
	PollAck
	// Reset closes a session, or tells that it is unknown.
	Reset
	// Bye closes a session because the sender stops in an orderly way.
	Bye

	packetEnd
)

var packetNames = [...]string{"", "knock", "hello", "helloAck", "confirm", "data", "poll", "pollAck", "reset", "bye"}

// String returns the name of the kind.
func (k PacketKind) String() string {
	if k < packetEnd {
		return packetNames[k]
	}
	return fmt.Sprintf("unknown(%d)", uint8(k))
}

// MarshalText implements encoding.TextMarshaler.
func (k PacketKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *PacketKind) UnmarshalText(b []byte) error {
	for i, n := range packetNames {
		if n == string(b) && i > 0 {
			*k = PacketKind(i)
			return nil
		}
	}
	return fmt.Errorf("unknown packet %.40q, known are %q", b, packetNames[1:])
}

// Header is a packet without its message.
type Header struct {
	Kind PacketKind `json:"pkt"`
	// FromInc and ToInc are the incarnations of sender and receiver, from 1; ToInc is 0 where the sender does not know it yet.
	FromInc uint64 `json:"fromInc"`
	ToInc   uint64 `json:"toInc,omitempty"`
	// Session is the number that the dialing end gave this session, from 1 in each of its incarnations.
	Session uint64 `json:"session,omitempty"`
	Seq     uint64 `json:"seq,omitempty"`
	// Index is the index of the sender's trace record of the message (Data only).
	Index uint64 `json:"idx,omitempty"`
	// Conn names the sender's connection to the carrier, as the carrier's disconnect notices do (Hello, HelloAck): so that the other end knows
	// whose connection has ended. The world fills it in; "" means that it is found by polling only. At most MaxConn bytes.
	Conn string `json:"conn,omitempty"`
	// Addp is the sender's addp-remote-timeout in milliseconds of the run's clock (Hello, HelloAck), MinAddpRemote to 1h; 0: it has none.
	Addp uint32 `json:"addp,omitempty"`
	// Ver is the version of the protocol that one must know to understand all of the packet; 0 is 1. A reader of a lower version leaves out what it
	// does not know.
	Ver uint32 `json:"ver,omitempty"`
}

// addp returns the addp-timeout that the sender wants the receiver to use in this session, own if it does not care.
func (h *Header) addp(own time.Duration) time.Duration {
	if h.Addp == 0 {
		return own
	}
	return time.Duration(h.Addp) * time.Millisecond
}

// MaxConn is the greatest length of a connection's name, in bytes.
const MaxConn = 128

// Packet is a packet as it stands in a payload on NATS.
type Packet struct {
	Header
	Msg *wire.Message `json:"msg,omitempty"`
}
