package client

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// RegisterOnly makes the client one that registers these DNs only, before it is started.
func (c *Client) RegisterOnly(dns ...callmodel.DN) *Client {
	c.dns = slices.Clone(dns)
	return c
}

// Register registers a DN at both T-Servers, now and whenever a connection comes up. It reports false if the client has registered it already.
func (c *Client) Register(dn callmodel.DN, out *node.Output) bool {
	if slices.Contains(c.dns, dn) {
		return false
	}
	c.dns = append(c.dns, dn)
	c.atBoth(func(server wire.ID) { c.register(server, dn, out) })
	return true
}

// Unregister ends that. It reports false if the client has not registered the DN.
func (c *Client) Unregister(dn callmodel.DN, out *node.Output) bool {
	i := slices.Index(c.dns, dn)
	if i < 0 {
		return false
	}
	c.dns = slices.Delete(c.dns, i, i+1)
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
