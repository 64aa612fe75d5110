package monitor

import (
	"fmt"
	"strings"
	"time"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/config"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// pair is what the records say of both T-Servers so far.
type pair struct {
	views  [2]view
	config config.Config // as it is for the next start
}

// view is what the records say of one T-Server.
type view struct {
	id          wire.ID
	delay       bool // ha-sync-dly-lnk-conn
	connectTout time.Duration
	replicated  bool // ha-publish (X7)
	options     tserver.Options

	running   bool
	inc       uint64
	role      wire.Role
	epoch     uint64
	cti       callmodel.CTIState
	announced bool
	ready     bool // X10, as it says
	synced    bool // T-Server synchronization is done, as it says
	ha        bool // the HA link is up at this end
	stale     bool // the session in which it is up is over at the other end
	peerInc   uint64
	seq       uint64 // the greatest event number that it received from the switch
	calls     map[callmodel.CallID]callmodel.ConnID
	roleNote  trace.Record // the last one
}

func (p *pair) init(c *config.Config) {
	p.config = *c
	for i := range p.views {
		p.views[i] = p.fresh(wire.A + wire.ID(i))
	}
}

// fresh returns the view of a T-Server that starts with its options as they are now.
func (p *pair) fresh(id wire.ID) view {
	o := &p.config.A
	if id == wire.B {
		o = &p.config.B
	}
	tout := o.ConnectTout
	if o.ClockRate > 0 {
		tout = time.Duration(float64(tout) / o.ClockRate)
	}
	return view{id: id, delay: o.HASyncDlyLnkConn, connectTout: tout, replicated: o.HAPublish == hasync.Replicated, options: *o}
}

// of returns the view of a T-Server, nil for other nodes.
func (p *pair) of(id wire.ID) *view {
	if !id.IsTServer() {
		return nil
	}
	return &p.views[id-wire.A]
}

func (p *pair) other(v *view) *view { return p.of(v.id.Peer()) }

func (p *pair) record(r *trace.Record) {
	v := p.of(r.Node)
	if v == nil {
		return
	}
	switch r.Kind {
	case trace.Started:
		*v = p.fresh(v.id)
		v.running, v.inc, v.role, v.cti = true, r.Inc, wire.Backup, callmodel.CTIDown
		v.calls = map[callmodel.CallID]callmodel.ConnID{}
	case trace.Applied:
		if option, ok := strings.CutPrefix(r.Text, "option "); ok {
			key, value, _ := strings.Cut(option, "=")
			_ = p.config.SetOption(v.id, key, value) // what cannot be set was not
		}
	case trace.Ended:
		v.running, v.ha, v.announced, v.synced, v.ready = false, false, false, false, false
	case trace.Up:
		if r.Peer.IsTServer() {
			v.ha, v.stale, v.peerInc = true, false, r.PeerInc
			if wire.Dials(v.id, r.Peer) { // a session comes up at this end first
				p.other(v).stale = true
			}
		}
	case trace.Down:
		if r.Peer.IsTServer() {
			v.ha = false
			p.other(v).stale = true
		}
	case trace.Received:
		if r.Peer == wire.Switch {
			v.seq = max(v.seq, r.Msg.Seq)
		}
	case trace.Noted:
		v.note(r)
	}
}

func (v *view) note(r *trace.Record) {
	n := r.Note
	switch n.Kind {
	case node.NoteRole:
		v.role, v.epoch = roleNamed(n.Text), n.N
		v.roleNote = keep(r)
	case node.NoteCTI:
		v.cti = callmodel.CTIDown
		_ = v.cti.UnmarshalText([]byte(n.Text)) // what it does not know leaves it down
	case node.NoteSync:
		v.synced = n.Text == "done"
	case node.NoteReady:
		v.ready = n.N == 1
	case node.NoteAnnounced:
		v.announced = true
	case node.NoteWithdrawn:
		v.announced = false
	case node.NoteHeld, node.NoteNamed:
		if v.calls != nil {
			v.calls[n.Call] = n.ConnID
		}
	case node.NoteGone:
		delete(v.calls, n.Call)
	}
}

func roleNamed(text string) wire.Role {
	if text == wire.Primary.String() {
		return wire.Primary
	}
	return wire.Backup
}

// linked reports whether the HA link is up at both ends, in one session of the incarnations that run.
func (p *pair) linked() bool {
	a, b := &p.views[0], &p.views[1]
	return a.running && b.running && a.ha && b.ha && !a.stale && !b.stale && a.peerInc == b.inc && b.peerInc == a.inc
}

// isInput reports whether a step of the node begins with the record.
func isInput(r *trace.Record) bool {
	switch r.Kind {
	case trace.Received, trace.Up, trace.Down, trace.CarrierUp, trace.CarrierDown:
		return true
	}
	return false
}

func (v *view) describe() string {
	if !v.running {
		return v.id.String() + " does not run"
	}
	return fmt.Sprintf("%s is %s of epoch %d, its CTI link is %s, announced %t, synchronized %t", v.id, v.role, v.epoch, v.cti, v.announced, v.synced)
}
