package pairmodel

import (
	"bytes"
	"fmt"

	"hotpair/callmodel"
	"hotpair/hasync/mlayer"
	"hotpair/internal/canon"
	"hotpair/internal/cast"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// outcome is what an input does to a node: the node afterwards, what that does to its links, and what the watch is told. Nodes are pure, so it is
// computed once.
type outcome struct {
	node  uint32
	ops   []linkOp
	watch uint32 // number of a list of sightings; 0: nothing
	quiet bool   // nothing comes of it but the node's state

	// A crash behind the first barrier.
	barrier      bool
	crashed      uint32
	crashedOps   []linkOp
	crashedWatch uint32
}

// linkOp is a list of operations of one end on one link, by its number.
type linkOp struct {
	link uint8
	op   uint32
}

// opC is a list of operations: what is sent in this order, and whether the end is closed before or after it.
type opC struct {
	kind opKind
	end  int
	list []uint32 // of opDo: numbers of messages; closing for a close
}

type opKind uint8

const (
	opDo opKind = iota
	opPop
	opCut
	opConnect
)

const closing = 1<<32 - 1

func (o *opC) key() []byte {
	b := canon.Uint(nil, uint8(o.kind))
	b = canon.Uint(b, o.end)
	for _, m := range o.list {
		b = canon.Uint(b, m)
	}
	return b
}

func (o *opC) apply(l *linkC) {
	switch o.kind {
	case opPop:
		l.pop(o.end)
	case opCut:
		l.cut()
	case opConnect:
		l.connect()
	default:
		for _, m := range o.list {
			if m == closing {
				l.close(o.end)
			} else {
				l.send(o.end, m)
			}
		}
	}
}

// The kinds of inputs, in the upper bits of an input's number.
const (
	inReceive = iota << 28
	inTimer
	inUp
	inDown
	inCommand
	inBoot
	inCrash
	inKind = 15 << 28
)

// restore makes a node that runs.
func (m *Model) restore(c *nodeC) node.Node {
	n := cast.New(ids[c.at], &m.config)
	if err := n.Restore(c.bytes); err != nil {
		panic(fmt.Sprintf("pairmodel: %s: %v", ids[c.at], err))
	}
	return n
}

// checkRestored: a node that is restored from its bytes has the same.
func checkRestored(at int, n node.Node, want []byte) {
	if again := n.AppendCanonical(nil); !bytes.Equal(again, want) {
		panic(fmt.Sprintf("pairmodel: %s is not the same after it was restored:\n%x\n%x", ids[at], want, again))
	}
}

// intern gives a node a number. A node that is new is looked at: it is restored from its bytes, and has to have the same again.
func (m *Model) intern(c *nodeC) uint32 {
	key := c.key()
	return m.nodes.Get(key, func() *nodeC {
		c.names, c.facts = nameSet{}, facts{}
		var n node.Node
		if c.running {
			n = m.restore(c)
			checkRestored(c.at, n, c.bytes)
			c.facts = factsOf(n)
			if c.at == aAt || c.at == bAt {
				c.names.runs = 1 << (16*(c.at-aAt) + int(c.inc))
			}
		}
		c.normal = bytes.Equal(m.renamedAs(c, n, c.names.add).key(), key)
		if c.at == switchAt {
			c.names.mayHear()
		}
		return c
	})
}

func (m *Model) internLink(l *linkC) uint32 {
	return m.links.Get(l.key(), func() *linkC {
		l.normal = true
		defer func() {
			l.names.flying = l.names.named
			if l.at <= ctiB {
				l.names.mayHear()
			}
		}()
		for end := range l.queue {
			for _, id := range l.queue[end] {
				if id != downNotice {
					msg := m.msgs.At(id).msg
					msg.Rename(ids[ends[l.at][1-end]], ids[ends[l.at][end]], l.names.add)
					l.normal = l.normal && msg == m.msgs.At(id).msg
				}
			}
		}
		return l
	})
}

func (m *Model) internMsg(msg *wire.Message) uint32 {
	return m.msgs.Get(msg.AppendCanonical(nil), func() *msgC { return &msgC{*msg} })
}

func (m *Model) internOp(o *opC) uint32 { return m.ops.Get(o.key(), func() *opC { return o }) }

type renamer interface{ Rename(f canon.Renaming) }

// renamed is a node with its numbers renamed.
func (m *Model) renamed(c *nodeC, f canon.Renaming) *nodeC {
	if !c.running {
		return m.renamedAs(c, nil, f)
	}
	return m.renamedAs(c, m.restore(c), f)
}

// renamedAs is renamed; n is the node, restored, and is used up.
func (m *Model) renamedAs(c *nodeC, n node.Node, f canon.Renaming) *nodeC {
	r := *c
	switch c.at {
	case aAt, bAt:
		r.inc = f(wire.ClassesOf(ids[c.at]).Start, c.inc)
	case mAt:
		r.stored = mlayer.RenameStored(c.stored, f)
	}
	if n != nil {
		n.(renamer).Rename(f)
		r.bytes = n.AppendCanonical(nil)
	}
	return &r
}

// step computes an outcome. What a client would be sent is sighted.
func (m *Model) step(c *nodeC, inputs ...node.Input) *outcome {
	before := *c
	after := *c
	after.timers = append([]node.Timer(nil), c.timers...)
	var n node.Node
	if inputs[0].Kind == node.Start {
		n = cast.New(ids[c.at], &m.config)
		after.running = true
		if c.at != mAt && c.at != switchAt {
			after.inc++ // who knows whom by incarnation matters for T-Servers only
		}
		after.timers = nil
		inputs[0].Inc, inputs[0].Value = after.inc, c.stored
	} else {
		n = m.restore(c)
	}
	o := &outcome{}
	moment := moment{at: c.at, in: inputs, after: engineOf(n), restored: c.at == mAt && inputs[0].Kind == node.Start && c.stored != nil}
	if c.facts.server {
		moment.before = &c.facts
	}
	see := sightings{model: m, node: n, at: c.at}
	perLink := [links]*opC{}
	var crashed *outcome
	for i := range inputs {
		in := &inputs[i]
		if in.Kind == node.Fired {
			after.timers = cancelTimer(after.timers, in.Timer)
		}
		var out node.Output
		see.before(in)
		n.Step(in, &out)
		m.checkInvented(c, after.inc, &out)
		moment.sent, moment.notes = append(moment.sent, out.Msgs...), append(moment.notes, out.Notes...)
		for k := range out.Ops {
			op := &out.Ops[k]
			if op.Kind == node.OpSet {
				moment.timers = append(moment.timers, op.Timer)
			}
			m.carryOut(&after, op, &out, &perLink, &see)
			if op.Kind == node.OpPersist && crashed == nil {
				crashed = m.crashHere(&after, &perLink, &see)
			}
		}
		see.after()
	}
	after.bytes = n.AppendCanonical(nil)
	o.node = m.intern(&after)
	o.ops = m.listOps(&perLink)
	o.watch = see.number()
	o.quiet = len(o.ops) == 0 && o.watch == 0 && sameTimers(before.timers, after.timers) && bytes.Equal(before.stored, after.stored)
	if crashed != nil {
		o.barrier, o.crashed, o.crashedOps, o.crashedWatch = true, crashed.node, crashed.ops, crashed.watch
	}
	m.goals.see(&moment)
	return o
}

// checkInvented is S5's ground: a ConnID that is invented has the T-Server's bit, the number of its start, and the next number. So none was there before, also
// none of those that a renaming has given other names.
func (m *Model) checkInvented(c *nodeC, inc uint64, out *node.Output) {
	if m.keep.connIDs || c.at != aAt && c.at != bAt {
		return
	}
	n := uint64(0)
	if c.running {
		n = c.names.invented(c.at - aAt)
	}
	for i := range out.Notes {
		if note := &out.Notes[i]; note.Kind == node.NoteNamed && note.Text == "invented" {
			if n++; note.ConnID != callmodel.NewConnID(uint8(c.at-aAt), inc, n) {
				panic(fmt.Sprintf("pairmodel: S5: %s invents %s as number %d of its start %d", ids[c.at], note.ConnID, n, inc))
			}
		}
	}
}

func sameTimers(a, b []node.Timer) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// carryOut does one operation of a step.
func (m *Model) carryOut(after *nodeC, op *node.Op, out *node.Output, perLink *[links]*opC, see *sightings) {
	do := func(what uint32) {
		to := linkTo[after.at][op.Peer]
		if perLink[to.link] == nil {
			perLink[to.link] = &opC{end: int(to.end)}
		}
		perLink[to.link].list = append(perLink[to.link].list, what)
	}
	switch op.Kind {
	case node.OpSend:
		msg := &out.Msgs[op.Index]
		if op.Peer.IsClient() {
			see.told(msg)
			return
		}
		see.sent(op.Peer, msg)
		do(m.internMsg(msg))
	case node.OpSet:
		after.timers = setTimer(after.timers, op.Timer)
	case node.OpCancel:
		after.timers = cancelTimer(after.timers, op.Timer)
	case node.OpPersist:
		after.stored = bytes.Clone(op.Value)
	case node.OpClose:
		see.closed(op.Peer)
		do(closing)
	case node.OpNote:
		see.note(&out.Notes[op.Index])
	default:
		panic(fmt.Sprintf("pairmodel: %s shuts a link, which no command of this model asks for", ids[after.at]))
	}
}

// crashHere is what there is if the node dies now, behind a barrier.
func (m *Model) crashHere(now *nodeC, perLink *[links]*opC, see *sightings) *outcome {
	dead := nodeC{at: now.at, inc: now.inc, stored: now.stored}
	ops := *perLink
	for l, o := range ops {
		if o != nil {
			ops[l] = &opC{end: o.end, list: append([]uint32(nil), o.list...)}
		}
	}
	saw := *see
	saw.list = append([]byte(nil), see.list...)
	m.closeAll(now.at, &ops)
	saw.crash()
	return &outcome{node: m.intern(&dead), ops: m.listOps(&ops), watch: saw.number()}
}

// closeAll closes all links of a node. What it sent before still arrives.
func (m *Model) closeAll(at int, perLink *[links]*opC) {
	for l, pair := range ends {
		for end, n := range pair {
			if n != at {
				continue
			}
			if perLink[l] == nil {
				perLink[l] = &opC{end: end}
			}
			perLink[l].list = append(perLink[l].list, closing)
		}
	}
}

// crash computes what there is if a node dies between two steps.
func (m *Model) crash(c *nodeC) *outcome {
	perLink := [links]*opC{}
	see := sightings{model: m, at: c.at}
	return m.crashHere(c, &perLink, &see)
}

func (m *Model) listOps(perLink *[links]*opC) (list []linkOp) {
	for l, o := range perLink {
		if o != nil {
			list = append(list, linkOp{uint8(l), m.internOp(o)})
		}
	}
	return list
}
