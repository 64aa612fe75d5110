package tserver

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

func New(id wire.ID, o Options) node.Node { return nil }
