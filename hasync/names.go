package hasync

import (
	"maps"
	"slices"

	"hotpair/callmodel"
)

// entry is what the engine knows of one call reference: the call that has it now, if any, and the ConnID that the
// primary sent for a call which the switch has not reported yet.
type entry struct {
	born   uint64 // of the call held; 0: none is held
	connID callmodel.ConnID
	known  uint32 // which peer knows connID, as names.peer counts them; 0: none
	gen    uint32 // tag generation in which the call came to be held

	earlyBorn uint64
	earlyID   callmodel.ConnID
	earlyFrom uint64 // the peer's incarnation that sent it
}

func (c *entry) dropEarly() { c.earlyBorn, c.earlyID, c.earlyFrom = 0, 0, 0 }

func (c *entry) held() bool { return c.born != 0 }

// names is the table of calls, indexed by call reference, so that a lookup is an index and nothing is allocated in
// steady state. Tagging all calls is O(1): tagging starts a new generation, and whatever came before it and is not known is
// tagged; counters say how many those are.
type names struct {
	calls   []entry
	maxRef  uint32
	held    int    // calls held
	unnamed int    // of them, without ConnID
	peerInc uint64 // the peer's incarnation
	peer    uint32 // counts them: which one "known" refers to
	unknown int    // calls held that peerInc does not know

	older []early // ConnIDs of calls whose references others have been told early for since

	tagging bool
	gen     uint32
	tagged  int // while tagging: calls that are tagged

	byConnID index // of calls held
	data     map[uint32]callmodel.AttachedData
	// earlyData came with early ConnIDs; few have any.
	earlyData []dataOf
	// changed are calls whose ConnID peerInc knows, and of which it has not acknowledged the last change: the number by which it was told in this HA session,
	// 0 if it was not.
	changed map[uint32]uint64
}

// at returns the entry of a reference, and makes room for it; ref is from 1 to maxRef.
func (n *names) at(ref uint32) *entry {
	if int(ref) >= len(n.calls) {
		grown := make([]entry, min(callmodel.Grown(len(n.calls), ref), int(n.maxRef)+1))
		copy(grown, n.calls)
		n.calls = grown
	}
	return &n.calls[ref]
}

// lookup returns the entry of the call, nil if it is not held. With byRef the reference alone decides (X3 off).
func (n *names) lookup(id callmodel.CallID, byRef bool) *entry {
	if int(id.Ref) >= len(n.calls) {
		return nil
	}
	c := &n.calls[id.Ref]
	if !c.held() || (c.born != id.Born && !byRef) {
		return nil
	}
	return c
}

func (n *names) isKnown(c *entry) bool { return c.known == n.peer && c.known != 0 }

func (n *names) isTagged(c *entry) bool {
	return n.tagging && c.held() && c.gen < n.gen && !n.isKnown(c)
}

// hold takes up a call; old says that it counts as a call from before the tagging (X1).
func (n *names) hold(c *entry, born uint64, old bool) {
	c.born, c.connID, c.known, c.gen = born, 0, 0, n.gen
	n.held++
	n.unnamed++
	n.unknown++
	if n.tagging && old {
		c.gen--
		n.tagged++
	}
}

func (n *names) release(ref uint32, c *entry) {
	if n.isTagged(c) {
		n.tagged--
	}
	if !n.isKnown(c) {
		n.unknown--
	}
	if c.connID == 0 {
		n.unnamed--
	}
	n.held--
	if c.connID != 0 {
		n.byConnID.remove(n.calls, ref)
	}
	c.born, c.connID, c.known, c.gen = 0, 0, 0, 0
}

// forget drops what is kept of a call beside its entry.
func (n *names) forget(ref uint32) {
	if len(n.data) > 0 {
		delete(n.data, ref)
	}
	if len(n.changed) > 0 {
		delete(n.changed, ref)
	}
}

// setData gives a call its attached data.
func (n *names) setData(ref uint32, d callmodel.AttachedData) {
	if d == "" {
		delete(n.data, ref)
		return
	}
	if n.data == nil {
		n.data = map[uint32]callmodel.AttachedData{}
	}
	n.data[ref] = d
}

func (n *names) setConnID(ref uint32, c *entry, id callmodel.ConnID) {
	if c.connID == 0 {
		n.unnamed--
	} else {
		n.byConnID.remove(n.calls, ref)
	}
	c.connID = id
	n.byConnID.add(n.calls, ref)
	n.setKnown(c, false)
}

func (n *names) setKnown(c *entry, known bool) {
	if n.isKnown(c) == known {
		return
	}
	wasTagged := n.isTagged(c)
	if known {
		c.known = n.peer
		n.unknown--
	} else {
		c.known = 0
		n.unknown++
	}
	switch isTagged := n.isTagged(c); {
	case wasTagged && !isTagged:
		n.tagged--
	case !wasTagged && isTagged:
		n.tagged++
	}
}

// setPeer: the peer is now this incarnation. What an earlier one knew, it does not know.
func (n *names) setPeer(inc uint64) {
	if inc != n.peerInc {
		n.peerInc = inc
		n.peer++
		n.unknown = n.held
		clear(n.changed)
	}
	for _, ref := range slices.Sorted(maps.Keys(n.changed)) {
		n.changed[ref] = 0 // it was told in another session, if at all
	}
}

// tagAll tags every call held whose ConnID the peer does not know (R5).
func (n *names) tagAll() {
	n.gen++
	n.tagging = true
	n.tagged = n.unknown
}

func (n *names) untagAll() { n.tagging, n.tagged = false, 0 }
