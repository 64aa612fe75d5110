package monitor_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/config"
	"hotpair/internal/monitor"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

const (
	sw = wire.Switch
	a  = wire.A
	b  = wire.B
	ml = wire.MLayer
)

var c1 = wire.Client(1)

// tape writes a trace by hand. It numbers the records; everything else is the test's affair.
type tape struct {
	at   time.Duration
	list []trace.Record
	inc  map[wire.ID]uint64
	idx  map[wire.ID]uint64
}

func newTape() *tape {
	return &tape{inc: map[wire.ID]uint64{}, idx: map[wire.ID]uint64{}}
}

// add appends a record of a node and returns its place.
func (t *tape) add(id wire.ID, r trace.Record) int {
	t.idx[id]++
	r.At, r.Node, r.Inc, r.Index = t.at, id, t.inc[id], t.idx[id]
	t.list = append(t.list, r)
	return len(t.list) - 1
}

func (t *tape) world(id wire.ID, text string) {
	t.list = append(t.list, trace.Record{At: t.at, Kind: trace.Applied, Node: id, Text: text})
}

func (t *tape) start(ids ...wire.ID) {
	for _, id := range ids {
		t.inc[id]++
		t.idx[id] = 0
		t.add(id, trace.Record{Kind: trace.Started})
	}
}

func (t *tape) kill(id wire.ID) {
	t.list = append(t.list, trace.Record{At: t.at, Kind: trace.Ended, Node: id, Inc: t.inc[id], Text: "killed"})
}

// up opens a link, at its first end first.
func (t *tape) up(one, other wire.ID) {
	t.upAt(one, other)
	t.upAt(other, one)
}

func (t *tape) upAt(id, peer wire.ID) {
	t.add(id, trace.Record{Kind: trace.Up, Peer: peer, PeerInc: t.inc[peer]})
}

func (t *tape) down(id, peer wire.ID, cause node.Cause) {
	t.add(id, trace.Record{Kind: trace.Down, Peer: peer, PeerInc: t.inc[peer], Text: cause.String()})
}

func (t *tape) send(from, to wire.ID, m wire.Message) int {
	return t.add(from, trace.Record{Kind: trace.Sent, Peer: to, Msg: &m})
}

// receive takes what was sent at a place.
func (t *tape) receive(sent int) int {
	s := t.list[sent]
	m := *s.Msg
	return t.add(s.Peer, trace.Record{Kind: trace.Received, Peer: s.Node, PeerInc: s.Inc, PeerIndex: s.Index, Msg: &m})
}

// pass sends a message that arrives.
func (t *tape) pass(from, to wire.ID, m wire.Message) { t.receive(t.send(from, to, m)) }

func (t *tape) note(id wire.ID, n node.Note) { t.add(id, trace.Record{Kind: trace.Noted, Note: &n}) }

func (t *tape) role(id wire.ID, r wire.Role, epoch uint64) {
	t.note(id, node.Note{Kind: node.NoteRole, Text: r.String(), N: epoch})
}

func (t *tape) cti(id wire.ID, s callmodel.CTIState) {
	t.note(id, node.Note{Kind: node.NoteCTI, Text: s.String()})
}

func (t *tape) announce(id wire.ID, rule string) {
	t.note(id, node.Note{Kind: node.NoteAnnounced, Text: rule})
}

func (t *tape) sync(id wire.ID, text string) { t.note(id, node.Note{Kind: node.NoteSync, Text: text}) }

func (t *tape) held(id wire.ID, c callmodel.CallID) {
	t.note(id, node.Note{Kind: node.NoteHeld, Call: c})
}

func (t *tape) named(id wire.ID, c callmodel.CallID, n callmodel.ConnID, how string) {
	t.note(id, node.Note{Kind: node.NoteNamed, Call: c, ConnID: n, Text: how})
}

func (t *tape) gone(id wire.ID, c callmodel.CallID) {
	t.note(id, node.Note{Kind: node.NoteGone, Call: c})
}

// tells: the peer is told of the state.
func (t *tape) tells(from wire.ID, r wire.Role, epoch uint64) {
	t.pass(from, from.Peer(), wire.Message{Kind: wire.PeerState, Epoch: epoch, Role: r, CTI: callmodel.CTISynchronized})
}

func (t *tape) names(from wire.ID, num uint64, c callmodel.CallID, n callmodel.ConnID) int {
	return t.send(from, from.Peer(), wire.Message{Kind: wire.CallNamed, Epoch: 1, Num: num, Call: c, ConnID: n})
}

func (t *tape) acks(from wire.ID, num uint64, c callmodel.CallID, n callmodel.ConnID) {
	t.pass(from, from.Peer(), wire.Message{Kind: wire.CallNamedAck, Epoch: 1, Num: num, Call: c, ConnID: n})
}

// The calls of the tapes. Events up to 10 belong to the snapshots with which A and B start.
var (
	call1  = callmodel.CallID{Ref: 1, Born: 5}
	call2  = callmodel.CallID{Ref: 2, Born: 12}
	call3  = callmodel.CallID{Ref: 1, Born: 20}
	aName1 = callmodel.NewConnID(0, 1, 1)
	aName2 = callmodel.NewConnID(0, 1, 2)
	bName1 = callmodel.NewConnID(1, 1, 1)
)

// reads: the T-Server reads the switch, which has come to event seq.
func (t *tape) reads(id wire.ID, seq uint64) {
	t.up(id, sw)
	t.cti(id, callmodel.CTISynchronizing)
	t.pass(sw, id, wire.Message{Kind: wire.SnapshotBegin, Seq: seq})
	t.pass(sw, id, wire.Message{Kind: wire.SnapshotEnd, Seq: seq})
}

// primaryA: A is primary of epoch 1 and announced; it holds call 1.
func primaryA() *tape {
	t := newTape()
	t.start(sw, ml, c1, a)
	t.up(ml, a)
	t.reads(a, 10)
	t.named(a, call1, aName1, "invented")
	t.cti(a, callmodel.CTISynchronized)
	t.pass(ml, a, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: a, Inc: 1})
	t.role(a, wire.Primary, 1)
	t.announce(a, "R3")
	return t
}

// backupB: beside it, B has read the switch, holds call 1 under a name of its own, and knows A as its primary; nothing is asked yet.
func backupB() *tape {
	t := primaryA()
	t.at = time.Second
	t.start(b)
	t.up(ml, b)
	t.pass(ml, b, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: a, Inc: 1})
	t.role(b, wire.Backup, 1)
	t.reads(b, 10)
	t.named(b, call1, bName1, "invented")
	t.cti(b, callmodel.CTISynchronized)
	t.up(a, b)
	t.tells(a, wire.Primary, 1)
	t.tells(b, wire.Backup, 1)
	return t
}

func (t *tape) asks(num, watermark uint64) {
	t.pass(b, a, wire.Message{Kind: wire.BackupReady, Epoch: 1, Num: num, Seq: watermark})
}

func (t *tape) answers(num uint64, reason wire.Reason) {
	t.pass(a, b, wire.Message{Kind: wire.FullSyncDone, Epoch: 1, Num: num, Reason: reason})
}

func (t *tape) releases(c callmodel.CallID, seq uint64) {
	for _, id := range []wire.ID{a, b} {
		t.pass(sw, id, wire.Message{Kind: wire.CallReleased, Call: c, Seq: seq})
		t.gone(id, c)
	}
}

// synchronizedPair: the first call has ended, Full Sync Done is received, and B has announced.
func synchronizedPair() *tape {
	t := backupB()
	t.asks(1, 10)
	t.releases(call1, 11)
	t.answers(1, wire.Synchronized)
	t.sync(b, "done")
	t.announce(b, "R9")
	return t
}

// newCall: the switch creates call 2, and both take it up; what A sends of it is under way.
func (t *tape) newCall() (sent int) {
	t.pass(sw, b, wire.Message{Kind: wire.CallCreated, Call: call2, Seq: 12})
	t.held(b, call2)
	t.pass(sw, a, wire.Message{Kind: wire.CallCreated, Call: call2, Seq: 12})
	t.named(a, call2, aName2, "invented")
	return t.names(a, 1, call2, aName2)
}

// busy: both T-Servers take further steps, for reasons that have nothing to do with the HA link.
func (t *tape) busy() {
	for range 3 {
		t.pass(ml, a, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: a, Inc: 1})
		t.pass(ml, b, wire.Message{Kind: wire.Appoint, Epoch: 1, Node: a, Inc: 1})
	}
}

// wrong is what a case expects: "" that all monitors hold, otherwise the name of the monitor and part of the sentence.
type wrong struct{ monitor, text string }

type tapeCase struct {
	name  string
	tape  func() *tape
	wrong wrong
}

// ofWholeRuns are the monitors that a tape, which is a fragment, does not satisfy: it leaves out messages without which nobody may do what it shows.
var ofWholeRuns = map[string]bool{"at-once": true, "order": true, "states": true}

func judge(records []trace.Record, c config.Config) []monitor.Violation {
	s := monitor.NewSet(&c)
	for i := range records {
		s.Record(&records[i])
	}
	s.Finish()
	return s.Violations()
}

// check runs the cases; each names all that is wrong with its tape.
func check(t *testing.T, cases []tapeCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			violations := slices.DeleteFunc(judge(c.tape().list, config.Default()), func(v monitor.Violation) bool {
				return ofWholeRuns[v.Monitor] && v.Monitor != c.wrong.monitor
			})
			if c.wrong == (wrong{}) {
				require.Empty(t, violations)
				return
			}
			require.Len(t, violations, 1, "%v", violations)
			require.Equal(t, c.wrong.monitor, violations[0].Monitor)
			require.Contains(t, violations[0].Text, c.wrong.text)
			require.NotEmpty(t, violations[0].Records, "the records that show it")
		})
	}
}

func (t *tape) carrier(id wire.ID, up bool) {
	kind := trace.CarrierDown
	if up {
		kind = trace.CarrierUp
	}
	t.add(id, trace.Record{Kind: kind})
}
