package coverage

import (
	"strings"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Counter counts points. It is a trace.Sink, and is used by one goroutine. The zero value has counted nothing.
type Counter struct {
	counts  []uint64 // by point; nil before the first
	servers [2]server
}

// server is what is known of a T-Server, for points that depend on what was before.
type server struct {
	role, cti, sync string
	epoch           uint64
	announced       bool
	tagged          uint64
	begins          bool                        // its last note was that it tags
	named           callmodel.CallID            // by its last note
	held            map[uint32]callmodel.CallID // by reference
}

// Fresh forgets what is known of the nodes, before another run; what was counted stays.
func (c *Counter) Fresh() { c.servers = [2]server{} }

// Add adds what another one has counted.
func (c *Counter) Add(o *Counter) {
	c.ready()
	for i := range o.counts {
		c.counts[i] += o.counts[i]
	}
}

// Count is a point and how often it was seen.
type Count struct {
	Group string `json:"group"`
	Point string `json:"point"`
	Times uint64 `json:"times"`
}

// Counts returns all points, in the order of their table.
func (c *Counter) Counts() []Count {
	c.ready()
	list := make([]Count, len(points))
	for i := range list {
		list[i] = Count{points[i].group, points[i].name, c.counts[i]}
	}
	return list
}

// AddCounts adds counts by their names; points that there are no more are left out.
func (c *Counter) AddCounts(list []Count) {
	c.ready()
	byName := map[string]int{}
	for i, p := range points {
		byName[p.group+"/"+p.name] = i
	}
	for _, n := range list {
		if p, ok := byName[n.Group+"/"+n.Point]; ok {
			c.counts[p] += n.Times
		}
	}
}

// Missed returns the points that were never seen, and could have been, under peer arbitration or under a Management Layer.
func (c *Counter) Missed(peer bool) []Count {
	var missed []Count
	for _, n := range c.Counts() {
		if n.Times == 0 && n.Concerns(peer) {
			missed = append(missed, n)
		}
	}
	return missed
}

// Points returns how many points could have been seen.
func (c *Counter) Points(peer bool) (n int) {
	for _, count := range c.Counts() {
		if count.Concerns(peer) {
			n++
		}
	}
	return n
}

func (c *Counter) ready() {
	if c.counts == nil {
		c.counts = make([]uint64, len(points))
	}
}

func (c *Counter) hit(p point) {
	c.ready()
	c.counts[p]++
}

// text counts the point of a group whose text begins, or ends, with what is said.
func (c *Counter) text(table []textPoint, said string) {
	for i := range table {
		if t := &table[i]; strings.Contains(said, t.text) {
			c.hit(t.point)
			return
		}
	}
}

// Record implements trace.Sink.
func (c *Counter) Record(r *trace.Record) {
	switch r.Kind {
	case trace.Started:
		if r.Node.IsTServer() {
			c.servers[r.Node-wire.A] = server{role: "backup", cti: "down", sync: "idle", held: map[uint32]callmodel.CallID{}}
		}
		if r.Inc > 1 && r.Node == wire.MLayer {
			c.hit(x12Returned)
		}
	case trace.Down:
		c.text(causeTexts, r.Text)
		if r.Text == "closed by itself" && r.Peer.IsTServer() && r.Node.IsTServer() {
			c.hit(haClosed)
		}
	case trace.Applied:
		c.text(faultTexts, r.Text)
	case trace.Sent:
		c.sent(r)
	case trace.Received:
		c.received(r)
	case trace.Noted:
		c.noted(r)
	}
}

func (c *Counter) sent(r *trace.Record) {
	c.told(r)
	m := r.Msg
	switch m.Kind {
	case wire.BackupReady:
		c.hit(r4BackupReady)
		if s := &c.servers[r.Node-wire.A]; s.announced {
			c.hit(x5Again)
		}
	case wire.FullSyncDone:
		c.fullSyncDone(r)
	case wire.CallNamed:
		if s := &c.servers[r.Node-wire.A]; s.named != m.Call {
			c.hit(x2Transfer)
		} else {
			c.hit(r12Named)
		}
	case wire.Appoint:
		if m.Normal {
			c.hit(r14Normal)
		}
	case wire.PeerFailed:
		c.hit(r11PeerFailed)
	case wire.RoleTaken:
		c.text(outcomeTexts, m.Outcome.String())
	case wire.EventError:
		c.text(errorTexts, m.Text)
	case wire.EpochSeen:
		c.hit(x6Told)
	}
}

func (c *Counter) fullSyncDone(r *trace.Record) {
	s := &c.servers[r.Node-wire.A]
	switch r.Msg.Reason {
	case wire.Synchronized:
		c.hit(r6Synchronized)
	case wire.StartUp:
		c.hit(r7StartUp)
	case wire.LinkDown:
		if s.sync == "tagging" {
			c.hit(x4LinkDown)
		} else {
			c.hit(r8LinkDown)
		}
	}
}

func (c *Counter) received(r *trace.Record) {
	if !r.Node.IsTServer() {
		return
	}
	s, m := &c.servers[r.Node-wire.A], r.Msg
	switch {
	case r.Peer.IsTServer() && m.Epoch < s.epoch:
		c.hit(x6LowerHA)
	case r.Peer == wire.MLayer && m.Kind == wire.Appoint && m.Epoch < s.epoch:
		c.hit(x6LowerAppoint)
	case r.Peer.IsClient() && m.Epoch > s.epoch && s.role == "primary":
		c.hit(x6ClientKnows)
	case r.Peer.IsTServer() && m.Epoch > s.epoch && s.role == "primary":
		c.hit(x6PeerKnows)
	}
	if m.Kind == wire.CallNamed {
		switch held := s.held[m.Call.Ref]; {
		case held == callmodel.CallID{}:
			c.hit(r12Unknown)
		case held != m.Call:
			c.hit(x3Other)
		}
	}
}

func (c *Counter) noted(r *trace.Record) {
	n := r.Note
	c.failover(n)
	switch n.Kind {
	case node.NoteRefused:
		c.text(refusedTexts, n.Text)
	case node.NoteBadInput:
		c.text(badTexts, n.Text)
	case node.NoteAlarm:
		c.alarm(n)
	case node.NoteRecord:
		c.text(recordTexts, n.Text)
	case node.NoteResumed:
		c.text(resumedTexts, n.Text)
	case node.NoteIgnored:
		c.hit(x6Ignored)
	case node.NoteRestart:
		c.hit(restarts)
	case node.NoteFence:
		c.hit(fences)
	case node.NoteSkipped:
		c.hit(skips)
	case node.NoteCleanedUp:
		c.hit(x9CleanedUp)
	case node.NotePairReady:
		if n.N == 1 {
			c.hit(x10Ready)
		} else {
			c.hit(x10NotReady)
		}
	default:
		if r.Node.IsTServer() {
			c.server(&c.servers[r.Node-wire.A], n)
		}
	}
}

func (c *Counter) alarm(n *node.Note) {
	p := alarmRaised
	if n.N == 0 {
		p = alarmCleared
	}
	c.hit(p + point(n.Alarm) - 1)
}

// server counts what a T-Server notes.
func (c *Counter) server(s *server, n *node.Note) {
	switch n.Kind {
	case node.NoteRole:
		c.text(transitionTexts, "role: "+s.role+" to "+n.Text)
		s.role, s.epoch = n.Text, n.N
	case node.NoteCTI:
		c.text(transitionTexts, "CTI link: "+s.cti+" to "+n.Text)
		s.cti = n.Text
	case node.NoteSync:
		c.text(transitionTexts, "synchronization: "+s.sync+" to "+n.Text)
		s.sync = n.Text
		s.begins = n.Text == "tagging"
		return
	case node.NoteTagged:
		switch {
		case n.N <= s.tagged:
		case s.begins:
			c.hit(r5Tagged)
		default:
			c.hit(x1Tagged)
		}
		s.tagged = n.N
	case node.NoteAnnounced:
		s.announced = true
		c.text(announcedTexts, n.Text)
	case node.NoteWithdrawn:
		s.announced = false
		c.hit(withdrawn)
	case node.NoteReady:
		c.text(readyTexts, n.Text)
	case node.NoteNamed:
		s.named = n.Call
		s.hold(n.Call)
		c.text(namedTexts, n.Text)
	case node.NoteHeld:
		s.hold(n.Call)
	case node.NoteGone:
		delete(s.held, n.Call.Ref)
	}
	s.begins = false
}

func (s *server) hold(call callmodel.CallID) {
	if s.held != nil {
		s.held[call.Ref] = call
	}
}
