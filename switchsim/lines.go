package switchsim

import (
	"strconv"

	"hotpair/callmodel"
)

// line is an extension or a trunk.
type line struct {
	dn    callmodel.DN
	typ   callmodel.DNType
	agent callmodel.AgentState
	busy  bool
}

// numberingPlan lists the extensions, then the trunks, and indexes them by name.
func numberingPlan(o Options) ([]line, map[callmodel.DN]int) {
	lines := make([]line, 0, o.Extensions+o.Trunks)
	for i := range o.Extensions {
		lines = append(lines, line{
			dn: callmodel.DN(strconv.Itoa(o.FirstDN + i)), typ: callmodel.DNExtension, agent: callmodel.AgentLoggedOut,
		})
	}
	for i := range o.Trunks {
		lines = append(lines, line{dn: callmodel.DN("T" + strconv.Itoa(i+1)), typ: callmodel.DNTrunk})
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
		if at := from + (start+i)%n; !s.lines[at].busy {
			return at
		}
	}
	return -1
}
