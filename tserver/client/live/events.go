package live

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// Event is what a T-Server tells of a DN, or what the library has found about its connections. Fields that an event does not have are zero.
type Event struct {
	// Name is the event's, as the field calls it: EventRinging, EventReleased, EventAgentLogin, EventPrimaryChanged, …
	Name string
	// Server is the T-Server that it came from, or is about: A or B. Epoch is its.
	Server string
	Epoch  uint64
	// Seq and Sub are the event's number (s, k): the same from whichever T-Server it comes (X8). 0 of events that have none.
	Seq uint64
	Sub uint32
	// Time is the switch's, in milliseconds of the run's clock; 0 if it is not told.
	Time uint64

	ConnID   callmodel.ConnID
	Call     callmodel.CallID // the switch's own name of the call
	CallType callmodel.CallType
	// State is of a call in EventPartyInfo.
	State                    callmodel.CallState
	ThisDN, OtherDN, ThirdDN callmodel.DN
	Queue                    callmodel.DN
	ThisRole, OtherRole      callmodel.PartyRole
	// PreviousConnID is what the party's call was called before, TransferConnID the ConnID of a consultation's other call.
	PreviousConnID, TransferConnID callmodel.ConnID
	Cause                          callmodel.Cause
	// Data is attached data.
	Data callmodel.AttachedData

	DNType   callmodel.DNType
	Agent    callmodel.AgentState
	WorkMode callmodel.WorkMode
	// Text is the agent's ID in events of agents; in EventLoginRefused and EventLoggedOut the reason.
	Text string
	// RefID is the request's that caused the event, if it was this client's.
	RefID uint64
	// Complete, of EventRestoreConnection, says that nothing is missing of what follows.
	Complete bool
}

func eventOf(from wire.ID, m *wire.Message) Event {
	return Event{
		Name: m.Kind.String(), Server: from.String(), Epoch: m.Epoch, Seq: m.Seq, Sub: m.Sub, Time: m.Time,
		ConnID: m.ConnID, Call: m.Call, CallType: m.CallType, State: m.CallState, ThisDN: m.ThisDN, OtherDN: m.OtherDN, ThirdDN: m.ThirdDN, Queue: m.Queue,
		ThisRole: m.ThisRole, OtherRole: m.OtherRole, PreviousConnID: m.PreviousConnID, TransferConnID: m.TransferConnID, Cause: m.Cause, Data: m.Data,
		DNType: m.DNType, Agent: m.Agent, WorkMode: m.WorkMode, Text: m.Text, RefID: m.RefID, Complete: m.Complete,
	}
}

// MaxBehind is how many events an iterator may be behind before it ends with ErrBehind.
const MaxBehind = 1 << 16

var (
	// ErrBehind ends an iterator whose user was too slow: events would have to be left out.
	ErrBehind = errors.New("the events were not read fast enough")
	// ErrClosed means that the client was closed.
	ErrClosed = errors.New("the client is closed")
)

// stream is an iterator's queue. Its writer is the client's goroutine.
type stream struct {
	mu     sync.Mutex
	events []Event
	err    error // why nothing follows
	wake   chan struct{}
}

func (s *stream) add(e *Event) {
	s.mu.Lock()
	switch {
	case s.err != nil:
	case len(s.events) >= MaxBehind:
		s.err = ErrBehind
	default:
		s.events = append(s.events, *e)
	}
	s.mu.Unlock()
	s.awake()
}

func (s *stream) end(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	s.awake()
}

func (s *stream) awake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns what is there, and, if nothing is and nothing follows, why.
func (s *stream) take() ([]Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	if len(events) > 0 {
		return events, nil
	}
	return nil, s.err
}

// Events returns an iterator over everything that happens from now on, in order: also what happens before it is first used. It ends behind an error: ErrClosed,
// the context's, ErrBehind, or what ended the client; and when its user breaks. Several iterators see the same. An iterator is used once.
func (c *Client) Events(ctx context.Context) iter.Seq2[Event, error] {
	s := &stream{wake: make(chan struct{}, 1)}
	c.mu.Lock()
	if c.ended != nil {
		s.err = c.ended
	} else {
		c.streams = append(c.streams, s)
	}
	c.mu.Unlock()
	return func(yield func(Event, error) bool) {
		defer c.forget(s)
		for {
			events, err := s.take()
			for i := range events {
				if ctx.Err() != nil {
					break
				}
				if !yield(events[i], nil) {
					return
				}
			}
			switch {
			case ctx.Err() != nil:
				yield(Event{}, context.Cause(ctx))
				return
			case err != nil:
				yield(Event{}, err)
				return
			case len(events) > 0:
				continue
			}
			select {
			case <-s.wake:
			case <-ctx.Done():
			}
		}
	}
}

func (c *Client) forget(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams = slices.DeleteFunc(c.streams, func(other *stream) bool { return other == s })
}

// tell hands an event to all iterators. It is called by the client's goroutine.
func (c *Client) tell(e *Event) {
	c.mu.Lock()
	streams := slices.Clone(c.streams)
	c.mu.Unlock()
	for _, s := range streams {
		s.add(e)
	}
}
