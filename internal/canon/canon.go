// Package canon writes and reads the canonical bytes of a node's state: numbers as variable-length integers, strings
// with their length before them, no names, no reflection.
//
// It must not know what it encodes.
package canon

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Uint appends a number.
func Uint[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int](b []byte, v T) []byte {
	return binary.AppendUvarint(b, uint64(v))
}

// Bool appends a truth value.
func Bool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// String appends a string or bytes.
func String[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// ErrMalformed is what Reader.Err wraps when the bytes are not what an Append wrote.
var ErrMalformed = errors.New("malformed canonical state")

// Reader reads back what was appended, in the same order. After the first error it returns zero values; ask Err at the end.
type Reader struct {
	b   []byte
	err error
}

// NewReader reads b, which must not be changed meanwhile.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Read reads a number of type T.
func Read[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int](r *Reader) T {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || uint64(T(v)) != v {
		r.fail("number")
		return 0
	}
	r.b = r.b[n:]
	return T(v)
}

// Bool reads a truth value.
func (r *Reader) Bool() bool {
	if len(r.b) == 0 || r.b[0] > 1 {
		r.fail("truth value")
		return false
	}
	v := r.b[0] == 1
	r.b = r.b[1:]
	return v
}

// Bytes reads what String appended. The result is part of the reader's bytes.
func (r *Reader) Bytes() []byte {
	n := Read[uint64](r)
	if r.err != nil || n > uint64(len(r.b)) {
		r.fail("string")
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// String reads a string.
func (r *Reader) String() string { return string(r.Bytes()) }

// Err reports whether everything was read, and nothing but that.
func (r *Reader) Err() error {
	if r.err == nil && len(r.b) > 0 {
		return fmt.Errorf("%w: %d bytes too many", ErrMalformed, len(r.b))
	}
	return r.err
}

func (r *Reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: no %s, %d bytes before the end", ErrMalformed, what, len(r.b))
	}
	r.b = nil
}

// Good reports whether no error was found so far: loops over counts that were read ask it.
func (r *Reader) Good() bool { return r.err == nil }

// Fail makes the reader's error one about what was read last.
func (r *Reader) Fail(what string) { r.fail(what) }
