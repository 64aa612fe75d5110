package pairmodel

import "math/bits"

// memo remembers numbers by two numbers. It is used by one goroutine.
type memo struct {
	entries []memoEntry
	n       int
	shift   int // 64 less the bits of an index
}

type memoEntry struct {
	key uint64 // plus 1; 0: free
	val uint32
}

func (m *memo) slot(key uint64) *memoEntry {
	h := (key ^ key>>32) * 0x9e3779b97f4a7c15 >> m.shift
	mask := uint64(len(m.entries) - 1)
	for i := h; ; i = (i + 1) & mask {
		if e := &m.entries[i]; e.key == key+1 || e.key == 0 {
			return e
		}
	}
}

func (m *memo) get(a, b uint32) (uint32, bool) {
	if m.n == 0 {
		return 0, false
	}
	e := m.slot(uint64(a)<<32 | uint64(b))
	return e.val, e.key != 0
}

func (m *memo) put(a, b, val uint32) {
	if len(m.entries) < 2*(m.n+1) {
		old := m.entries
		m.entries = make([]memoEntry, max(1024, 2*len(old)))
		m.shift = 64 - bits.TrailingZeros(uint(len(m.entries)))
		for i := range old {
			if old[i].key != 0 {
				*m.slot(old[i].key - 1) = old[i]
			}
		}
	}
	key := uint64(a)<<32 | uint64(b)
	e := m.slot(key)
	if e.key == 0 {
		m.n++
	}
	*e = memoEntry{key + 1, val}
}
