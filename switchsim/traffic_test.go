package switchsim

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// offered runs for a time and counts the calls that each load offered, and those of them that were blocked.
func (r *rig) offered(d time.Duration) (offered, blocked map[uint64]int) {
	offered, blocked = map[uint64]int{}, map[uint64]int{}
	r.each(d, func(node.Timer) {
		for _, n := range r.noted {
			switch n.Text {
			case "blocked":
				blocked[n.M]++
				offered[n.M]++
			case "created":
				offered[n.M]++
			}
		}
	})
	return offered, blocked
}

func groupsOf(trunks int, groups ...TrunkGroup) Options {
	o := DefaultOptions()
	o.Trunks, o.TrunkGroups = trunks, groups
	return o
}

// TestLoadByCallsPerHour: so many arrive, however long they last. Four standard deviations of a Poisson number are allowed.
func TestLoadByCallsPerHour(t *testing.T) {
	r := newRig(t, DefaultOptions())
	r.do("load", "calls-per-hour", "360", "hold", "list:1s,2s,30s", "inbound", "1")
	offered, blocked := r.offered(100 * time.Hour)
	require.InDelta(t, 36_000, offered[1], 4*190)
	require.Empty(t, blocked)
}

// TestTrunkGroupsBlockByThemselves: a group that is full blocks its own load, and no trunk of another group is taken.
func TestTrunkGroupsBlockByThemselves(t *testing.T) {
	r := newRig(t, groupsOf(10, TrunkGroup{"small", 1}, TrunkGroup{"large", 8}))
	r.do("load", "name", "s", "erlangs", "50", "hold", "exp:60s", "inbound", "1", "group", "small")
	r.do("load", "name", "l", "erlangs", "0.5", "hold", "exp:60s", "inbound", "1", "group", "large", "seed", "2")
	offered, blocked := r.offered(10 * time.Hour)
	require.Greater(t, blocked[1], offered[1]*9/10)
	require.Greater(t, offered[2], 200)
	require.Zero(t, blocked[2])
	for at := r.s.opt.Extensions; at < len(r.s.lines); at++ {
		if i := at - r.s.opt.Extensions; r.s.lines[at].busy {
			require.Less(t, i, 9, "a trunk of no group")
		}
	}
	require.True(t, r.s.lines[r.s.opt.Extensions].busy, "the only trunk of the small group")
}

// TestCurveOfADay: the rate follows the slots of the day, begins where it is told to, and comes again the next day.
func TestCurveOfADay(t *testing.T) {
	r := newRig(t, DefaultOptions())
	r.do("load", "calls-per-hour", "3600", "hold", "const:1ms", "ring", "0s", "curve", "0,1,3", "day", "3h", "start", "90m")
	for i, want := range []int{1800, 10_800, 0, 3600, 10_800, 0, 3600} { // from the middle of the second slot on
		d := time.Hour
		if i == 0 {
			d = 30 * time.Minute
		}
		offered, _ := r.offered(d)
		require.InDelta(t, want, offered[1], 0.07*float64(want), "slot %d", i)
		r.restore() // the slot is part of the state
	}
}

// TestSlotsFillTheDay: whatever their number, they begin and end with the day.
func TestSlotsFillTheDay(t *testing.T) {
	for _, n := range []int{1, 7, 24, 1440} {
		c := curve{factors: make([]float64, n), day: 24*time.Hour + 13*time.Nanosecond}
		sum := c.enter(0)
		for range n - 1 {
			sum += c.next()
		}
		require.Equal(t, c.day, sum, n)
		require.Equal(t, n-1, c.slot)
	}
}

// TestLoadsAreReplacedAndStoppedByName: the note of each says so.
func TestLoadsAreReplacedAndStoppedByName(t *testing.T) {
	r := newRig(t, DefaultOptions())
	load := func(args ...string) node.Note {
		return r.do("load", append([]string{"erlangs", "3", "hold", "exp:9s"}, args...)...)
	}
	for _, name := range []string{"a", "b", "a"} {
		require.Equal(t, node.NoteDone, load("name", name).Kind)
	}
	require.Len(t, r.s.loads, 2)
	require.Contains(t, r.do("load-stop", "name", "c").Text, `there is no load "c"`)
	require.Equal(t, node.NoteDone, r.do("load-stop", "name", "a").Kind)
	offered, _ := r.offered(time.Hour)
	require.Zero(t, offered[1])
	require.Positive(t, offered[2])
	require.Equal(t, node.NoteDone, r.do("load-stop").Kind)
	offered, _ = r.offered(time.Hour)
	require.Empty(t, offered)
	for i := range maxLoads - 2 {
		require.Equal(t, node.NoteDone, load("name", strings.Repeat("x", i+1)).Kind)
	}
	require.Contains(t, load("name", "one more").Text, "at most 64 loads")
}

func TestLoadsSayWhatIsWrong(t *testing.T) {
	r := newRig(t, groupsOf(10, TrunkGroup{"sales", 4}))
	many := strings.TrimSuffix(strings.Repeat("1s,", MaxHoldingTimes+1), ",")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"erlangs: is missing; calls-per-hour", []string{"hold", "exp:1s"}},
		{"not both", []string{"hold", "exp:1s", "erlangs", "1", "calls-per-hour", "1"}},
		{"hold: is missing", []string{"erlangs", "1"}},
		{"up to 1000", []string{"erlangs", "1", "hold", "list:" + many}},
		{"holding times are", []string{"erlangs", "1", "hold", "list:"}},
		{"holding times are", []string{"erlangs", "1", "hold", "list:1s,0s"}},
		{"holding times are", []string{"erlangs", "1", "hold", "list:1s,-2s"}},
		{`no trunk group "support"; it has ["sales"]`, []string{"erlangs", "1", "hold", "exp:1s", "group", "support"}},
		{"at most 64 characters", []string{"erlangs", "1", "hold", "exp:1s", "name", strings.Repeat("n", 65)}},
		{"day and start are the curve's", []string{"erlangs", "1", "hold", "exp:1s", "start", "1h"}},
		{"a number from 0 to 100", []string{"erlangs", "1", "hold", "exp:1s", "curve", "1,x"}},
		{"a number from 0 to 100", []string{"erlangs", "1", "hold", "exp:1s", "curve", "1,101"}},
		{"at least one factor", []string{"erlangs", "1", "hold", "exp:1s", "curve", "0,0"}},
		{"a slot lasts at least 1ms", []string{"erlangs", "1", "hold", "exp:1s", "curve", "1,2", "day", "1ms"}},
		{"start is before the end of the day", []string{"erlangs", "1", "hold", "exp:1s", "curve", "1,2", "day", "1h", "start", "1h"}},
		{"at most 1440 slots", []string{"erlangs", "1", "hold", "exp:1s", "curve", strings.Repeat("1,", 1440) + "1"}},
		{"colour: no such argument", []string{"erlangs", "1", "hold", "exp:1s", "colour", "red"}},
		{`the switch has no queue "1001"`, []string{"erlangs", "1", "hold", "exp:1s", "queue", "1001"}},
		{"queue is missing", []string{"erlangs", "1", "hold", "exp:1s", "patience", "exp:1s"}},
		{"patience: holding times are", []string{"erlangs", "1", "hold", "exp:1s", "queue", "Q1", "patience", "endless"}},
		{"more than all cannot be", []string{"erlangs", "1", "hold", "exp:1s", "transfers", "0.6", "conferences", "0.6"}},
	} {
		note := r.do("load", c.args...)
		require.Equal(t, node.NoteRefused, note.Kind, c.args)
		require.Contains(t, note.Text, c.want)
	}
	require.Empty(t, r.s.loads, "what is refused leaves nothing")
}

// abandonment is Erlang's A: the share of calls that are given up, at so many agents, to which a erlangs are offered, where holding times and patience are exponential,
// and patience is so many times the holding time on average.
func abandonment(agents int, a, patience float64) float64 {
	sum, p, given := 1.0, 1.0, 0.0
	for n := 1; n < 1000; n++ {
		waiting := max(n-agents, 0)
		p *= a / (float64(n-waiting) + float64(waiting)/patience)
		sum += p
		given += p * float64(waiting) / patience
	}
	return given / sum / a
}

// TestQueueWithPatience: the share of calls that are given up in a queue is Erlang's A.
func TestQueueWithPatience(t *testing.T) {
	require.InDelta(t, 0.5, abandonment(1, 1, 1e-9), 1e-6, "without patience it is Erlang's B")
	o := DefaultOptions()
	o.Trunks, o.QueuePatience = 500, 0
	r := newRig(t, o)
	for _, dn := range []string{"1001", "1002", "1003"} {
		require.Equal(t, node.NoteDone, r.do("agent", "dn", dn, "state", "ready").Kind)
	}
	require.Equal(t, node.NoteDone, r.do("load", "erlangs", "3", "hold", "exp:60s", "ring", "0s", "inbound", "1", "queue", "Q1", "patience", "exp:120s").Kind)
	r.offered(10 * time.Hour)
	answered, given := 0, map[callmodel.CallID]bool{}
	abandoned := 0
	until := r.now + 500*time.Hour
	for _, ok := r.fire(until); ok; _, ok = r.fire(until) {
		for _, n := range r.noted {
			switch {
			case n.Text == "created":
				given[n.Call] = true
			case n.Text == "answered":
				answered++
				delete(given, n.Call)
			case n.Text == "released" && given[n.Call]:
				abandoned++
				delete(given, n.Call)
			}
		}
	}
	require.Greater(t, answered, 50_000/4)
	require.InDelta(t, abandonment(3, 3, 2), float64(abandoned)/float64(abandoned+answered), 0.012)
}

// TestSharesOfTransfersAndConferences: so many of the answered calls are handed over, or become conferences, in one step or after a consultation; all end in their time, and no
// line is left busy.
func TestSharesOfTransfersAndConferences(t *testing.T) {
	r := newRig(t, DefaultOptions())
	require.Equal(t, node.NoteDone, r.do("load", "erlangs", "5", "hold", "exp:60s", "transfers", "0.2", "conferences", "0.1", "consult-transfers", "0.15",
		"consult-conferences", "0.25").Kind)
	answered, moved, grown := 0.0, 0.0, 0.0
	joined := map[callmodel.Cause]float64{} // consult calls, by what became of them
	count := func(d time.Duration) {
		r.each(d, func(fired node.Timer) {
			for _, n := range r.noted {
				if n.Text == "created" && n.M == 1 {
					answered++
				}
			}
			for _, m := range r.sent(wire.A) {
				if m.Kind == wire.CallsJoined {
					joined[m.Cause]++
				}
			}
			c := r.s.table.At(fired.Key)
			switch {
			case fired.Kind != callTimer || c == nil:
			case r.s.calls.table[fired.Key].stage == second && c.Len() == 3:
				grown++
			case r.s.calls.table[fired.Key].stage == second:
				moved++
			}
			for ref := range r.s.calls.table {
				if c := r.s.table.At(uint32(ref)); c != nil {
					require.LessOrEqual(t, c.Len(), 3)
				}
			}
		})
	}
	r.step(node.Input{Kind: node.PortUp, Peer: wire.A, Inc: 1})
	r.step(node.Input{Kind: node.Receive, Peer: wire.A, Msg: &wire.Message{Kind: wire.SnapshotRequest}})
	for range 8 {
		count(10 * time.Hour)
		r.restore()
	}
	require.Greater(t, answered, 15_000.0)
	for name, share := range map[string]struct{ want, got float64 }{
		"transfers": {0.2, moved}, "conferences": {0.1, grown},
		"consult-transfers": {0.15, joined[callmodel.CauseTransferred]}, "consult-conferences": {0.25, joined[callmodel.CauseConferenced]},
	} {
		require.InDelta(t, share.want, share.got/answered, 0.02, name)
	}
	require.Equal(t, node.NoteDone, r.do("load-stop").Kind)
	count(10 * time.Hour)
	require.Zero(t, r.s.calls.inUse)
	for _, l := range r.s.lines {
		require.False(t, l.busy, l.dn)
	}
}

// TestAConsultationThatIsDisturbed: a client, or nobody idle, ends one of the two calls, or both are over: none is left behind.
func TestAConsultationThatIsDisturbed(t *testing.T) {
	for name, disturb := range map[string]func(r *rig, main, consult callmodel.CallID){
		"the consult call ends":      func(r *rig, _, consult callmodel.CallID) { r.s.release(consult.Ref, false, &r.out) },
		"the main call ends":         func(r *rig, main, _ callmodel.CallID) { r.s.release(main.Ref, false, &r.out) },
		"the main call's is lost":    func(r *rig, main, _ callmodel.CallID) { r.s.release(main.Ref, true, &r.out) },
		"a client has joined them":   func(r *rig, main, consult callmodel.CallID) { r.joins(main, consult) },
		"all are released":           func(r *rig, _, _ callmodel.CallID) { r.s.releaseAll(&r.out) },
		"nothing":                    func(*rig, callmodel.CallID, callmodel.CallID) {},
		"the consulted has answered": func(r *rig, _, consult callmodel.CallID) { r.s.answerAt(consult.Ref, "", &r.out) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, DefaultOptions())
			require.Equal(t, node.NoteDone, r.do("load", "calls-per-hour", "60", "hold", "const:60s", "inbound", "0", "consult-transfers", "1").Kind)
			disturbed := false
			r.each(time.Hour, func(node.Timer) {
				for ref := range r.s.calls.table {
					if c := &r.s.calls.table[ref]; c.stage == consulted && !disturbed {
						disturbed = true
						r.out.Reset()
						disturb(r, r.s.id(uint32(ref)), c.consult)
						r.arm()
						return
					}
				}
			})
			require.True(t, disturbed)
			r.do("load-stop")
			r.run(time.Hour)
			require.Zero(t, r.s.calls.inUse)
			for _, l := range r.s.lines {
				require.False(t, l.busy, l.dn)
			}
		})
	}
}

// joins lets a client complete the transfer.
func (r *rig) joins(main, consult callmodel.CallID) {
	m := wire.Message{Kind: wire.SwitchRequest, Of: wire.RequestCompleteTransfer, Call: main, OtherCall: consult, ThisDN: r.s.table.At(consult.Ref).At(0).DN}
	require.Zero(r.t, r.s.carryOut(&m, asked{}, &r.out).code)
}

func TestTrunkGroupsSayWhatIsWrong(t *testing.T) {
	for want, groups := range map[string][]TrunkGroup{
		"take 11 trunks, and trunks is 10": {{"a", 5}, {"b", 6}},
		`not name "a", trunks 2`:           {{"a", 5}, {"a", 2}},
		`not name "", trunks 2`:            {{"", 2}},
		`not name "z", trunks 0`:           {{"z", 0}},
		"at most 64 trunk-groups":          make([]TrunkGroup, 65),
	} {
		o := groupsOf(10, groups...)
		require.ErrorContains(t, o.Validate(), want)
	}
	o := groupsOf(10, TrunkGroup{"a", 5}, TrunkGroup{"b", 5})
	require.NoError(t, o.Validate())
}

// TestTrafficAllocatesNothing: in steady state an arrival, an answer and a release of a load cost no memory, whatever its distribution and curve.
func TestTrafficAllocatesNothing(t *testing.T) {
	r := newRig(t, groupsOf(10, TrunkGroup{"sales", 4}))
	r.do("load", "erlangs", "3", "hold", "lognormal:60s,80s", "group", "sales", "inbound", "1", "curve", "1,2")
	r.offered(10 * time.Hour)
	var out node.Output
	arrive := &node.Input{Kind: node.Fired, Timer: node.Timer{Kind: arrivalTimer}}
	step := func() {
		for range 10 {
			out.Reset()
			r.s.Step(arrive, &out)
		}
		for ref := range r.s.calls.table {
			for r.s.calls.table[ref].born != 0 {
				out.Reset()
				r.s.Step(&node.Input{Kind: node.Fired, Timer: node.Timer{Kind: callTimer, Key: uint32(ref)}}, &out)
			}
		}
	}
	step()
	require.Zero(t, testing.AllocsPerRun(100, step))
}
