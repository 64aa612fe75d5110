package switchsim

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/eventq"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// rig runs a switch in a virtual time of its own, and restores it from its canonical bytes now and then.
type rig struct {
	t     testing.TB
	s     *Switch
	now   time.Duration
	queue eventq.Queue[node.Timer]
	armed map[node.Timer]uint64
	out   node.Output
	noted []node.Note
}

func newRig(t testing.TB, o Options) *rig {
	require.NoError(t, o.Validate())
	r := &rig{t: t, s: New(o), armed: map[node.Timer]uint64{}}
	r.step(node.Input{Kind: node.Start, Inc: 1})
	return r
}

func (r *rig) step(in node.Input) {
	r.out.Reset()
	r.s.Step(&in, &r.out)
	r.arm()
}

// arm does what the last step has said of timers.
func (r *rig) arm() {
	r.noted = append(r.noted[:0], r.out.Notes...)
	for _, op := range r.out.Ops {
		switch op.Kind {
		case node.OpSet:
			r.armed[op.Timer] = r.queue.Push(r.now+op.After, op.Timer)
		case node.OpCancel:
			delete(r.armed, op.Timer)
		}
	}
}

func (r *rig) do(verb string, kv ...string) node.Note {
	cmd := &node.Command{Verb: verb, Args: map[string]string{}}
	for i := 0; i < len(kv); i += 2 {
		cmd.Args[kv[i]] = kv[i+1]
	}
	r.step(node.Input{Kind: node.Do, Cmd: cmd})
	return r.noted[len(r.noted)-1]
}

// fire fires the next timer that is due by then, and returns it; false if there is none.
func (r *rig) fire(until time.Duration) (node.Timer, bool) {
	for r.queue.Len() > 0 && r.queue.Peek() <= until {
		e := r.queue.Pop()
		if r.armed[e.Payload] != e.Seq {
			continue
		}
		r.now = e.At
		delete(r.armed, e.Payload)
		r.step(node.Input{Kind: node.Fired, Timer: e.Payload})
		return e.Payload, true
	}
	return node.Timer{}, false
}

// each lets time go on, and looks after each timer that has fired.
func (r *rig) each(d time.Duration, look func(fired node.Timer)) {
	until := r.now + d
	for fired, ok := r.fire(until); ok; fired, ok = r.fire(until) {
		look(fired)
	}
	r.now = until
}

func (r *rig) run(d time.Duration) { r.each(d, func(node.Timer) {}) }

// noticed counts what the last step noted of calls.
func (r *rig) noticed(text string) (n float64) {
	for i := range r.noted {
		if r.noted[i].Kind == node.NoteCall && r.noted[i].Text == text {
			n++
		}
	}
	return n
}

// sent lists what the last step sent to a T-Server.
func (r *rig) sent(to wire.ID) (list []wire.Message) {
	for _, op := range r.out.Ops {
		if op.Kind == node.OpSend && op.Peer == to {
			list = append(list, r.out.Msgs[op.Index])
		}
	}
	return list
}

func (r *rig) restore() {
	b := r.s.AppendCanonical(nil)
	again := New(r.s.opt)
	require.NoError(r.t, again.Restore(b))
	require.Equal(r.t, b, again.AppendCanonical(nil))
	r.s = again
}

// TestErlangB: blocking at N trunks offered A erlangs is Erlang's B, whatever the distribution of holding times.
func TestErlangB(t *testing.T) {
	for _, c := range []struct {
		trunks  int
		erlangs float64
		b       float64
	}{{1, 1, 0.5}, {2, 1, 0.2}, {5, 3, 0.110054}, {10, 5, 0.018385}} {
		for _, hold := range []string{"exp:100s", "const:100s", "lognormal:100s,127s"} {
			t.Run(strconv.Itoa(c.trunks)+" "+hold, func(t *testing.T) {
				t.Parallel()
				o := DefaultOptions()
				o.Trunks = c.trunks
				r := newRig(t, o)
				note := r.do("load", "erlangs", strconv.FormatFloat(c.erlangs, 'g', -1, 64), "hold", hold, "ring", "0s", "inbound", "1", "seed", "3")
				require.Equal(t, node.NoteDone, note.Kind, note.Text)
				offered, blocked, busy := 0.0, 0.0, 0.0
				last, up := r.now, r.s.calls.inUse
				r.each(400_000*time.Second, func(node.Timer) {
					busy += float64(up) * (r.now - last).Seconds()
					last, up = r.now, r.s.calls.inUse
					blocked += r.noticed("blocked")
					offered += r.noticed("blocked") + r.noticed("created")
				})
				require.InDelta(t, c.b, blocked/offered, 4*math.Sqrt(c.b/offered)*3, "blocking")
				// Little: the mean number of calls in progress is the carried load.
				require.InEpsilon(t, c.erlangs*(1-c.b), busy/r.now.Seconds(), 0.08, "carried load")
			})
		}
	}
}

func TestHoldingTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for text, want := range map[string]struct{ mean, sd float64 }{
		"exp:180s": {180, 180}, "const:60s": {60, 0}, "lognormal:188s,240s": {188, 240},
	} {
		h, err := parseHolding(text)
		require.NoError(t, err)
		const n = 400_000
		sum, squares := 0.0, 0.0
		for range n {
			x := h.draw(rng).Seconds()
			sum += x
			squares += x * x
		}
		mean := sum / n
		require.InEpsilon(t, want.mean, mean, 0.02, text)
		require.InDelta(t, want.sd, math.Sqrt(max(squares/n-mean*mean, 0)), 0.06*want.mean, text)
	}
	for _, bad := range []string{"", "exp", "exp:", "exp:0s", "exp:-1s", "uniform:3s", "lognormal:3s", "exp:3s,4s", "exp:9999h", "lognormal:1s,-1s"} {
		_, err := parseHolding(bad)
		require.ErrorContains(t, err, "exp:MEAN", bad)
	}
}

// TestSnapshotIsConsistent: its transfer takes time, and live events begin behind it, at the next number.
func TestSnapshotIsConsistent(t *testing.T) {
	r := newRig(t, DefaultOptions())
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	require.Equal(t, node.NoteDone, r.do("call", "name", "c1", "from", "1001", "to", "1002").Kind)
	require.Empty(t, r.sent(wire.A), "nobody has asked yet")
	r.step(node.Input{Kind: node.Receive, Peer: wire.A, Msg: &wire.Message{Kind: wire.SnapshotRequest}})
	r.do("call", "name", "c2", "from", "1003", "to", "1004")
	r.do("release", "name", "c1")
	require.Empty(t, r.sent(wire.A), "the transfer takes sync-time")
	r.restore()
	r.run(2 * time.Second)
	msgs := r.sent(wire.A)
	require.Equal(t, wire.SnapshotBegin, msgs[0].Kind)
	var calls, end int
	for i, m := range msgs {
		switch m.Kind {
		case wire.SnapshotCall:
			calls++
		case wire.SnapshotEnd:
			end = i
		}
	}
	require.Equal(t, 1, calls, "as it was when it was asked for")
	require.Len(t, msgs, end+3)
	require.Equal(t, []wire.Kind{wire.CallCreated, wire.CallReleased}, []wire.Kind{msgs[end+1].Kind, msgs[end+2].Kind})
	require.Equal(t, []uint64{msgs[0].Seq + 1, msgs[0].Seq + 2}, []uint64{msgs[end+1].Seq, msgs[end+2].Seq})
}

func TestReferencesAreReusedAndNumbersAreNot(t *testing.T) {
	o := DefaultOptions()
	o.CallRefs = 1
	r := newRig(t, o)
	seen := map[callmodel.CallID]bool{}
	for range 5 {
		r.do("call", "name", "c", "from", "1001", "to", "1002")
		id := r.noted[0].Call
		require.Equal(t, uint32(1), id.Ref)
		require.False(t, seen[id])
		seen[id] = true
		require.Contains(t, r.do("call", "name", "d", "from", "1003", "to", "1004").Text, "all 1 call references are in use")
		r.restore()
		r.do("release", "name", "c")
	}
	next := newRig(t, o)
	next.step(node.Input{Kind: node.Start, Inc: 2})
	require.Greater(t, next.s.next(), r.s.next(), "not across restarts either")
}

func TestLinkAtTheSwitch(t *testing.T) {
	r := newRig(t, DefaultOptions())
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	r.do("link", "peer", "B", "state", "down")
	require.Equal(t, node.OpShut, r.out.Ops[0].Kind)
	r.do("link", "peer", "B", "state", "up")
	require.Equal(t, node.OpUnshut, r.out.Ops[0].Kind)
	// Silent: a snapshot that is asked for comes when the link speaks again; events meanwhile are lost.
	r.step(node.Input{Kind: node.PortUp, Peer: wire.B, Inc: 1})
	r.do("link", "peer", "B", "state", "silent")
	r.step(node.Input{Kind: node.Receive, Peer: wire.B, Msg: &wire.Message{Kind: wire.SnapshotRequest}})
	r.do("call", "name", "c1", "from", "1001", "to", "1002")
	r.restore()
	r.run(time.Minute)
	require.Empty(t, r.sent(wire.B))
	r.do("link", "peer", "B", "state", "up")
	r.run(time.Minute)
	require.NotEmpty(t, r.sent(wire.B))
}

// TestALostReleaseIsToldToNobody, and takes no event number.
func TestALostReleaseIsToldToNobody(t *testing.T) {
	o := DefaultOptions()
	o.SyncTime = 0
	r := newRig(t, o)
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	r.step(node.Input{Kind: node.Receive, Peer: wire.A, Msg: &wire.Message{Kind: wire.SnapshotRequest}})
	r.do("call", "name", "c1", "from", "1001", "to", "1002")
	seq := r.s.seq()
	r.do("stuck", "name", "c1")
	require.Empty(t, r.sent(wire.A))
	require.Equal(t, seq, r.s.seq())
}

// TestAnswers: to keep-alive requests and questions about calls, unless the link is silent.
func TestAnswers(t *testing.T) {
	o := DefaultOptions()
	o.SyncTime = 0
	r := newRig(t, o)
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	r.do("call", "name", "c1", "from", "1001", "to", "1002")
	c1 := r.s.id(1)
	ask := func(m wire.Message) []wire.Message {
		r.step(node.Input{Kind: node.Receive, Peer: wire.A, Msg: &m})
		return r.sent(wire.A)
	}
	require.Equal(t, []wire.Message{{Kind: wire.KeepAliveAck, Num: 7, Seq: r.s.seq()}}, ask(wire.Message{Kind: wire.KeepAlive, Num: 7}))
	require.Equal(t, []wire.Message{{Kind: wire.CallInfo, Call: c1, CallState: callmodel.CallRinging}}, ask(wire.Message{Kind: wire.QueryCall, Call: c1}))
	for _, gone := range []callmodel.CallID{{Ref: 1, Born: c1.Born - 1}, {Ref: 2, Born: c1.Born}, {Ref: 1 << 31, Born: 3}, {}} {
		require.Equal(t, []wire.Message{{Kind: wire.CallInfo, Call: gone}}, ask(wire.Message{Kind: wire.QueryCall, Call: gone}))
	}
	r.do("link", "peer", "A", "state", "silent")
	require.Empty(t, ask(wire.Message{Kind: wire.KeepAlive, Num: 8}))
	require.Empty(t, ask(wire.Message{Kind: wire.QueryCall, Call: c1}))
}

func TestCommandsSayWhatIsWrong(t *testing.T) {
	r := newRig(t, DefaultOptions())
	r.do("call", "name", "up", "from", "1001", "to", "1002")
	for want, cmd := range map[string][]string{
		"the switch knows no \"dance\"":              {"dance"},
		"there is no DN \"9\"":                       {"call", "name", "c", "from", "9", "to", "1002"},
		"is busy":                                    {"call", "name", "c", "from", "1001", "to", "1003"},
		"not from 1003 to 1003":                      {"call", "name", "c", "from", "1003", "to", "1003"},
		"not from T1 to T2":                          {"call", "name", "c", "from", "T1", "to", "T2"},
		"there is a call \"up\" already":             {"call", "name", "up", "from", "1003", "to", "1004"},
		"name: is missing":                           {"answer"},
		"there is no call \"x\"":                     {"release", "name", "x"},
		"colour: no such argument":                   {"release-all", "colour", "red"},
		"a number from 1e-06 to 1e+06":               {"load", "erlangs", "NaN", "hold", "exp:1s"},
		"holding times are":                          {"load", "erlangs", "1", "hold", "soon"},
		"ring: a time from 0":                        {"load", "erlangs", "1", "hold", "exp:1s", "ring", "-1s"},
		"seed: a whole number":                       {"load", "erlangs", "1", "hold", "exp:1s", "seed", "-1"},
		"the T-Servers are A and B":                  {"link", "peer", "C1", "state", "up"},
		"a CTI link is [\"down\" \"silent\" \"up\"]": {"link", "peer", "A", "state", "loud"},
		"unknown agent state":                        {"agent", "dn", "1001", "state", "asleep"},
		"an agent sits at an extension":              {"agent", "dn", "T1", "state", "ready"},
	} {
		note := r.do(cmd[0], cmd[1:]...)
		require.Equal(t, node.NoteRefused, note.Kind, cmd)
		require.Contains(t, note.Text, want)
	}
	note := r.do("answer", "name", "up")
	require.Equal(t, node.NoteDone, note.Kind)
	require.Contains(t, r.do("answer", "name", "up").Text, "answered already")
}

// TestTrafficGoesOnAfterARestore: the generator's state is part of the canonical bytes.
func TestTrafficGoesOnAfterARestore(t *testing.T) {
	play := func(restore bool) (notes []node.Note) {
		r := newRig(t, DefaultOptions())
		r.do("load", "erlangs", "5", "hold", "lognormal:30s,40s", "seed", "9")
		for range 200 {
			r.run(time.Second)
			notes = append(notes, r.noted...)
			if restore {
				r.restore()
			}
		}
		return notes
	}
	require.Equal(t, play(false), play(true))
}

// TestBurst: whoever orders calls gets each of them created, answered and released, in this order, with numbers that follow each other.
func TestBurst(t *testing.T) {
	o := DefaultOptions()
	o.SyncTime, o.Trunks = 0, 2
	r := newRig(t, o)
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	r.step(node.Input{Kind: node.Receive, Peer: wire.A, Msg: &wire.Message{Kind: wire.SnapshotRequest}})
	require.Equal(t, node.NoteDone, r.do("burst", "calls", "2").Kind)
	msgs := r.sent(wire.A)
	require.Len(t, msgs, 6)
	for i, kind := range []wire.Kind{wire.CallCreated, wire.CallCreated, wire.CallAnswered, wire.CallAnswered, wire.CallReleased, wire.CallReleased} {
		require.Equal(t, kind, msgs[i].Kind)
		require.Equal(t, msgs[0].Seq+uint64(i), msgs[i].Seq)
		require.Equal(t, msgs[i%2].Call, msgs[i].Call)
	}
	require.Contains(t, r.do("burst", "calls", "3").Text, "only 2 calls were made")
	require.Contains(t, r.do("burst", "calls", "0").Text, "a number from 1 to 1000 is wanted")
	require.Contains(t, r.do("burst").Text, "calls: is missing")
}
