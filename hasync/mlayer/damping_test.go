package mlayer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// damped is pair with a disconnect-switchover-timeout.
func damped(t *testing.T) *rig {
	r := pair(t)
	r.opt.DisconnectSwitchoverTimeout = 5 * time.Second
	r.layer.opt = r.opt
	return r
}

func (r *rig) waited(id wire.ID) {
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: lossTimer, Key: uint32(id)}})
}

// timers lists what the last step did to timers of a kind: after how long they are to fire, 0 for a cancelled one.
func (r *rig) timers(kind node.TimerKind) (list []time.Duration) {
	for _, op := range r.out.Ops {
		if (op.Kind == node.OpSet || op.Kind == node.OpCancel) && op.Timer.Kind == kind {
			list = append(list, op.After)
		}
	}
	return list
}

// alarms lists the alarms that the last step raised (+) and cleared (-).
func (r *rig) alarms() (list []string) {
	for _, n := range r.out.Notes {
		if n.Kind == node.NoteAlarm {
			list = append(list, map[uint64]string{0: "-", 1: "+"}[n.N]+n.Alarm.String())
		}
	}
	return list
}

func TestX11MWaitsAndLooksAgain(t *testing.T) {
	r := damped(t)
	r.down(wire.A, node.CauseTimeout)
	require.Empty(t, r.sent(), "neither is B named nor told that A has failed")
	require.Empty(t, r.alarms())
	require.Equal(t, []time.Duration{5 * time.Second}, r.timers(lossTimer))
	r.status(wire.B, wire.Backup, 1, true, false)
	require.Empty(t, r.sent(), "whatever B says meanwhile")
	r.waited(wire.A)
	require.Equal(t, []string{"B PeerFailed A", "persist", "B Appoint B@2"}, r.sent())

	r = damped(t)
	r.down(wire.A, node.CauseTimeout)
	r.up(wire.A, 1)
	require.Equal(t, []time.Duration{0}, r.timers(lossTimer), "it is back: cancelled")
	require.Empty(t, r.sent())
	r.status(wire.A, wire.Primary, 1, true, true)
	require.Equal(t, []string{"A Appoint A@1"}, r.sent(), "nothing has happened")

	r = damped(t)
	r.down(wire.A, node.CauseTimeout)
	r.up(wire.A, 2)
	require.Equal(t, []string{"B PeerFailed A"}, r.sent(), "another incarnation: the one that was lost has failed")
	require.Equal(t, uint64(1), r.out.Msgs[0].Inc)
	r.status(wire.A, wire.Backup, 0, false, false)
	require.Equal(t, []string{"persist", "A Appoint B@2"}, r.sent())
}

// TestX11WaitsForALostLinkOnly: not after a goodbye, not for service unavailable, not for manual switchovers.
func TestX11WaitsForALostLinkOnly(t *testing.T) {
	named := []string{"B PeerFailed A", "persist", "B Appoint B@2"}
	r := damped(t)
	r.down(wire.A, node.CauseGoodbye)
	require.Equal(t, named, r.sent())

	r = damped(t)
	r.status(wire.A, wire.Primary, 1, false, true)
	require.Equal(t, []string{"persist", "A Appoint B@2"}, r.sent())

	r = damped(t)
	r.down(wire.A, node.CauseTimeout)
	do := func(args map[string]string) {
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "switchover", Args: args}})
	}
	do(nil)
	require.Equal(t, node.NoteRefused, r.out.Notes[0].Kind, "readiness is 0")
	do(map[string]string{"force": "true"})
	require.Equal(t, named, r.sent())
	require.Equal(t, []time.Duration{0}, r.timers(lossTimer))

	// The old primary of a switchover that is under way: R14 waits for its answer, its loss, or connect-tout.
	r = damped(t)
	do(nil)
	r.down(wire.A, node.CauseTimeout)
	require.Equal(t, []string{"B PeerFailed A", "B Appoint B@2"}, r.sent())
}

// TestX11NoWaitRunsWhileMsOwnCarrierIsDown: it learns anew, for as long as it would have waited.
func TestX11NoWaitRunsWhileMsOwnCarrierIsDown(t *testing.T) {
	r := damped(t)
	r.down(wire.A, node.CauseTimeout)
	r.step(node.Input{Kind: node.CarrierDown})
	require.Equal(t, []time.Duration{0}, r.timers(lossTimer))
	require.Empty(t, r.alarms(), "it knows nothing of either")
	r.step(node.Input{Kind: node.CarrierUp})
	require.Equal(t, []time.Duration{7 * time.Second}, r.timers(learnTimer), "disconnect-switchover-timeout + connect-tout (X12)")
	r.up(wire.B, 1)
	r.status(wire.B, wire.Backup, 1, true, false)
	require.Empty(t, r.sent())
	r.fired(learnTimer)
	require.Equal(t, []string{"persist", "B Appoint B@2"}, r.sent())

	// Its carrier goes down while it learns, or waits for an answer: what it has set is not to fire.
	r = newRig(t, "")
	r.step(node.Input{Kind: node.CarrierDown})
	require.Equal(t, []time.Duration{0}, r.timers(learnTimer))
	r = pair(t)
	r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "switchover"}})
	r.step(node.Input{Kind: node.CarrierDown})
	require.Equal(t, []time.Duration{0}, r.timers(oldTimer))
}

func TestX11SplitBrainAndNoBrain(t *testing.T) {
	r := pair(t)
	r.status(wire.B, wire.Primary, 1, true, true)
	require.Equal(t, []string{"+split-brain"}, r.alarms())
	r.status(wire.B, wire.Primary, 1, true, false)
	require.Empty(t, r.alarms(), "once")
	r.status(wire.B, wire.Backup, 1, true, true)
	require.Equal(t, []string{"-split-brain"}, r.alarms())

	r.down(wire.A, node.CauseTimeout)
	require.Empty(t, r.alarms(), "B is named, and will be primary")
	r.status(wire.B, wire.Primary, 2, true, false)
	require.Empty(t, r.alarms())
	r.down(wire.B, node.CauseTimeout)
	require.Equal(t, []string{"+no-brain"}, r.alarms())
	r.step(node.Input{Kind: node.CarrierDown})
	r.step(node.Input{Kind: node.CarrierUp})
	require.Empty(t, r.alarms(), "while M learns, nothing is known")
	r.up(wire.B, 1)
	r.status(wire.B, wire.Primary, 2, true, false)
	r.fired(learnTimer)
	require.Equal(t, []string{"-no-brain"}, r.alarms())

	r = newRig(t, "")
	r.fired(learnTimer)
	require.Equal(t, []string{"+no-brain"}, r.alarms(), "a cold start, and nobody is there")
	r.up(wire.B, 1)
	r.status(wire.B, wire.Backup, 0, false, false)
	require.Equal(t, []string{"persist", "B Appoint B@1"}, r.sent())
	require.Equal(t, []string{"-no-brain"}, r.alarms())
}

func TestX11RoleFlapping(t *testing.T) {
	r := pair(t)
	swap := func(from, to wire.ID, epoch uint64) {
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "switchover", Args: map[string]string{"force": "true"}}})
		r.taken(from, epoch, wire.Taken)
		r.status(from, wire.Backup, epoch, true, true)
		r.status(to, wire.Primary, epoch, true, true)
	}
	swap(wire.A, wire.B, 2)
	require.Empty(t, r.alarms(), "one change is none too many")
	require.Equal(t, []time.Duration{10 * time.Second}, r.timers(flipTimer))
	swap(wire.B, wire.A, 3)
	require.Equal(t, []string{"+role-flapping"}, r.alarms())
	require.Equal(t, []time.Duration{10 * time.Second}, r.timers(flipTimer))
	r.fired(flipTimer)
	require.Equal(t, []string{"-role-flapping"}, r.alarms(), "stable again")
	swap(wire.A, wire.B, 4)
	require.Empty(t, r.alarms(), "the one before is long ago")
	r.fired(flipTimer)
	require.Empty(t, r.alarms())

	r = pair(t)
	r.opt.HaflipDetectTimeout = 0
	r.layer.opt = r.opt
	swap(wire.A, wire.B, 2)
	swap(wire.B, wire.A, 3)
	require.Empty(t, r.alarms(), "off")
	require.Empty(t, r.timers(flipTimer))
}

// TestStoreFailed: nobody is named without a durable epoch (X6); M goes on with the record as it is stored, says so, and tries again.
func TestStoreFailed(t *testing.T) {
	const stored = `{"epoch":1,"named":"A","inc":1,"normal":false}`
	failed := func(r *rig, cmd *node.Command) {
		r.step(node.Input{Kind: node.StoreFailed, Value: []byte(stored), Text: "it is full", Cmd: cmd})
	}
	r := pair(t)
	r.down(wire.A, node.CauseTimeout)
	require.Equal(t, []string{"B PeerFailed A", "persist", "B Appoint B@2"}, r.sent(), "what is behind persist is dropped")
	failed(r, nil)
	require.Empty(t, r.sent())
	require.Equal(t, []string{"+store", "+no-brain"}, r.alarms())
	require.Equal(t, []time.Duration{r.opt.ConnectTout}, r.timers(storeTimer))
	r.status(wire.B, wire.Backup, 1, true, true)
	require.Empty(t, r.sent(), "it does not try at every step")
	r.fired(storeTimer)
	require.Equal(t, []string{"persist", "persist", "B Appoint B@2"}, r.sent())
	failed(r, nil)
	r.fired(storeTimer)
	require.Equal(t, []string{"-store", "-no-brain"}, r.alarms())
	r.status(wire.B, wire.Primary, 2, true, false)
	require.Empty(t, r.alarms())

	// A command is answered, and forgotten.
	r = pair(t)
	cmd := &node.Command{ID: 7, Verb: "switchover"}
	r.step(node.Input{Kind: node.Do, Cmd: cmd})
	failed(r, cmd)
	last := r.out.Notes[len(r.out.Notes)-1]
	for _, n := range r.out.Notes {
		if n.Kind == node.NoteRefused {
			last = n
		}
	}
	require.Equal(t, uint64(7), last.N)
	require.Contains(t, last.Text, "it is full")
	require.Empty(t, r.sent(), "A and B have the roles of the record")
	r.step(node.Input{Kind: node.Do, Cmd: cmd})
	require.Contains(t, r.out.Notes[0].Text, "the store takes nothing")
	r.fired(storeTimer)
	require.Equal(t, []string{"persist"}, r.sent(), "to see whether the store takes it")
	require.Equal(t, []string{"-store"}, r.alarms())

	// While M learns, it says nothing of who is there.
	r = pair(t)
	r.step(node.Input{Kind: node.Do, Cmd: cmd})
	failed(r, cmd)
	r.step(node.Input{Kind: node.CarrierDown})
	r.step(node.Input{Kind: node.CarrierUp})
	r.fired(storeTimer)
	require.Equal(t, []string{"-store"}, r.alarms())

	// A cold start.
	r = newRig(t, "")
	r.up(wire.A, 1)
	r.status(wire.A, wire.Backup, 0, false, false)
	r.step(node.Input{Kind: node.StoreFailed, Text: "it is full"})
	require.Empty(t, r.sent())
	r.fired(storeTimer)
	require.Equal(t, []string{"persist", "A Appoint A@1"}, r.sent())

	// Another M wrote while this one tried.
	r = pair(t)
	r.down(wire.A, node.CauseTimeout)
	failed(r, nil)
	r.fired(storeTimer)
	r.step(node.Input{Kind: node.StoreConflict, Value: []byte(`{"epoch":4,"named":"B","inc":1,"normal":false}`)})
	require.Contains(t, r.alarms(), "-store")
}
