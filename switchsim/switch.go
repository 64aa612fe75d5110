package switchsim

import "hotpair/internal/node"

func New(o Options) node.Node { return nil }
