package pairmodel

import (
	"fmt"
	"strings"
	"time"

	"hotpair/internal/explore"
	"hotpair/internal/node"
	"hotpair/internal/trace"
)

// actions returns what happens in the steps of a path.
func (m *Model) actions(r *explore.Result) (list []action) {
	s := newStepper(m)
	for i := range r.Path {
		var out explore.Steps
		explore.NewSteps(width, &out)
		out.Labelled = true
		s.Next(r.States[i], &out)
		for k := range out.Len() {
			last := i+1 == len(r.States)
			if !last && equalWords(out.At(k), r.States[i+1]) || last && out.LabelAt(k) == r.Path[i] {
				list = append(list, s.acts[k])
				break
			}
		}
	}
	return list
}

func equalWords(a, b []uint32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Ladder draws a path as a sequence chart.
func (m *Model) Ladder(r *explore.Result) string {
	var l trace.Ladder
	for _, a := range m.actions(r) {
		switch a.kind {
		case actCrash:
			l.Record(&trace.Record{Kind: trace.Applied, Node: ids[a.node], Text: "kill"})
		case actBoot:
			l.Record(&trace.Record{Kind: trace.Applied, Node: ids[a.node], Text: "restart"})
		case actCut:
			l.Record(&trace.Record{Kind: trace.Applied, Node: ids[ends[a.link][0]], Peer: ids[ends[a.link][1]], Text: "cut"})
		case actCommand:
			l.Record(&trace.Record{Kind: trace.Applied, Node: ids[a.node], Text: "do " + m.commands[a.cmd].String()})
		}
		for _, h := range a.trail {
			from := ends[h.link][0]
			if from == h.by {
				from = ends[h.link][1]
			}
			msg := m.msgs.At(h.msg).msg
			l.Record(&trace.Record{Kind: trace.Sent, Node: ids[from], Peer: ids[h.by], Msg: &msg})
		}
		if a.dies {
			l.Record(&trace.Record{Kind: trace.Applied, Node: ids[mAt], Text: "kill"})
		}
	}
	return l.String()
}

// pace is how far apart the steps of a path are in its scenario, in milliseconds; patience is connect-tout there, so that it runs out only where the path
// says so.
const (
	pace     = 200 * time.Millisecond
	patience = 100 * time.Second
	// polling is addp-timeout where a link is cut, which both ends notice after twice that; silent is where none is, so that delays are not taken for silence.
	polling = time.Second
	silent  = 10 * time.Minute
)

// Scenario writes a path as a scenario: its faults and commands, and delays on links that let messages arrive in the path's order. Where a timer fires in
// the path, the scenario waits for it. What decides whether it shows the same is that it is run.
func (m *Model) Scenario(c Config, r *explore.Result) string {
	w := scenarioWriter{m: m, acts: m.actions(r), states: r.States}
	w.plan()
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Found by hotpair explore --config %s: %s", c.Name, strings.TrimSpace(r.Wrong))
	p("rules: %s", strings.Join(rulesOf(r.Wrong), " "))
	if !c.Without.None() {
		p("# With rules switched off: run it with --without %s.", c.Without)
	}
	p("")
	p("boot S A M C1")
	p("await A announced within=10m")
	p("boot B")
	p("await pair ready within=10m")
	p("wait 1s")
	w.write(p)
	p("wait 10s")
	p("sometimes A role=primary")
	p("-- config.yaml --")
	p("connect-tout: %s", patience)
	p("addp-timeout: %s", w.addp())
	p("ha-sync-method: %s", m.config.A.HASyncMethod)
	p("ha-publish: %s", m.config.A.HAPublish)
	p("ha-sync-dly-lnk-conn: %t", m.config.A.HASyncDlyLnkConn)
	p("haflip-detect-timeout: 0s")
	p("reconnect: 100ms")
	p("sync-reconnect-tout: 100ms")
	p("switch:")
	p("  extensions: %d", max(m.config.Switch.Extensions, 2))
	p("  trunks: 0")
	p("  call-refs: %d", m.config.Switch.CallRefs)
	p("  sync-time: 0s")
	return b.String()
}

// rulesOf names the rules that stand behind a monitor.
func rulesOf(wrong string) []string {
	return map[string][]string{
		"S1": {"X6"}, "S2": {"R5", "R6", "X1"}, "S3": {"R12", "X3"}, "S4": {"R9", "R11"}, "S5": {"R12", "X7"}, "L1": {"R4", "R14"}, "L3": {"X11"}, "cycle": {"R4"},
	}[Monitor(wrong)]
}

type scenarioWriter struct {
	m      *Model
	acts   []action
	states [][]uint32
	at     []time.Duration           // when each step happens
	delays [][links][2]time.Duration // of what is sent in each step, to each end; 0: at once
}

// plan says when each step happens, and how long what is sent in it has to be under way.
func (w *scenarioWriter) plan() {
	n := len(w.acts)
	w.at, w.delays = make([]time.Duration, n), make([][links][2]time.Duration, n)
	var sent [links][2][]int // the steps in which what is under way was sent
	cut := map[int]time.Duration{}
	armed := map[int]map[node.Timer]int{}
	now := time.Duration(0)
	for k := range w.acts {
		a := &w.acts[k]
		now += pace
		if a.kind == actTimer {
			now = max(now, w.since(armed[a.node], a.timer)+patience)
		}
		if a.kind == actDeliver && a.msg == downNotice && cut[a.link] > 0 {
			now = max(now, cut[a.link]+2*polling+pace)
		}
		if a.kind == actCut {
			cut[a.link] = now
		}
		w.at[k] = now
		if k+1 >= len(w.states) {
			break
		}
		w.follow(k, a, &sent)
		for i := range nodes {
			if armed[i] == nil {
				armed[i] = map[node.Timer]int{}
			}
			have := map[node.Timer]bool{}
			for _, t := range w.m.nodes.At(w.states[k+1][i]).timers {
				have[t] = true
				if _, was := armed[i][t]; !was {
					armed[i][t] = k
				}
			}
			for t := range armed[i] {
				if !have[t] {
					delete(armed[i], t)
				}
			}
		}
	}
	end := now + 10*pace
	for l := range sent {
		for e := range sent[l] {
			for _, k := range sent[l][e] {
				w.delay(k, l, e, end)
			}
		}
	}
}

func (w *scenarioWriter) addp() time.Duration {
	for _, a := range w.acts {
		if a.kind == actCut {
			return polling
		}
	}
	return silent
}

func (w *scenarioWriter) since(armed map[node.Timer]int, t node.Timer) time.Duration {
	if k, ok := armed[t]; ok {
		return w.at[k]
	}
	return 0
}

// follow keeps account of what is under way.
func (w *scenarioWriter) follow(k int, a *action, sent *[links][2][]int) {
	for l := range links {
		before, after := w.m.links.At(w.states[k][nodes+l]), w.m.links.At(w.states[k+1][nodes+l])
		for e := range 2 {
			popped := 0
			for _, h := range a.trail {
				if h.link == l && h.by == ends[l][e] {
					popped++
				}
			}
			popped = min(popped, len(before.queue[e]))
			if a.kind == actDeliver && a.link == l && a.end == e && a.msg == downNotice {
				popped = 1
			}
			q := &sent[l][e]
			for range min(popped, len(*q)) {
				w.delay((*q)[0], l, e, w.at[k])
				*q = (*q)[1:]
			}
			for len(*q) > len(after.queue[e]) {
				*q = (*q)[:len(*q)-1] // lost with the link
			}
			for len(*q) < len(after.queue[e]) {
				*q = append(*q, k)
			}
		}
	}
}

func (w *scenarioWriter) delay(k, l, e int, until time.Duration) {
	if d := until - w.at[k]; w.delays[k][l][e] == 0 && d > 0 {
		w.delays[k][l][e] = d
	}
}

// write writes the steps.
func (w *scenarioWriter) write(p func(string, ...any)) {
	var now [links][2]time.Duration
	down := map[int]bool{}
	last := time.Duration(0)
	for k, a := range w.acts {
		for l := range links {
			for e := range 2 {
				if d := w.delays[k][l][e]; d != now[l][e] && !down[l] {
					now[l][e] = d
					p("delay %s->%s %s", ids[ends[l][1-e]], ids[ends[l][e]], max(d, time.Millisecond))
				}
			}
		}
		p("wait %s", w.at[k]-last)
		last = w.at[k]
		w.act(&a, p, down)
	}
}

func (w *scenarioWriter) act(a *action, p func(string, ...any), down map[int]bool) {
	link := fmt.Sprintf("%s-%s", ids[ends[a.link][0]], ids[ends[a.link][1]])
	switch a.kind {
	case actCall:
		c := w.m.commands[a.cmd]
		if c.Verb == "call" {
			p("call %s from=%s to=%s", c.Args["name"], c.Args["from"], c.Args["to"])
		} else {
			p("release %s", c.Args["name"])
		}
	case actCommand:
		if w.m.commands[a.cmd].Args["force"] == "true" {
			p("? switchover force")
		} else {
			p("? switchover")
		}
	case actCrash:
		p("kill %s", ids[a.node])
	case actBoot:
		p("restart %s", ids[a.node])
	case actCut:
		p("cut %s", link)
		down[a.link] = true
	case actConnect:
		if down[a.link] {
			p("heal %s", link)
			delete(down, a.link)
		}
	}
	if a.dies {
		p("kill M")
	}
}
