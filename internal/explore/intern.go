package explore

import (
	"sync"
	"sync/atomic"
)

// Table interns the components of a model's states by their bytes: equal bytes have one number, from 0. It only grows, and steppers read it without a lock.
type Table[T any] struct {
	mu   sync.Mutex
	ids  map[string]uint32
	list atomic.Pointer[[]*T]
}

// NewTable makes an empty table.
func NewTable[T any]() *Table[T] {
	t := &Table[T]{ids: map[string]uint32{}}
	t.list.Store(&[]*T{})
	return t
}

// Get returns the number of the component with these bytes; it is made if it is new.
func (t *Table[T]) Get(key []byte, value func() *T) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.ids[string(key)]; ok {
		return id
	}
	list := *t.list.Load()
	id := uint32(len(list))
	list = append(list, value())
	t.ids[string(key)] = id
	t.list.Store(&list)
	return id
}

// At returns the component with this number, which must not be changed.
func (t *Table[T]) At(id uint32) *T { return (*t.list.Load())[id] }

// Len returns how many there are.
func (t *Table[T]) Len() int { return len(*t.list.Load()) }
