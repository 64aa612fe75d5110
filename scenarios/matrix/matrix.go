package matrix

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Case is one scenario of the matrix.
type Case struct {
	// Name says moment, fault or faults, and length. It is the name of a file without ".txtar".
	Name string
	// Text is the scenario.
	Text string
}

// moment is a step of the synchronization.
type moment struct {
	name   string
	script string // which leads to it
	busy   string // the node that the script has already ended or stopped
	heal   string // of what the script did
}

const (
	bootB      = "boot B\n"
	reading    = bootB + "await B cti=synchronizing within=10s\n"
	sentReady  = bootB + "await B->A BackupReady within=10s\n"
	tagging    = bootB + "await A sync=tagging within=10s\nexpect A tagged>0\n"
	sentDone   = bootB + "await A->B FullSyncDone reason=synchronized within=2m\n"
	whole      = bootB + "await M ready within=2m\n"
	commanded  = whole + "switchover\nawait M->A Appoint node=B normal=true within=1s\n"
	handedOver = commanded + "await A->M RoleTaken outcome=handed-over within=2s\n"
	noticed    = whole + "kill A\nawait M->B PeerFailed within=15s\n"
	named      = whole + "kill A\nawait M->B Appoint node=B within=15s\n"
	stands     = whole + "pause A\nawait M->B Appoint node=B within=15s\n"
)

var moments = []moment{
	{name: "boot", script: bootB},
	{name: "reading", script: reading},
	{name: "backup-ready", script: sentReady},
	{name: "tagging", script: tagging},
	{name: "full-sync-done", script: sentDone},
	{name: "synchronized", script: whole},
	{name: "switchover", script: commanded},
	{name: "handed-over", script: handedOver},
	{name: "failover", script: noticed, busy: "A", heal: "restart A\n"},
	{name: "named", script: named, busy: "A", heal: "restart A\n"},
	{name: "stands-still", script: stands, busy: "A", heal: "resume A\n"},
}

// fault is what is done to a node or a link.
type fault struct {
	name      string
	act, heal string
	node      string // the process it is done to; "" for links
	order     int    // of its heal: the carrier first, then connections and links, then processes
}

func faults() []fault {
	var all []fault
	for _, n := range []string{"S", "A", "B", "M", "C1", "NATS"} {
		f := fault{name: "kill-" + n, act: "kill " + n, heal: "restart " + n, node: n, order: 2}
		if n == "NATS" {
			f.order = 0
		}
		all = append(all, f)
	}
	for _, n := range []string{"S", "A", "B", "M", "C1"} {
		all = append(all,
			fault{name: "pause-" + n, act: "pause " + n, heal: "resume " + n, node: n, order: 2},
			fault{name: "isolate-" + n, act: "isolate " + n, heal: "heal " + n, node: n, order: 1},
			fault{name: "black-hole-" + n, act: "isolate " + n + " black-hole", heal: "heal " + n, node: n, order: 1})
	}
	for _, l := range [][2]string{{"S", "A"}, {"S", "B"}, {"A", "B"}, {"M", "A"}, {"M", "B"}, {"C1", "A"}, {"C1", "B"}} {
		for _, way := range []string{l[0] + "-" + l[1], l[0] + "->" + l[1], l[1] + "->" + l[0]} {
			name := "cut-" + strings.Replace(strings.Replace(way, "->", "-to-", 1), "--", "-", 1)
			all = append(all, fault{name: name, act: "cut " + way, heal: "heal " + way, order: 1})
		}
	}
	for _, n := range []string{"A", "B"} {
		all = append(all, fault{name: "link-down-" + n, act: "link " + n + " down", heal: "link " + n + " up", node: "S", order: 3})
	}
	return all
}

const (
	// lasts is longer than it takes to notice a silent peer and to act on it, and brief is not.
	lasts = "9s"
	brief = "1s"
	// pairs is how many cases have two faults.
	pairs = 300
	// seed of the pairs that are drawn.
	seed = 20
)

// All returns every case: each fault in each moment, and pairs of faults that are drawn, always the same.
func All() []Case {
	var all []Case
	list := faults()
	for i := range moments {
		for j := range list {
			if m := &moments[i]; m.busy == "" || list[j].node != m.busy {
				all = append(all, write(m, lasts, &list[j]))
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, seed))
	for n := 0; n < pairs; {
		m, f, g := &moments[rng.IntN(len(moments))], &list[rng.IntN(len(list))], &list[rng.IntN(len(list))]
		length := []string{lasts, brief}[rng.IntN(2)]
		if !compatible(m, f, g) {
			continue
		}
		if c := write(m, length, f, g); !slices.ContainsFunc(all, func(o Case) bool { return o.Name == c.Name }) {
			all = append(all, c)
			n++
		}
	}
	return all
}

// compatible reports whether both faults can be done one after the other: what has ended, or stands still, takes no second one.
func compatible(m *moment, f, g *fault) bool {
	if f.name == g.name || f.node != "" && f.node == g.node {
		return false
	}
	return m.busy == "" || f.node != m.busy && g.node != m.busy
}

// write writes a case as a scenario. The traffic goes on until the pair is whole again, and then to the end of the script.
func write(m *moment, length string, list ...*fault) Case {
	var names, acts, heals []string
	for _, f := range list {
		names, acts = append(names, f.name), append(acts, f.act)
	}
	slices.SortStableFunc(list, func(f, g *fault) int { return f.order - g.order })
	for _, f := range list {
		heals = append(heals, f.heal)
	}
	name := m.name + "-" + strings.Join(names, "-and-")
	if length != lasts {
		name += "-" + length
	}
	text := fmt.Sprintf(`# Fault matrix: %s at %s, for %s.

boot S A M C1
await A announced within=10s
load erlangs=8 hold=exp:3s ring=500ms seed=7
await A calls>=5 within=60s
%s# The fault.
%s
wait %s
%s
%sawait pair ready within=2m
wait 3s
`, strings.Join(names, " and "), m.name, length, m.script, strings.Join(acts, "\n"), length, strings.Join(heals, "\n"), m.heal)
	return Case{Name: name, Text: text}
}
