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

// registered: a client that registers once does so when it hears of a primary, and again at the next one where the answer has not come.
func (c *Client) registered(from wire.ID, m *wire.Message, out *node.Output) {
	switch {
	case len(c.todo) == 0:
	case m.Kind == wire.EventServerInfo && m.Role == wire.Primary && m.RefID == 0:
		for _, dn := range c.todo {
			c.register(from, dn, out)
		}
	case m.Kind == wire.EventRegistered && from == c.primary:
		c.todo = slices.DeleteFunc(c.todo, func(dn callmodel.DN) bool { return dn == m.ThisDN })
	}
}

// add registers one more DN.
func (c *Client) add(dn callmodel.DN, out *node.Output) {
	c.dns = append(c.dns, dn)
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

func appendDNs(b []byte, list []callmodel.DN) []byte {
	b = canon.Uint(b, len(list))
	for _, dn := range list {
		b = canon.String(b, dn)
	}
	return b
}

func restoreDNs(r *canon.Reader) (list []callmodel.DN) {
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

// Unregister ends that. It reports false if the client has not registered the DN.
func (c *Client) Unregister(dn callmodel.DN, out *node.Output) bool {
	i := slices.Index(c.dns, dn)
	if i < 0 {
		return false
	}
	c.dns = slices.Delete(c.dns, i, i+1)
	c.todo = slices.DeleteFunc(c.todo, func(d callmodel.DN) bool { return d == dn })
	c.atBoth(func(server wire.ID) {
		m := out.Send(server, wire.UnregisterAddress)
		m.Epoch, m.ThisDN = c.epoch, dn
	})
	return true
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
