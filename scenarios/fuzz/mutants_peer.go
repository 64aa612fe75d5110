package fuzz

import "time"

// lowThreshold makes every loss of a client a large portion of them (P9).
var lowThreshold = []Setting{{"partial-loss-threshold", "1"}, {"partial-loss-min", "1"}, {"clients", "6"}}

// directedPeer are the profiles of mutants of client failover that need a certain mix of faults to show themselves in little time.
var directedPeer = map[string]Profile{
	"census-logout":      {Kinds: []Kind{LogOut, Kick, Cut, Group}, Gap: time.Second, Episode: 3 * time.Second, Settings: lowThreshold},
	"census-state":       {Kinds: []Kind{Group, Cut}, Gap: 3 * time.Second, Episode: 20 * time.Second, Settings: []Setting{{"partial-loss-threshold", "100"}, {"clients", "5"}}},
	"request-withdrawn":  {Kinds: []Kind{Group, Isolate}, Gap: 5 * time.Second, Episode: 10 * time.Second, Settings: append([]Setting{{"activation-report-timeout", "500ms"}}, lowThreshold...)},
	"request-per-window": {Kinds: []Kind{Group, Cut, Kick, Crash}, Gap: time.Second, Episode: 5 * time.Second, Settings: append([]Setting{{"activation-report-timeout", "100ms"}}, lowThreshold...)},
	"report-number":      {Kinds: []Kind{Group, Slow}, Gap: time.Second, Episode: 10 * time.Second, Settings: append([]Setting{{"activation-report-timeout", "700ms"}, {"login-backoff", "50ms"}, {"login-backoff-max", "100ms"}}, lowThreshold...)},
	"open-deactivated":   {Kinds: []Kind{Group, Deactivate}, Gap: 2 * time.Second, Episode: 10 * time.Second, Settings: lowThreshold},
	"p7-deactivated":     {Kinds: []Kind{Cut, Crash, Deactivate}, Gap: 2 * time.Second, Episode: 10 * time.Second},
	"p10-durable":        {Kinds: []Kind{Cut, Crash, Deactivate}, Gap: 2 * time.Second, Episode: 10 * time.Second},
	"p11-handshake":      {Kinds: []Kind{Slow, Cut, Activate, Deactivate}, Gap: 300 * time.Millisecond, Episode: 2 * time.Second, Length: time.Minute},
	"p11-hand-back":      {Kinds: []Kind{Slow, Deactivate, Activate, Switchback}, Gap: 500 * time.Millisecond, Episode: 3 * time.Second},
	"licence-grace": {
		Kinds: []Kind{LogOut}, Gap: 3 * time.Second, Episode: 2 * time.Second, Length: 2 * time.Minute, Settings: []Setting{{"licence/seats", "8"}, {"licence/grace", "8s"}, {"clients", "4"}},
		Script: []Event{{40 * time.Second, "? kill A"}, {110 * time.Second, "? restart A"}},
	},
	"config-version":  {Kinds: []Kind{Configure, Cut}, Gap: time.Second, Episode: 20 * time.Second},
	"config-conflict": {Kinds: []Kind{Configure, Cut}, Gap: time.Second, Episode: 20 * time.Second},
}
