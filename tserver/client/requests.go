package client

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// The client's timers.
const (
	// patienceTimer: a request has been without an outcome for outcomeTime. Key is the low half of its reference ID.
	patienceTimer node.TimerKind = iota + 1
	// againTimer: what could not be asked a moment ago is asked again.
	againTimer
)

const (
	// outcomeTime is how long a client waits for the outcome of a request, failovers included, before it says that it is unknown.
	outcomeTime = 30 * time.Second
	// againTime is how long it waits before it asks the same T-Server again.
	againTime = time.Second
	// maxOpen is how many requests may be without an outcome: fewer than a T-Server takes.
	maxOpen = 24
	// window is by how much reference IDs may be apart that are under way: less than a switch remembers.
	window = 48
)

// Outcome is what became of a request.
type Outcome uint8

// The outcomes.
const (
	// Done: it was carried out, once.
	Done Outcome = iota + 1
	// NotDone: it was not carried out, and will not be.
	NotDone
	// Unknown: it may have been carried out.
	Unknown
)

// String returns the outcome in words, as NoteAnswered tells it.
func (o Outcome) String() string {
	return [...]string{"", "done", "not done", "unknown"}[o]
}

// Observer is told what a client's user wants to know. It is called from within Step, and must not call the client.
type Observer interface {
	// Event: the client acts on a numbered event (IsCallEvent), or is told of the present state: EventPartyInfo, EventAddressInfo without reference ID.
	Event(from wire.ID, m *wire.Message)
	// Answered: the request that Request has given this reference ID has an outcome. answer is what told of it, nil if nothing did.
	Answered(refID uint64, o Outcome, answer *wire.Message)
	// PrimaryChanged (EventPrimaryChanged): another T-Server is primary.
	PrimaryChanged(primary wire.ID, epoch uint64)
	// Link (EventLinkConnected, EventLinkDisconnected): a T-Server is available, or is not.
	Link(server wire.ID, connected bool)
	// Server: the connection to a T-Server is up or down (EventServerDisconnected).
	Server(server wire.ID, connected bool)
}

// request is a request without an outcome.
//
// When the primary changes, or nothing is known of a request, the client asks whether it was carried out (RequestQueryRequest). If not, it is void from then
// on, so that it can be made again, under another reference ID, without ever being carried out twice (X13).
type request struct {
	id    uint64       // the reference ID that its maker knows
	m     wire.Message // as it was made last
	query uint64       // the reference ID of the question for it; 0: it was not asked
	sent  bool         // the request, or the question if there is one, is under way
	later bool         // it is not sent before againTimer fires
	once  bool         // it is not made again
	cmd   uint64       // the command that waits for its outcome, 0 if none does
}

// ErrTooMany is why a request is not taken: too many are without an outcome.
var ErrTooMany = errors.New("too many requests are without an outcome")

// SetObserver makes o hear what happens. It is no part of the client's state.
func (c *Client) SetObserver(o Observer) { c.observer = o }

// Request makes a request: m has its kind and arguments. It returns its reference ID, by which Observer.Answered and NoteAnswered name it. If repeat is set,
// and a failover shows that it was not carried out, it is made again; otherwise its outcome is then NotDone. Without a primary it waits for one.
func (c *Client) Request(m wire.Message, repeat bool, out *node.Output) (refID uint64, err error) {
	if len(c.open) >= maxOpen || len(c.open) > 0 && c.refs+1-c.open[0].oldest()&refMask > window {
		return 0, fmt.Errorf("%w: %d", ErrTooMany, len(c.open))
	}
	if !m.Kind.IsRequest() || m.Kind == wire.RegisterAddress || m.Kind == wire.UnregisterAddress {
		return 0, fmt.Errorf("%s is no request", m.Kind)
	}
	m.RefID = c.newRef()
	c.open = append(c.open, request{id: m.RefID, m: m, once: !repeat})
	out.Set(node.Timer{Kind: patienceTimer, Key: uint32(m.RefID)}, outcomeTime)
	c.settle(out)
	return m.RefID, nil
}

// refMask is the part of a reference ID that counts; the bits above it are the client's incarnation, so that none is used twice.
const refMask = 1<<32 - 1

func (r *request) oldest() uint64 {
	if r.query != 0 {
		return min(r.m.RefID, r.query)
	}
	return r.m.RefID
}

func (c *Client) newRef() uint64 {
	c.refs++
	return c.inc<<32 | c.refs
}

// settle sends what is to be sent, if there is somebody to send it to.
func (c *Client) settle(out *node.Output) {
	if c.primary == wire.None || c.resuming != wire.None {
		return
	}
	for i := range c.open {
		r := &c.open[i]
		if r.sent || r.later {
			continue
		}
		r.sent = true
		m := out.Send(c.primary, r.m.Kind)
		if r.query == 0 {
			if r.m.Seq == 0 {
				r.m.Seq = c.seq
			}
			*m = r.m
		} else {
			r.query = c.newRef()
			*m = wire.Message{Kind: wire.RequestQueryRequest, RefID: r.query, Num: r.m.RefID, Seq: r.m.Seq}
		}
		m.Epoch = c.epoch
	}
}

// doubt: what is under way may be lost: it is asked for.
func (c *Client) doubt() {
	for i := range c.open {
		if r := &c.open[i]; r.sent {
			r.sent, r.query = false, max(r.query, 1)
			if c.without.Has(node.RequestAsk) {
				r.m.RefID, r.m.Seq, r.query = c.newRef(), 0, 0
			}
		}
		c.open[i].later = false // somebody else is to be asked
	}
}

// wait: what could not be asked a moment ago is asked again when againTime is over, or somebody else can be asked.
func (c *Client) wait(r *request, out *node.Output) {
	if !slices.ContainsFunc(c.open, func(r request) bool { return r.later }) {
		out.Set(node.Timer{Kind: againTimer}, againTime)
	}
	r.sent, r.later = false, true
}

// find returns the index of the request that has this reference ID, or whose question has it; -1 if there is none.
func (c *Client) find(refID uint64) int {
	return slices.IndexFunc(c.open, func(r request) bool { return refID != 0 && (r.m.RefID == refID || r.query == refID) })
}

// outcome takes a message that carries a reference ID of this client.
func (c *Client) outcome(m *wire.Message, out *node.Output) {
	i := c.find(m.RefID)
	if i < 0 {
		return
	}
	r := &c.open[i]
	if m.Kind != wire.EventError {
		c.close(i, Done, m, out)
		return
	}
	if r.query != 0 && m.RefID == r.m.RefID {
		return // it was asked for since: the answer to that counts
	}
	switch m.Code {
	case callmodel.ErrForgotten:
		c.close(i, Unknown, m, out)
	case callmodel.ErrVoid:
		if r.once {
			c.close(i, NotDone, m, out)
			return
		}
		r.m.RefID, r.m.Seq, r.query, r.sent = c.newRef(), 0, 0, false
		c.settle(out)
	case callmodel.ErrTooManyRequests:
		if r.query == 0 {
			c.close(i, NotDone, m, out)
			return
		}
		c.wait(r, out)
	case callmodel.ErrNotPrimary, callmodel.ErrStaleEpoch, callmodel.ErrOutcomeUnknown:
		r.query = max(r.query, 1)
		c.wait(r, out)
	case callmodel.ErrLinkDown:
		if r.query == 0 {
			c.close(i, NotDone, m, out)
			return
		}
		c.wait(r, out)
	default:
		c.close(i, NotDone, m, out)
	}
}

// close ends a request.
func (c *Client) close(i int, o Outcome, answer *wire.Message, out *node.Output) {
	r := c.open[i]
	c.open = slices.Delete(c.open, i, i+1)
	out.Cancel(node.Timer{Kind: patienceTimer, Key: uint32(r.id)})
	why := ""
	note := node.Note{Kind: node.NoteAnswered, N: r.id}
	if r.m.RefID != r.id {
		note.M = r.m.RefID
	}
	if answer != nil && answer.Code != 0 {
		why = ": " + answer.Code.String() + ": " + answer.Text
	}
	note.Text = o.String() + why
	out.Note(note)
	if c.observer != nil {
		c.observer.Answered(r.id, o, answer)
	}
	if r.cmd == 0 {
		return
	}
	cmd := node.Command{ID: r.cmd, Verb: "request"}
	if o == Done {
		out.Done(&cmd)
	} else {
		out.Refuse(&cmd, note.Text)
	}
}

func (c *Client) fired(t node.Timer, out *node.Output) {
	switch t.Kind {
	case againTimer:
		for i := range c.open {
			c.open[i].later = false
		}
		c.settle(out)
		return
	case patienceTimer:
	default:
		return // the login's
	}
	if i := slices.IndexFunc(c.open, func(r request) bool { return uint32(r.id) == t.Key }); i >= 0 {
		o := Unknown
		if r := &c.open[i]; !r.sent && r.query == 0 {
			o = NotDone // nobody was there to be asked
		}
		c.close(i, o, nil, out)
	}
}

func (c *Client) appendRequests(b []byte) []byte {
	b = canon.Uint(b, c.inc)
	b = canon.Uint(b, c.refs)
	b = canon.Uint(b, c.primary)
	b = canon.Uint(b, len(c.open))
	for i := range c.open {
		r := &c.open[i]
		b = canon.Uint(b, r.id)
		b = r.m.AppendCanonical(b)
		b = canon.Uint(b, r.query)
		b = canon.Bool(b, r.sent)
		b = canon.Bool(b, r.later)
		b = canon.Bool(b, r.once)
		b = canon.Uint(b, r.cmd)
	}
	return b
}

func (c *Client) restoreRequests(r *canon.Reader) {
	c.inc, c.refs, c.primary = canon.Read[uint64](r), canon.Read[uint64](r), canon.Read[wire.ID](r)
	c.open = nil
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		o := request{id: canon.Read[uint64](r), m: wire.RestoreMessage(r)}
		o.query, o.sent, o.later, o.once, o.cmd = canon.Read[uint64](r), r.Bool(), r.Bool(), r.Bool(), canon.Read[uint64](r)
		c.open = append(c.open, o)
	}
}
