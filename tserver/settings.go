package tserver

import (
	"encoding/json"
	"fmt"
	"slices"

	"hotpair/hasync/pairconf"
	"hotpair/hasync/peerarb"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// settings is the shared configuration at one server (P3).
type settings struct {
	f    *failover
	conf pairconf.Config

	synced  bool              // the link is up, and both have the same version but for changes under way
	whole   []pairconf.Object // of the peer's configuration, while it arrives
	pending []pendingChange   // changes that the peer has not acknowledged, in the order of their versions
}

// pendingChange is a change that waits for its acknowledgement, and the command that made it.
type pendingChange struct {
	id      uint64
	verb    string
	object  string
	digest  string
	version pairconf.Version
}

// begin takes over what is stored, or the objects that config.yaml gives a pair at first.
func (c *settings) begin(stored *pairconf.Config, out *node.Output) {
	if stored != nil {
		c.conf = *stored
	} else if first := c.f.s.opt.FirstObjects; len(first) > 0 {
		c.conf = pairconf.Config{Version: first[0].Version, Common: first[0].Version, Objects: slices.Clone(first)}
	}
	c.noteWhole(out)
}

func (c *settings) noteWhole(out *node.Output) {
	for _, o := range c.conf.Objects {
		c.noteObject(o, out)
	}
	c.noteVersion(out)
}

func (c *settings) noteObject(o pairconf.Object, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteConfigObject, Text: o.Name, N: o.Version.Epoch, M: o.Version.N, Why: pairconf.DigestOf(o.Value)})
}

func (c *settings) noteVersion(out *node.Output) {
	out.Note(node.Note{Kind: node.NoteConfig, N: c.conf.Version.Epoch, M: c.conf.Version.N, Text: c.conf.Digest()})
}

func (c *settings) send(kind wire.Kind, v pairconf.Version, out *node.Output) *wire.Message {
	m := out.Send(c.f.s.self.Peer(), kind)
	m.Epoch, m.ConfigEpoch, m.Num = c.f.s.engine.Epoch(), v.Epoch, v.N
	return m
}

func (c *settings) sendObject(kind wire.Kind, o pairconf.Object, out *node.Output) {
	m := c.send(kind, o.Version, out)
	m.Object, m.Text = o.Name, o.Value
}

func (c *settings) linkUp(out *node.Output) {
	c.synced, c.whole = false, nil
	c.send(wire.ConfigState, c.conf.Version, out)
}

// linkDown: what is durable here is acknowledged while the link is down.
func (c *settings) linkDown(out *node.Output) {
	c.synced, c.whole = false, nil
	c.acknowledged(c.conf.Version, out)
}

func (c *settings) receive(m *wire.Message, out *node.Output) bool {
	v := pairconf.Version{Epoch: m.ConfigEpoch, N: m.Num}
	switch m.Kind {
	case wire.ConfigState:
		c.compare(v, out)
	case wire.ConfigObject:
		if len(c.whole) < pairconf.MaxObjects && pairconf.Check(m.Object, m.Text) == nil {
			c.whole = append(c.whole, pairconf.Object{Name: m.Object, Value: m.Text, Version: v})
		}
	case wire.ConfigEnd:
		c.replace(v, out)
	case wire.ConfigChange:
		c.changed(m, v, out)
	case wire.ConfigAck:
		c.synced = c.synced || v == c.conf.Version
		c.acknowledged(v, out)
		if v == c.conf.Version {
			c.conf.Agree()
		}
	default:
		return false
	}
	return true
}

// compare: who has the higher version sends its configuration. A server that could not store something asks so once more, and is told if both have the same.
func (c *settings) compare(peers pairconf.Version, out *node.Output) {
	switch {
	case peers == c.conf.Version:
		if c.synced { // asked again
			c.send(wire.ConfigAck, peers, out)
		}
		c.synced = true
		c.conf.Agree()
		c.acknowledged(peers, out)
	case c.wins(peers):
		for _, o := range c.conf.Objects {
			c.sendObject(wire.ConfigObject, o, out)
		}
		c.send(wire.ConfigEnd, c.conf.Version, out)
	}
}

// wins reports whether this server's configuration is the one that stays.
func (c *settings) wins(peers pairconf.Version) bool {
	if c.f.s.opt.Without.Has(node.ConfigVersion) {
		return c.f.s.self == wire.A
	}
	return peers.Below(c.conf.Version)
}

// replace: the higher version wins; what was changed here since the last common one goes to the conflict record.
func (c *settings) replace(v pairconf.Version, out *node.Output) {
	whole := c.whole
	c.whole = nil
	if !c.conf.Version.Below(v) && !c.f.s.opt.Without.Has(node.ConfigVersion) {
		c.f.arb.Bad("a configuration that is not above one's own", out)
		return
	}
	lost := c.conf.Replace(v, whole)
	if c.f.s.opt.Without.Has(node.ConfigConflict) {
		lost, c.conf.Conflicts = nil, nil
	}
	c.f.store(func(out *node.Output) {
		for _, l := range lost {
			out.Note(node.Note{Kind: node.NoteConflict, Text: l.Name, N: l.Version.Epoch, M: l.Version.N, Why: pairconf.DigestOf(l.Value)})
		}
		c.noteWhole(out)
		c.synced = true
		c.acknowledged(v, out)
		c.send(wire.ConfigAck, v, out)
	}, nil)
}

// changed: the other server has made a change. Nothing that is not next can come while the two agree.
func (c *settings) changed(m *wire.Message, v pairconf.Version, out *node.Output) {
	if !c.synced {
		return // it could not be stored, and the whole is asked for
	}
	if err := pairconf.Check(m.Object, m.Text); err != nil || !c.conf.Version.Below(v) {
		c.f.arb.Bad("a change of the configuration that makes no sense", out)
		return
	}
	o := pairconf.Object{Name: m.Object, Value: m.Text, Version: v}
	c.conf.Put(o)
	c.conf.Agree()
	c.f.store(func(out *node.Output) {
		c.noteObject(o, out)
		c.noteVersion(out)
		c.send(wire.ConfigAck, v, out)
	}, nil)
}

// acknowledged: changes up to this version are durable where they have to be.
func (c *settings) acknowledged(v pairconf.Version, out *node.Output) {
	for len(c.pending) > 0 && !v.Below(c.pending[0].version) {
		p := c.pending[0]
		c.pending = c.pending[1:]
		out.Note(node.Note{Kind: node.NoteConfigChanged, Text: p.object, N: p.version.Epoch, M: p.version.N, Why: p.digest})
		out.Note(node.Note{Kind: node.NoteDone, N: p.id, Text: p.verb})
	}
}

// unstored: the last step wanted to store something, and it was not. The whole is asked for when the store takes something again.
func (c *settings) unstored(stored *pairconf.Config, out *node.Output) {
	if stored == nil {
		stored = &pairconf.Config{}
	}
	if c.conf.Version == stored.Version {
		return
	}
	c.conf = *stored
	c.synced = false
	c.noteWhole(out)
}

// ask compares the two configurations again.
func (c *settings) ask(out *node.Output) {
	if c.f.s.engine.PeerUp() && !c.synced {
		c.whole = nil
		c.send(wire.ConfigState, c.conf.Version, out)
	}
}

// maxPending is how many changes may wait for their acknowledgement.
const maxPending = 1000

// set is System Administration's command config-set object=KIND/NAME value=TEXT; without a value the object is deleted.
func (c *settings) set(cmd *node.Command, out *node.Output) {
	name, value := cmd.Args["object"], cmd.Args["value"]
	err := pairconf.Check(name, value)
	if err == nil {
		err = c.conf.Room(name, value)
	}
	_, has := c.conf.Get(name)
	why := ""
	switch {
	case err != nil:
		why = err.Error()
	case c.f.arb.State() != peerarb.Active:
		why = fmt.Sprintf("%s is not active, and the configuration is changed at the active server only", c.f.s.self)
	case !c.f.arb.Settled() || c.f.s.engine.PeerUp() && !c.synced:
		why = "the two configurations are just being compared; try again"
	case value == "" && !has:
		why = "there is no " + name
	case len(c.pending) >= maxPending:
		why = "too many changes wait for the other server"
	}
	if why != "" {
		out.Refuse(cmd, cmd.Verb+": "+why)
		return
	}
	o := pairconf.Object{Name: name, Value: value, Version: c.conf.Version.Next(c.f.arb.Epoch())}
	c.conf.Put(o)
	change := pendingChange{cmd.ID, cmd.Verb, name, pairconf.DigestOf(value), o.Version}
	c.f.store(func(out *node.Output) { c.made(o, change, out) }, func(out *node.Output) {
		out.Note(node.Note{Kind: node.NoteRefused, N: change.id, Text: change.verb + ": it was not stored: the store takes nothing"})
	})
}

// made: a change that was made here is durable here.
func (c *settings) made(o pairconf.Object, change pendingChange, out *node.Output) {
	c.noteObject(o, out)
	c.noteVersion(out)
	c.pending = append(c.pending, change)
	if c.f.s.engine.PeerUp() {
		c.sendObject(wire.ConfigChange, o, out)
	}
	if !c.f.s.engine.PeerUp() || c.f.s.opt.Without.Has(node.ConfigAcked) {
		c.acknowledged(o.Version, out)
	}
}

// list answers config-list: the whole, as JSON. Keys of users are as secret as their passwords, and are told to operators only.
func (c *settings) list(cmd *node.Command, out *node.Output) {
	answer(cmd, struct {
		Version pairconf.Version  `json:"version"`
		Digest  string            `json:"digest"`
		Objects []pairconf.Object `json:"objects"`
	}{c.conf.Version, c.conf.Digest(), slices.DeleteFunc(slices.Clone(c.conf.Objects), func(o pairconf.Object) bool { return o.Value == "" })}, out)
}

func (c *settings) conflicts(cmd *node.Command, out *node.Output) {
	answer(cmd, struct {
		Conflicts []pairconf.Conflict `json:"conflicts"`
	}{c.conf.Conflicts}, out)
}

func answer(cmd *node.Command, what any, out *node.Output) {
	data, err := json.Marshal(what)
	if err != nil {
		panic(err) // plain data
	}
	out.Answer(cmd, string(data))
}

func (c *settings) append(b []byte) []byte {
	data, err := json.Marshal(&c.conf)
	if err != nil {
		panic(err) // plain data
	}
	b = canon.String(b, data)
	b = canon.Bool(b, c.synced)
	whole, err := json.Marshal(c.whole)
	if err != nil {
		panic(err) // plain data
	}
	b = canon.String(b, whole)
	b = canon.Uint(b, len(c.pending))
	for _, p := range c.pending {
		b = canon.Uint(b, p.id)
		b = canon.String(b, p.verb)
		b = canon.String(b, p.object)
		b = canon.String(b, p.digest)
		b = canon.Uint(b, p.version.Epoch)
		b = canon.Uint(b, p.version.N)
	}
	return b
}

func (c *settings) restore(r *canon.Reader) {
	c.conf, c.whole, c.pending = pairconf.Config{}, nil, nil
	if data := r.Bytes(); r.Good() && json.Unmarshal(data, &c.conf) != nil {
		r.Fail("configuration")
	}
	c.synced = r.Bool()
	if data := r.Bytes(); r.Good() && json.Unmarshal(data, &c.whole) != nil {
		r.Fail("configuration")
	}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		p := pendingChange{id: canon.Read[uint64](r), verb: r.String(), object: r.String(), digest: r.String()}
		p.version = pairconf.Version{Epoch: canon.Read[uint64](r), N: canon.Read[uint64](r)}
		c.pending = append(c.pending, p)
	}
}
