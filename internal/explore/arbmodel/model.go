package arbmodel

import (
	"fmt"
	"slices"
	"sync"

	"hotpair/hasync/peerarb"
	"hotpair/internal/canon"
	"hotpair/internal/explore"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// MaxClients is the greatest number of clients.
const MaxClients = 8

// Options say what is searched.
type Options struct {
	// Clients, 1 to MaxClients, are in two groups, as evenly as can be; a group is cut off as a whole.
	Clients int
	// Faults that there may be in all, of these kinds; Commands of System Administration.
	Faults   int
	Kinds    Kinds
	Commands int
	// Without switches rules off.
	Without node.Rules
	// Cold begins with two servers that do not run, and not with a pair at work.
	Cold bool

	apart bool // clients of a group are told apart: to test that it makes no difference
}

// Kinds is a set of kinds of faults.
type Kinds uint8

// The kinds.
const (
	Split   Kinds = 1 << iota // the link between the servers is cut, and stays so until it is healed
	Flap                      // it goes down, and may come up at once
	Group                     // a group of clients is cut off from A, or from both
	Crash                     // a server crashes
	Carrier                   // a server's own connection is lost
	CTI                       // a server's CTI link is lost
)

// Model implements explore.Model.
type Model struct {
	opt     Options
	servers *explore.Table[server]
	links   *explore.Table[halink]
	nets    *explore.Table[net]

	mu      sync.Mutex
	known   map[string]known
	inOrder map[ordered]string
}

// New makes a model. The options are valid.
func New(o Options) *Model {
	m := &Model{opt: o, known: map[string]known{}, inOrder: map[ordered]string{}}
	m.Renew()
	return m
}

// Renew implements explore.Renewer.
func (m *Model) Renew() {
	m.servers, m.links, m.nets = explore.NewTable[server](), explore.NewTable[halink](), explore.NewTable[net]()
}

// server is a server as a component.
type server struct {
	running, carrier, cti bool
	bytes                 string
	stored                peerarb.Durable
	timers                []node.Timer // armed, in order
}

// halink is the link between the servers as a component.
type halink struct {
	cut bool
	end [2]haEnd
}

type haEnd struct {
	up    bool
	queue []wire.Message // to this end; kind 0: the link went down
}

// net is where clients are, and who is cut off, as a component.
type net struct {
	at  [MaxClients]int8 // where the client believes to have a session: 0 A, 1 B, -1 nowhere
	cut [2][2]bool       // the group's path to A, to B
}

// world is a state, taken apart.
type world struct {
	m      *Model
	srv    [2]server
	ha     halink
	net    net
	faults int
	cmds   int
}

// Width implements explore.Model: two servers, the link, the clients, what is left of faults and commands.
func (m *Model) Width() int { return 5 }

// Stepper implements explore.Model.
func (m *Model) Stepper() explore.Stepper { return &stepper{m: m} }

func (m *Model) decode(s []uint32) *world {
	w := &world{m: m, srv: [2]server{*m.servers.At(s[0]), *m.servers.At(s[1])}, ha: *m.links.At(s[2]), net: *m.nets.At(s[3])}
	w.faults, w.cmds = int(s[4]>>8), int(s[4]&255)
	for i := range w.srv {
		w.srv[i].timers = slices.Clone(w.srv[i].timers)
		w.ha.end[i].queue = slices.Clone(w.ha.end[i].queue)
	}
	return w
}

func (w *world) encode(s []uint32) {
	if !w.m.opt.apart {
		w.arrange()
	}
	for i := range w.srv {
		srv := w.srv[i]
		b := []byte{bit(srv.running), bit(srv.carrier), bit(srv.cti)}
		b = canon.String(b, srv.bytes)
		b = canon.Uint(b, srv.stored.Own)
		b = canon.Uint(b, srv.stored.Highest)
		b = canon.Uint(b, srv.stored.Last)
		b = canon.Bool(b, srv.stored.Off)
		for _, t := range srv.timers {
			b = canon.Uint(b, t.Kind)
		}
		s[i] = w.m.servers.Get(b, func() *server { return &srv })
	}
	b := []byte{bit(w.ha.cut)}
	for i := range w.ha.end {
		b = canon.Bool(b, w.ha.end[i].up)
		b = canon.Uint(b, len(w.ha.end[i].queue))
		for k := range w.ha.end[i].queue {
			b = w.ha.end[i].queue[k].AppendCanonical(b)
		}
	}
	ha := w.ha
	s[2] = w.m.links.Get(b, func() *halink { return &ha })
	b = b[:0]
	for _, at := range w.net.at {
		b = append(b, byte(at+1))
	}
	for g := range w.net.cut {
		b = append(b, bit(w.net.cut[g][0]), bit(w.net.cut[g][1]))
	}
	n := w.net
	s[3] = w.m.nets.Get(b, func() *net { return &n })
	s[4] = uint32(w.faults)<<8 | uint32(w.cmds)
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// around is the server around an arbiter.
type around struct {
	w *world
	i int
}

func (s around) Store(out *node.Output)               { out.Store(nil) }
func (s around) Drop([]wire.ID, string, *node.Output) {}
func (s around) ActivityChanged(*node.Output)         {}
func (s around) RenewLink(*node.Output)               {}
func (s around) Ready() (own, peers bool) {
	return s.w.srv[s.i].cti, s.w.srv[1-s.i].cti && s.w.srv[1-s.i].running
}

func (w *world) arbiter(i int) *peerarb.Arbiter {
	opt := peerarb.DefaultOptions()
	opt.Without = w.m.opt.Without
	a := peerarb.New(wire.A+wire.ID(i), opt, around{w, i})
	if w.srv[i].bytes != "" {
		r := canon.NewReader([]byte(w.srv[i].bytes))
		a.Restore(r)
		if err := r.Err(); err != nil {
			panic(fmt.Sprintf("arbmodel: %s: %v", wire.A+wire.ID(i), err))
		}
	}
	return a
}

// step lets a server's arbiter do something, and carries out what follows.
func (w *world) step(i int, do func(a *peerarb.Arbiter, out *node.Output)) {
	a := w.arbiter(i)
	a.Begin()
	w.carryOut(i, a, do)
	w.srv[i].bytes = string(a.AppendCanonical(nil))
}

// carryOut does that. What is to be stored is, and the arbiter goes on.
func (w *world) carryOut(i int, a *peerarb.Arbiter, do func(a *peerarb.Arbiter, out *node.Output)) {
	var out node.Output
	do(a, &out)
	for a.Settle(&out) {
	}
	srv := &w.srv[i]
	for _, op := range out.Ops {
		switch op.Kind {
		case node.OpSend:
			if !w.ha.end[i].up {
				panic(fmt.Sprintf("arbmodel: %s sends on a link that is down", wire.A+wire.ID(i)))
			}
			w.send(1-i, out.Msgs[op.Index])
		case node.OpSet:
			srv.timers = slices.DeleteFunc(srv.timers, func(t node.Timer) bool { return t == op.Timer })
			srv.timers = append(srv.timers, op.Timer)
			slices.SortFunc(srv.timers, func(a, b node.Timer) int { return int(a.Kind) - int(b.Kind) })
		case node.OpCancel:
			srv.timers = slices.DeleteFunc(srv.timers, func(t node.Timer) bool { return t == op.Timer })
		case node.OpStore:
			srv.stored = a.Durable()
			w.carryOut(i, a, func(a *peerarb.Arbiter, out *node.Output) { a.Stored(out) })
		}
	}
}

// send: nobody hears what is sent to an end that is down, or behind the news that the link is.
func (w *world) send(to int, m wire.Message) {
	if e := &w.ha.end[to]; e.up && (len(e.queue) == 0 || e.queue[len(e.queue)-1].Kind != 0) {
		e.queue = append(e.queue, m)
	}
}

func id(c int) wire.ID { return wire.Client(c + 1) }

// group of a client: 0 or 1.
func group(c int) int { return c % 2 }

// reach says whether a client can reach a server now.
func (w *world) reach(c, i int) bool {
	return w.srv[i].running && w.srv[i].carrier && !w.net.cut[group(c)][i]
}

func (w *world) healed() bool {
	return !w.ha.cut && w.net.cut == [2][2]bool{} &&
		w.srv[0].running && w.srv[1].running && w.srv[0].carrier && w.srv[1].carrier && w.srv[0].cti && w.srv[1].cti
}
