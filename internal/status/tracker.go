package status

import (
	"fmt"
	"slices"
	"time"

	"hotpair/internal/forecast"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Tracker follows the records of one node, over all of its incarnations. It is used by one goroutine at a time.
type Tracker struct {
	id      wire.ID
	version uint64
	running bool
	inc     uint64
	begun   time.Duration
	carrier bool

	t        TServer
	m        Manager
	ready    changing // readiness, of the pair at the Management Layer
	forecast forecast.Redundancy
	links    []linkState
	alarms   []alarmState

	count Counts
}

// Counts are what only grows.
type Counts struct {
	// Sent and Received are messages, by wire.Kind.
	Sent, Received []uint64
	// Dropped messages made no sense.
	Dropped uint64
	// Starts of the node, and records that the Management Layer wrote.
	Starts, Records uint64
	// Alarms that were raised, by node.Alarm.
	Alarms []uint64
	// Redundancies is how long it took each time from readiness 0 to 1, on the run's clock: the last of them, as many as were counted.
	Redundancies uint64
	Redundancy   time.Duration // of all of them together
	// Downs of links, by node.Cause's name.
	Downs map[string]uint64
}

// changing is a truth that changes, and since when it is so.
type changing struct {
	is    bool
	since time.Duration
	took  time.Duration // to become true, the last time
	known bool          // took is
}

func (c *changing) set(is bool, at time.Duration) (became bool) {
	if is == c.is {
		return false
	}
	if is {
		c.took, c.known = at-c.since, true
	}
	c.is, c.since = is, at
	return is
}

type linkState struct {
	peer       wire.ID
	up         bool
	since      time.Duration
	cause      string
	ups, downs uint64
}

type alarmState struct {
	alarm node.Alarm
	peer  wire.ID
	text  string
	since time.Duration
}

// New makes a tracker of a node that has not started yet.
func New(id wire.ID) *Tracker {
	return &Tracker{
		id: id,
		count: Counts{
			Sent: make([]uint64, len(wire.Kinds())+1), Received: make([]uint64, len(wire.Kinds())+1), Alarms: make([]uint64, len(node.AlarmNames())+1),
			Downs: map[string]uint64{},
		},
	}
}

// Version grows when the state changes, but for counters and times.
func (t *Tracker) Version() uint64 { return t.version }

// Counts returns the counters; they are valid until the next record.
func (t *Tracker) Counts() *Counts { return &t.count }

// Dropped counts a message that made no sense and is not recorded.
func (t *Tracker) Dropped() { t.count.Dropped++ }

// Running reports whether the node runs.
func (t *Tracker) Running() bool { return t.running }

// IsCounted reports whether a record is only counted: then its time does not matter, and Record may be called with any.
func IsCounted(r *trace.Record) bool { return r.Kind == trace.Sent || r.Kind == trace.Received }

// Record takes over a record of the node. Those of others are left out.
func (t *Tracker) Record(r *trace.Record, at time.Duration) {
	if r.Node != t.id {
		return
	}
	switch r.Kind {
	case trace.Sent:
		t.count.Sent[r.Msg.Kind]++
		if r.Msg.Kind == wire.Appoint {
			t.appoints(r.Msg)
		}
	case trace.Received:
		t.count.Received[r.Msg.Kind]++
	case trace.Started:
		t.start(r, at)
	case trace.Ended:
		t.running, t.carrier = false, false
		t.version++
	case trace.Up, trace.Down:
		t.link(r, at)
	case trace.CarrierUp, trace.CarrierDown:
		t.carrier = r.Kind == trace.CarrierUp
		t.version++
	case trace.Noted:
		t.note(r.Note, at)
	}
}

func (t *Tracker) start(r *trace.Record, at time.Duration) {
	count := t.count
	count.Starts++
	*t = Tracker{id: t.id, version: t.version + 1, running: true, inc: r.Inc, begun: at, carrier: true, count: count}
	t.ready.since = at
}

func (t *Tracker) link(r *trace.Record, at time.Duration) {
	i := slices.IndexFunc(t.links, func(l linkState) bool { return l.peer == r.Peer })
	if i < 0 {
		i = len(t.links)
		t.links = append(t.links, linkState{peer: r.Peer})
	}
	l := &t.links[i]
	l.up, l.since, l.cause = r.Kind == trace.Up, at, r.Text
	if l.up {
		l.ups++
		l.cause = ""
	} else {
		l.downs++
		t.count.Downs[r.Text]++
	}
	t.version++
}

func (t *Tracker) note(n *node.Note, at time.Duration) {
	switch n.Kind {
	case node.NoteBadInput:
		t.count.Dropped++
		return
	case node.NoteAlarm:
		t.alarm(n, at)
	case node.NoteRole:
		t.t.Role, t.t.Epoch = n.Text, n.N
	case node.NoteCTI:
		t.t.CTI = n.Text
	case node.NoteSync:
		t.t.Sync = n.Text
	case node.NoteActivity:
		t.t.Activity, t.t.Sessions = n.Text, n.M
	case node.NoteLogin, node.NoteLogout:
		t.t.Sessions = n.N
	case node.NoteDeactivated:
		t.t.Deactivated = n.N == 1
	case node.NoteConfig:
		t.t.Config = fmt.Sprintf("%d.%d", n.N, n.M)
	case node.NoteTagged:
		t.t.Tagged = n.N
		t.forecast.Tagged(at, n.N)
	case node.NoteAnnounced:
		t.t.Announced = true
	case node.NoteWithdrawn:
		t.t.Announced = false
	case node.NoteReady, node.NotePairReady:
		t.readiness(n, at)
	case node.NoteRecord:
		t.m.Epoch, t.m.Named, t.m.NamedInc, t.m.Reason = n.N, n.Peer, n.M, n.Text
		t.m.Switchovers++
		t.count.Records++
	default:
		return
	}
	t.version++
}

// appoints: what the Management Layer appoints is its record, which it may have read from its store.
func (t *Tracker) appoints(m *wire.Message) {
	if t.m.Epoch != m.Epoch || t.m.Named != m.Node || t.m.NamedInc != m.Inc {
		t.m.Epoch, t.m.Named, t.m.NamedInc, t.m.Reason = m.Epoch, m.Node, m.Inc, ""
		t.version++
	}
}

func (t *Tracker) readiness(n *node.Note, at time.Duration) {
	t.t.Why, t.m.Why = n.Text, n.Text
	if t.ready.set(n.N == 1, at) {
		t.count.Redundancies++
		t.count.Redundancy += t.ready.took
	}
}

func (t *Tracker) alarm(n *node.Note, at time.Duration) {
	i := slices.IndexFunc(t.alarms, func(a alarmState) bool { return a.alarm == n.Alarm && a.peer == n.Peer })
	switch {
	case n.N == 1 && i < 0:
		t.alarms = append(t.alarms, alarmState{n.Alarm, n.Peer, n.Text, at})
		if int(n.Alarm) < len(t.count.Alarms) {
			t.count.Alarms[n.Alarm]++
		}
	case n.N == 1:
		t.alarms[i].text = n.Text
	case i >= 0:
		t.alarms = slices.Delete(t.alarms, i, i+1)
	}
}

// Status tells the state at a time of the run's clock. Pair and Time are left to the caller.
func (t *Tracker) Status(now time.Duration) Status {
	s := Status{Node: t.id, Inc: t.inc, Up: seconds(now - t.begun), Carrier: t.carrier, Dropped: t.count.Dropped}
	for k, n := range t.count.Sent {
		if wire.Kind(k).IsCallEvent() {
			s.Events += n
		}
	}
	switch {
	case t.id.IsTServer():
		s.TServer = t.tserver(now)
	case t.id == wire.MLayer:
		m := t.m
		m.Ready, m.For, m.Redundancy = t.ready.is, seconds(now-t.ready.since), t.ready.redundancy()
		if m.Why == "" {
			m.Why = "the pair was not ready yet"
		}
		s.Manager = &m
	}
	for _, l := range t.links {
		s.Links = append(s.Links, Link{l.peer, l.up, seconds(now - l.since), l.cause, l.ups, l.downs})
	}
	slices.SortFunc(s.Links, func(a, b Link) int { return int(a.Peer) - int(b.Peer) })
	for _, a := range t.alarms {
		s.Alarms = append(s.Alarms, Alarm{a.alarm.String(), a.peer, a.text, seconds(now - a.since)})
	}
	return s
}

func (t *Tracker) tserver(now time.Duration) *TServer {
	s := t.t
	s.Ready, s.For, s.Redundancy = t.ready.is, seconds(now-t.ready.since), t.ready.redundancy()
	if s.CTI == "" {
		s.CTI = "down"
	}
	if s.Sync == "" {
		s.Sync = "idle"
	}
	if d, known := t.forecast.In(now); known && s.Tagged > 0 {
		f := seconds(d)
		s.Forecast = &f
	}
	return &s
}

func (c *changing) redundancy() *float64 {
	if !c.known {
		return nil
	}
	took := seconds(c.took)
	return &took
}

// seconds rounds to milliseconds.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
