package live

import (
	"context"

	"hotpair/callmodel"
	"hotpair/internal/wire"
)

// The requests. Each returns when its outcome is known, or the context ends; see the package's documentation for what an error means. The DN that a request is for must
// be registered.

// MakeCall calls a DN from another one, with attached data. The ConnID is the new call's.
func (c *Client) MakeCall(ctx context.Context, from, to callmodel.DN, data ...callmodel.Pair) (callmodel.ConnID, error) {
	e, err := c.request(ctx, wire.Message{Kind: wire.RequestMakeCall, ThisDN: from, OtherDN: to, Data: callmodel.Attach(data...)})
	return e.ConnID, err
}

// call makes a request about a call at a DN.
func (c *Client) call(ctx context.Context, kind wire.Kind, dn callmodel.DN, connID callmodel.ConnID) error {
	_, err := c.request(ctx, wire.Message{Kind: kind, ThisDN: dn, ConnID: connID})
	return err
}

// AnswerCall answers a call that rings at a DN.
func (c *Client) AnswerCall(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID) error {
	return c.call(ctx, wire.RequestAnswerCall, dn, connID)
}

// ReleaseCall has a DN leave a call, which ends unless two others stay.
func (c *Client) ReleaseCall(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID) error {
	return c.call(ctx, wire.RequestReleaseCall, dn, connID)
}

// HoldCall puts a call on hold at a DN.
func (c *Client) HoldCall(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID) error {
	return c.call(ctx, wire.RequestHoldCall, dn, connID)
}

// RetrieveCall takes it up again.
func (c *Client) RetrieveCall(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID) error {
	return c.call(ctx, wire.RequestRetrieveCall, dn, connID)
}

// AlternateCall puts a call on hold and takes up another one that is.
func (c *Client) AlternateCall(ctx context.Context, dn callmodel.DN, connID, held callmodel.ConnID) error {
	return c.two(ctx, wire.RequestAlternateCall, dn, connID, held)
}

func (c *Client) two(ctx context.Context, kind wire.Kind, dn callmodel.DN, connID, other callmodel.ConnID) error {
	_, err := c.request(ctx, wire.Message{Kind: kind, ThisDN: dn, ConnID: connID, TransferConnID: other})
	return err
}

// consult puts a call on hold and calls a DN about it.
func (c *Client) consult(ctx context.Context, kind wire.Kind, dn callmodel.DN, connID callmodel.ConnID, to callmodel.DN, data []callmodel.Pair) (callmodel.ConnID, error) {
	e, err := c.request(ctx, wire.Message{Kind: kind, ThisDN: dn, ConnID: connID, OtherDN: to, Data: callmodel.Attach(data...)})
	return e.ConnID, err
}

// InitiateTransfer puts a call on hold and calls a DN about it. The ConnID is the consult call's.
func (c *Client) InitiateTransfer(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, to callmodel.DN, data ...callmodel.Pair) (callmodel.ConnID, error) {
	return c.consult(ctx, wire.RequestInitiateTransfer, dn, connID, to, data)
}

// CompleteTransfer joins a call and its consult call, and has the DN leave both.
func (c *Client) CompleteTransfer(ctx context.Context, dn callmodel.DN, connID, consult callmodel.ConnID) error {
	return c.two(ctx, wire.RequestCompleteTransfer, dn, connID, consult)
}

// InitiateConference is as InitiateTransfer.
func (c *Client) InitiateConference(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, to callmodel.DN, data ...callmodel.Pair) (callmodel.ConnID, error) {
	return c.consult(ctx, wire.RequestInitiateConference, dn, connID, to, data)
}

// CompleteConference joins a call and its consult call; the DN stays.
func (c *Client) CompleteConference(ctx context.Context, dn callmodel.DN, connID, consult callmodel.ConnID) error {
	return c.two(ctx, wire.RequestCompleteConference, dn, connID, consult)
}

func (c *Client) toDN(ctx context.Context, kind wire.Kind, dn callmodel.DN, connID callmodel.ConnID, other callmodel.DN) error {
	_, err := c.request(ctx, wire.Message{Kind: kind, ThisDN: dn, ConnID: connID, OtherDN: other})
	return err
}

// SingleStepTransfer hands a call over to a DN, which rings.
func (c *Client) SingleStepTransfer(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, to callmodel.DN) error {
	return c.toDN(ctx, wire.RequestSingleStepTransfer, dn, connID, to)
}

// SingleStepConference takes a DN, which rings, into a call.
func (c *Client) SingleStepConference(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, with callmodel.DN) error {
	return c.toDN(ctx, wire.RequestSingleStepConference, dn, connID, with)
}

// DeleteFromConference has another DN leave a conference.
func (c *Client) DeleteFromConference(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, other callmodel.DN) error {
	return c.toDN(ctx, wire.RequestDeleteFromConference, dn, connID, other)
}

// RedirectCall sends a call that rings at a DN to another one.
func (c *Client) RedirectCall(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, to callmodel.DN) error {
	return c.toDN(ctx, wire.RequestRedirectCall, dn, connID, to)
}

// RouteCall has a routing point send a call to a DN, as EventRouteRequest asks.
func (c *Client) RouteCall(ctx context.Context, point callmodel.DN, connID callmodel.ConnID, to callmodel.DN) error {
	return c.toDN(ctx, wire.RequestRouteCall, point, connID, to)
}

// AttachUserData adds pairs to a call's attached data; what is there already stays.
func (c *Client) AttachUserData(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, data ...callmodel.Pair) error {
	_, err := c.request(ctx, wire.Message{Kind: wire.RequestAttachUserData, ThisDN: dn, ConnID: connID, Data: callmodel.Attach(data...)})
	return err
}

// UpdateUserData replaces a call's attached data.
func (c *Client) UpdateUserData(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, data ...callmodel.Pair) error {
	_, err := c.request(ctx, wire.Message{Kind: wire.RequestUpdateUserData, ThisDN: dn, ConnID: connID, Data: callmodel.Attach(data...)})
	return err
}

// DeletePair deletes a pair of a call's attached data.
func (c *Client) DeletePair(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID, key string) error {
	_, err := c.request(ctx, wire.Message{Kind: wire.RequestDeletePair, ThisDN: dn, ConnID: connID, Text: key})
	return err
}

// DeleteUserData deletes all attached data of a call.
func (c *Client) DeleteUserData(ctx context.Context, dn callmodel.DN, connID callmodel.ConnID) error {
	return c.call(ctx, wire.RequestDeleteUserData, dn, connID)
}

func (c *Client) agent(ctx context.Context, kind wire.Kind, dn callmodel.DN, agentID string, mode callmodel.WorkMode) error {
	_, err := c.request(ctx, wire.Message{Kind: kind, ThisDN: dn, Text: agentID, WorkMode: mode})
	return err
}

// AgentLogin logs an agent in at a DN. Mode 0 is auto-in. It implies no ready state.
func (c *Client) AgentLogin(ctx context.Context, dn callmodel.DN, agentID string, mode callmodel.WorkMode) error {
	return c.agent(ctx, wire.RequestAgentLogin, dn, agentID, mode)
}

// AgentLogout logs the agent out.
func (c *Client) AgentLogout(ctx context.Context, dn callmodel.DN) error {
	return c.agent(ctx, wire.RequestAgentLogout, dn, "", 0)
}

// AgentReady makes the agent ready. Mode 0 leaves the work mode as it was.
func (c *Client) AgentReady(ctx context.Context, dn callmodel.DN, mode callmodel.WorkMode) error {
	return c.agent(ctx, wire.RequestAgentReady, dn, "", mode)
}

// AgentNotReady makes the agent not ready. Mode 0 is aux-work.
func (c *Client) AgentNotReady(ctx context.Context, dn callmodel.DN, mode callmodel.WorkMode) error {
	return c.agent(ctx, wire.RequestAgentNotReady, dn, "", mode)
}

// SetDND has calls to a DN find it busy, or not any more.
func (c *Client) SetDND(ctx context.Context, dn callmodel.DN, on bool) error {
	kind := wire.RequestSetDNDOff
	if on {
		kind = wire.RequestSetDNDOn
	}
	return c.call(ctx, kind, dn, 0)
}

// ForwardCalls has calls to a DN go to another one; "" ends that.
func (c *Client) ForwardCalls(ctx context.Context, dn, to callmodel.DN) error {
	kind := wire.RequestCallForwardCancel
	if to != "" {
		kind = wire.RequestCallForwardSet
	}
	return c.toDN(ctx, kind, dn, 0, to)
}

// QueryAddress asks for a DN's type, agent and forwarding.
func (c *Client) QueryAddress(ctx context.Context, dn callmodel.DN) (Event, error) {
	return c.request(ctx, wire.Message{Kind: wire.RequestQueryAddress, ThisDN: dn})
}

// QueryCall asks for a call.
func (c *Client) QueryCall(ctx context.Context, connID callmodel.ConnID) (Event, error) {
	return c.request(ctx, wire.Message{Kind: wire.RequestQueryCall, ConnID: connID})
}

// QueryServer asks the primary who it is.
func (c *Client) QueryServer(ctx context.Context) (Event, error) {
	return c.request(ctx, wire.Message{Kind: wire.RequestQueryServer})
}
