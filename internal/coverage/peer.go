package coverage

import (
	"slices"
	"strings"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Failover is the group of the points of client failover.
const Failover = "client failover"

// The points of client failover, and of requests, by what is said.
var (
	activityTexts = texts(
		Failover, [2]string{"active P7", "P7 the secondary loses the link, and is active"}, [2]string{"active P9", "P9 a client is reported, and the secondary gets the activity"},
		[2]string{"active P10", "P10 active by a command"}, [2]string{"active P11", "P11 the holder becomes active, or who has waited for activation-grace"},
		[2]string{"active P12", "P12 who has the switch gets the activity"}, [2]string{"active P13", "P13 a new epoch above one that was heard of"},
		[2]string{"inactive P8", "P8 the primary loses the link and most of its clients, and is inactive"}, [2]string{"inactive P9: the request", "P9 the request is withdrawn, and the secondary closes"},
		[2]string{"inactive P9", "P9 handed over"}, [2]string{"inactive P10", "P10 deactivated, or handed over by a command"},
		[2]string{"inactive P11", "P11 the other one is the holder"}, [2]string{"inactive P12", "P12 handed over"},
		[2]string{"inactive P13", "P13 both were active, and the other one is the holder"}, [2]string{"open P9", "P9 the secondary opens"},
	)
	censusTexts = texts(
		Failover, [2]string{"P9: reported", "P9 a client has got to the secondary"}, [2]string{"P8", "P8 the census: most clients and the link are lost"},
		[2]string{"P9", "P9 the census: a large portion of the clients is lost"},
	)
	loginTexts = texts(
		Failover, [2]string{"is not active", "P4 a login is refused: not active"}, [2]string{"seats are taken", "P2 a login is refused: no seat"},
		[2]string{"licence-grace is over", "P2 a login is refused: licence-grace is over"}, [2]string{"it has expired", "P2 a login is refused: the licence has expired"},
	)
	failoverTexts = texts(
		Failover, [2]string{"deactivated", "P10 System Administration deactivates a server"}, [2]string{"config-changed", "P3 a change is acknowledged"},
		[2]string{"config-conflict", "P3 a change goes to the conflict record"}, [2]string{"session", "P6 a client gets a session"}, [2]string{"login", "P5 a client is let in"},
		[2]string{"ClientReport", "P9 a report"}, [2]string{"ActivateWithdrawn", "P9 a request is withdrawn"}, [2]string{"HandOver", "P11 handed over"},
		[2]string{"AskActivity", "P10 the holder is asked for the activity"},
	)
	requestTexts = texts(
		Rules, [2]string{"done", "X13 a request is done"}, [2]string{"not done", "X13 a request is not done"}, [2]string{"unknown", "X13 what became of a request is unknown"},
		[2]string{"again", "X13 a request is made again"}, [2]string{"asked", "X13 a client asks what became of a request"}, [2]string{"void", "X13 a request is void"},
		[2]string{"stale-epoch", "X13 the switch refuses a request of a lower epoch"}, [2]string{"outcome-unknown", "X13 a T-Server cannot tell what became of a request"},
		[2]string{"not-primary", "X13 a backup refuses a request"},
	)
)

// exact counts the point of a table whose text is what is said.
func (c *Counter) exact(table []textPoint, said string) {
	if i := slices.IndexFunc(table, func(t textPoint) bool { return t.text == said }); i >= 0 {
		c.hit(table[i].point)
	}
}

// failover counts what a note tells of client failover and of requests.
func (c *Counter) failover(n *node.Note) {
	switch n.Kind {
	case node.NoteActivity:
		for i := range activityTexts {
			if strings.HasPrefix(n.Text+" "+n.Why+" ", activityTexts[i].text) {
				c.hit(activityTexts[i].point)
				return
			}
		}
	case node.NoteCensus:
		c.exact(censusTexts, n.Text)
	case node.NoteLoginRefused:
		c.text(loginTexts, n.Text)
	case node.NoteDeactivated, node.NoteSession:
		if n.N == 1 {
			c.exact(failoverTexts, n.Kind.String())
		}
	case node.NoteConfigChanged, node.NoteConflict, node.NoteLogin:
		c.exact(failoverTexts, n.Kind.String())
	case node.NoteAnswered:
		how, _, _ := strings.Cut(n.Text, ":")
		c.exact(requestTexts, how)
		if n.M != 0 {
			c.exact(requestTexts, "again")
		}
	}
}

// told counts what a message that is sent tells of them.
func (c *Counter) told(r *trace.Record) {
	switch m := r.Msg; m.Kind {
	case wire.ClientReport, wire.ActivateWithdrawn, wire.HandOver, wire.AskActivity:
		c.exact(failoverTexts, m.Kind.String())
	case wire.RequestQueryRequest:
		c.exact(requestTexts, "asked")
	case wire.EventError:
		c.exact(requestTexts, m.Code.String())
	}
}

// ofM are the beginnings of points that need a Management Layer.
var ofM = []string{
	"X12 ", "R1 ", "R14 ", "R11 M ", "M has a ", "X6 an assignment", "X6 the named one", "switchover", "X10 readiness of the pair", "role-flapping", "no-brain", "split-brain",
}

// Concerns reports whether a point can be hit under peer arbitration, or under a Management Layer.
func (n *Count) Concerns(peer bool) bool {
	if !peer {
		return n.Group != Failover
	}
	return !slices.ContainsFunc(ofM, func(begin string) bool { return strings.HasPrefix(n.Point, begin) })
}
