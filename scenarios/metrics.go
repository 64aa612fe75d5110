package scenarios

import (
	"slices"
	"time"

	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// metrics are the figures of a run. Times are on the run's clock.
type metrics struct {
	// TimeToRedundancy is the longest time from a Backup Ready to readiness 1.
	TimeToRedundancy time.Duration `json:"timeToRedundancy"`
	// Synchronizations are those that had to wait for calls, in order.
	Synchronizations []synchronization `json:"synchronizations,omitempty"`
	// Unprotected is how long there was a primary in service while readiness was 0.
	Unprotected time.Duration `json:"unprotected"`
	// Outage is how long no primary was in service, after the first one was. LongestOutage is the longest time in one piece.
	Outage        time.Duration `json:"outage"`
	LongestOutage time.Duration `json:"longestOutage"`
	// Tagged is the greatest number of calls that were tagged at once.
	Tagged uint64 `json:"tagged"`
	// Changed counts ConnIDs that changed under a client's eyes.
	Changed uint64 `json:"changed"`
	// Switchovers counts how often M named another primary than before.
	Switchovers uint64 `json:"switchovers"`
	// Calls counts the calls that the switch created, Blocked those that it could not.
	Calls   uint64 `json:"calls"`
	Blocked uint64 `json:"blocked"`
	// Loads are what the loads came to, in the order in which they began.
	Loads []traffic `json:"loads,omitempty"`
	// AtRisk is the greatest number of calls whose ConnID would have changed if the primary had failed: both T-Servers have named them, and not alike.
	// AtRiskTime is for how long each of them was, added up: with one failure in a time T, AtRiskTime/T ConnIDs change on average.
	AtRisk     uint64        `json:"atRisk"`
	AtRiskTime time.Duration `json:"atRiskTime"`
	// ClientsLost is how many clients were lost in the last event in which the configured primary gave up for it (P8, P9), ClientsNowhere how many that
	// wanted a session had none when the script was over, before anything was healed. Both are 0 under a Management Layer.
	ClientsLost    uint64 `json:"clientsLost,omitempty"`
	ClientsNowhere uint64 `json:"clientsNowhere,omitempty"`
	// Alarms are those that were raised, in order, each once: the node, the alarm, and whom it concerns.
	Alarms []string `json:"alarms,omitempty"`

	synchronizing bool
	since         time.Duration // Backup Ready
	current       synchronization
	halfAt        time.Duration // when half of its calls had ended
	served        bool          // there was a primary in service
	serving       bool
	ready         bool
	changedAt     time.Duration // when serving or ready changed last
	named         wire.ID
	namedInc      uint64
}

// synchronization is one that had to wait for calls, from Backup Ready to readiness 1 of the pair.
type synchronization struct {
	// Tagged is the greatest number of calls that were tagged, Took the time.
	Tagged uint64        `json:"tagged"`
	Took   time.Duration `json:"took"`
	// Forecast is what was to be expected (X10) when half of the calls or more had ended, and Remained what it took from then on. Both are 0 if they all
	// ended at once.
	Forecast time.Duration `json:"forecast"`
	Remained time.Duration `json:"remained"`
}

// update takes a record into account that the facts know already.
func (m *metrics) update(f *facts, r *trace.Record) {
	switch {
	case r.Kind == trace.Sent && r.Msg.Kind == wire.BackupReady && !m.synchronizing:
		m.synchronizing, m.since = true, r.At
		m.current, m.halfAt = synchronization{}, 0
	case r.Kind == trace.Applied && r.Node == wire.World && r.Text == "converge" && !f.hasM:
		m.ClientsNowhere = f.nowhere()
	case r.Kind == trace.Noted:
		m.note(r.Note)
		m.traffic(r.Note, r.At)
		if r.Note.Kind == node.NoteTagged {
			m.expect(f.node(r.Node), r.At)
		}
		if text := monitor.AlarmText(r); r.Note.Kind == node.NoteAlarm && r.Note.N == 1 && !slices.Contains(m.Alarms, text) {
			m.Alarms = append(m.Alarms, text)
		}
	}
	if r.Kind != trace.Noted && r.Kind != trace.Ended && r.Kind != trace.Applied && r.Kind != trace.Started {
		return
	}
	ready, serving := f.pairReady(), f.serving()
	if ready && m.synchronizing {
		m.synchronizing = false
		m.TimeToRedundancy = max(m.TimeToRedundancy, r.At-m.since)
		m.synchronized(r.At)
	}
	if ready != m.ready || serving != m.serving {
		m.account(r.At)
		m.ready, m.serving = ready, serving
		m.served = m.served || serving
	}
}

// expect notes the forecast when half of the tagged calls have ended.
func (m *metrics) expect(n *nodeFacts, now time.Duration) {
	c := &m.current
	c.Tagged = max(c.Tagged, n.tagged)
	if n.tagged > 0 && n.tagged <= c.Tagged/2 && c.Forecast == 0 {
		if d, known := n.forecast.In(now); known {
			c.Forecast, m.halfAt = d, now
		}
	}
}

// synchronized ends a synchronization.
func (m *metrics) synchronized(now time.Duration) {
	if m.current.Tagged == 0 {
		return
	}
	m.current.Took = now - m.since
	if m.current.Forecast > 0 {
		m.current.Remained = now - m.halfAt
	}
	m.Synchronizations = append(m.Synchronizations, m.current)
}

// account adds the time since the last change to what it was.
func (m *metrics) account(now time.Duration) {
	d := now - m.changedAt
	m.changedAt = now
	switch {
	case m.serving && !m.ready:
		m.Unprotected += d
	case m.served && !m.serving:
		m.Outage += d
		m.LongestOutage = max(m.LongestOutage, d)
	}
}

func (m *metrics) note(n *node.Note) {
	switch n.Kind {
	case node.NoteCensus:
		m.ClientsLost = n.N
	case node.NoteTagged:
		m.Tagged = max(m.Tagged, n.N)
	case node.NoteRecord:
		if m.named != wire.None && (n.Peer != m.named || n.M != m.namedInc) {
			m.Switchovers++
		}
		m.named, m.namedInc = n.Peer, n.M
	case node.NoteCall:
		switch n.Text {
		case "created":
			m.Calls++
		case "blocked":
			m.Blocked++
		}
	}
}

// serving reports whether a primary is in service: running, announced, and not stopped by SIGSTOP.
func (f *facts) serving() bool {
	for _, id := range []wire.ID{wire.A, wire.B} {
		if n := f.node(id); n.running && !n.paused && n.role == "primary" && n.announced {
			return true
		}
	}
	return false
}
