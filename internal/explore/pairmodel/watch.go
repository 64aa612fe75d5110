package pairmodel

import (
	"slices"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// watch is what the monitors remember: S1, S2, S4, S5, L3 as one component of the state. (S3 and L1 need no memory: they look at the state.) It
// knows what was seen only, not what nodes hold.
type watch struct {
	server    [2]watched
	primaries []reign   // S1: who was named primary, or was it, in which epoch, as long as anybody knows of the epoch
	names     []pairing // S5: which call a ConnID names, as long as anybody knows of it
	told      []pairing // S5: the ConnIDs of calls that clients have heard
	heir      int       // S5: 1+ the T-Server that has to go on with what clients have heard; 0: none
	fresh     uint64    // S5: what is said of an epoch below may be of a primary that had been replaced
	alarms    [nodes]node.Alarms
}

// watched is what was seen of a T-Server.
type watched struct {
	running   bool
	inc       uint64
	role      wire.Role
	epoch     uint64
	synced    bool // its CTI link
	announced bool
	ready     bool

	// As backup (S4).
	awaiting uint64 // the Backup Ready that waits for its answer; 0: none
	alone    bool   // no primary of its epoch was reached for connect-tout
	failed   bool   // in this step: the primary failed while it waited
	answered bool   // in this step: its Backup Ready was answered

	// As primary (S2).
	linked   bool // the HA link is up at this end
	peerInc  uint64
	known    []pairing // what this incarnation of the peer has acknowledged or told
	sent     []sending // CallNamed that are not acknowledged
	asked    bool
	askedNum uint64
	askedW   uint64
	tagged   []callmodel.CallID
	calls    []pairing
}

type reign struct {
	epoch uint64
	at    int
	inc   uint64
}

type pairing struct {
	call   callmodel.CallID
	connID callmodel.ConnID
}

type sending struct {
	num uint64
	pairing
}

// sightings are what a step shows, in order.
type sightings struct {
	model *Model
	node  node.Node
	at    int
	list  []byte

	reached bool // before the step: a primary of its epoch
}

// The kinds of sightings; the comment names what follows.
const (
	sawStart     = iota + 1 // incarnation
	sawEnd                  //
	sawRole                 // role, epoch
	sawHAUp                 // incarnation of the peer
	sawHADown               //
	sawFailure              // the peer has failed: its incarnation, 0 for the present one
	sawReady                // Backup Ready: number, watermark
	sawNamed                // CallNamed: call, ConnID
	sawNamedAck             // its number
	sentNamed               // number, call, ConnID
	sentReady               // number
	sentDone                // Full Sync Done: number, reason, event number
	sawDone                 // number
	sawCall                 // call, ConnID or 0
	sawGone                 // call
	sawCTI                  // state
	sawReadiness            // 0 or 1
	sawAnnounced            //
	sawWithdrawn            //
	sawAlone                //
	sawPrimary              // a primary of its epoch is reached
	sawTold                 // clients hear: epoch, call, ConnID, whether the call is over
	sawAlarm                // which, 1 or 0
	sawRecord               // M names a primary: which, epoch, incarnation
	sawSettled              // the step is over
)

func (s *sightings) add(kind uint8, args ...uint64) {
	s.list = append(s.list, kind, byte(s.at))
	for _, a := range args {
		s.list = canon.Uint(s.list, a)
	}
}

func (s *sightings) number() uint32 {
	return s.model.seen.Get(s.list, func() *[]byte { b := slices.Clone(s.list); return &b })
}

func (s *sightings) server() bool { return s.at == aAt || s.at == bAt }

func (s *sightings) before(in *node.Input) {
	if !s.server() {
		return
	}
	s.reached = s.reaches()
	switch {
	case in.Kind == node.Start:
		s.add(sawStart, in.Inc)
	case in.Kind == node.PortUp && in.Peer.IsTServer():
		s.add(sawHAUp, in.Inc)
	case in.Kind == node.PortDown && in.Peer.IsTServer():
		s.add(sawFailure, 0)
		s.add(sawHADown)
	case in.Kind == node.Fired && in.Timer.Kind == 1: // connect-tout is over
		s.add(sawAlone)
	case in.Kind == node.Receive:
		s.received(in.Msg)
	}
}

func (s *sightings) received(m *wire.Message) {
	switch m.Kind {
	case wire.BackupReady:
		s.add(sawReady, m.Num, m.Seq)
	case wire.CallNamed:
		s.add(sawNamed, uint64(m.Call.Ref), m.Call.Born, uint64(m.ConnID))
	case wire.CallNamedAck:
		s.add(sawNamedAck, m.Num)
	case wire.FullSyncDone:
		s.add(sawDone, m.Num)
	case wire.PeerFailed:
		s.add(sawFailure, m.Inc)
	}
}

func (s *sightings) sent(to wire.ID, m *wire.Message) {
	if !s.server() || !to.IsTServer() {
		return
	}
	switch m.Kind {
	case wire.CallNamed:
		s.add(sentNamed, m.Num, uint64(m.Call.Ref), m.Call.Born, uint64(m.ConnID))
	case wire.BackupReady:
		s.add(sentReady, m.Num)
	case wire.FullSyncDone:
		s.add(sentDone, m.Num, uint64(m.Reason), m.Seq)
	}
}

func (s *sightings) closed(peer wire.ID) {
	if s.server() && peer.IsTServer() {
		s.add(sawHADown)
	}
}

// told: a client hears it at once.
func (s *sightings) told(m *wire.Message) {
	if !m.Kind.IsCallEvent() {
		return
	}
	over := uint64(0)
	if m.Kind == wire.EventReleased || m.Kind == wire.EventAbandoned {
		over = 1
	}
	s.add(sawTold, m.Epoch, uint64(m.Call.Ref), m.Call.Born, uint64(m.ConnID), over)
}

func (s *sightings) note(n *node.Note) {
	if n.Kind == node.NoteAlarm {
		s.add(sawAlarm, uint64(n.Alarm), n.N)
	}
	if n.Kind == node.NoteRecord && !s.model.keep.reigns {
		s.add(sawRecord, uint64(n.Peer-wire.A), n.N, n.M)
	}
	if !s.server() {
		return
	}
	switch n.Kind {
	case node.NoteRole:
		role := wire.Backup
		if n.Text == wire.Primary.String() {
			role = wire.Primary
		}
		s.add(sawRole, uint64(role), n.N)
	case node.NoteCTI:
		synced := uint64(0)
		if n.Text == callmodel.CTISynchronized.String() {
			synced = 1
		}
		s.add(sawCTI, synced)
	case node.NoteReady:
		s.add(sawReadiness, n.N)
	case node.NoteAnnounced:
		s.add(sawAnnounced)
	case node.NoteWithdrawn:
		s.add(sawWithdrawn)
	case node.NoteHeld, node.NoteNamed:
		s.add(sawCall, uint64(n.Call.Ref), n.Call.Born, uint64(n.ConnID))
	case node.NoteGone:
		s.add(sawGone, uint64(n.Call.Ref), n.Call.Born)
	}
}

// after ends a step.
func (s *sightings) after() {
	if s.server() && s.reaches() && !s.reached {
		s.add(sawPrimary)
	}
	if s.server() && len(s.list) > 0 {
		s.add(sawSettled)
	}
}

func (s *sightings) reaches() bool {
	e := engineOf(s.node)
	return e != nil && e.Role() == wire.Backup && e.HasPrimary()
}

func (s *sightings) crash() {
	s.add(sawEnd)
}

func (w *watch) clone() *watch {
	c := *w
	c.primaries, c.names, c.told = slices.Clone(w.primaries), slices.Clone(w.names), slices.Clone(w.told)
	for i := range c.server {
		v := &c.server[i]
		v.known, v.sent, v.tagged, v.calls = slices.Clone(v.known), slices.Clone(v.sent), slices.Clone(v.tagged), slices.Clone(v.calls)
	}
	return &c
}

func (m *Model) internWatch(w *watch) uint32 {
	return m.watches.Get(w.key(), func() *watch { return w })
}

func (w *watch) key() []byte {
	var b []byte
	for i := range w.server {
		b = w.server[i].append(b)
	}
	b = canon.Uint(b, len(w.primaries))
	for _, p := range w.primaries {
		b = canon.Uint(b, p.epoch)
		b = canon.Uint(b, p.at)
		b = canon.Uint(b, p.inc)
	}
	b = appendPairings(b, w.names)
	b = appendPairings(b, w.told)
	b = canon.Uint(b, w.heir)
	b = canon.Uint(b, w.fresh)
	for _, a := range w.alarms {
		b = canon.Uint(b, a)
	}
	return b
}

func appendPairings(b []byte, list []pairing) []byte {
	b = canon.Uint(b, len(list))
	for _, p := range list {
		b = p.append(b)
	}
	return b
}

func (p *pairing) append(b []byte) []byte {
	b = canon.Uint(b, p.call.Ref)
	b = canon.Uint(b, p.call.Born)
	return canon.Uint(b, uint64(p.connID))
}

func (v *watched) append(b []byte) []byte {
	for _, x := range []bool{v.running, v.synced, v.announced, v.ready, v.alone, v.asked, v.linked} {
		b = canon.Bool(b, x)
	}
	for _, n := range []uint64{v.inc, uint64(v.role), v.epoch, v.awaiting, v.peerInc, v.askedNum, v.askedW} {
		b = canon.Uint(b, n)
	}
	b = appendPairings(b, v.known)
	b = canon.Uint(b, len(v.sent))
	for i := range v.sent {
		b = canon.Uint(b, v.sent[i].num)
		b = v.sent[i].append(b)
	}
	b = canon.Uint(b, len(v.tagged))
	for _, c := range v.tagged {
		b = canon.Uint(b, c.Ref)
		b = canon.Uint(b, c.Born)
	}
	return appendPairings(b, v.calls)
}

// rename gives what is remembered the names of the nodes, and forgets what no node and no message knows any more: it cannot come up again.
func (w *watch) rename(r *renaming) {
	f := func(c canon.Class, v uint64) uint64 {
		if !r.uses(c, v) {
			return 0
		}
		return r.rename(c, v)
	}
	w.primaries = slices.DeleteFunc(w.primaries, func(p reign) bool { return !r.uses(canon.Epoch, p.epoch) || r.over(p.epoch) })
	for i := range w.primaries {
		p := &w.primaries[i]
		p.epoch, p.inc = f(canon.Epoch, p.epoch), f(wire.ClassesOf(ids[p.at]).Start, p.inc)
	}
	w.names = slices.DeleteFunc(w.names, func(p pairing) bool { return !r.uses(canon.ConnID, uint64(p.connID)) })
	for i := range w.names {
		w.names[i].rename(f)
	}
	sortPairings(w.names)
	w.told = renameCalls(w.told, r, f)
	w.fresh = r.least(w.fresh)
	for i := range w.server {
		v := &w.server[i]
		v.sent = slices.DeleteFunc(v.sent, func(s sending) bool { return !r.answerable(i, s.num) })
		v.rename(wire.ClassesOf(wire.A+wire.ID(i)), wire.ClassesOf(wire.B-wire.ID(i)), r, f)
	}
}

func (v *watched) rename(own, peers wire.Classes, r *renaming, f canon.Renaming) {
	if !v.asked {
		v.askedNum, v.askedW = 0, 0
	}
	if !r.uses(peers.Start, v.peerInc) || !v.linked && r.isGone(peers.Known, v.peerInc) {
		v.known = nil // nobody of that incarnation comes back
	}
	v.known, v.calls = renameCalls(v.known, r, f), renameCalls(v.calls, r, f)
	if !v.linked && len(v.known) == 0 {
		v.peerInc = 0
	}
	v.inc, v.peerInc, v.epoch = f(own.Start, v.inc), f(peers.Start, v.peerInc), f(canon.Epoch, v.epoch)
	v.awaiting, v.askedNum, v.askedW = f(own.Ready, v.awaiting), f(peers.Ready, v.askedNum), f(canon.Watermark, v.askedW)
	v.tagged = slices.DeleteFunc(v.tagged, func(c callmodel.CallID) bool { return !r.uses(canon.Born.Of(c.Ref), c.Born) })
	for k := range v.tagged {
		c := &v.tagged[k]
		c.Born = f(canon.Born.Of(c.Ref), c.Born)
	}
	slices.SortFunc(v.tagged, compareCalls)
	for k := range v.sent {
		v.sent[k].num = f(own.Named, v.sent[k].num)
		v.sent[k].rename(f)
	}
}

func (p *pairing) rename(f canon.Renaming) {
	p.call.Born = f(canon.Born.Of(p.call.Ref), p.call.Born)
	p.connID = callmodel.ConnID(f(canon.ConnID, uint64(p.connID)))
}

// renameCalls forgets the calls that nobody knows any more.
func renameCalls(list []pairing, r *renaming, f canon.Renaming) []pairing {
	list = slices.DeleteFunc(list, func(p pairing) bool { return !r.uses(canon.Born.Of(p.call.Ref), p.call.Born) })
	for i := range list {
		list[i].rename(f)
	}
	sortPairings(list)
	return list
}

func sortPairings(list []pairing) {
	slices.SortFunc(list, func(a, b pairing) int {
		if a.call != b.call {
			return compareCalls(a.call, b.call)
		}
		return int(int64(a.connID>>1) - int64(b.connID>>1))
	})
}

func compareCalls(a, b callmodel.CallID) int {
	if a.Born != b.Born {
		return int(int64(a.Born) - int64(b.Born))
	}
	return int(a.Ref) - int(b.Ref)
}
