package pairmodel

import (
	"sync"

	"hotpair/internal/explore"
)

// tables are the numbers of components, and what was computed of them. They only grow, and are shared by a model's steppers.
type tables struct {
	nodes   *explore.Table[nodeC]
	links   *explore.Table[linkC]
	msgs    *explore.Table[msgC]
	ops     *explore.Table[opC]
	watches *explore.Table[watch]
	seen    *explore.Table[[]byte] // lists of sightings

	// What was computed once.
	steps    explore.Memo // of a node, an input: the number of the outcome
	linkOps  explore.Memo // of a link, an operation: the link
	watched  explore.Memo // of a watch, sightings: the number of the verdict
	renNode  explore.Memo // of a node, a renaming: the node
	renLink  explore.Memo
	renWatch explore.Memo
	outcomes explore.List[*outcome]
	verdicts explore.List[*verdict]

	popOp [2]uint32
	cutOp uint32
	upOp  uint32

	mu        sync.Mutex
	renamings []*renaming
	byNames   map[nameSet]*renaming
}

// Renew implements explore.Renewer.
func (m *Model) Renew() {
	m.tables = &tables{
		nodes: explore.NewTable[nodeC](), links: explore.NewTable[linkC](), msgs: explore.NewTable[msgC](), ops: explore.NewTable[opC](),
		watches: explore.NewTable[watch](), seen: explore.NewTable[[]byte](), byNames: map[nameSet]*renaming{},
	}
	m.msgs.Get(nil, func() *msgC { return &msgC{} }) // downNotice
	m.seen.Get(nil, func() *[]byte { return &[]byte{} })
	for end := range m.popOp {
		m.popOp[end] = m.internOp(&opC{kind: opPop, end: end})
	}
	m.cutOp, m.upOp = m.internOp(&opC{kind: opCut}), m.internOp(&opC{kind: opConnect})
}

// renamingOf returns the renaming for a set of names.
func (m *Model) renamingOf(used *nameSet) *renaming {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byNames[*used]
	if r == nil {
		r = newRenaming(uint32(len(m.renamings)), used, m.keep)
		m.renamings = append(m.renamings, r)
		m.byNames[*used] = r
	}
	return r
}
