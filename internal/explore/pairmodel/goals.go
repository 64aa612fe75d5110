package pairmodel

import "hotpair/internal/node"

type goals struct{}

func (g *goals) see(*Model, *nodeC, node.Node, []node.Input, *sightings) {}
