package switchsim

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// linkState is what the switch does with a CTI link.
type linkState uint8

const (
	linkUp linkState = iota + 1
	linkDown
	linkSilent
)

var linkStates = map[string]linkState{"up": linkUp, "down": linkDown, "silent": linkSilent}

// ctiLink is the switch's end of a CTI link.
type ctiLink struct {
	peer  wire.ID
	state linkState
	port  bool // the port is up
	asked bool // a snapshot is asked for, and was not begun because the link is silent

	live      bool           // the snapshot was begun: events go to this T-Server
	transfers bool           // the snapshot is under way; syncTimer is armed
	queue     []wire.Message // the snapshot, and the events behind it
}

func (l *ctiLink) open() { l.port = true }

// drop forgets what was going on.
func (l *ctiLink) drop(out *node.Output) {
	l.abandon(out)
	l.port, l.asked = false, false
}

func (l *ctiLink) abandon(out *node.Output) {
	if l.transfers {
		out.Cancel(node.Timer{Kind: syncTimer, Key: uint32(l.peer)})
	}
	l.live, l.transfers, l.queue = false, false, l.queue[:0]
}

// snapshot begins the transfer of everything that the switch holds now.
func (s *Switch) snapshot(l *ctiLink, out *node.Output) {
	l.abandon(out)
	l.asked = l.state == linkSilent
	if l.asked {
		return
	}
	l.queue = append(l.queue, wire.Message{Kind: wire.SnapshotBegin, Seq: s.seq(), Sub: s.places})
	for i := range s.lines {
		d := &s.lines[i]
		l.queue = append(l.queue, wire.Message{
			Kind: wire.SnapshotDN, ThisDN: d.dn, DNType: d.typ, Agent: d.agent, WorkMode: d.mode, Text: d.agentID, Announced: d.dnd, OtherDN: d.forward,
		})
	}
	for ref := range s.calls.table {
		if s.calls.table[ref].born != 0 {
			l.queue = s.table.At(uint32(ref)).Snapshot(l.queue, s.id(uint32(ref)))
		}
	}
	l.queue = append(l.queue, wire.Message{Kind: wire.SnapshotEnd, Seq: s.seq()})
	l.live, l.transfers = true, true
	if s.opt.SyncTime == 0 {
		l.transferred(out)
		return
	}
	out.Set(node.Timer{Kind: syncTimer, Key: uint32(l.peer)}, s.opt.SyncTime)
}

func (l *ctiLink) transferred(out *node.Output) {
	l.transfers = false
	for i := range l.queue {
		l.send(&l.queue[i], out)
	}
	l.queue = l.queue[:0]
}

// report reports an event, behind the snapshot if that is under way. What happens while the link is silent is lost.
func (l *ctiLink) report(m *wire.Message, out *node.Output) {
	switch {
	case !l.live || l.state == linkSilent:
	case l.transfers:
		l.queue = append(l.queue, *m)
	default:
		l.send(m, out)
	}
}

// answer answers a request, behind the events that were reported so far. A silent link does not. A T-Server that is still reading knows that the events
// are not there yet.
func (l *ctiLink) answer(m *wire.Message, out *node.Output) {
	if l.state != linkSilent {
		l.send(m, out)
	}
}

func (l *ctiLink) send(m *wire.Message, out *node.Output) { *out.Send(l.peer, m.Kind) = *m }

// setLink is the command link.
func (s *Switch) setLink(l *ctiLink, state linkState, out *node.Output) {
	if state == l.state {
		return
	}
	was := l.state
	l.state = state
	switch state {
	case linkDown:
		l.drop(out)
		out.Shut(l.peer)
	case linkSilent:
		if l.transfers {
			l.abandon(out)
			l.asked = true
		}
	}
	if was == linkDown {
		out.Unshut(l.peer)
	} else if state == linkUp && l.asked {
		s.snapshot(l, out)
	}
}
