package tserver

import "hotpair/callmodel"

// dn is one directory number as the switch reported it.
type dn struct {
	name    callmodel.DN
	typ     callmodel.DNType
	agent   callmodel.AgentState
	mode    callmodel.WorkMode // the agent's, since it logged in
	agentID string
	dnd     bool
	forward callmodel.DN

	// What the T-Server emulates, and the switch does not know.
	due       bool  // after-call work is to be told of, by the primary
	afterCall bool  // the agent is in after-call work
	ticks     uint8 // that are left of its time; 0: it is over, and a primary has not acted on it; noTicks if it has no end
}

// dnTable holds the switch's DNs, in the order in which it reported them.
type dnTable struct {
	list  []dn
	index map[callmodel.DN]int
}

// replace takes up what the switch has reported. An agent that it still has as not ready goes on with its after-call work.
func (t *dnTable) replace(list []dn) {
	old, was := t.list, t.index
	t.list = append([]dn(nil), list...)
	t.index = make(map[callmodel.DN]int, len(list))
	for i := range t.list {
		d := &t.list[i]
		t.index[d.name] = i
		if k, ok := was[d.name]; ok && d.agent == callmodel.AgentNotReady {
			d.due, d.afterCall, d.ticks = old[k].due, old[k].afterCall, old[k].ticks
		}
	}
}

func (t *dnTable) has(name callmodel.DN) bool {
	_, ok := t.index[name]
	return ok
}

// of returns a DN, nil if the switch has none of that name.
func (t *dnTable) of(name callmodel.DN) *dn {
	if i, ok := t.index[name]; ok {
		return &t.list[i]
	}
	return nil
}

// state is the agent's state as clients see it.
func (d *dn) state() callmodel.AgentState {
	if d.afterCall && d.agent == callmodel.AgentNotReady {
		return callmodel.AgentAfterCallWork
	}
	return d.agent
}
