package pairmodel

import (
	"fmt"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// describeMessage names a message with what distinguishes it.
func describeMessage(m *wire.Message) string {
	s := m.Kind.String()
	switch m.Kind {
	case wire.SnapshotBegin:
		return "the snapshot"
	case wire.PeerState, wire.Status:
		s += fmt.Sprintf(" %s of epoch %d, CTI link %s, announced %t", m.Role, m.Epoch, m.CTI, m.Announced)
		if m.Kind == wire.Status {
			s += fmt.Sprintf(", ready %t", m.Ready)
		}
	case wire.BackupReady:
		s += fmt.Sprintf(" num=%d", m.Num)
	case wire.FullSyncDone:
		s += fmt.Sprintf(" num=%d reason=%s", m.Num, m.Reason)
	case wire.Appoint:
		s += fmt.Sprintf(" epoch=%d primary=%s normal=%t", m.Epoch, m.Node, m.Normal)
	case wire.RoleTaken:
		s += fmt.Sprintf(" epoch=%d role=%s %s", m.Epoch, m.Role, m.Outcome)
	case wire.PeerFailed:
		s += fmt.Sprintf(" failed=%s", m.Node)
	case wire.CallNamed, wire.CallNamedAck:
		s += fmt.Sprintf(" call %s is %s", m.Call, m.ConnID)
	case wire.CallCreated, wire.CallReleased:
		s += fmt.Sprintf(" call %s", m.Call)
	}
	return s
}

// timerName says which wait is over.
func timerName(at int, t node.Timer) string {
	type name struct {
		at   int
		kind node.TimerKind
	}
	n, ok := map[name]string{
		{aAt, 1}: "no primary was reached for connect-tout", {aAt, 2}: "the pause between two batches is over", {aAt, 16}: "ha-publish-timeout is over",
		{mAt, 1}: "it has learnt for long enough", {mAt, 2}: "the old primary has not answered for connect-tout",
		{mAt, 3}: "disconnect-switchover-timeout is over for " + wire.ID(t.Key).String(),
	}[name{map[int]int{aAt: aAt, bAt: aAt, mAt: mAt}[at], t.Kind}]
	if !ok {
		n = fmt.Sprintf("timer %d of %d", t.Kind, t.Key)
	}
	return n
}
