package tserver

import "hotpair/callmodel"

// dn is one directory number as the switch reported it.
type dn struct {
	name  callmodel.DN
	typ   callmodel.DNType
	agent callmodel.AgentState
}

// dnTable holds the switch's DNs, in the order in which it reported them.
type dnTable struct {
	list  []dn
	index map[callmodel.DN]int
}

func (t *dnTable) replace(list []dn) {
	t.list = append(t.list[:0], list...)
	t.index = make(map[callmodel.DN]int, len(list))
	for i, d := range t.list {
		t.index[d.name] = i
	}
}

func (t *dnTable) has(name callmodel.DN) bool {
	_, ok := t.index[name]
	return ok
}

func (t *dnTable) setAgent(name callmodel.DN, state callmodel.AgentState) bool {
	i, ok := t.index[name]
	if ok {
		t.list[i].agent = state
	}
	return ok
}
