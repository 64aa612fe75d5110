package mlayer

import "hotpair/internal/node"

func New(o Options) node.Node { return nil }
