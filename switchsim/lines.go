package switchsim

import (
	"strconv"

	"hotpair/callmodel"
)

// line is an extension, a trunk, a queue or a routing point.
type line struct {
	dn    callmodel.DN
	typ   callmodel.DNType
	calls uint8 // an extension's or trunk's
	busy  bool  // there are some

	// An extension's.
	agent   callmodel.AgentState
	agentID string
	mode    callmodel.WorkMode
	idle    uint64 // the number of the event since which the agent has been ready and without a call
	dnd     bool
	forward callmodel.DN

	// A queue's: the calls that wait, the oldest first.
	waiting []uint32
}

// numberingPlan lists the extensions, the trunks, the queues and the routing points, and indexes them by name.
func numberingPlan(o Options) ([]line, map[callmodel.DN]int) {
	lines := make([]line, 0, o.Extensions+o.Trunks+o.Queues+o.RoutingPoints)
	for i := range o.Extensions {
		lines = append(lines, line{
			dn: callmodel.DN(strconv.Itoa(o.FirstDN + i)), typ: callmodel.DNExtension, agent: callmodel.AgentLoggedOut,
		})
	}
	for _, kind := range [...]struct {
		name  string
		typ   callmodel.DNType
		count int
	}{{"T", callmodel.DNTrunk, o.Trunks}, {"Q", callmodel.DNQueue, o.Queues}, {"RP", callmodel.DNRoutingPoint, o.RoutingPoints}} {
		for i := range kind.count {
			lines = append(lines, line{dn: callmodel.DN(kind.name + strconv.Itoa(i+1)), typ: kind.typ})
		}
	}
	byName := make(map[callmodel.DN]int, len(lines))
	for i, l := range lines {
		byName[l.dn] = i
	}
	return lines, byName
}

// idle returns the first idle line of lines[from:to] at or after start, round the end; -1 if all are busy.
func (s *Switch) idle(from, to, start int) int {
	n := to - from
	for i := range n {
		if at := from + (start+i)%n; !s.lines[at].busy && !s.lines[at].dnd {
			return at
		}
	}
	return -1
}

// occupy gives a line one call more.
func (s *Switch) occupy(at int32) {
	if l := &s.lines[at]; l.carries() {
		l.calls++
		l.busy = true
	}
}

// carries reports whether the line is one that a call makes busy.
func (l *line) carries() bool { return l.typ == callmodel.DNExtension || l.typ == callmodel.DNTrunk }

// HasDN reports whether a switch with these options has a DN.
func (o *Options) HasDN(name callmodel.DN) bool {
	_, byName := numberingPlan(*o)
	_, ok := byName[name]
	return ok
}
