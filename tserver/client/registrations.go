package client

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// RegisterOnly makes the client one that registers these DNs only, before it is started.
func (c *Client) RegisterOnly(dns ...callmodel.DN) *Client {
	c.dns = slices.Clone(dns)
	return c
}

// RegisterOnce makes the client one that registers each DN at the primary only, and not again when another one is primary or a connection comes up: the pair knows of it then
// (R12). It is for before the client is started.
func (c *Client) RegisterOnce() *Client {
	c.once, c.todo = true, slices.Clone(c.dns)
	return c
}

func (c *Client) register(at wire.ID, dn callmodel.DN, out *node.Output) {
	m := out.Send(at, wire.RegisterAddress)
	m.Epoch, m.ThisDN = c.epoch, dn
}

// registerAll: a connection is up.
func (c *Client) registerAll(at wire.ID, out *node.Output) {
	if c.once {
		return // it may be no primary
	}
	for _, dn := range c.dns {
		c.register(at, dn, out)
	}
}

// registered: what a primary has not answered is asked of the next one: by a client that registers once, to be registered; by any, that a registration ends, of which a
// successor may not have heard.
func (c *Client) registered(from wire.ID, m *wire.Message, out *node.Output) {
	switch {
	case len(c.todo)+len(c.leaving) == 0:
	case m.Kind == wire.EventServerInfo && m.Role == wire.Primary && m.RefID == 0:
		for _, dn := range c.todo {
			c.register(from, dn, out)
		}
		for _, dn := range c.leaving {
			c.unregister(from, dn, out)
		}
	case from != c.primary:
	case m.Kind == wire.EventRegistered:
		c.todo = without(c.todo, m.ThisDN)
	case m.Kind == wire.EventUnregistered || m.Kind == wire.EventError && m.Of == wire.UnregisterAddress:
		c.leaving = without(c.leaving, m.ThisDN)
	}
}

func without(list []callmodel.DN, dn callmodel.DN) []callmodel.DN {
	return slices.DeleteFunc(list, func(d callmodel.DN) bool { return d == dn })
}

// add registers one more DN.
func (c *Client) add(dn callmodel.DN, out *node.Output) {
	c.dns, c.leaving = append(c.dns, dn), without(c.leaving, dn)
	switch {
	case !c.once:
		c.atBoth(func(server wire.ID) { c.register(server, dn, out) })
	case c.primary != wire.None:
		c.todo = append(c.todo, dn)
		c.register(c.primary, dn, out)
	default:
		c.todo = append(c.todo, dn)
	}
}

func appendNames(b []byte, list []callmodel.DN) []byte {
	b = canon.Uint(b, len(list))
	for _, dn := range list {
		b = canon.String(b, dn)
	}
	return b
}

func restoreNames(r *canon.Reader) (list []callmodel.DN) {
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		list = append(list, callmodel.DN(r.String()))
	}
	return list
}

// Register registers a DN at both T-Servers, now and whenever a connection comes up. It reports false if the client has registered it already.
func (c *Client) Register(dn callmodel.DN, out *node.Output) bool {
	if slices.Contains(c.dns, dn) {
		return false
	}
	c.add(dn, out)
	return true
}

// Unregister ends that, at both T-Servers, and at the next primary if none has answered until then. It reports false if the client has not registered the DN.
func (c *Client) Unregister(dn callmodel.DN, out *node.Output) bool {
	if !slices.Contains(c.dns, dn) {
		return false
	}
	c.dns, c.todo = without(c.dns, dn), without(c.todo, dn)
	c.leaving = append(without(c.leaving, dn), dn)
	c.atBoth(func(server wire.ID) { c.unregister(server, dn, out) })
	return true
}

func (c *Client) unregister(at wire.ID, dn callmodel.DN, out *node.Output) {
	m := out.Send(at, wire.UnregisterAddress)
	m.Epoch, m.ThisDN = c.epoch, dn
}

// atBoth calls f for each T-Server to which there is a connection.
func (c *Client) atBoth(f func(server wire.ID)) {
	for i, up := range c.up {
		if up {
			f(wire.A + wire.ID(i))
		}
	}
}

// Primary returns the T-Server that is primary as far as the client knows, and is connected to it; None if there is none.
func (c *Client) Primary() wire.ID { return c.primary }

// Epoch returns the highest epoch that the client has seen.
func (c *Client) Epoch() uint64 { return c.epoch }
