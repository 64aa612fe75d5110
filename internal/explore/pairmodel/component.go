package pairmodel

import (
	"fmt"
	"sort"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// ids are the nodes, in the order in which a state holds them.
var ids = [...]wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer}

const (
	switchAt = iota
	aAt
	bAt
	mAt
	nodes
)

// ends are the links between nodes, by index into ids.
var ends = [...][2]int{{switchAt, aAt}, {switchAt, bAt}, {aAt, bAt}, {aAt, mAt}, {bAt, mAt}}

const (
	ctiA = iota
	ctiB
	haLink
	controlA
	controlB
	links
)

// The words of a state: nodes, links, the watch, the environment.
const (
	watchAt = nodes + links
	envAt   = watchAt + 1
	width   = envAt + 1
)

// linkTo returns the link between node i and peer, and which of its ends is i's.
var linkTo = func() (t [nodes][wire.MLayer + 1]struct{ link, end int8 }) {
	for i := range t {
		for p := range t[i] {
			t[i][p].link = -1
		}
	}
	for l, pair := range ends {
		for end, n := range pair {
			t[n][ids[pair[1-end]]] = struct{ link, end int8 }{int8(l), int8(end)}
		}
	}
	return t
}()

// nodeC is a node as a component: the node, its timers, and what outlives its process.
type nodeC struct {
	at      int
	running bool
	inc     uint64 // of the last start
	bytes   []byte
	timers  []node.Timer // armed, in order
	stored  []byte
	names   nameSet
	normal  bool // there is nothing in it to forget
	facts   facts
}

// facts are what S3, L1 and goals look at.
type facts struct {
	server    bool // it is a T-Server, and runs
	role      wire.Role
	epoch     uint64
	sync      string // T-Server synchronization
	announced bool
	ready     bool
	calls     []pairing
}

func factsOf(n node.Node) (f facts) {
	e := engineOf(n)
	if e == nil {
		return f
	}
	f = facts{server: true, role: e.Role(), epoch: e.Epoch(), sync: e.Sync(), announced: e.Announced()}
	f.ready, _ = e.Readiness()
	for ref := range e.Refs() {
		if c := e.HeldAt(ref); c != (callmodel.CallID{}) {
			f.calls = append(f.calls, pairing{c, e.ConnID(c)})
		}
	}
	return f
}

func (n *nodeC) key() []byte {
	b := canon.Uint(nil, n.at)
	b = canon.Bool(b, n.running)
	b = canon.Uint(b, n.inc)
	b = canon.String(b, n.bytes)
	b = canon.Bool(b, n.stored != nil)
	b = canon.String(b, n.stored)
	for _, t := range n.timers {
		b = canon.Uint(b, t.Kind)
		b = canon.Uint(b, t.Key)
	}
	return b
}

func setTimer(list []node.Timer, t node.Timer) []node.Timer {
	for _, have := range list {
		if have == t {
			return list
		}
	}
	list = append(list, t)
	sort.Slice(list, func(i, j int) bool {
		return list[i].Kind < list[j].Kind || list[i].Kind == list[j].Kind && list[i].Key < list[j].Key
	})
	return list
}

func cancelTimer(list []node.Timer, t node.Timer) []node.Timer {
	for i, have := range list {
		if have == t {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

// msgC is a message as a component. Number 0 is none: it is the news that the link is down.
type msgC struct {
	msg wire.Message
}

const downNotice = 0

// linkC is a link as a component: which ends are up, and what is under way to each of them.
type linkC struct {
	at     int
	up     [2]bool
	queue  [2][]uint32 // numbers of messages, to the end of the same index
	names  nameSet
	normal bool
}

func (l *linkC) key() []byte {
	b := canon.Uint(nil, l.at)
	for end := range l.up {
		b = canon.Bool(b, l.up[end])
		b = canon.Uint(b, len(l.queue[end]))
		for _, m := range l.queue[end] {
			b = canon.Uint(b, m)
		}
	}
	return b
}

func (l *linkC) idle() bool { return len(l.queue[0])+len(l.queue[1]) == 0 }

func (l *linkC) canConnect() bool { return !l.up[0] && !l.up[1] && l.idle() }

func (l *linkC) clone() *linkC {
	c := *l
	for end := range c.queue {
		c.queue[end] = append([]uint32(nil), l.queue[end]...)
	}
	return &c
}

// send: nobody hears what is sent to an end that is down, or behind the news that the link is.
func (l *linkC) send(end int, msg uint32) {
	if !l.up[end] {
		panic(fmt.Sprintf("pairmodel: %s sends to %s, and its port is down", ids[ends[l.at][end]], ids[ends[l.at][1-end]]))
	}
	if q := l.queue[1-end]; l.up[1-end] && (len(q) == 0 || q[len(q)-1] != downNotice) {
		l.queue[1-end] = append(q, msg)
	}
}

// close: an end goes down by itself. Its peer still gets what was sent, and then hears of it.
func (l *linkC) close(end int) {
	if !l.up[end] {
		return
	}
	l.up[end], l.queue[end] = false, nil
	if q := l.queue[1-end]; l.up[1-end] && (len(q) == 0 || q[len(q)-1] != downNotice) {
		l.queue[1-end] = append(q, downNotice)
	}
}

// cut: what is under way is lost, and both ends hear of it.
func (l *linkC) cut() {
	for end := range l.queue {
		l.queue[end] = nil
		if l.up[end] {
			l.queue[end] = []uint32{downNotice}
		}
	}
}

func (l *linkC) connect() { l.up = [2]bool{true, true} }

// pop takes the first thing that is under way to an end.
func (l *linkC) pop(end int) {
	if l.queue[end][0] == downNotice {
		l.up[end] = false
	}
	l.queue[end] = l.queue[end][1:]
}
