package hasync

import "hotpair/callmodel"

// index finds the call reference of a ConnID: a table of references with open addressing, which looks for the ConnIDs in the calls themselves. A map would cost as
// much again as all the rest that is known of a call's names.
type index struct {
	slots []uint32 // references, 0: free; as many as a power of two
	used  int
}

// minSlots is the size of the smallest table.
const minSlots = 64

// home is where the search for a ConnID begins. ConnIDs count up: multiplied by 2^64 divided by the golden ratio, neighbours are far apart.
func (x *index) home(id callmodel.ConnID) int {
	return int(uint64(id) * 0x9e3779b97f4a7c15 >> 32 & uint64(len(x.slots)-1))
}

// find returns the reference of a ConnID, 0 if no call has it.
func (x *index) find(calls []entry, id callmodel.ConnID) uint32 {
	if x.used == 0 || id == 0 {
		return 0
	}
	for i := x.home(id); ; i = (i + 1) & (len(x.slots) - 1) {
		if ref := x.slots[i]; ref == 0 || calls[ref].connID == id {
			return ref
		}
	}
}

// add takes up a reference, whose call has its ConnID already. At most three of four slots are used.
func (x *index) add(calls []entry, ref uint32) {
	if 4*(x.used+1) > 3*len(x.slots) {
		old := x.slots
		x.slots = make([]uint32, max(minSlots, 2*len(old)))
		for _, r := range old {
			if r != 0 {
				x.put(calls, r)
			}
		}
	}
	x.put(calls, ref)
	x.used++
}

func (x *index) put(calls []entry, ref uint32) {
	i := x.home(calls[ref].connID)
	for x.slots[i] != 0 {
		i = (i + 1) & (len(x.slots) - 1)
	}
	x.slots[i] = ref
}

// remove forgets a reference, whose call still has its ConnID. Those behind it move up, so that searches do not end too early.
func (x *index) remove(calls []entry, ref uint32) {
	if x.used == 0 {
		return
	}
	mask := len(x.slots) - 1
	hole := x.home(calls[ref].connID)
	for x.slots[hole] != ref {
		if x.slots[hole] == 0 {
			return
		}
		hole = (hole + 1) & mask
	}
	for i := (hole + 1) & mask; x.slots[i] != 0; i = (i + 1) & mask {
		// It may move to the hole if that lies between its home and where it is.
		if home := x.home(calls[x.slots[i]].connID); (i-home)&mask >= (i-hole)&mask {
			x.slots[hole] = x.slots[i]
			hole = i
		}
	}
	x.slots[hole] = 0
	x.used--
}
