package live

import (
	"context"
	"errors"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver/client"
)

var (
	// ErrNotDone means that the request was not carried out, and will not be. It can be made again.
	ErrNotDone = errors.New("not done")
	// ErrUnknown means that the request may have been carried out, or may still be.
	ErrUnknown = errors.New("it is not known whether it was done")
)

// RequestError says why a request has no answer. It wraps ErrNotDone or ErrUnknown, and the context's error, if that ended the waiting.
type RequestError struct {
	// Request is the request's name: RequestMakeCall.
	Request string
	// Code and Text are the EventError's; 0 and "" if there was none.
	Code callmodel.ErrorCode
	Text string
	errs []error
}

// Error implements error.
func (e *RequestError) Error() string {
	s := e.Request + ": " + e.errs[0].Error()
	if e.Code != 0 {
		s += ": " + e.Code.String() + ": " + e.Text
	}
	for _, err := range e.errs[1:] {
		s += ": " + err.Error()
	}
	return s
}

// Unwrap returns what it wraps.
func (e *RequestError) Unwrap() []error { return e.errs }

// maxUnderWay is how many requests are under way at once; others wait for their turn. The node takes a few more.
const maxUnderWay = 16

// answered is what became of a request.
type answered struct {
	outcome client.Outcome
	answer  Event
	has     bool
	code    callmodel.ErrorCode
	text    string
}

// Answered implements client.Observer.
func (c *Client) Answered(refID uint64, o client.Outcome, m *wire.Message) {
	a := answered{outcome: o}
	if m != nil {
		a.answer, a.has, a.code, a.text = eventOf(wire.None, m), true, m.Code, m.Text
	}
	c.mu.Lock()
	w := c.waiting[refID]
	delete(c.waiting, refID)
	c.mu.Unlock()
	if w != nil {
		w <- a
	}
}

// request makes a request and waits for its outcome. It returns the event that answered it.
func (c *Client) request(ctx context.Context, m wire.Message) (Event, error) {
	fail := func(outcome error, more ...error) (Event, error) {
		return Event{}, &RequestError{Request: m.Kind.String(), errs: append([]error{outcome}, more...)}
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return fail(ErrNotDone, context.Cause(ctx))
	}
	defer func() { <-c.slots }()
	if ctx.Err() != nil {
		return fail(ErrNotDone, context.Cause(ctx))
	}
	wait, refused := make(chan answered, 1), make(chan error, 1)
	if !c.do(func(n *client.Client, out *node.Output) {
		refID, err := n.Request(m, !c.opt.NoRepeat, out)
		if err != nil {
			refused <- err
			return
		}
		c.await(refID, wait)
	}) {
		return fail(ErrNotDone, c.why())
	}
	select {
	case err := <-refused:
		return fail(ErrNotDone, err)
	case a, ok := <-wait:
		if !ok {
			return fail(ErrUnknown, c.why())
		}
		return c.outcome(&m, &a)
	case <-ctx.Done():
		return fail(ErrUnknown, context.Cause(ctx))
	case <-c.host.Done():
		return fail(ErrUnknown, c.why())
	}
}

// await lets wait have the outcome of a request, which may have none yet: it is called within the step that made it.
func (c *Client) await(refID uint64, wait chan answered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		close(wait)
		return
	}
	c.waiting[refID] = wait
}

func (c *Client) outcome(m *wire.Message, a *answered) (Event, error) {
	e := &RequestError{Request: m.Kind.String(), Code: a.code, Text: a.text}
	switch a.outcome {
	case client.Done:
		return a.answer, nil
	case client.NotDone:
		e.errs = []error{ErrNotDone}
	default:
		e.errs = []error{ErrUnknown}
	}
	return Event{}, e
}

// why returns why the client has ended.
func (c *Client) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return ErrClosed
	}
	return c.ended
}
