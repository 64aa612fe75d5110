package pairmodel

import (
	"fmt"

	"hotpair/internal/node"
)

// action is what happens in a step.
type action struct {
	kind  actionKind
	node  int
	link  int
	end   int
	timer node.Timer
	slot  int // of the timer among those that are armed
	fault Fault
	cmd   int
	msg   uint32
	heard bool // a T-Server hears of the command at once, on link
	both  bool // both do, that one first
	dies  bool // M dies behind the barrier of the step
	trail []heard
}

// heard is a message that a node heard in a step.
type heard struct {
	link, by int
	msg      uint32
}

type actionKind uint8

const (
	actBoot actionKind = iota
	actConnect
	actDeliver
	actTimer
	actCall
	actCommand
	actCrash
	actCut
)

func (a action) describe(s *stepper) string {
	text := a.what(s)
	if a.dies {
		text += ", and M dies when it has stored what it decided"
	}
	return text
}

func (a action) what(s *stepper) string {
	from, to := ids[ends[a.link][1-a.end]], ids[ends[a.link][a.end]]
	switch a.kind {
	case actBoot:
		return "restart " + ids[a.node].String()
	case actConnect:
		return fmt.Sprintf("the link %s-%s comes up", ids[ends[a.link][0]], ids[ends[a.link][1]])
	case actDeliver:
		if a.msg == downNotice {
			return fmt.Sprintf("%s hears that the link to %s is down", to, from)
		}
		m := s.m.msgs.At(a.msg).msg
		return fmt.Sprintf("%s->%s %s", from, to, describeMessage(&m))
	case actTimer:
		return fmt.Sprintf("%s: %s", ids[a.node], timerName(a.node, a.timer))
	case actCall, actCommand:
		text := s.m.commands[a.cmd].String()
		switch {
		case a.both:
			text += fmt.Sprintf(", and both T-Servers hear of it, %s first", ids[ends[a.link][1]])
		case a.heard:
			text += fmt.Sprintf(", and %s hears of it", ids[ends[a.link][1]])
		}
		return text
	case actCrash:
		return "kill " + ids[a.node].String()
	}
	return fmt.Sprintf("cut %s-%s", ids[ends[a.link][0]], ids[ends[a.link][1]])
}
