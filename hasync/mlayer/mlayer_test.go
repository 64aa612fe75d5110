package mlayer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/canon/canontest"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// rig drives the Management Layer by hand.
type rig struct {
	t     *testing.T
	layer *Layer
	opt   Options
	out   node.Output
}

func newRig(t *testing.T, stored string) *rig {
	r := &rig{t: t, opt: DefaultOptions()}
	r.layer = New(r.opt)
	var value []byte
	if stored != "" {
		value = []byte(stored)
	}
	r.step(node.Input{Kind: node.Start, Inc: 1, Value: value})
	return r
}

// step goes on with a node that was made of the canonical bytes of the one before.
func (r *rig) step(in node.Input) {
	r.out.Reset()
	r.layer.Step(&in, &r.out)
	b := r.layer.AppendCanonical(nil)
	r.layer = New(r.opt)
	require.NoError(r.t, r.layer.Restore(b))
	require.Equal(r.t, b, r.layer.AppendCanonical(nil))
}

func (r *rig) up(id wire.ID, inc uint64) { r.step(node.Input{Kind: node.PortUp, Peer: id, Inc: inc}) }

func (r *rig) down(id wire.ID, cause node.Cause) {
	r.step(node.Input{Kind: node.PortDown, Peer: id, Cause: cause})
}

func (r *rig) status(id wire.ID, role wire.Role, epoch uint64, announced, ready bool) {
	m := wire.Message{Kind: wire.Status, Role: role, Epoch: epoch, CTI: callmodel.CTISynchronized, Announced: announced, Ready: ready}
	r.step(node.Input{Kind: node.Receive, Peer: id, Msg: &m})
}

func (r *rig) taken(id wire.ID, epoch uint64, o wire.Outcome) {
	m := wire.Message{Kind: wire.RoleTaken, Role: wire.Backup, Epoch: epoch, Outcome: o}
	r.step(node.Input{Kind: node.Receive, Peer: id, Msg: &m})
}

func (r *rig) fired(kind node.TimerKind) {
	r.step(node.Input{Kind: node.Fired, Timer: node.Timer{Kind: kind}})
}

// sent lists the last step's messages as "A Appoint B@2" and the like.
func (r *rig) sent() (list []string) {
	for _, op := range r.out.Ops {
		switch op.Kind {
		case node.OpSend:
			m := r.out.Msgs[op.Index]
			s := op.Peer.String() + " " + m.Kind.String() + " " + m.Node.String()
			if m.Kind == wire.Appoint {
				s += "@" + string(rune('0'+m.Epoch))
			}
			list = append(list, s)
		case node.OpPersist:
			list = append(list, "persist")
		}
	}
	return list
}

// pair is M with A primary of epoch 1 and B its backup, both announced and ready.
func pair(t *testing.T) *rig {
	r := newRig(t, "")
	r.up(wire.A, 1)
	r.status(wire.A, wire.Backup, 0, false, false)
	r.up(wire.B, 1)
	r.status(wire.A, wire.Primary, 1, true, true)
	r.status(wire.B, wire.Backup, 1, true, true)
	return r
}

func TestR1ColdStart(t *testing.T) {
	r := newRig(t, "")
	r.up(wire.B, 1)
	r.status(wire.B, wire.Backup, 0, true, false)
	require.Empty(t, r.sent(), "B is there, but A may still show up")
	r.up(wire.A, 1)
	r.status(wire.A, wire.Backup, 0, false, false)
	require.Equal(t, []string{"persist", "A Appoint A@1", "B Appoint A@1"}, r.sent(), "durable before anything is sent (X6)")

	r = newRig(t, "")
	r.up(wire.B, 1)
	r.status(wire.B, wire.Backup, 0, true, false)
	r.fired(learnTimer)
	require.Equal(t, []string{"persist", "B Appoint B@1"}, r.sent())
	r = newRig(t, "")
	r.fired(learnTimer)
	require.Empty(t, r.sent(), "nobody is there")
	r.up(wire.B, 1)
	r.status(wire.B, wire.Backup, 0, false, false)
	require.Equal(t, []string{"persist", "B Appoint B@1"}, r.sent())
}

func TestR14NamesTheOtherWhenTheNamedOne(t *testing.T) {
	for name, c := range map[string]struct {
		does func(*rig)
		want []string
	}{
		"is lost":        {func(r *rig) { r.down(wire.A, node.CauseTimeout) }, []string{"B PeerFailed A", "persist", "B Appoint B@2"}},
		"says goodbye":   {func(r *rig) { r.down(wire.A, node.CauseGoodbye) }, []string{"B PeerFailed A", "persist", "B Appoint B@2"}},
		"is unavailable": {func(r *rig) { r.status(wire.A, wire.Primary, 1, false, true) }, []string{"persist", "A Appoint B@2"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := pair(t)
			c.does(r)
			require.Equal(t, c.want, r.sent())
		})
	}
	// "... and the other has": B has not announced, so nothing happens until it has.
	r := pair(t)
	r.status(wire.B, wire.Backup, 1, false, false)
	r.down(wire.A, node.CauseTimeout)
	require.Equal(t, []string{"B PeerFailed A"}, r.sent())
	r.status(wire.B, wire.Backup, 1, true, false)
	require.Equal(t, []string{"persist", "B Appoint B@2"}, r.sent())
	// Another incarnation: whichever announces.
	r = pair(t)
	r.status(wire.B, wire.Backup, 1, false, false)
	r.down(wire.A, node.CauseTimeout)
	r.up(wire.A, 2)
	r.status(wire.A, wire.Backup, 0, false, false)
	r.status(wire.A, wire.Backup, 1, true, false)
	require.Equal(t, []string{"persist", "B Appoint A@2"}, r.sent())
}

func TestR14TheOldOneIsToldFirst(t *testing.T) {
	switchover := func() *rig {
		r := pair(t)
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "switchover"}})
		require.Equal(t, []string{"persist", "A Appoint B@2"}, r.sent())
		return r
	}
	r := switchover()
	r.taken(wire.A, 2, wire.HandedOver)
	require.Equal(t, []string{"B Appoint B@2"}, r.sent(), "after its answer")
	r = switchover()
	r.down(wire.A, node.CauseTimeout)
	require.Equal(t, []string{"B PeerFailed A", "B Appoint B@2"}, r.sent(), "its loss")
	r = switchover()
	r.fired(oldTimer)
	require.Equal(t, []string{"B Appoint B@2"}, r.sent(), "or connect-tout")
	r = switchover()
	r.taken(wire.A, 2, wire.NotHandedOver)
	require.Equal(t, []string{"persist", "B Appoint A@3"}, r.sent(), "it could not hand over: it is named again")
	r = switchover()
	r.taken(wire.A, 1, wire.HandedOver)
	require.Empty(t, r.sent(), "an answer to another appointment")
}

func TestX10SwitchoverIsRefused(t *testing.T) {
	r := pair(t)
	r.status(wire.B, wire.Backup, 1, true, false)
	do := func(args map[string]string) node.Note {
		r.step(node.Input{Kind: node.Do, Cmd: &node.Command{Verb: "switchover", Args: args}})
		return r.out.Notes[len(r.out.Notes)-1]
	}
	require.Contains(t, do(nil).Text, "readiness is 0")
	require.Equal(t, node.NoteRefused, do(map[string]string{"force": "yes"}).Kind)
	require.Equal(t, node.NoteDone, do(map[string]string{"force": "true"}).Kind)
	require.Contains(t, do(map[string]string{"force": "true"}).Text, "not primary yet")
	r = pair(t)
	r.status(wire.B, wire.Backup, 1, false, false)
	require.Contains(t, do(map[string]string{"force": "true"}).Text, "has not announced")
}

// TestX12MReturns: its record is its intent; it learns the rest before it acts.
func TestX12MReturns(t *testing.T) {
	const record = `{"epoch":3,"named":"B","inc":2,"normal":true}`
	r := newRig(t, record)
	r.up(wire.B, 2)
	r.status(wire.B, wire.Backup, 2, true, true)
	require.Empty(t, r.sent(), "A has not told its state")
	r.up(wire.A, 1)
	r.status(wire.A, wire.Backup, 3, true, false)
	require.Equal(t, []string{"A Appoint B@3"}, r.sent(), "the old one is told again, and answers again")
	r.taken(wire.A, 3, wire.HandedOver)
	require.Equal(t, []string{"B Appoint B@3"}, r.sent())

	// Of two primaries the higher epoch stays.
	r = newRig(t, record)
	r.up(wire.B, 2)
	r.status(wire.B, wire.Primary, 3, true, true)
	r.up(wire.A, 1)
	r.status(wire.A, wire.Primary, 5, true, false)
	require.Equal(t, []string{"persist", "A Appoint A@5", "B Appoint A@5"}, r.sent())

	// A higher epoch that is nobody's: the named one is named anew above it.
	r = newRig(t, record)
	r.up(wire.B, 2)
	r.status(wire.B, wire.Backup, 7, true, true)
	r.fired(learnTimer)
	require.Equal(t, []string{"persist", "B Appoint B@8"}, r.sent())
}

func TestARecordThatCannotBeRead(t *testing.T) {
	for _, bad := range []string{`{`, `{"epoch":3}`, `{"epoch":3,"named":"S","inc":1}`, `7`, `{"epoch":-1,"named":"A","inc":1}`} {
		r := newRig(t, bad)
		require.Equal(t, node.NoteBadInput, r.out.Notes[0].Kind, bad)
		r.up(wire.A, 1)
		r.status(wire.A, wire.Backup, 0, true, true)
		r.fired(learnTimer)
		require.Empty(t, r.sent(), "it must not guess: %s", bad)
	}
}

// TestAnotherMHasWritten: what it wrote is the record now, and this one learns anew.
func TestAnotherMHasWritten(t *testing.T) {
	r := pair(t)
	r.step(node.Input{Kind: node.StoreConflict, Value: []byte(`{"epoch":4,"named":"B","inc":1,"normal":false}`)})
	require.Equal(t, []string{"A Appoint B@4"}, r.sent(), "both are known: the old one is told first")
}

func TestOwnCarrierIsDown(t *testing.T) {
	r := pair(t)
	r.step(node.Input{Kind: node.CarrierDown})
	require.Empty(t, r.sent())
	r.step(node.Input{Kind: node.CarrierUp})
	r.up(wire.B, 1)
	r.status(wire.B, wire.Backup, 1, true, true)
	require.Empty(t, r.sent(), "it has not heard of A since it was cut off")
}

func TestAutorestart(t *testing.T) {
	r := &rig{t: t, opt: DefaultOptions()}
	r.opt.Autorestart = true
	r.layer = New(r.opt)
	r.step(node.Input{Kind: node.Start, Inc: 1})
	r.up(wire.B, 1)
	r.down(wire.B, node.CauseGoodbye)
	require.Empty(t, r.out.Notes, "it was stopped")
	r.up(wire.B, 1)
	r.down(wire.B, node.CauseTimeout)
	require.Equal(t, node.NoteRestart, r.out.Notes[0].Kind)
}

func TestCanonicalHoldsEveryField(t *testing.T) {
	r := pair(t)
	l := r.layer
	require.Empty(t, canontest.Unseen(l, func() []byte { return l.AppendCanonical(nil) }, []string{"opt", "ready", "persisted", "lostNow"}))
}
