package tserver

import (
	"encoding/json"
	"fmt"

	"hotpair/hasync/pairconf"
	"hotpair/hasync/peerarb"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// failover is what a T-Server has beside the rest under peer arbitration: the arbiter that says whether it is active, and the sessions of clients, which
// have to log in. Its methods may be called on nil, and do nothing: a Management Layer decides then.
type failover struct {
	s    *Server
	arb  *peerarb.Arbiter
	conf settings
	lic  licence
	inc  uint64 // own incarnation

	alarms node.Alarms
	ports  []wire.ID // clients whose links are up, sorted: with a session or without
	incs   []uint64  // their incarnations

	// storing: something is to be stored at the end of this step; then is done when it is, otherwise if it is not.
	storing         bool
	then, otherwise []func(out *node.Output)
}

// durable is what a T-Server stores under peer arbitration, as JSON.
type durable struct {
	Arbiter peerarb.Durable  `json:"arbiter"`
	Licence *licenceState    `json:"licence,omitempty"`
	Config  *pairconf.Config `json:"config,omitempty"`
}

func newFailover(s *Server) *failover {
	f := &failover{s: s}
	f.conf.f, f.lic.f = f, f
	f.arb = peerarb.New(s.self, s.opt.Failover, (*arbiterServer)(f))
	return f
}

// Arbiter returns the part of the T-Server that decides under peer arbitration, nil under a Management Layer.
func (s *Server) Arbiter() *peerarb.Arbiter {
	if s.failover == nil {
		return nil
	}
	return s.failover.arb
}

// begin begins a step.
func (f *failover) begin(in *node.Input) {
	if f != nil && in.Kind != node.Stored && in.Kind != node.StoreFailed && in.Kind != node.StoreConflict {
		f.arb.Begin()
	}
}

func (f *failover) start(in *node.Input, out *node.Output) {
	if f == nil {
		return
	}
	d, err := f.read(in.Value)
	if err != nil {
		out.Note(node.Note{Kind: node.NoteBadInput, Peer: f.s.self, Text: "what is stored cannot be read, and counts as deactivated: " + err.Error()})
		d = durable{Arbiter: peerarb.Durable{Off: true}}
	}
	f.inc = in.Inc
	f.arb.Start(d.Arbiter, out)
	f.lic.begin(d.Licence, in, out)
	f.conf.begin(d.Config, out)
}

// read reads what is stored.
func (f *failover) read(value []byte) (d durable, err error) {
	if value == nil {
		return d, nil
	}
	if err := json.Unmarshal(value, &d); err != nil {
		return durable{}, err
	}
	if d.Config != nil {
		if err := d.Config.Validate(); err != nil {
			return durable{}, err
		}
		// The other server may have changed it in an epoch of which this one heard only then (P13).
		d.Arbiter.Highest = max(d.Arbiter.Highest, d.Config.Version.Epoch)
	}
	if err := d.Arbiter.Check(f.s.self); err != nil {
		return durable{}, fmt.Errorf("arbiter: %w", err)
	}
	return d, nil
}

// store makes everything durable that the server keeps, at the end of this step. What depends on that comes then, and what is to be done if it cannot be,
// otherwise; nil: nothing.
func (f *failover) store(then, otherwise func(out *node.Output)) {
	f.storing = true
	if then != nil {
		f.then = append(f.then, then)
	}
	if otherwise != nil {
		f.otherwise = append(f.otherwise, otherwise)
	}
}

// end ends a step: what is to be stored is.
func (f *failover) end(out *node.Output) {
	if f == nil || !f.storing {
		return
	}
	value, err := json.Marshal(durable{Arbiter: f.arb.Durable(), Licence: &f.lic.licenceState, Config: &f.conf.conf})
	if err != nil {
		panic(err) // plain data
	}
	out.Store(value)
}

// answered returns what waited for the store's answer.
func (f *failover) answered() (then, otherwise []func(out *node.Output)) {
	then, otherwise = f.then, f.otherwise
	f.storing, f.then, f.otherwise = false, nil, nil
	return then, otherwise
}

// stored: what was to be stored in the last step is.
func (f *failover) stored(out *node.Output) {
	f.alarms.Set(node.StoreFault, false, wire.None, "the store takes what is written", out)
	then, _ := f.answered()
	if f.arb.Stored(out) {
		f.conf.ask(out)
	}
	for _, do := range then {
		do(out)
	}
}

// unstored: it is not.
func (f *failover) unstored(in *node.Input, out *node.Output) {
	d, err := f.read(in.Value)
	if err != nil {
		d = durable{Arbiter: peerarb.Durable{Off: true}}
	}
	why := in.Text
	if in.Kind == node.StoreConflict {
		why = "another incarnation has written"
	}
	f.alarms.Set(node.StoreFault, true, wire.None, why, out)
	_, otherwise := f.answered()
	f.conf.unstored(d.Config, out)
	f.arb.Unstored(d.Arbiter, in.Kind == node.StoreConflict, out)
	for _, do := range otherwise {
		do(out)
	}
}

// settle ends a step.
func (f *failover) settle(out *node.Output) {
	if f == nil {
		return
	}
	for f.arb.Settle(out) {
		f.s.engine.Settle(out)
	}
	f.lic.settle(out)
}

func (f *failover) fired(t node.Timer, out *node.Output) bool {
	if f == nil {
		return false
	}
	return f.arb.Fired(t, out) || f.lic.fired(t, out)
}

func (f *failover) linkUp(out *node.Output) {
	if f != nil {
		f.arb.LinkUp(out)
	}
}

// linkOpen: the engine knows of the link, too.
func (f *failover) linkOpen(out *node.Output) {
	if f != nil {
		f.lic.tell(out)
		f.conf.linkUp(out)
	}
}

func (f *failover) linkDown(out *node.Output) {
	if f != nil {
		f.arb.LinkDown(out)
		f.conf.linkDown(out)
	}
}

func (f *failover) carrierDown(out *node.Output) {
	if f != nil {
		f.ports, f.incs = f.ports[:0], f.incs[:0]
		f.arb.CarrierDown(out)
		f.conf.linkDown(out)
	}
}

func (f *failover) carrierUp() {
	if f != nil {
		f.arb.CarrierUp()
	}
}

func (f *failover) receive(m *wire.Message, out *node.Output) bool {
	switch {
	case f == nil:
		return false
	case m.Kind == wire.LicenceState:
		f.lic.told(m, out)
		return true
	}
	f.arb.HeardFromPeer(m.Epoch)
	return f.arb.Receive(m, out) || f.conf.receive(m, out)
}

// command takes System Administration's commands; it reports false if it is none.
func (f *failover) command(cmd *node.Command, out *node.Output) bool {
	if f == nil {
		return false
	}
	switch cmd.Verb {
	case "activate":
		f.arb.Activate(cmd, out)
	case "deactivate":
		f.arb.Deactivate(cmd, out)
	case "switchback":
		f.switchback(cmd, out)
	case "clients":
		f.tellClients(cmd, out)
	case "licences":
		f.lic.answer(cmd, out)
	case "config-set":
		f.conf.set(cmd, out)
	case "config-list":
		f.conf.list(cmd, out)
	case "config-conflicts":
		f.conf.conflicts(cmd, out)
	default:
		return false
	}
	return true
}

func (f *failover) append(b []byte) []byte {
	if f == nil {
		return b
	}
	b = f.arb.AppendCanonical(b)
	b = canon.Uint(b, f.alarms)
	b = canon.Uint(b, len(f.ports))
	for i, id := range f.ports {
		b = canon.Uint(b, id)
		b = canon.Uint(b, f.incs[i])
	}
	b = canon.Uint(b, f.inc)
	b = f.lic.append(b)
	return f.conf.append(b)
}

func (f *failover) restore(r *canon.Reader) {
	if f == nil {
		return
	}
	f.arb.Restore(r)
	f.alarms = canon.Read[node.Alarms](r)
	f.ports, f.incs = nil, nil
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		f.ports = append(f.ports, canon.Read[wire.ID](r))
		f.incs = append(f.incs, canon.Read[uint64](r))
	}
	f.inc = canon.Read[uint64](r)
	f.lic.restore(r)
	f.conf.restore(r)
}

// arbiterServer is the T-Server as its arbiter sees it.
type arbiterServer failover

// Store implements peerarb.Server.
func (a *arbiterServer) Store(*node.Output) { (*failover)(a).store(nil, nil) }

// Drop implements peerarb.Server.
func (a *arbiterServer) Drop(clients []wire.ID, why string, out *node.Output) {
	for i, id := range clients {
		m := out.Send(id, wire.EventLoggedOut)
		m.Epoch, m.Text = a.s.engine.Epoch(), why
		out.Note(node.Note{Kind: node.NoteLogout, Peer: id, N: uint64(len(clients) - i - 1), Text: why})
		(*failover)(a).close(id, out)
	}
}

// ActivityChanged implements peerarb.Server: an active T-Server is primary, and any other is a backup.
func (a *arbiterServer) ActivityChanged(out *node.Output) {
	e := a.s.engine
	switch {
	case a.arb.State() == peerarb.Active:
		opened := e.Role() != wire.Primary
		e.Assume(wire.Primary, a.arb.Epoch(), out)
		if opened && e.Announced() { // those who came while it was open (P9) have not heard of that
			for _, id := range a.s.clients.up {
				a.s.linkEvent(id, out)
			}
		}
	case e.Role() == wire.Primary:
		e.Assume(wire.Backup, e.Epoch(), out)
	}
}

// RenewLink implements peerarb.Server.
func (a *arbiterServer) RenewLink(out *node.Output) {
	a.s.engine.RenewHA(out)
	a.conf.linkDown(out)
}

// Ready implements peerarb.Server.
func (a *arbiterServer) Ready() (own, peers bool) {
	return a.s.engine.Announced(), a.s.engine.PeerAnnounced()
}

// close ends a client's session, if it has one, and its link.
func (f *failover) close(id wire.ID, out *node.Output) {
	f.s.loseSession(id, out)
	f.dropPort(id)
	out.Close(id)
}
