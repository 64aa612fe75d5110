package fuzz

import (
	"maps"
	"slices"
	"strings"
	"time"

	"hotpair/internal/node"
)

// directed are the profiles of mutants that need a certain mix of faults to show themselves in little time.
var directed = map[string]Profile{
	"X7":            {Kinds: []Kind{Slow, Crash, Forced}, Gap: 2 * time.Second, Episode: 3 * time.Second, Settings: []Setting{{"clients", "1"}, {"ha-publish", "replicated"}}},
	"ha-epoch":      {Kinds: []Kind{Slow, Switchover, Forced, Cut}, Gap: 3 * time.Second, Episode: 5 * time.Second},
	"appoint-epoch": {Kinds: []Kind{Slow, Forced, Crash}, Gap: 2 * time.Second, Episode: 5 * time.Second},
	"step-down":     {Kinds: []Kind{Slow, Forced, Cut}, Gap: 3 * time.Second, Episode: 5 * time.Second},
	"early-older":   {Kinds: []Kind{Slow, Forced, Crash, Call}, Gap: 2 * time.Second, Episode: 3 * time.Second, Settings: []Setting{{"switch/call-refs", "2"}, {"clients", "1"}}},
	"full-sync-num": {Kinds: []Kind{Slow, LinkDown, Call}, Gap: time.Second, Episode: time.Second, Settings: []Setting{{"switch/sync-time", "0s"}}},
	"handover-ack":  {Kinds: []Kind{Slow, Switchover}, Gap: 2 * time.Second, Episode: 3 * time.Second},
	"kpl-number":    {Kinds: []Kind{LinkSilent, Call}, Quiet: true, Gap: 3 * time.Second, Episode: 2 * time.Second, Length: time.Minute},
	"client-epoch":  {Kinds: []Kind{Slow, Forced, Isolate, Pause}, Gap: 2 * time.Second, Episode: 4 * time.Second, Settings: []Setting{{"clients", "2"}, {"ha-publish", "immediate"}, {"addp-timeout", "8s"}}},
	"client-seen":   {Kinds: []Kind{Slow, Forced, Crash}, Gap: 3 * time.Second, Episode: 3 * time.Second, Settings: []Setting{{"clients", "1"}}},
	"persist-first": {Kinds: []Kind{Store, Crash, Forced, LinkDown, Slow}, Gap: 2 * time.Second, Episode: 2 * time.Second, Settings: []Setting{{"switch/sync-time", "100ms"}}},
	"X13":           {Kinds: []Kind{Request, Slow, Forced, Pause}, Gap: 5 * time.Second, Episode: 3 * time.Second},
	"request-epoch": {
		Kinds: []Kind{Request}, Length: time.Minute, Settings: []Setting{{"clients", "2"}, {"addp-timeout", "5s"}, {"A/addp-timeout", "5s"}, {"B/addp-remote-timeout", "5s"}},
		// What the old primary has passed on reaches the switch late, when that has heard of the new one; and nobody has asked what became of it.
		Script: []Event{
			{20 * time.Second, "? delay A->S 3s"},
			{20100 * time.Millisecond, "? dial C1 1001 to=1002 nowait"},
			{20200 * time.Millisecond, "? kill C1"},
			{20300 * time.Millisecond, "? switchover force"},
			{20600 * time.Millisecond, "? agent-login C2 1002 text=7 nowait"},
			{30 * time.Second, "? heal all"},
			{30 * time.Second, "? restart C1"},
		},
	},
	"ask-doubted": {
		Kinds: []Kind{Pause}, Quiet: true, Gap: time.Minute, Episode: time.Second, Length: time.Minute,
		Settings: []Setting{
			{"clients", "1"},
			{"switch/call-refs", "1"},
			{"switch/sync-time", "100ms"},
			{"ha-publish", "replicated"},
			{"ha-sync-method", "drain"},
			{"B/ha-sync-method", "drain"},
			{"connect-tout", "1s"},
			{"disconnect-switchover-timeout", "0s"},
			{"autorestart", "false"},
			{"reconnect", "100ms"},
			{"sync-reconnect-tout", "100ms"},
			{"addp-timeout", "1s"},
			{"A/cleanup-idle-timeout", "5s"},
			{"B/cleanup-idle-timeout", "0s"},
		},
		// The release is lost, which A finds out, and B and the client do not; A dies, and the reference is used again.
		Script: []Event{
			{18 * time.Second, "? heal all"},
			{20 * time.Second, "? kill B"},
			{22 * time.Second, "? call z1 from=1001 to=1002"},
			{22100 * time.Millisecond, "? answer z1"},
			{23 * time.Second, "? restart B"},
			{25 * time.Second, "? cut A-C1"},
			{25100 * time.Millisecond, "? stuck z1"},
			{30 * time.Second, "? kill A"},
			{35 * time.Second, "? call z2 from=1003 to=1004"},
		},
	},
	"request-once":    {Kinds: []Kind{Request, Slow, Forced, Crash}, Gap: 5 * time.Second, Episode: 3 * time.Second},
	"request-primary": {Kinds: []Kind{Request, Slow, Forced, Switchover}, Gap: 5 * time.Second, Episode: 3 * time.Second},
	"request-ask":     {Kinds: []Kind{Request, Slow, Forced, Crash}, Gap: 5 * time.Second, Episode: 3 * time.Second},
	"peer-failed-inc": {
		Kinds: []Kind{Slow, Call}, Gap: 20 * time.Second, Episode: time.Second, Length: time.Minute,
		Settings: []Setting{
			{"ha-sync-method", "drain"},
			{"B/ha-sync-method", "drain"},
			{"ha-sync-dly-lnk-conn", "true"},
			{"B/ha-sync-dly-lnk-conn", "true"},
			{"switch/sync-time", "100ms"},
			{"autorestart", "false"},
			{"disconnect-switchover-timeout", "0s"},
			{"connect-tout", "500ms"},
			{"B/connect-tout", "8s"},
			{"disconnect-notices", "true"},
			{"addp-timeout", "9s"},
			{"A/addp-timeout", "9s"},
			{"B/addp-remote-timeout", "9s"},
			{"reconnect", "100ms"},
			{"sync-reconnect-tout", "100ms"},
		},
		// B has lost its CTI link when A dies, so that A, when it is back, is named again; M's word that the first A has failed reaches B late.
		Script: []Event{
			{28 * time.Second, "? heal all"},
			{30 * time.Second, "? link B down"},
			{31 * time.Second, "? delay M->B 4s"},
			{31500 * time.Millisecond, "? kill A"},
			{31700 * time.Millisecond, "? restart A"},
			{33 * time.Second, "? link B up"},
		},
	},
}

// equivalent are the mutants in which nothing that must hold breaks, and why.
var equivalent = map[string]string{
	"X2":            "ha-sync-method transfer then waits as drain does: redundancy comes later, and nothing is wrong (the report compares the times)",
	"record-cas":    "in virtual time one process of a name runs at a time, so nobody else ever writes what it has stored; TestRecordCAS (internal/link) shows what is missing, and TestAConflictShowsTheLaterOne (internal/natsworld) that two real ones meet there",
	"highest-epoch": "no T-Server's epoch is above the record's, which is durable before it is sent (X6), unless a stranger made one up",
}

// Mutants returns all of them, in the order of their guards.
func Mutants() (list []Mutant) {
	for _, g := range node.Guards() {
		m := Mutant{Guard: g, Profile: directed[g.Name], Equivalent: equivalent[g.Name]}
		if strings.HasPrefix(g.Rule, "P") {
			m.Profile = directedPeer[g.Name]
			m.Profile.Peer = true
		}
		list = append(list, m)
	}
	return list
}

// DirectedNames returns the names of the mutants that have a profile of their own.
func DirectedNames() []string {
	return slices.Concat(slices.Sorted(maps.Keys(directed)), slices.Sorted(maps.Keys(directedPeer)))
}
