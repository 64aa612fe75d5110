package monitor

import (
	"slices"
	"time"

	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// census is the configured primary's (P8, P9), as it follows from its sessions and their ends.
type census struct {
	sessions []wire.ID // sorted
	is       bool      // the window is open
	from     time.Duration
	base     int       // how many held a session just before the first loss
	noted    []wire.ID // those of them that have not logged out since
	link     bool      // the link was lost in it
	asked    bool      // a request was sent in it
	unsure   bool      // the server stood still in it: nobody can tell when it ends

	outstanding uint64 // the number of the request that is neither withdrawn nor void, 0 if there is none
}

func (c *census) in(id wire.ID) { c.sessions = insertID(c.sessions, id) }

// gone: the server itself has closed a client's link; it is no loss, and may be one that it does not speak of.
func (c *census) gone(id wire.ID) {
	c.sessions = deleteID(c.sessions, id)
	c.noted = deleteID(c.noted, id)
}

func (c *census) takes(p *peerServer) bool { return p.id == wire.A && p.active() && p.carrier }

// loggedOut: a session is over, and was lost or not.
func (c *census) loggedOut(p *peerServer, r *trace.Record) {
	if r.Note.Text == "lost" && c.takes(p) {
		c.opens(p, r)
	}
	c.sessions = deleteID(c.sessions, r.Note.Peer)
	if r.Note.Text != "lost" {
		c.noted = deleteID(c.noted, r.Note.Peer)
	}
}

// opens: the first loss opens the window. One whose time is over has closed, unless its request is outstanding.
func (c *census) opens(p *peerServer, r *trace.Record) {
	if c.is && c.over(p, r.At) <= 0 {
		return
	}
	*c = census{sessions: c.sessions, is: true, from: r.At, base: len(c.sessions), noted: slices.Clone(c.sessions), outstanding: c.outstanding, unsure: c.is && c.unsure}
}

// over is by how much the window's time is over; negative while it is not, or a request is outstanding.
func (c *census) over(p *peerServer, now time.Duration) time.Duration {
	if c.outstanding != 0 {
		return -1
	}
	return now - c.from - p.lasts(p.options.options.Failover.ClientLossWindow)
}

func (c *census) linkLost(p *peerServer, r *trace.Record) {
	wasAsked := c.outstanding != 0
	if !c.takes(p) {
		c.outstanding = 0
		return
	}
	expired := c.is && r.At-c.from > p.lasts(p.options.options.Failover.ClientLossWindow)
	c.opens(p, r)
	if c.outstanding = 0; wasAsked && expired {
		c.from = r.At // P9 turns into P8
	}
	c.link = true
}

// lost counts those noted who hold no session now.
func (c *census) lost() (n int) {
	for _, id := range c.noted {
		if _, here := slices.BinarySearch(c.sessions, id); !here {
			n++
		}
	}
	return n
}

// certain reports whether the window is open beyond doubt: its end, and what the server took for it, may be a little apart.
func (c *census) certain(p *peerServer, now time.Duration) bool {
	return c.is && !c.unsure && c.over(p, now) < -tolerance
}

// decides: the server has counted, and acts upon it.
func (c *census) decides(s *Set, p *peerServer, r *trace.Record) {
	n := r.Note
	if n.Text != "P8" && n.Text != "P9" {
		return
	}
	o := &p.options.options.Failover
	lost := c.lost()
	closed := !c.is || !c.unsure && c.over(p, r.At) > p.lasts(o.ClientLossWindow) // timers of a busy machine come late
	switch {
	case !c.takes(p):
		s.report(records(&p.activity, r), "%s takes a census, and is not an active primary that is connected (%s)", p.id, n.Text)
	case closed:
		s.report(records(&p.input, r), "%s counts losses of more than one event: no window of client-loss-window is open (%s)", p.id, n.Text)
	case !c.unsure && (int(n.N) != lost || int(n.M) != c.base):
		s.report(records(&p.input, r), "%s counts %d of %d clients as lost, and it is %d of %d (%s)", p.id, n.N, n.M, lost, c.base, n.Text)
	case n.Text == "P8" && (p.up || !c.unsure && (!c.link || 2*lost <= c.base)):
		s.report(records(&p.input, r), "%s deactivates itself, and has not lost the link and most of its clients in one event (P8)", p.id)
	case n.Text == "P9" && (!p.told || p.holder != p.id || !c.unsure && (lost < o.PartialLossMin || 100*lost < o.PartialLossThreshold*c.base)):
		s.report(records(&p.input, r), "%s asks the other one to open, and has not lost a large portion of its clients on an open link of which it is the holder (P9)", p.id)
	}
}

// requests: one request per window.
func (c *census) requests(s *Set, p *peerServer, r *trace.Record) {
	if c.asked && !c.unsure {
		s.report(records(&p.input, r), "%s asks for a second time in one window (P9)", p.id)
	}
	c.asked, c.outstanding = true, r.Msg.Num
}

func (c *census) withdraws(s *Set, p *peerServer, r *trace.Record) {
	if c.outstanding != r.Msg.Num {
		s.report(records(&p.input, r), "%s withdraws a request that is not outstanding (P9)", p.id)
	}
	c.outstanding = 0
	if !c.unsure && c.over(p, r.At) > 0 {
		c.is = false
	}
}

// reported: the primary hands over on a report for its outstanding request.
func (c *census) reported(s *Set, p *peerServer, r *trace.Record) {
	if in := &p.input; in.Kind != trace.Received || in.Msg.Kind != wire.ClientReport || c.outstanding == 0 || in.Msg.Num != c.outstanding {
		s.report(records(&p.input, r), "%s hands over, and no client was reported under the number of its outstanding request (P9)", p.id)
	}
}

// demand: what the census demands has been done when the next step begins.
func (c *census) demand(s *Set, p *peerServer, r *trace.Record) {
	if !c.takes(p) || !c.certain(p, r.At) {
		return
	}
	o, lost := &p.options.options.Failover, c.lost()
	switch {
	case c.link && !p.up && 2*lost > c.base:
		s.report(records(&p.input, &p.activity, r), "%s has lost the link and %d of %d clients in one event, and stays active (P8)", p.id, lost, c.base)
	case p.told && p.holder == p.id && !c.asked && lost >= o.PartialLossMin && 100*lost >= o.PartialLossThreshold*c.base:
		s.report(records(&p.input, &p.activity, r), "%s has lost %d of %d clients, and asks nobody to open (P9)", p.id, lost, c.base)
	}
}
