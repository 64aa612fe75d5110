package fuzz

import (
	"time"

	"hotpair/internal/node"
)

// directed are the profiles of mutants that need a certain mix of faults to show themselves in little time.
var directed = map[string]Profile{
	"ha-epoch":      {Kinds: []Kind{Slow, Switchover, Forced, Cut}, Gap: 3 * time.Second, Episode: 5 * time.Second},
	"appoint-epoch": {Kinds: []Kind{Slow, Forced, Crash}, Gap: 2 * time.Second, Episode: 5 * time.Second},
	"peer-failed-inc": {
		Kinds: []Kind{Crash, Slow, Twin}, Gap: 3 * time.Second, Episode: 2 * time.Second,
		Settings: []Setting{{"ha-sync-method", "drain"}, {"ha-sync-dly-lnk-conn", "true"}, {"B/ha-sync-dly-lnk-conn", "true"}},
	},
	"early-older":   {Kinds: []Kind{Slow, Forced, Crash, Call}, Gap: 2 * time.Second, Episode: 3 * time.Second, Settings: []Setting{{"switch/call-refs", "2"}, {"clients", "1"}}},
	"full-sync-num": {Kinds: []Kind{Slow, LinkDown, Call}, Gap: time.Second, Episode: time.Second, Settings: []Setting{{"switch/sync-time", "0s"}}},
	"handover-ack":  {Kinds: []Kind{Slow, Switchover}, Gap: 2 * time.Second, Episode: 3 * time.Second},
	"kpl-number":    {Kinds: []Kind{LinkSilent, Call}, Quiet: true, Gap: 3 * time.Second, Episode: 2 * time.Second, Length: time.Minute},
	"client-seen":   {Kinds: []Kind{Slow, Forced, Crash}, Gap: 3 * time.Second, Episode: 3 * time.Second, Settings: []Setting{{"clients", "1"}}},
}

// equivalent are the mutants in which nothing that must hold breaks, and why.
var equivalent = map[string]string{}

// Mutants returns all of them, in the order of their guards.
func Mutants() (list []Mutant) {
	for _, g := range node.Guards() {
		list = append(list, Mutant{Guard: g, Profile: directed[g.Name], Equivalent: equivalent[g.Name]})
	}
	return list
}
