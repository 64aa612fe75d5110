// Package client is the client node: an agent desktop, reduced to what a failover shows. It connects to both T-Servers,
// registers DNs, and acts on the events that it gets, unless their epoch is lower than one that it has seen (X6). When it changes over to another
// primary, or comes back to one, it says which event it saw last, and goes on from there (X8).
//
// It must not know the switch, nor how T-Servers agree.
package client

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Client is a client. It implements node.Node.
type Client struct {
	self    wire.ID
	without node.Rules
	epoch   uint64 // the highest seen
	up      [2]bool
	dns     []callmodel.DN
	once    bool           // it registers them at the first primary only, and leaves the rest to the pair
	todo    []callmodel.DN // those, in that case, that no primary has registered yet
	leaving []callmodel.DN // whose registration is to end, and no primary has answered yet

	// The number of the event that it saw last, or from which it began (X8); seq 0: no primary has told one yet.
	seq uint64
	sub uint32
	// resuming is the primary whose EventResumed is awaited; what it publishes before will come again.
	resuming wire.ID

	login    *login // nil: it is connected to both T-Servers, and needs no session
	inc      uint64
	refs     uint64  // reference IDs given
	primary  wire.ID // as far as it knows, and is connected to it
	last     wire.ID // the last one that there was
	open     []request
	observer Observer
}

// New makes a client that registers every DN.
func New(self wire.ID, without node.Rules) *Client {
	return &Client{self: self, without: without, dns: []callmodel.DN{callmodel.AnyDN}}
}

// Step implements node.Node.
func (c *Client) Step(in *node.Input, out *node.Output) {
	if c.login != nil && c.stepLogin(in, out) {
		return
	}
	switch in.Kind {
	case node.Start:
		c.inc = in.Inc
	case node.Fired:
		c.fired(in.Timer, out)
	case node.PortUp:
		c.server(in.Peer, true)
		c.registerAll(in.Peer, out)
	case node.PortDown:
		c.server(in.Peer, false)
	case node.CarrierDown:
		c.server(wire.A, false)
		c.server(wire.B, false)
	case node.Receive:
		c.receive(in, out)
	case node.Do:
		c.command(in.Cmd, out)
	}
}

// server: a connection is up or down; one to log in to counts as long as there is a session. What was asked of a primary that is gone, is to be asked for.
func (c *Client) server(id wire.ID, up bool) {
	if c.up[id-wire.A] == up {
		return
	}
	c.up[id-wire.A] = up
	if !up && c.primary == id {
		c.primary = wire.None
		c.doubt()
	}
	if !up && c.resuming == id {
		c.resuming = wire.None
	}
	if c.observer != nil {
		c.observer.Server(id, up)
	}
}

// newPrimary: a T-Server says that it is primary.
func (c *Client) newPrimary(id wire.ID, epoch uint64, out *node.Output) {
	if c.primary != id {
		if c.primary != wire.None {
			c.doubt()
		}
		c.primary = id
	}
	if c.last != wire.None && c.last != id {
		out.Note(node.Note{Kind: node.NotePrimaryChanged, Peer: id, N: epoch})
		if c.observer != nil {
			c.observer.PrimaryChanged(id, epoch)
		}
	}
	c.last = id
}

// receive: X6: an event of a lower epoch is ignored, and its sender, if it takes itself for primary, is told of the higher one.
func (c *Client) receive(in *node.Input, out *node.Output) {
	m := in.Msg
	if m.Epoch < c.epoch && !c.without.Has(node.ClientEpoch) {
		if m.Kind == wire.EventServerInfo && m.Role == wire.Primary || m.Kind.IsCallEvent() {
			out.Send(in.Peer, wire.EpochSeen).Epoch = c.epoch
		}
		if m.Kind.IsCallEvent() {
			out.Note(node.Note{Kind: node.NoteIgnored, Peer: in.Peer, N: m.Epoch, Call: m.Call, ConnID: m.ConnID})
		}
		return
	}
	c.epoch = max(c.epoch, m.Epoch)
	if m.Kind == wire.EventServerInfo && m.Role == wire.Primary {
		c.newPrimary(in.Peer, m.Epoch, out)
	}
	c.registered(in.Peer, m, out)
	switch {
	case m.Kind == wire.EventServerInfo && m.RefID != 0: // an answer
	case m.Kind == wire.EventServerInfo && m.Role == wire.Primary && c.seq != 0:
		c.resume(in.Peer, out)
	case m.Kind == wire.EventServerInfo || m.Kind == wire.EventLinkConnected:
		c.begin(m)
	case m.Kind == wire.EventResumed:
		c.resumed(in.Peer, m, out)
	case m.Kind == wire.EventPartyInfo && m.RefID == 0:
		out.Note(node.Note{Kind: node.NoteActed, Peer: in.Peer, N: m.Epoch, Call: m.Call, ConnID: m.ConnID, Text: m.Kind.String()})
		c.observe(in.Peer, m)
	case m.Kind == wire.EventAddressInfo && m.RefID == 0:
		c.observe(in.Peer, m)
	case m.Kind.IsCallEvent():
		c.act(in.Peer, m, out)
	}
	if c.observer != nil && (m.Kind == wire.EventLinkConnected || m.Kind == wire.EventLinkDisconnected) {
		c.observer.Link(in.Peer, m.Kind == wire.EventLinkConnected)
	}
	if m.RefID != 0 {
		c.outcome(m, out)
	}
	c.settle(out)
}

func (c *Client) observe(from wire.ID, m *wire.Message) {
	if c.observer != nil {
		c.observer.Event(from, m)
	}
}

// begin: nothing is missed but what comes from now on.
func (c *Client) begin(m *wire.Message) {
	if c.seq == 0 {
		c.seq, c.sub = m.Seq, m.Sub
	}
}

// resume asks a T-Server that is primary, or is again, for what was missed.
func (c *Client) resume(at wire.ID, out *node.Output) {
	if c.without.Has(node.X8) {
		return
	}
	c.resuming = at
	m := out.Send(at, wire.ResumeEvents)
	m.Epoch, m.Seq, m.Sub = c.epoch, c.seq, c.sub
}

func (c *Client) resumed(from wire.ID, m *wire.Message, out *node.Output) {
	if c.resuming != from {
		return // meanwhile another T-Server is primary
	}
	c.resuming = wire.None
	how := "complete"
	if !m.Complete {
		how = "incomplete"
		c.seq, c.sub = m.Seq, m.Sub
	}
	out.Note(node.Note{Kind: node.NoteResumed, Peer: from, N: m.Num, M: m.Seq, Sub: m.Sub, Text: how})
}

// act: an event that was seen before is not seen again.
func (c *Client) act(from wire.ID, m *wire.Message, out *node.Output) {
	seen := m.Seq < c.seq || m.Seq == c.seq && m.Sub <= c.sub && c.seq != 0
	if (seen && !c.without.Has(node.ClientSeen) || c.resuming == from) && !c.without.Has(node.X8) {
		return
	}
	c.seq, c.sub = m.Seq, m.Sub
	out.Note(node.Note{
		Kind: node.NoteActed, Peer: from, N: m.Epoch, M: m.Seq, Sub: m.Sub, Call: m.Call, ConnID: m.ConnID, Text: m.Kind.String(),
	})
	c.observe(from, m)
}

// AppendCanonical implements node.Node.
func (c *Client) AppendCanonical(b []byte) []byte {
	b = canon.Uint(b, c.epoch)
	b = canon.Bool(b, c.up[0])
	b = canon.Bool(b, c.up[1])
	b = canon.Uint(b, c.seq)
	b = canon.Uint(b, c.sub)
	b = canon.Uint(b, c.resuming)
	b = c.appendRequests(b)
	b = canon.Uint(b, c.last)
	b = appendNames(b, c.dns)
	b = appendNames(b, c.todo)
	b = appendNames(b, c.leaving)
	return c.login.append(b)
}

// Restore implements node.Node.
func (c *Client) Restore(b []byte) error {
	r := canon.NewReader(b)
	c.epoch = canon.Read[uint64](r)
	c.up[0], c.up[1] = r.Bool(), r.Bool()
	c.seq, c.sub, c.resuming = canon.Read[uint64](r), canon.Read[uint32](r), canon.Read[wire.ID](r)
	c.restoreRequests(r)
	c.last = canon.Read[wire.ID](r)
	c.dns, c.todo, c.leaving = restoreNames(r), restoreNames(r), restoreNames(r)
	c.login.restore(r)
	return r.Err()
}
