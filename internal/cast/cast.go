// Package cast makes the nodes of a pair from its configuration, for any world.
package cast

import (
	"fmt"
	"slices"

	"hotpair/hasync/mlayer"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/switchsim"
	"hotpair/tserver"
	"hotpair/tserver/client"
)

// New makes a fresh node: what a start of its process begins with.
func New(id wire.ID, c *config.Config) node.Node {
	switch {
	case id == wire.Switch:
		return switchsim.New(c.Switch)
	case id == wire.A:
		return tserver.New(id, c.A)
	case id == wire.B:
		return tserver.New(id, c.B)
	case id == wire.MLayer:
		return mlayer.New(c.M)
	case id.IsClient():
		n := client.New(id, c.Without)
		if c.Register == config.AtPrimary {
			n.RegisterOnce()
		}
		if !c.HasM() {
			n.LogIn(c.LoginOptions(id))
		}
		return n
	}
	panic(fmt.Sprintf("cast: no node is called %s", id))
}

// Peers returns the nodes with which a node keeps links. Under peer arbitration there is no Management Layer.
func Peers(id wire.ID, c *config.Config) []wire.ID {
	peers := wire.PeersOf(nil, id, c.Clients)
	if !c.HasM() {
		peers = slices.DeleteFunc(peers, func(p wire.ID) bool { return p == wire.MLayer })
	}
	return peers
}
