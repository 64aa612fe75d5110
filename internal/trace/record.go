package trace

import (
	"encoding/json"
	"fmt"
	"time"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Kind says what a record records.
type Kind uint8

// The kinds of records.
const (
	// Started: the node starts as incarnation Inc.
	Started Kind = iota + 1
	// Ended: the node's incarnation is over: Text is killed, stopped or superseded. Written by the world; Node is the node that ended.
	Ended
	// Up and Down: the node's port to Peer comes up (PeerInc) or goes down (Text is the node.Cause's name, or "closed by itself").
	Up
	Down
	// CarrierUp and CarrierDown: the node's own connection.
	CarrierUp
	CarrierDown
	// Sent and Received: Msg to or from Peer. Of a receive, PeerInc and PeerIndex name the sender's record.
	Sent
	Received
	// Noted: the node states Note.
	Noted
	// Applied: the world applied what Text says (a fault, its heal, a command), to Node and Peer where that is meant.
	Applied

	kindEnd
)

var kindNames = [...]string{
	"", "started", "ended", "up", "down", "carrier-up", "carrier-down", "sent", "received", "noted", "applied",
}

// String returns the name of the kind.
func (k Kind) String() string {
	if k < kindEnd {
		return kindNames[k]
	}
	return fmt.Sprintf("unknown(%d)", uint8(k))
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(b []byte) error {
	for i, n := range kindNames {
		if n == string(b) && i > 0 {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("unknown record kind %q, known are %q", b, kindNames[1:])
}

// Record is one line of a trace.
type Record struct {
	// At is the time since the run began, on the run's clock (in real worlds: wall time × speed).
	At   time.Duration `json:"at"`
	Kind Kind          `json:"rec"`
	Node wire.ID       `json:"node"`
	// Inc and Index say which record of which incarnation this is. Records that the world writes (Ended, Applied) have
	// Index 0: the world is one author, and its records stand in the order in which it did things.
	Inc   uint64 `json:"inc,omitempty"`
	Index uint64 `json:"idx,omitempty"`

	Peer      wire.ID       `json:"peer,omitempty"`
	PeerInc   uint64        `json:"peerInc,omitempty"`
	PeerIndex uint64        `json:"peerIdx,omitempty"`
	Msg       *wire.Message `json:"msg,omitempty"`
	Note      *node.Note    `json:"note,omitempty"`
	Text      string        `json:"text,omitempty"`
}

// Sink takes the records of a run, in causal order, from one goroutine. The record and what it points to are valid
// only during the call.
type Sink interface {
	Record(r *Record)
}

// SinkFunc makes a Sink of a function.
type SinkFunc func(r *Record)

// Record implements Sink.
func (f SinkFunc) Record(r *Record) { f(r) }

// String shows the record on one line.
func (r Record) String() string {
	s := fmt.Sprintf("%12s %s", r.At, r.Node)
	if r.Inc > 0 {
		s += fmt.Sprintf("#%d", r.Inc)
	}
	s += " " + r.Kind.String()
	if r.Peer != wire.None {
		s += " " + r.Peer.String()
	}
	for _, part := range []any{r.Msg, r.Note} {
		if b, err := json.Marshal(part); err == nil && string(b) != "null" {
			s += " " + string(b)
		}
	}
	if r.Text != "" {
		s += " " + r.Text
	}
	return s
}
