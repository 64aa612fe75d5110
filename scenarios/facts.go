package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/forecast"
	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/parties"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// facts is what the runner knows of the system, from the records of the trace and nothing else.
type facts struct {
	now   time.Duration // of the last record
	last  trace.Record
	nodes []nodeFacts // by wire.ID
	up    map[direction]bool

	calls  map[callmodel.CallID]bool // that are up at the switch
	newest callmodel.CallID          // created last
	named  map[string]callmodel.CallID
	first  map[callmodel.CallID]callmodel.ConnID // the ConnID that a primary gave it first
	alarms monitor.Alarms

	parties  parties.Tracker // as the switch has told
	monitors *monitor.Set    // which know the configuration
	metric   metrics
	hasM     bool // arbitration is management-layer
	risk     risk
}

// nodeFacts is what is known of one node.
type nodeFacts struct {
	running, paused bool
	inc             uint64
	raised          []string // alarms, since the start of the run

	// A T-Server.
	role, cti, sync  string
	epoch            uint64 // also the highest that a client has seen, and the record's
	announced, ready bool
	tagged           uint64
	forecast         forecast.Redundancy
	holds            map[callmodel.CallID]callmodel.ConnID
	unnamed          int

	failover failoverFacts

	// M.
	named    wire.ID
	namedInc uint64
	restarts uint64

	// A client.
	acted, ignored, incomplete uint64
	done, notDone, unknown     uint64 // its requests
	saw                        map[callmodel.CallID]callmodel.ConnID
}

func newFacts() *facts {
	return &facts{
		nodes: make([]nodeFacts, wire.Client(1)),
		up:    map[direction]bool{}, calls: map[callmodel.CallID]bool{}, named: map[string]callmodel.CallID{},
		first: map[callmodel.CallID]callmodel.ConnID{},
		risk:  risk{calls: map[callmodel.CallID]bool{}},
	}
}

func (f *facts) node(id wire.ID) *nodeFacts {
	for int(id) >= len(f.nodes) {
		f.nodes = append(f.nodes, nodeFacts{})
	}
	return &f.nodes[id]
}

// record takes a record into account.
func (f *facts) record(r *trace.Record) {
	f.now, f.last = r.At, *r
	f.alarms.Record(r)
	n := f.node(r.Node)
	switch r.Kind {
	case trace.Started:
		*n = nodeFacts{running: true, inc: r.Inc, role: "backup", cti: "down", sync: "idle", restarts: n.restarts, named: n.named, namedInc: n.namedInc, epoch: n.epoch, raised: n.raised}
		switch {
		case r.Node == wire.Switch:
			clear(f.calls)
			f.metric.switchDied(r.At)
		case r.Node != wire.MLayer:
			n.epoch = 0 // M's record outlives it
		}
	case trace.Ended:
		n.running, n.paused, n.holds = false, false, nil
		n.announced, n.ready = false, false
		n.failover = failoverFacts{}
		for d := range f.up {
			if d.from == r.Node {
				delete(f.up, d)
			}
		}
	case trace.Sent:
		if r.Node == wire.Switch {
			f.parties.Hear(r.Msg, parties.Nobody{})
		}
	case trace.Up:
		f.up[direction{r.Node, r.Peer}] = true
	case trace.Down:
		delete(f.up, direction{r.Node, r.Peer})
	case trace.Applied:
		n.paused = r.Text == "pause" || n.paused && r.Text != "resume"
	case trace.Noted:
		f.note(n, r.Note)
	}
	f.risk.record(f, r)
	f.metric.update(f, r)
}

// soFar returns the figures as they would be if the run ended now.
func (f *facts) soFar() metrics {
	copied := *f
	copied.metric.Loads = slices.Clone(f.metric.Loads)
	return copied.finish()
}

// finish ends the accounts of the run.
func (f *facts) finish() metrics {
	f.metric.account(f.now)
	for i := range f.metric.Loads {
		f.metric.Loads[i].finish(f.now)
	}
	f.risk.account(f.now)
	f.metric.AtRisk, f.metric.AtRiskTime = f.risk.peak, f.risk.total
	return f.metric
}

func (f *facts) note(n *nodeFacts, note *node.Note) {
	switch note.Kind {
	case node.NoteAlarm:
		if name := note.Alarm.String(); note.N == 1 && !slices.Contains(n.raised, name) {
			n.raised = append(n.raised, name)
		}
	case node.NoteRole:
		n.role, n.epoch = note.Text, note.N
		if n.role == "primary" {
			for call, connID := range n.holds {
				f.firstName(call, connID)
			}
		}
	case node.NoteActivity, node.NoteDeactivated, node.NoteLogin, node.NoteLoginRefused, node.NoteLogout, node.NoteHolder, node.NoteCensus,
		node.NoteSession, node.NoteWants, node.NoteSeats, node.NoteConfig, node.NoteConflict:
		n.failover.note(note)
		if note.Kind == node.NoteActivity || note.Kind == node.NoteLogout {
			f.forgetRefusals(n)
		}
	case node.NoteCTI:
		n.cti = note.Text
	case node.NoteSync:
		n.sync = note.Text
	case node.NoteTagged:
		n.tagged = note.N
		n.forecast.Tagged(f.now, note.N)
	case node.NoteAnnounced, node.NoteWithdrawn:
		n.announced = note.Kind == node.NoteAnnounced
	case node.NoteReady, node.NotePairReady:
		n.ready = note.N == 1
	case node.NoteHeld, node.NoteNamed:
		f.holds(n, note)
	case node.NoteGone:
		if connID, held := n.holds[note.Call]; held && connID == 0 {
			n.unnamed--
		}
		delete(n.holds, note.Call)
	case node.NoteRecord:
		n.named, n.namedInc, n.epoch = note.Peer, note.M, note.N
	case node.NoteRestart:
		n.restarts++
	case node.NoteCall:
		f.call(note)
	case node.NoteActed:
		n.acted++
		n.epoch = max(n.epoch, note.N)
		f.saw(n, note)
	case node.NoteIgnored:
		n.ignored++
	case node.NoteAnswered:
		switch text, _, _ := strings.Cut(note.Text, ":"); text {
		case "done":
			n.done++
		case "not done":
			n.notDone++
		default:
			n.unknown++
		}
	case node.NoteResumed:
		if note.Text == "incomplete" {
			n.incomplete++
		}
	}
}

func (f *facts) holds(n *nodeFacts, note *node.Note) {
	if n.holds == nil {
		n.holds = map[callmodel.CallID]callmodel.ConnID{}
	}
	if old, held := n.holds[note.Call]; held && old == 0 {
		n.unnamed--
	}
	n.holds[note.Call] = note.ConnID
	if note.ConnID == 0 {
		n.unnamed++
	} else if n.role == "primary" {
		f.firstName(note.Call, note.ConnID)
	}
}

func (f *facts) firstName(call callmodel.CallID, connID callmodel.ConnID) {
	if _, known := f.first[call]; !known && connID != 0 {
		f.first[call] = connID
	}
}

func (f *facts) call(note *node.Note) {
	switch note.Text {
	case "created":
		f.calls[note.Call] = true
		f.newest = note.Call
	case "released", "lost-release":
		delete(f.calls, note.Call)
	}
}

// saw: a ConnID that changes under a client's eyes is what a failover costs.
func (f *facts) saw(n *nodeFacts, note *node.Note) {
	if n.saw == nil {
		n.saw = map[callmodel.CallID]callmodel.ConnID{}
	}
	if old, known := n.saw[note.Call]; known && old != note.ConnID {
		f.metric.Changed++
	}
	n.saw[note.Call] = note.ConnID
}

// nameCall: the scenario calls the call that was created last by this name.
func (f *facts) nameCall(name string) { f.named[name] = f.newest }

// primary returns the T-Server that is primary of the highest epoch; none if there is none, both if both are.
func (f *facts) primary() string {
	a, b := f.node(wire.A), f.node(wire.B)
	isA, isB := a.running && a.role == "primary", b.running && b.role == "primary"
	switch {
	case isA && isB && a.epoch == b.epoch:
		return "both"
	case isA && (!isB || a.epoch > b.epoch):
		return "A"
	case isB:
		return "B"
	}
	return "none"
}

func (f *facts) pairReady() bool { return f.node(wire.A).ready && f.node(wire.B).ready }

// whole is L1 and L3, and why they do not hold.
func (f *facts) whole() (bool, string) {
	if !f.hasM {
		if ok, why := f.served(); !ok {
			return false, why
		}
	}
	p := f.primary()
	if p != "A" && p != "B" {
		return false, "there is no single primary: " + p
	}
	primary, backup := wire.A, wire.B
	if p == "B" {
		primary, backup = wire.B, wire.A
	}
	a, b, m := f.node(primary), f.node(backup), f.node(wire.MLayer)
	switch {
	// M must know, too: while it still sees what was, it may be about to change the roles of a pair that seems whole.
	case f.hasM && (!m.running || m.named != primary || m.epoch != a.epoch):
		return false, fmt.Sprintf("M names %s in epoch %d, but %s is primary of epoch %d", m.named, m.epoch, primary, a.epoch)
	case a.cti != "synchronized" || !a.announced:
		return false, fmt.Sprintf("primary %s: CTI link %s, announced %t", primary, a.cti, a.announced)
	case !b.running || b.role != "backup" || b.epoch != a.epoch:
		return false, fmt.Sprintf("%s is no backup of epoch %d", backup, a.epoch)
	case b.cti != "synchronized" || !b.announced || b.sync != "done":
		return false, fmt.Sprintf("backup %s: CTI link %s, announced %t, synchronization %s", backup, b.cti, b.announced, b.sync)
	case !a.ready || !b.ready || f.hasM && !m.ready:
		return false, fmt.Sprintf("readiness: %s %t, %s %t, of the pair as M sees it %t", primary, a.ready, backup, b.ready, m.ready)
	}
	if alarm, raised := f.alarms.First(f.monitors); raised {
		return false, "not cleared: " + alarm
	}
	return true, ""
}

// justHappened reports whether the last record is the message that is looked for, or the state is as it should be.
func (f *facts) justHappened(p *pattern) bool {
	if p.message() {
		return p.matches(&f.last)
	}
	return f.holdsState(p)
}

// holdsState reports whether a state is as it should be.
func (f *facts) holdsState(p *pattern) bool {
	for i := range p.conds {
		if c := &p.conds[i]; !c.holds(f.value(p, c.key)) {
			return false
		}
	}
	return true
}

// describe says how a state is.
func (f *facts) describe(p *pattern) string {
	if p.message() {
		return "it was not sent"
	}
	var parts []string
	for _, c := range p.conds {
		parts = append(parts, c.key+"="+f.value(p, c.key))
	}
	return "it is " + strings.Join(parts, " ")
}

func (f *facts) value(p *pattern, key string) string {
	switch p.subject {
	case ofLink:
		return f.linkValue(p.link)
	case ofPair:
		return f.pairValue(key)
	case ofCall:
		return f.callValue(p.call, key)
	}
	return f.nodeValue(p.id, key)
}

// How a link is. It is half-open as long as one end has not heard what the other end has.
const (
	linkUp       = "up"
	linkDown     = "down"
	linkHalfOpen = "half-open"
)

func (f *facts) linkValue(ends [2]wire.ID) string {
	a, b := f.up[direction{ends[0], ends[1]}], f.up[direction{ends[1], ends[0]}]
	switch {
	case a && b:
		return linkUp
	case !a && !b:
		return linkDown
	}
	return linkHalfOpen
}

func (f *facts) pairValue(key string) string {
	switch key {
	case "active":
		return f.active()
	case "sameConfig":
		return strconv.FormatBool(f.sameConfig())
	case "clients":
		return strconv.Itoa(f.clientsAt(f.active()))
	case "primary":
		return f.primary()
	case "ready":
		return strconv.FormatBool(f.pairReady())
	case "alarms":
		return strconv.Itoa(f.alarms.Count(wire.None))
	case "changed":
		return strconv.FormatUint(f.metric.Changed, 10)
	}
	return strconv.FormatUint(f.metric.Switchovers, 10)
}

func (f *facts) callValue(name, key string) string {
	id, known := f.named[name]
	if !known {
		return "unknown"
	}
	if key == "up" {
		return strconv.FormatBool(f.calls[id])
	}
	held := 0
	var ids []callmodel.ConnID
	for _, server := range []wire.ID{wire.A, wire.B} {
		if n := f.node(server); n.running {
			if connID, ok := n.holds[id]; ok {
				held++
				ids = append(ids, connID)
			}
		}
	}
	same, kept := held > 0, held > 0
	for _, c := range ids {
		same = same && c != 0 && c == ids[0]
		kept = kept && c != 0 && c == f.first[id]
	}
	switch key {
	case "held":
		return strconv.Itoa(held)
	case "same":
		return strconv.FormatBool(same)
	}
	return strconv.FormatBool(kept)
}

func (f *facts) nodeValue(id wire.ID, key string) string {
	n := f.node(id)
	switch key {
	case "running":
		return strconv.FormatBool(n.running)
	case "inc":
		return strconv.FormatUint(n.inc, 10)
	case "role":
		return n.role
	case "cti":
		return n.cti
	case "sync":
		return n.sync
	case "announced":
		return strconv.FormatBool(n.announced)
	case "ready":
		return strconv.FormatBool(n.ready)
	case "named":
		if n.named == wire.None {
			return "none"
		}
		return n.named.String()
	case "activity", "holder", "deactivated", "session":
		return n.failover.value(key)
	case "alarm":
		return f.alarms.Names(id)
	case "raised":
		return strings.Join(n.raised, ",")
	case "alarms":
		return strconv.Itoa(f.alarms.Count(id))
	case "calls":
		if id == wire.Switch {
			return strconv.Itoa(len(f.calls))
		}
		return strconv.Itoa(len(n.holds))
	}
	return strconv.FormatUint(n.number(key), 10)
}

func (n *nodeFacts) number(key string) uint64 {
	switch key {
	case "epoch":
		return n.epoch
	case "sessions":
		return n.failover.sessions
	case "refused":
		return n.failover.refused
	case "seats":
		return n.failover.seats
	case "conflicts":
		return n.failover.conflicts
	case "configEpoch":
		return n.failover.config[0]
	case "config":
		return n.failover.config[1]
	case "tagged":
		return n.tagged
	case "unnamed":
		return uint64(n.unnamed)
	case "restarts":
		return n.restarts
	case "acted":
		return n.acted
	case "ignored":
		return n.ignored
	case "done":
		return n.done
	case "not-done":
		return n.notDone
	case "unknown":
		return n.unknown
	case "incomplete":
		return n.incomplete
	}
	panic("scenarios: no node has a value " + key)
}
