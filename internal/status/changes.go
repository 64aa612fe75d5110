package status

import (
	"fmt"

	"hotpair/internal/wire"
)

// Change is something that has happened to a pair, for people.
type Change struct {
	Node wire.ID `json:"node,omitempty"` // empty: the pair
	Text string  `json:"text"`
}

// Changes tells what has happened between two states of a pair. Counters and times do not count.
func Changes(before, after *Pair) (list []Change) {
	say := func(id wire.ID, format string, args ...any) {
		list = append(list, Change{id, fmt.Sprintf(format, args...)})
	}
	for i := range after.Nodes {
		now := &after.Nodes[i]
		was := before.Node(now.Node)
		switch {
		case was == nil:
			say(now.Node, "is there, incarnation %d", now.Inc)
			was = &Status{TServer: &TServer{}, Manager: &Manager{}, Carrier: true}
		case was.Inc != now.Inc:
			say(now.Node, "has started again, incarnation %d", now.Inc)
			was = &Status{TServer: &TServer{}, Manager: &Manager{}, Carrier: true}
		}
		nodeChanges(was, now, say)
	}
	for _, a := range after.Absent {
		if before.Node(a.Node) != nil || before.Pair == "" {
			say(a.Node, "is absent: %s", a.Why)
		}
	}
	switch {
	case after.Tagged > 0 && before.Tagged == 0:
		say(wire.None, "%d calls are in the way", after.Tagged)
	case after.Tagged == 0 && before.Tagged > 0:
		say(wire.None, "no call is in the way any more")
	}
	switch {
	case after.Ready && !before.Ready:
		say(wire.None, "readiness is 1: a switchover loses nothing")
	case !after.Ready && (before.Ready || before.Why != after.Why):
		say(wire.None, "readiness is 0: %s", after.Why)
	}
	return list
}

func nodeChanges(was, now *Status, say func(wire.ID, string, ...any)) {
	if was.Carrier != now.Carrier {
		say(now.Node, "%s", map[bool]string{true: "is connected to NATS again", false: "has lost its connection to NATS"}[now.Carrier])
	}
	if was.TServer != nil && now.TServer != nil {
		tserverChanges(now.Node, was.TServer, now.TServer, say)
	}
	if was.Manager != nil && now.Manager != nil && now.Manager.Named != wire.None &&
		(was.Manager.Epoch != now.Manager.Epoch || was.Manager.Named != now.Manager.Named) {
		text := fmt.Sprintf("names %s, epoch %d", now.Manager.Named, now.Manager.Epoch)
		if now.Manager.Reason != "" {
			text += ": " + now.Manager.Reason
		}
		say(now.Node, "%s", text)
	}
	for _, l := range now.Links {
		for _, old := range was.Links {
			if old.Peer == l.Peer && old.Up != l.Up {
				say(now.Node, "%s", map[bool]string{true: "link to " + l.Peer.String() + " is up", false: "link to " + l.Peer.String() + " is down: " + l.Cause}[l.Up])
			}
		}
	}
	for _, a := range now.Alarms {
		if !raised(was, a) {
			say(now.Node, "ALARM %s: %s", a.Alarm, a.Text)
		}
	}
	for _, a := range was.Alarms {
		if !raised(now, a) {
			say(now.Node, "alarm %s is cleared", a.Alarm)
		}
	}
}

func tserverChanges(id wire.ID, was, now *TServer, say func(wire.ID, string, ...any)) {
	if was.Role != now.Role || was.Epoch != now.Epoch {
		say(id, "is %s of epoch %d", now.Role, now.Epoch)
	}
	if was.CTI != now.CTI {
		say(id, "CTI link is %s", now.CTI)
	}
	if was.Announced != now.Announced {
		say(id, "%s", map[bool]string{true: "EventLinkConnected", false: "EventLinkDisconnected"}[now.Announced])
	}
	if was.Sync != now.Sync {
		say(id, "T-Server synchronization: %s", now.Sync)
	}
}

func raised(s *Status, a Alarm) bool {
	for _, other := range s.Alarms {
		if other.Alarm == a.Alarm && other.Peer == a.Peer {
			return true
		}
	}
	return false
}
