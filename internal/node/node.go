package node

import (
	"maps"
	"slices"
	"strings"
	"time"

	"hotpair/internal/wire"
)

// Node is a participant. Its methods are called by one goroutine at a time.
//
// A node panics when it finds its own invariants broken, and never because of what a message or a command holds:
// those it answers with [Output.Refuse].
type Node interface {
	// Step handles one input. It must not keep in or out, nor anything that they point to.
	Step(in *Input, out *Output)
	// AppendCanonical appends the node's state to b. States that behave alike have the same bytes: an ended call, a
	// counter, a statistic leave nothing in it.
	AppendCanonical(b []byte) []byte
	// Restore is the inverse of AppendCanonical: afterwards the node behaves as the one that was encoded. The receiver is a fresh node
	// made with the same options.
	Restore(b []byte) error
}

// InputKind says what happened.
type InputKind uint8

// The kinds of inputs. Start is the first input that a node gets, and it gets it once.
const (
	// Start: Inc is the node's own incarnation, Value what it persisted last (nil if nothing).
	Start InputKind = iota + 1
	// PortUp: the link to Peer, whose incarnation is Inc, is up.
	PortUp
	// PortDown: the link to Peer, which was up, is down, for Cause.
	PortDown
	// Receive: Msg arrived from Peer.
	Receive
	// Fired: Timer, which was armed, fired and is no longer armed.
	Fired
	// Do: Cmd came from the scenario or the operator.
	Do
	// CarrierDown: the node's own connection is lost, and with it all its ports are down; no PortDown comes for them. A node whose own
	// carrier is down draws no conclusion from its links.
	CarrierDown
	// CarrierUp: the node's own connection is back. The carrier of a started node is up.
	CarrierUp
	// Stored: what the node wanted to store in its last step is durable. It comes before anything else.
	Stored
	// StoreConflict: another incarnation has persisted Value since this node last read or wrote; what the node
	// wanted to store or persist was not stored, and what it put out after a Persist in that step has been dropped. Cmd is the command whose step that was, if it
	// was one: it is not answered yet.
	StoreConflict
	// StoreFailed: what the node wanted to store or persist was not stored, since the store does not take it, being full or read-only (Text says why);
	// Value is what is stored. What the node put out after a Persist in that step has been dropped; Cmd is as with StoreConflict. A store that cannot
	// be reached is another matter: the world waits for it.
	StoreFailed
)

// Input is one thing that happens to a node.
type Input struct {
	Kind  InputKind
	Peer  wire.ID
	Inc   uint64
	Cause Cause
	Timer Timer
	Msg   *wire.Message // of the world; valid during Step only, never changed
	Cmd   *Command
	Value []byte
	Text  string
	At    time.Duration // of Start: the run's clock. Whoever uses it sets a timer by it, and keeps it not
	// Millis is the time in milliseconds of the run's clock, from 1, for the switch alone; 0 where there is no time. It writes it on its events, and does nothing
	// else with it.
	Millis uint64
}

// Cause says why a port went down.
type Cause uint8

// The causes. All but Goodbye and OwnCarrier mean that the peer is lost, whatever the reason.
const (
	CauseTimeout    Cause = iota + 1 // silence for 2 × addp-timeout
	CauseGoodbye                     // the peer stopped in an orderly way
	CauseClosed                      // the peer closed the link
	CauseGap                         // a message was lost: a number is missing
	CauseRestarted                   // another session or incarnation of the peer took its place
	CauseOwnCarrier                  // this node's own connection is down; in records only, see CarrierDown
	CauseGone                        // the carrier told that the peer's connection ended
)

var causeNames = [...]string{"", "timeout", "goodbye", "closed", "gap", "restarted", "own-carrier", "gone"}

// String returns the cause's name.
func (c Cause) String() string { return causeNames[c] }

// TimerKind names what a timer is for. Kinds from LinkTimers on are the link layer's.
type TimerKind uint8

// LinkTimers is the first TimerKind that belongs to the link layer.
const LinkTimers TimerKind = 200

// Timer names a timer: what it is for, and of which peer, call or DN.
type Timer struct {
	Kind TimerKind
	Key  uint32
}

// Command is a request from outside of the protocol: telephony at the switch, an operator at the Management Layer,
// registrations at a client. A node answers it with one note, Done or Refused, that carries ID.
type Command struct {
	ID   uint64            `json:"id"`
	Verb string            `json:"verb"`
	Args map[string]string `json:"args,omitempty"`
}

// String shows the command as verb key=value …, keys in their order, for traces and logs: what is secret in it is left out.
func (c *Command) String() string {
	s := c.Verb
	public := c.PublicArgs()
	for _, k := range slices.Sorted(maps.Keys(public)) {
		s += " " + k + "=" + public[k]
	}
	return s
}

// PublicArgs are the arguments without what is secret: a user's key.
func (c *Command) PublicArgs() map[string]string {
	if !strings.HasPrefix(c.Args["object"], "user/") || c.Args["value"] == "" {
		return c.Args
	}
	public := maps.Clone(c.Args)
	public["value"] = "(secret)"
	return public
}

// OpKind says what an Op does.
type OpKind uint8

// The kinds of operations.
const (
	OpSend    OpKind = iota + 1 // Peer, message Index
	OpSet                       // Timer, After
	OpCancel                    // Timer
	OpPersist                   // Value
	OpClose                     // Peer: close the port; the link may come up again
	OpShut                      // Peer: close the port and keep it down
	OpUnshut                    // Peer: let the port come up again
	OpNote                      // note Index
	OpStore                     // Value; the last of its step
)

// Op is one operation of an Output.
type Op struct {
	Kind  OpKind
	Peer  wire.ID
	Timer Timer
	Index int32
	After time.Duration
	Value []byte
}

// Output collects what follows from a step, in order. A world reuses it from step to step.
type Output struct {
	Ops   []Op
	Msgs  []wire.Message
	Notes []Note
}

// Reset empties the output and keeps its memory.
func (o *Output) Reset() {
	o.Ops, o.Msgs, o.Notes = o.Ops[:0], o.Msgs[:0], o.Notes[:0]
}

// Send sends a message to peer, and returns it to be filled in before the next call of a method of o. The port must be up.
func (o *Output) Send(peer wire.ID, kind wire.Kind) *wire.Message {
	o.Ops = append(o.Ops, Op{Kind: OpSend, Peer: peer, Index: int32(len(o.Msgs))})
	o.Msgs = append(o.Msgs, wire.Message{Kind: kind})
	return &o.Msgs[len(o.Msgs)-1]
}

// Set arms the timer to fire after d, which is above 0; if it is armed already, it is moved.
func (o *Output) Set(t Timer, d time.Duration) {
	o.Ops = append(o.Ops, Op{Kind: OpSet, Timer: t, After: d})
}

// Cancel disarms the timer, if it is armed.
func (o *Output) Cancel(t Timer) { o.Ops = append(o.Ops, Op{Kind: OpCancel, Timer: t}) }

// Persist makes value the node's durable state. It is a barrier: the operations after it in this step happen only
// when value is durable, and a crash may fall in between. See StoreConflict for the case that somebody else wrote, StoreFailed for a store that
// takes nothing.
func (o *Output) Persist(value []byte) {
	o.Ops = append(o.Ops, Op{Kind: OpPersist, Value: value})
}

// Store makes value the node's durable state, too. It is the last operation of a step, so that nothing can be lost with it: what depends on its being durable
// the node does when it hears Stored, StoreFailed or StoreConflict, which is the next thing that it hears.
func (o *Output) Store(value []byte) {
	o.Ops = append(o.Ops, Op{Kind: OpStore, Value: value})
}

// Close closes the port to peer, if it is up. The node gets no PortDown for it; the link may come up again.
func (o *Output) Close(peer wire.ID) { o.Ops = append(o.Ops, Op{Kind: OpClose, Peer: peer}) }

// Shut closes the port to peer, as Close, and keeps it down until Unshut.
func (o *Output) Shut(peer wire.ID) { o.Ops = append(o.Ops, Op{Kind: OpShut, Peer: peer}) }

// Unshut lets the port to peer come up again.
func (o *Output) Unshut(peer wire.ID) { o.Ops = append(o.Ops, Op{Kind: OpUnshut, Peer: peer}) }

// Note states a fact for the trace.
func (o *Output) Note(n Note) {
	o.Ops = append(o.Ops, Op{Kind: OpNote, Index: int32(len(o.Notes))})
	o.Notes = append(o.Notes, n)
}

// Done answers a command: it is carried out.
func (o *Output) Done(cmd *Command) { o.Note(Note{Kind: NoteDone, N: cmd.ID, Text: cmd.Verb}) }

// Answer answers a command that asks for something: Text of the note is the answer, in JSON.
func (o *Output) Answer(cmd *Command, answer string) {
	o.Note(Note{Kind: NoteDone, N: cmd.ID, Text: answer})
}

// Refuse answers a command: it is not carried out, for the reason given.
func (o *Output) Refuse(cmd *Command, why string) {
	o.Note(Note{Kind: NoteRefused, N: cmd.ID, Text: why})
}
