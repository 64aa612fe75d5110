package explore

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// List is a list that only grows. Whoever has been told of an element's number may read it without a lock. The zero value is empty.
type List[T any] struct {
	mu     sync.Mutex
	chunks atomic.Pointer[[]*[listChunk]T]
	n      int
}

const listChunk = 1024

// Add appends an element and returns its number, from 0.
func (l *List[T]) Add(v T) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var chunks []*[listChunk]T
	if p := l.chunks.Load(); p != nil {
		chunks = *p
	}
	if l.n%listChunk == 0 {
		chunks = append(chunks, new([listChunk]T))
		l.chunks.Store(&chunks)
	}
	chunks[l.n/listChunk][l.n%listChunk] = v
	l.n++
	return uint32(l.n - 1)
}

// At returns the element with this number, which must not be changed.
func (l *List[T]) At(id uint32) T { return (*l.chunks.Load())[id/listChunk][id%listChunk] }

// Table interns the components of a model's states by their bytes: equal bytes have one number, from 0. It only grows, and steppers read it without a lock.
type Table[T any] struct {
	mu   sync.Mutex
	ids  map[string]uint32
	list List[*T]
}

// NewTable makes an empty table.
func NewTable[T any]() *Table[T] { return &Table[T]{ids: map[string]uint32{}} }

// Get returns the number of the component with these bytes; value makes it if it is new, and may be called in vain if two ask at the same time.
func (t *Table[T]) Get(key []byte, value func() *T) uint32 {
	t.mu.Lock()
	id, ok := t.ids[string(key)]
	t.mu.Unlock()
	if ok {
		return id
	}
	v := value()
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.ids[string(key)]; ok {
		return id
	}
	id = t.list.Add(v)
	t.ids[string(key)] = id
	return id
}

// At returns the component with this number, which must not be changed.
func (t *Table[T]) At(id uint32) *T { return t.list.At(id) }

// Len returns how many there are.
func (t *Table[T]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ids)
}

// Memo remembers what a pure function of two numbers returned, for all steppers of a model: it is read without a lock. The zero value is empty.
type Memo struct {
	mu    sync.Mutex
	n     int
	table atomic.Pointer[memoTable]
}

type memoTable struct {
	entries []memoEntry
	shift   int // 64 less the bits of an index
}

// memoEntry: the value is written before the key.
type memoEntry struct {
	key atomic.Uint64 // plus 1; 0: free
	val uint32
}

func memoKey(a, b uint32) uint64 { return uint64(a)<<32 | uint64(b) }

// slot returns the entry of a key, or the free one where it belongs.
func (t *memoTable) slot(key uint64) (e *memoEntry, found bool) {
	mask := uint64(len(t.entries) - 1)
	for i := (key ^ key>>32) * 0x9e3779b97f4a7c15 >> t.shift; ; i = (i + 1) & mask {
		e = &t.entries[i]
		switch e.key.Load() {
		case key + 1:
			return e, true
		case 0:
			return e, false
		}
	}
}

// Get returns what was remembered.
func (m *Memo) Get(a, b uint32) (v uint32, ok bool) {
	t := m.table.Load()
	if t == nil {
		return 0, false
	}
	e, ok := t.slot(memoKey(a, b))
	if !ok {
		return 0, false
	}
	return e.val, true
}

// Put remembers a value and returns it, or the one that somebody else has put meanwhile.
func (m *Memo) Put(a, b, v uint32) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.room()
	e, found := t.slot(memoKey(a, b))
	if found {
		return e.val
	}
	e.val = v
	e.key.Store(memoKey(a, b) + 1)
	m.n++
	return v
}

// room returns the table, with room for one more: a greater one takes its place when it is half full.
func (m *Memo) room() *memoTable {
	old := m.table.Load()
	if old != nil && len(old.entries) >= 2*(m.n+1) {
		return old
	}
	size := 1024
	if old != nil {
		size = 2 * len(old.entries)
	}
	t := &memoTable{entries: make([]memoEntry, size), shift: 64 - bits.TrailingZeros(uint(size))}
	if old != nil {
		for i := range old.entries {
			if k := old.entries[i].key.Load(); k != 0 {
				e, _ := t.slot(k - 1)
				e.val = old.entries[i].val
				e.key.Store(k)
			}
		}
	}
	m.table.Store(t)
	return t
}

// Len returns how many values are remembered.
func (m *Memo) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n
}
