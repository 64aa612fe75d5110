package callmodel

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of the data attached to a call, in bytes packed.
const (
	// DefaultDataLimit is what a T-Server takes unless its option user-data-limit says otherwise.
	DefaultDataLimit = 16_000
	// MaxDataLimit is the greatest user-data-limit.
	MaxDataLimit = 65_535
)

// AttachedData is the data attached to a call: key-value pairs, packed, in the order of their keys, each key once. It is immutable and shared: copying it
// copies nothing, and equal data are equal strings. The zero value has no pairs. In JSON it is an object of strings.
type AttachedData string

// Pair is one pair of attached data.
type Pair struct {
	Key, Value string
}

// Attach packs pairs; of two with the same key the later one counts.
func Attach(pairs ...Pair) AttachedData {
	sorted := slices.Clone(pairs)
	slices.SortStableFunc(sorted, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) })
	var b []byte
	for i, p := range sorted {
		if i+1 < len(sorted) && sorted[i+1].Key == p.Key {
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(p.Key)))
		b = append(b, p.Key...)
		b = binary.AppendUvarint(b, uint64(len(p.Value)))
		b = append(b, p.Value...)
	}
	return AttachedData(b)
}

// Size returns the number of bytes packed, which the limits are about.
func (d AttachedData) Size() int { return len(d) }

// Pairs returns the pairs in the order of their keys.
func (d AttachedData) Pairs() (pairs []Pair) {
	rest := string(d)
	for rest != "" {
		var p Pair
		var okay, good bool
		p.Key, rest, okay = cutPacked(rest)
		p.Value, rest, good = cutPacked(rest)
		if !okay || !good {
			return pairs // it was packed by nobody
		}
		pairs = append(pairs, p)
	}
	return pairs
}

func cutPacked(s string) (word, rest string, ok bool) {
	var head [binary.MaxVarintLen64]byte
	length, n := binary.Uvarint(head[:copy(head[:], s)])
	if n <= 0 || length > uint64(len(s)-n) {
		return "", "", false
	}
	return s[n : n+int(length)], s[n+int(length):], true
}

// Get returns the value of a key.
func (d AttachedData) Get(key string) (value string, ok bool) {
	for _, p := range d.Pairs() {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// With returns the data with the pairs of more added; where both have a key, more's value counts.
func (d AttachedData) With(more AttachedData) AttachedData {
	switch {
	case d == "":
		return more
	case more == "":
		return d
	}
	return Attach(append(d.Pairs(), more.Pairs()...)...)
}

// Without returns the data without a key.
func (d AttachedData) Without(key string) AttachedData {
	return Attach(slices.DeleteFunc(d.Pairs(), func(p Pair) bool { return p.Key == key })...)
}

// MarshalJSON implements json.Marshaler.
func (d AttachedData) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, p := range d.Pairs() {
		if i > 0 {
			b = append(b, ',')
		}
		for k, s := range [...]string{p.Key, p.Value} {
			quoted, err := json.Marshal(s)
			if err != nil {
				return nil, err
			}
			if b = append(b, quoted...); k == 0 {
				b = append(b, ':')
			}
		}
	}
	return append(b, '}'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *AttachedData) UnmarshalJSON(b []byte) error {
	var object map[string]string
	if err := json.Unmarshal(b, &object); err != nil {
		return fmt.Errorf("attached data is an object whose values are strings: %w", err)
	}
	pairs := make([]Pair, 0, len(object))
	for _, k := range slices.Sorted(maps.Keys(object)) {
		pairs = append(pairs, Pair{k, object[k]})
	}
	*d = Attach(pairs...)
	return nil
}

// String shows the pairs as key=value, separated by spaces.
func (d AttachedData) String() string {
	var words []string
	for _, p := range d.Pairs() {
		words = append(words, p.Key+"="+p.Value)
	}
	return strings.Join(words, " ")
}
