package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// say makes the follower hear what a T-Server tells the client.
func (f *Follower) say(from, msg string) {
	f.hear(&nats.Msg{Subject: "hotpair.pair.client." + from + ".C1", Data: fmt.Appendf(nil, `{"pkt":"data","fromInc":1,"toInc":1,"session":1,"seq":1,"msg":%s}`, msg)})
}

func (f *Follower) ring(from string, epoch, seq uint64, connID string) {
	f.say(from, fmt.Sprintf(`{"kind":"EventRinging","epoch":%d,"seq":%d,"sub":1,"call":{"ref":1,"born":%d},"connId":%q}`, epoch, seq, seq, connID))
}

func newFollower() *Follower {
	at := time.Duration(0)
	return &Follower{
		now: func() time.Duration { at++; return at }, keep: true,
		top: map[string]Event{}, ids: map[call]name{},
	}
}

func (f *Follower) numbers() (seqs []uint64) {
	for _, e := range f.Events() {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

// docs/nats.md, Being a client, rules 5 and 6.
func TestFollowerDoesWhatIsDocumented(t *testing.T) {
	f := newFollower()
	f.ring("A", 1, 3, "a") // before it knows where it begins
	f.say("A", `{"kind":"EventServerInfo","epoch":1,"role":"primary","seq":4,"sub":1}`)
	f.ring("A", 1, 5, "a")
	f.ring("A", 1, 5, "a") // again
	f.ring("A", 1, 6, "a")
	require.Equal(t, []uint64{5, 6}, f.numbers())

	w := f.Watch("A", "B")
	f.say("B", `{"kind":"EventServerInfo","epoch":2,"role":"primary","seq":8,"sub":1}`)
	f.ring("A", 1, 7, "a") // the old epoch
	f.ring("B", 2, 9, "b") // before it has told what was missed
	f.say("B", `{"kind":"EventResumed","epoch":2,"complete":true,"num":3,"seq":9,"sub":1}`)
	for seq := uint64(7); seq <= 10; seq++ {
		f.ring("B", 2, seq, "b")
	}
	require.Equal(t, []uint64{5, 6, 7, 8, 9, 10}, f.numbers())
	first, acted, err := w.Wait(time.Minute)
	require.NoError(t, err)
	require.Equal(t, uint64(9), first.Seq)
	require.Equal(t, uint64(7), acted.Seq)
	require.Equal(t, uint64(6), f.LastOf("A").Seq)
	require.Equal(t, Tally{Repeated: 2, OldEpoch: 1, Resumed: 1}, f.Counts())

	f.ring("B", 2, 12, "b")
	f.say("B", `{"kind":"EventEstablished","epoch":2,"seq":13,"sub":1,"call":{"ref":1,"born":12},"connId":"c"}`)
	f.say("A", `{"kind":"EventServerInfo","epoch":3,"role":"primary","seq":20,"sub":1}`)
	f.say("A", `{"kind":"EventResumed","epoch":3,"seq":20,"sub":1}`)
	f.ring("A", 3, 20, "d")
	f.hear(&nats.Msg{Subject: "hotpair.pair.client.A.C1", Data: []byte("{")})
	require.Equal(t, Tally{Repeated: 3, OldEpoch: 1, Resumed: 2, Incomplete: 1, Unreadable: 1}, f.Counts())
	require.Equal(t, []Rename{{2, 2}}, f.Renames())
	require.Equal(t, []Gap{{Number{13, 1}, Number{20, 1}, 3}}, f.Gaps())
	n, last := f.Count()
	require.Equal(t, uint64(8), n)
	require.Equal(t, uint64(13), last.Seq)
}

func TestQuantiles(t *testing.T) {
	var times Times
	require.Zero(t, times.Quantile(0.5))
	for i := 100; i >= 1; i-- {
		times = append(times, time.Duration(i))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 50, 0.95: 95, 0.99: 99, 1: 100} {
		require.Equal(t, want, times.Quantile(q), "%v", q)
	}
}

func TestCompareFindsEachKindOfLoss(t *testing.T) {
	n := func(seq uint64) Number { return Number{Seq: seq, Sub: 1} }
	e := func(seqs ...uint64) (all []Event) {
		for _, seq := range seqs {
			all = append(all, Event{Number: n(seq)})
		}
		return all
	}
	expected, kills := []Number{n(1), n(2), n(3)}, map[uint64]bool{2: true, 3: false}
	for _, tc := range []struct {
		events  []Event
		gaps    []Gap
		want    Loss
		excused int
	}{
		{e(1, 2, 3), nil, Loss{}, 0},
		{e(1, 3), nil, Loss{Missing: 1}, 0},
		{e(1, 2, 3, 4), nil, Loss{Invented: 1}, 0},
		{e(1, 2, 2, 3), nil, Loss{Twice: 1}, 0},
		{e(1, 3, 2), nil, Loss{Disorder: 1}, 0},
		{nil, nil, Loss{Missing: 3}, 0},
		{e(1), []Gap{{n(1), n(3), 3}}, Loss{}, 2},
		{e(1), []Gap{{n(1), n(2), 3}}, Loss{Missing: 1}, 1},
		{e(1), []Gap{{n(1), n(3), 2}}, Loss{Missing: 2}, 0}, // at readiness 1 there is no excuse
	} {
		l, excused := compare(expected, tc.events, tc.gaps, kills)
		require.Equal(t, tc.want, l)
		require.Equal(t, tc.excused, excused)
	}
}

// A rename is the fault of a kill at readiness 1 if there was no other one in between.
func TestWhoseFaultARenameIs(t *testing.T) {
	kills := map[uint64]bool{2: true, 3: false, 4: true}
	require.Equal(t, 2, faultsOfReady(kills, []Rename{{1, 2}, {1, 3}, {2, 3}, {1, 4}, {3, 4}}))
}
