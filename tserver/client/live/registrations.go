package live

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver/client"
)

// asked is a registration, or its end, whose answer is awaited.
type asked struct {
	kind wire.Kind // RegisterAddress or UnregisterAddress
	dn   callmodel.DN
	wait chan registrationAnswer
}

// registrationAnswer is what the primary says to it.
type registrationAnswer struct {
	code callmodel.ErrorCode
	text string
}

// Register asks for the events of a DN, and for the right to make requests for it; "*" is all DNs. It returns when the primary has agreed, or has not. The library registers it
// again wherever that is needed, until Unregister.
func (c *Client) Register(ctx context.Context, dn callmodel.DN) error {
	already, err := c.ask(ctx, wire.RegisterAddress, dn, func(n *client.Client, out *node.Output) bool { return n.Register(dn, out) })
	if e := (*RequestError)(nil); !already && errors.As(err, &e) {
		c.do(func(n *client.Client, out *node.Output) { n.Unregister(dn, out) })
	}
	return err
}

// Unregister ends a registration. It returns when the primary has answered: no event of the DN follows, but what another registration asks for. If ctx ends before, its error wraps
// ErrUnknown, and the library goes on: it tells the next primary if need be. A DN that is not registered is not unregistered: then the error wraps ErrNotDone.
func (c *Client) Unregister(ctx context.Context, dn callmodel.DN) error {
	not, err := c.ask(ctx, wire.UnregisterAddress, dn, func(n *client.Client, out *node.Output) bool { return n.Unregister(dn, out) })
	if not {
		return &RequestError{
			Request: wire.UnregisterAddress.String(), Code: callmodel.ErrNotRegistered, Text: fmt.Sprintf("%q is not registered by this client", dn), errs: []error{ErrNotDone},
		}
	}
	if e := (*RequestError)(nil); errors.As(err, &e) && e.Code == callmodel.ErrNotRegistered {
		return nil // the primary before had done it
	}
	return err
}

// ask has the node do something, and waits for the primary's answer, unless there was nothing to do.
func (c *Client) ask(ctx context.Context, kind wire.Kind, dn callmodel.DN, do func(*client.Client, *node.Output) bool) (nothing bool, err error) {
	a := &asked{kind, dn, make(chan registrationAnswer, 1)}
	c.mu.Lock()
	c.asked = append(c.asked, a)
	c.mu.Unlock()
	defer c.forgetAsked(a)
	done := make(chan bool, 1)
	fail := func(outcome, why error) (bool, error) {
		return false, fmt.Errorf("%s %s: %w: %w", kind, dn, outcome, why)
	}
	if !c.do(func(n *client.Client, out *node.Output) { done <- do(n, out) }) {
		return fail(ErrNotDone, c.why())
	}
	for {
		select {
		case did := <-done:
			if !did {
				return true, nil
			}
		case answer := <-a.wait:
			if answer.code == 0 {
				return false, nil
			}
			return false, &RequestError{Request: kind.String(), Code: answer.code, Text: answer.text, errs: []error{ErrNotDone}}
		case <-ctx.Done():
			return fail(ErrUnknown, context.Cause(ctx))
		case <-c.host.Done():
			return fail(ErrUnknown, c.why())
		}
	}
}

func (c *Client) forgetAsked(a *asked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = slices.DeleteFunc(c.asked, func(other *asked) bool { return other == a })
}

// registered looks for the primary's answer to a registration, or to its end.
func (c *Client) registered(from wire.ID, m *wire.Message) {
	of := m.Of
	switch m.Kind {
	case wire.EventRegistered:
		of = wire.RegisterAddress
	case wire.EventUnregistered:
		of = wire.UnregisterAddress
	case wire.EventError:
	default:
		return
	}
	if c.Status().Primary != from.String() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asked {
		if a.kind == of && a.dn == m.ThisDN {
			select {
			case a.wait <- registrationAnswer{m.Code, m.Text}:
			default:
			}
		}
	}
}
