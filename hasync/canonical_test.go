package hasync

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/canon/canontest"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

type quiet struct{}

func (quiet) RoleChanged(*node.Output)         {}
func (quiet) AvailabilityChanged(*node.Output) {}

func (quiet) Named(callmodel.CallID, callmodel.ConnID, callmodel.AttachedData) {}
func (quiet) Told(*wire.Message, *node.Output)                                 {}
func (quiet) Remembered(*wire.Message, *node.Output)                           {}
func (quiet) Remember(*node.Output)                                            {}
func (quiet) Agreed(uint64)                                                    {}
func (quiet) Doubted(callmodel.CallID, *node.Output)                           {}

// rich is an engine in which every part of the state is in use.
func rich() *Engine {
	e := New(wire.A, DefaultOptions(), quiet{})
	var out node.Output
	e.Start(3, &out)
	e.ControlUp(&out)
	e.HAUp(2, &out)
	e.appoint(&wire.Message{Epoch: 4, Node: wire.A, Inc: 3}, &out)
	e.CTISynchronized(7, &out)
	e.Created(callmodel.CallID{Ref: 1, Born: 8}, "", &out)
	e.Receive(&wire.Message{Kind: wire.PeerState, Epoch: 4, Role: wire.Backup, CTI: callmodel.CTISynchronized}, &out)
	e.Receive(&wire.Message{Kind: wire.BackupReady, Epoch: 4, Num: 1, Seq: 7}, &out)
	e.names.calls[1].earlyBorn, e.names.calls[1].earlyID, e.names.calls[1].earlyFrom = 99, 5, 2
	e.names.calls = e.names.calls[:2]
	e.names.earlyData = []dataOf{{callmodel.CallID{Ref: 1, Born: 98}, "x"}}
	e.names.older = []early{{callmodel.CallID{Ref: 1, Born: 98}, 4, 2}}
	e.Settle(&out)
	return e
}

// TestCanonicalHoldsEveryField: a field that is in none of the bytes would be lost by a restore.
func TestCanonicalHoldsEveryField(t *testing.T) {
	e := rich()
	canonical := func() []byte { return e.AppendCanonical(nil) }
	require.Empty(t, canontest.Unseen(e, canonical, []string{
		"self", "opt", "server", "names.maxRef", // given when it is made
		"overdue.armed", "overdue.raised", "backup.looked", // follow from the rest after Settle
		"readNow",                                                                                                          // within a step only
		"waiting", "toldPeer", "toldM", "notedReady", "notedWhy", "notedSync", "notedTags", "notedDiffers", "notedVersion", // follow from the rest after Settle
		"names.held", "names.unnamed", "names.unknown", "names.tagged", // counted again
		"names.calls[0]",                  // no call has reference 0
		"names.calls[1].gen", "names.gen", // told as tagged or not; moving either by one is seen in the other direction only
		"names.older[0].from",                                              // told as known to the peer's present incarnation or not; checked below
		"names.calls[1].known",                                             // told as known to the peer's present incarnation or not
		"names.byConnID.slots[0]", "names.byConnID.used", "names.byConnID", // follows from the calls
		"names.peer",                                    // counts what is known by its incarnation
		"names.data", "names.changed", "backup.doubted", // below
	}))
	for _, change := range []func(){
		func() { e.names.setData(1, "x") }, func() { e.names.changed = map[uint32]uint64{1: 0} },
		func() { e.names.changed[1] = 2 },
		func() { e.backup.believe(9) }, func() { e.backup.doubted = []callmodel.CallID{{Ref: 1, Born: 8}} },
		func() { e.backup.doubted[0].Born = 7 }, func() { e.backup.doubted[0].Ref = 2 },
	} {
		before := canonical()
		change()
		require.NotEqual(t, before, canonical())
	}
	// What was left out because it is told in another form.
	before := canonical()
	e.names.calls[1].gen = e.names.gen
	require.NotEqual(t, before, canonical())
	e.names.calls[1].known = e.names.peer
	require.NotEqual(t, before, canonical())
	before = canonical()
	e.names.older[0].from = 1
	require.NotEqual(t, before, canonical())
}

func TestRestoredIsTheSame(t *testing.T) {
	e := rich()
	e.backup.believe(7)
	e.backup.looked, e.backup.doubted = true, []callmodel.CallID{{Ref: 1, Born: 8}}
	b := e.AppendCanonical(nil)
	again := New(wire.A, DefaultOptions(), quiet{})
	r := canon.NewReader(b)
	again.Restore(r)
	require.NoError(t, r.Err())
	require.Equal(t, b, again.AppendCanonical(nil))
	require.Equal(t, e.names.tagged, again.names.tagged)
	require.Equal(t, e.names.unknown, again.names.unknown)
	require.Equal(t, e.backup, again.backup)
	require.Equal(t, e.toldPeer, again.toldPeer)
	require.Equal(t, e.toldM, again.toldM)
	require.Equal(t, e.notedSync, again.notedSync)
	for cut := range b {
		r := canon.NewReader(b[:cut])
		New(wire.A, DefaultOptions(), quiet{}).Restore(r)
		require.ErrorIs(t, r.Err(), canon.ErrMalformed, "cut at %d", cut)
	}
}

// TestTagsAreCounted: counters and generations say what a sweep over all calls would.
func TestTagsAreCounted(t *testing.T) {
	n := names{maxRef: 100}
	n.setPeer(1)
	check := func() {
		t.Helper()
		held, unnamed, unknown, tagged := 0, 0, 0, 0
		for i := range n.calls {
			c := &n.calls[i]
			if !c.held() {
				continue
			}
			held++
			if c.connID == 0 {
				unnamed++
			}
			if !n.isKnown(c) {
				unknown++
			}
			if n.isTagged(c) {
				tagged++
			}
		}
		require.Equal(t, []int{held, unnamed, unknown, tagged}, []int{n.held, n.unnamed, n.unknown, n.tagged})
	}
	seed := uint64(1)
	random := func(most uint64) uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 33 % most
	}
	for range 20_000 {
		ref := uint32(random(20) + 1)
		c := n.at(ref)
		switch random(8) {
		case 0, 1, 2:
			if !c.held() {
				n.hold(c, random(50)+1, random(2) == 0)
			}
		case 3, 4:
			if c.held() {
				n.release(ref, c)
			}
		case 5:
			if c.held() {
				n.setConnID(ref, c, callmodel.ConnID(uint64(ref)*10+random(9)))
				n.setKnown(c, random(2) == 0)
			}
		case 6:
			if random(5) == 0 {
				n.tagAll()
			} else if random(5) == 0 {
				n.untagAll()
			}
		case 7:
			if random(50) == 0 {
				n.untagAll() // a new session of the peer ends the tagging
				n.setPeer(n.peerInc + 1)
			}
		}
		check()
	}
}
