package natsworld

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// stage is a world under test, with what the sink has got.
type stage struct {
	*World
	t       *testing.T
	records []trace.Record
	next    map[wire.ID]uint64 // index of the next record of a node's incarnation
	inc     map[wire.ID]uint64
}

// newStage makes a world of one process. Its nodes are the real ones, unless the options say something else.
func newStage(t *testing.T, o Options) *stage {
	t.Helper()
	s := &stage{t: t, next: map[wire.ID]uint64{}, inc: map[wire.ID]uint64{}}
	if o.Config.Clients == 0 {
		o.Config = config.Default()
	}
	if o.Speed == 0 {
		o.Speed = 10
	}
	o.Config.Slacken(time.Duration(float64(2*time.Second) * o.Speed)) // the machine may be busy
	o.Sink = trace.SinkFunc(s.record)
	w, err := NewWorld(o)
	require.NoError(t, err)
	s.World = w
	t.Cleanup(func() { _ = w.Close() })
	return s
}

// record checks that records are in order, and that nodes send only what is valid.
func (s *stage) record(r *trace.Record) {
	s.records = append(s.records, *r)
	switch {
	case r.Index == 0:
		return
	case r.Inc != s.inc[r.Node]:
		require.Equal(s.t, s.inc[r.Node]+1, r.Inc)
		s.inc[r.Node], s.next[r.Node] = r.Inc, 1
	}
	require.Equal(s.t, s.next[r.Node], r.Index, "%s", r)
	s.next[r.Node]++
	if r.Kind == trace.Sent {
		require.NoError(s.t, r.Msg.Validate(r.Node, r.Peer), "%s", r)
	}
}

// await runs the world until a record comes that fits; those that came before count if they are newer than the last one awaited.
func (s *stage) await(what string, fits func(r *trace.Record) bool) {
	s.t.Helper()
	seen := len(s.records)
	done, err := s.Run(s.Now()+time.Duration(float64(patience)*s.clock.Speed), func() bool {
		for ; seen < len(s.records); seen++ {
			if fits(&s.records[seen]) {
				return true
			}
		}
		return false
	})
	require.NoError(s.t, err)
	require.True(s.t, done, "it does not happen: %s", what)
}

func noted(id wire.ID, kind node.NoteKind, text string) func(r *trace.Record) bool {
	return func(r *trace.Record) bool {
		return r.Kind == trace.Noted && r.Node == id && r.Note.Kind == kind && (text == "" || r.Note.Text == text)
	}
}

func of(id wire.ID, kind trace.Kind) func(r *trace.Record) bool {
	return func(r *trace.Record) bool { return r.Node == id && r.Kind == kind }
}

func port(id wire.ID, kind trace.Kind, peer wire.ID) func(r *trace.Record) bool {
	return func(r *trace.Record) bool { return r.Node == id && r.Kind == kind && r.Peer == peer }
}

func (s *stage) do(id wire.ID, verb string, args map[string]string) {
	s.t.Helper()
	require.NoError(s.t, s.Do(id, &node.Command{ID: uint64(len(s.records)), Verb: verb, Args: args}))
}

// applied lists what the world says that it did.
func (s *stage) applied() (all []string) {
	for i := range s.records {
		if r := &s.records[i]; r.Kind == trace.Applied || r.Kind == trace.Ended {
			text := r.Node.String() + " " + r.Text
			if r.Peer != wire.None {
				text = r.Node.String() + "->" + r.Peer.String() + " " + r.Text
			}
			all = append(all, text)
		}
	}
	return all
}

// The real nodes, with every fault that this world knows.
func TestPairOnNATS(t *testing.T) {
	c := config.Default()
	c.Clients = 1
	s := newStage(t, Options{Config: c})
	require.NoError(t, s.Boot(wire.Switch, wire.A, wire.MLayer, wire.Client(1)))
	s.await("A announces", noted(wire.A, node.NoteAnnounced, "R3"))
	s.do(wire.Client(1), "register", map[string]string{"dn": "*"})
	s.do(wire.Switch, "load", map[string]string{"erlangs": "5", "hold": "exp:5s", "seed": "1"})
	require.NoError(t, s.Boot(wire.B))
	s.await("B is in full synchronization", noted(wire.B, node.NoteSync, "done"))
	s.await("a client acts", noted(wire.Client(1), node.NoteActed, ""))

	require.NoError(t, s.Kill(wire.A))
	s.await("B takes over", noted(wire.B, node.NoteRole, "primary"))
	require.NoError(t, s.Boot(wire.A))
	s.await("A is in full synchronization", noted(wire.A, node.NoteSync, "done"))

	require.NoError(t, s.Kill(wire.NATS))
	s.await("B's carrier is down", of(wire.B, trace.CarrierDown))
	require.ErrorContains(t, s.Kill(wire.NATS), "it does not run")
	require.ErrorContains(t, s.Boot(wire.Client(1)), "runs already")
	require.NoError(t, s.Boot(wire.NATS))
	s.await("A is in full synchronization again", noted(wire.A, node.NoteSync, "done"))

	require.NoError(t, s.Pause(wire.A))
	require.ErrorContains(t, s.Stop(wire.A), "it is paused")
	s.await("B loses A", port(wire.B, trace.Down, wire.A))
	require.NoError(t, s.Resume(wire.A))
	require.NoError(t, s.Isolate(wire.A, fault.BlackHoled))
	s.await("A notices", of(wire.A, trace.CarrierDown))
	require.NoError(t, s.Isolate(wire.A, fault.Joined))
	s.await("A is back", port(wire.B, trace.Up, wire.A))
	require.NoError(t, s.Impair(wire.A, wire.B, fault.Impairment{Cut: true}))
	s.await("B loses A", port(wire.B, trace.Down, wire.A))
	require.NoError(t, s.Impair(wire.A, wire.B, fault.Impairment{}))
	s.await("B has A again", port(wire.B, trace.Up, wire.A))
	require.NoError(t, s.Stop(wire.A))
	s.await("B hears the goodbye", func(r *trace.Record) bool { return r.Node == wire.B && r.Kind == trace.Down && r.Text == "goodbye" })
	require.NoError(t, s.Close())
	want := []string{
		"S boot", "A boot", "M boot", "C1 boot", "C1 do register dn=*", "S do load erlangs=5 hold=exp:5s seed=1", "B boot",
		"A kill", "A killed", "A boot", "NATS kill", "NATS boot", "A pause", "A resume", "A black-holed", "A joined",
		"A->B cut", "A->B healed", "A stop", "A stopped",
	}
	require.Equal(t, want, s.applied())
}

func TestRestartThatTheManagementLayerDecides(t *testing.T) {
	c := config.Default()
	c.M.Autorestart = true
	s := newStage(t, Options{Config: c})
	require.NoError(t, s.Boot(wire.Switch, wire.A, wire.MLayer))
	s.await("A announces", noted(wire.A, node.NoteAnnounced, ""))
	require.NoError(t, s.Kill(wire.A))
	s.await("A is started again", func(r *trace.Record) bool { return r.Kind == trace.Started && r.Node == wire.A && r.Inc == 2 })
	require.Equal(t, []string{"S boot", "A boot", "M boot", "A kill", "A killed", "A boot"}, s.applied())
}

func TestMisuse(t *testing.T) {
	s := newStage(t, Options{NewNode: newToy})
	require.NoError(t, s.Boot(wire.A))
	cmd := &node.Command{ID: 1, Verb: "none"}
	for want, err := range map[string]error{
		"boot A: it runs already":                           s.Boot(wire.A),
		"boot C2: there is no such node with 1 clients":     s.Boot(wire.Client(2)),
		"boot NATS: it runs already":                        s.Boot(wire.NATS),
		"kill B: it does not run":                           s.Kill(wire.B),
		"stop C9: there is no such node":                    s.Stop(wire.Client(9)),
		"pause NATS: NATS is no participant":                s.Pause(wire.NATS),
		"pause world: there is no such node":                s.Pause(wire.World),
		"twin B: it does not run":                           s.Twin(wire.B),
		"twin NATS: NATS is no participant":                 s.Twin(wire.NATS),
		"twin C9: there is no such node":                    s.Twin(wire.Client(9)),
		"resume A: it is not paused":                        s.Resume(wire.A),
		"none at B: it does not run":                        s.Do(wire.B, cmd),
		"impair S->M: S and M have no link":                 s.Impair(wire.Switch, wire.MLayer, fault.Impairment{Cut: true}),
		"impair A->C2: there is no such node":               s.Impair(wire.A, wire.Client(2), fault.Impairment{Cut: true}),
		"isolate A: it is joined already":                   s.Isolate(wire.A, fault.Joined),
		"isolate C7: there is no such node with 1 clients":  s.Isolate(wire.Client(7), fault.Dropped),
		"speed is above 0 and at most 1000, not 0":          errorOf(NewWorld(Options{Config: config.Default()})),
		`a URL such as nats://127.0.0.1:4222 is wanted`:     errorOf(NewWorld(Options{Config: config.Default(), Speed: 1, URL: "localhost"})),
		"NATS at nats://127.0.0.1:1: dial tcp 127.0.0.1:1:": errorOf(NewWorld(Options{Config: config.Default(), Speed: 1, URL: "nats://127.0.0.1:1"})),
	} {
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, []string{"A boot"}, s.applied(), "what was refused was not applied")
	require.NoError(t, s.Isolate(wire.A, fault.Dropped))
	require.ErrorContains(t, s.Twin(wire.A), "twin A: it is cut off from NATS; heal it first")
	require.NoError(t, s.Isolate(wire.A, fault.Joined))
	require.NoError(t, s.Pause(wire.A))
	require.ErrorContains(t, s.Twin(wire.A), "twin A: it is paused")
	require.NoError(t, s.Resume(wire.A))
	require.NoError(t, s.Kill(wire.NATS))
	require.ErrorContains(t, s.Twin(wire.A), "twin A: NATS is down, boot it first")
}

func errorOf(_ *World, err error) error { return err }

func TestForeignServer(t *testing.T) {
	b := newBench(t)
	s := newStage(t, Options{URL: b.server.URL()})
	require.NoError(t, s.Boot(wire.Switch, wire.A, wire.MLayer))
	s.await("A announces", noted(wire.A, node.NoteAnnounced, ""))
	require.NoError(t, s.Impair(wire.A, wire.Switch, fault.Impairment{Cut: true}))
	s.await("the switch loses A", port(wire.Switch, trace.Down, wire.A))
	require.ErrorIs(t, s.Kill(wire.NATS), fault.ErrCannot)
	require.ErrorIs(t, s.Stop(wire.NATS), fault.ErrCannot)
	require.NotContains(t, strings.Join(s.applied(), "\n"), "NATS", "what it cannot do was not applied")
	require.NoError(t, s.Do(wire.A, &node.Command{ID: 1, Verb: "none"}), "and it goes on")
	require.NoError(t, s.Close())
	nc, _ := b.stranger()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	for name := range js.KeyValueStoreNames(t.Context()).Name() {
		require.Fail(t, "a bucket is left behind", name)
	}
}

func TestEncryptedServerCannotBeImpaired(t *testing.T) {
	s := newStage(t, Options{URL: "tls://127.0.0.1:1"})
	require.ErrorIs(t, s.Impair(wire.A, wire.B, fault.Impairment{Cut: true}), fault.ErrCannot)
	require.ErrorIs(t, s.Isolate(wire.A, fault.Dropped), fault.ErrCannot)
	require.Empty(t, s.applied())
	require.ErrorIs(t, s.Boot(wire.A), nats.ErrNoServers)
	_, err := s.Run(s.Now()+time.Second, nil)
	require.Error(t, err, "half of a boot is no world")
}

func TestServerThatEndsByItself(t *testing.T) {
	s := newStage(t, Options{NewNode: newToy})
	require.NoError(t, s.Boot(wire.A))
	s.driver.(*local).server.Shutdown() //nolint:forcetypeassert // what NewWorld makes
	_, err := s.Run(s.Now()+time.Duration(float64(patience)*s.clock.Speed), nil)
	require.ErrorContains(t, err, "the NATS server ended by itself")
}

func TestNodeThatEndsByItself(t *testing.T) {
	s := newStage(t, Options{NewNode: newToy})
	require.NoError(t, s.Boot(wire.A))
	s.do(wire.A, "panic", nil)
	_, err := s.Run(s.Now()+time.Duration(float64(patience)*s.clock.Speed), nil)
	require.ErrorContains(t, err, "node A ended by itself: panic: an invariant")
	require.ErrorIs(t, s.Kill(wire.A), err)
}
