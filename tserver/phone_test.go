package tserver_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/switchsim"
	"hotpair/tserver"
)

// phone is a switch, a pair of T-Servers and two clients, on ideal links and without time: whatever a node sends arrives at once, in order. Every node is made
// anew of its canonical bytes after every step.
type phone struct {
	t      testing.TB
	opt    switchsim.Options
	topt   tserver.Options
	sw     *switchsim.Switch
	pair   [2]*tserver.Server
	up     map[[2]wire.ID]bool
	queue  []letter
	heard  map[wire.ID][]wire.Message // by clients
	notes  []node.Note
	timers map[wire.ID]map[node.Timer]bool
	refs   uint64
	closed bool // a node may close a link
}

type letter struct {
	from, to wire.ID
	m        wire.Message
}

func newPhone(t testing.TB, change func(*switchsim.Options, *tserver.Options)) *phone {
	p := &phone{
		t: t, opt: switchsim.DefaultOptions(), topt: tserver.DefaultOptions(), up: map[[2]wire.ID]bool{}, heard: map[wire.ID][]wire.Message{},
		timers: map[wire.ID]map[node.Timer]bool{},
	}
	p.opt.Extensions, p.opt.Trunks, p.opt.SyncTime, p.opt.CallRefs = 8, 2, 0, 16
	p.topt.MaxCallRef, p.topt.HASyncMethod = 16, "transfer"
	if change != nil {
		change(&p.opt, &p.topt)
	}
	require.NoError(t, p.opt.Validate())
	require.NoError(t, p.topt.Validate())
	p.sw = switchsim.New(p.opt)
	p.step(wire.Switch, node.Input{Kind: node.Start, Inc: 1})
	p.boot(wire.A)
	p.say(wire.MLayer, wire.A, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A, Inc: 1})
	p.say(wire.Client(1), wire.A, wire.Message{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN})
	return p
}

func (p *phone) boot(id wire.ID) {
	p.pair[id-wire.A] = tserver.New(id, p.topt)
	p.step(id, node.Input{Kind: node.Start, Inc: 1})
	p.link(id, wire.Switch)
	p.link(id, wire.Client(1))
	p.link(id, wire.Client(2))
	p.up[[2]wire.ID{id, wire.MLayer}] = true
	p.step(id, node.Input{Kind: node.PortUp, Peer: wire.MLayer, Inc: 1})
	if other := p.pair[id.Peer()-wire.A]; other != nil {
		p.link(id, id.Peer())
	}
	p.run()
}

// backup boots B as backup of epoch 1.
func (p *phone) backup() {
	p.boot(wire.B)
	p.say(wire.MLayer, wire.B, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: wire.A, Inc: 1})
	p.say(wire.Client(1), wire.B, wire.Message{Kind: wire.RegisterAddress, ThisDN: callmodel.AnyDN})
}

func (p *phone) link(a, b wire.ID) {
	p.up[[2]wire.ID{a, b}], p.up[[2]wire.ID{b, a}] = true, true
	p.step(a, node.Input{Kind: node.PortUp, Peer: b, Inc: 1})
	p.step(b, node.Input{Kind: node.PortUp, Peer: a, Inc: 1})
}

// cut takes a link down; what is under way on it is lost.
func (p *phone) cut(a, b wire.ID) {
	p.up[[2]wire.ID{a, b}], p.up[[2]wire.ID{b, a}] = false, false
	p.step(a, node.Input{Kind: node.PortDown, Peer: b, Cause: node.CauseTimeout})
	p.step(b, node.Input{Kind: node.PortDown, Peer: a, Cause: node.CauseTimeout})
	p.run()
}

// die ends T-Server A, and B becomes primary.
func (p *phone) die() {
	p.pair[0] = nil
	for link := range p.up {
		if link[0] == wire.A {
			p.up[link], p.up[[2]wire.ID{link[1], wire.A}] = false, false
		}
	}
	for _, id := range []wire.ID{wire.Switch, wire.B} {
		p.step(id, node.Input{Kind: node.PortDown, Peer: wire.A, Cause: node.CauseGone})
	}
	p.say(wire.MLayer, wire.B, wire.Message{Kind: wire.Appoint, Epoch: 2, Node: wire.B, Inc: 1})
}

// step lets a node handle an input, and makes it anew.
func (p *phone) step(id wire.ID, in node.Input) {
	var out node.Output
	switch {
	case id == wire.Switch:
		p.sw.Step(&in, &out)
		b := p.sw.AppendCanonical(nil)
		p.sw = switchsim.New(p.opt)
		require.NoError(p.t, p.sw.Restore(b))
		require.Equal(p.t, b, p.sw.AppendCanonical(nil))
	case id.IsTServer() && p.pair[id-wire.A] != nil:
		s := p.pair[id-wire.A]
		s.Step(&in, &out)
		b := s.AppendCanonical(nil)
		s = tserver.New(id, p.topt)
		require.NoError(p.t, s.Restore(b))
		require.Equal(p.t, b, s.AppendCanonical(nil))
		p.pair[id-wire.A] = s
	default:
		return
	}
	for _, op := range out.Ops {
		switch op.Kind {
		case node.OpSend:
			m := out.Msgs[op.Index]
			require.NoError(p.t, m.Validate(id, op.Peer))
			p.queue = append(p.queue, letter{id, op.Peer, m})
		case node.OpClose:
			require.True(p.t, p.closed, "%s closes the link to %s: %v", id, op.Peer, out.Notes)
		case node.OpSet:
			if p.timers[id] == nil {
				p.timers[id] = map[node.Timer]bool{}
			}
			p.timers[id][op.Timer] = true
		case node.OpCancel:
			delete(p.timers[id], op.Timer)
		case node.OpNote:
			n := out.Notes[op.Index]
			require.NotEqual(p.t, node.NoteBadInput, n.Kind, "%s: %s", id, n.Text)
			p.notes = append(p.notes, n)
		}
	}
}

// run delivers what is under way.
func (p *phone) run() {
	for len(p.queue) > 0 {
		l := p.queue[0]
		p.queue = p.queue[1:]
		switch {
		case !p.up[[2]wire.ID{l.from, l.to}]:
		case l.to.IsClient():
			p.heard[l.to] = append(p.heard[l.to], l.m)
		default:
			p.step(l.to, node.Input{Kind: node.Receive, Peer: l.from, Msg: &l.m})
		}
	}
}

func (p *phone) say(from, to wire.ID, m wire.Message) {
	require.NoError(p.t, m.Validate(from, to), "what a client may say is valid on the wire, wrong as it may be")
	p.step(to, node.Input{Kind: node.Receive, Peer: from, Msg: &m})
	p.run()
}

// do gives the switch a command.
func (p *phone) do(verb string, kv ...string) {
	cmd := &node.Command{Verb: verb, Args: map[string]string{}}
	for i := 0; i < len(kv); i += 2 {
		cmd.Args[kv[i]] = kv[i+1]
	}
	p.notes = p.notes[:0]
	p.step(wire.Switch, node.Input{Kind: node.Do, Cmd: cmd})
	for _, n := range p.notes {
		require.NotEqual(p.t, node.NoteRefused, n.Kind, n.Text)
	}
	p.run()
}

// ask lets a client make a request of a T-Server, and returns what it hears that carries its reference ID.
func (p *phone) ask(client, to wire.ID, m wire.Message) (answers []wire.Message) {
	if m.RefID == 0 {
		p.refs++
		m.RefID = p.refs
	}
	before := len(p.heard[client])
	p.say(client, to, m)
	for _, a := range p.heard[client][before:] {
		if a.RefID == m.RefID {
			answers = append(answers, a)
		}
	}
	return answers
}

// must makes a request of the primary that is to be carried out.
func (p *phone) must(m wire.Message) wire.Message {
	p.t.Helper()
	answers := p.ask(wire.Client(1), p.primary(), m)
	require.NotEmpty(p.t, answers, "%s is not answered", m.Kind)
	require.NotEqual(p.t, wire.EventError, answers[0].Kind, "%s: %s: %s", m.Kind, answers[0].Code, answers[0].Text)
	return answers[0]
}

func (p *phone) primary() wire.ID {
	if p.pair[0] == nil {
		return wire.B
	}
	return wire.A
}

// connID returns the ConnID of the call that is at the DN since last, at the primary.
func (p *phone) connID(dn callmodel.DN) callmodel.ConnID {
	for i := len(p.heard[wire.Client(1)]) - 1; i >= 0; i-- {
		if m := p.heard[wire.Client(1)][i]; m.ThisDN == dn && m.ConnID != 0 && m.Kind.IsCallEvent() {
			return m.ConnID
		}
	}
	p.t.Fatalf("there is no call at %s", dn)
	return 0
}

// count returns how many calls the switch and the T-Servers hold.
func (p *phone) count() (n [3]int) {
	n[0] = p.sw.Calls()
	for i, s := range p.pair {
		if s != nil {
			n[1+i], _ = s.Engine().Counts()
		}
	}
	return n
}

// established is a call from 1001 to 1002 that is answered.
func (p *phone) established() callmodel.ConnID {
	c := p.must(wire.Message{Kind: wire.RequestMakeCall, ThisDN: "1001", OtherDN: "1002"}).ConnID
	p.must(wire.Message{Kind: wire.RequestAnswerCall, ThisDN: "1002", ConnID: c})
	return c
}

func (p *phone) String() string { return fmt.Sprint(p.count()) }
