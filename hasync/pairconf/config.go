package pairconf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a configuration: it is stored, and told to operators, as a whole, in one message; over the link it goes object by object.
const (
	MaxObjects = 2000
	MaxValue   = 256       // bytes
	MaxSize    = 128 << 10 // bytes of all objects, as JSON
	// MaxConflicts and MaxConflictSize bound the conflict record: the oldest ones are dropped.
	MaxConflicts    = 1000
	MaxConflictSize = 64 << 10
)

// Version of a configuration. The zero value is that of an empty one.
type Version struct {
	Epoch uint64 `json:"epoch"`
	N     uint64 `json:"n"`
}

// Below reports whether v is lower than w.
func (v Version) Below(w Version) bool { return v.Epoch < w.Epoch || v.Epoch == w.Epoch && v.N < w.N }

// String returns epoch.n.
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Epoch, v.N) }

// Next is the version of a change that a server makes in an epoch, which is not below v's.
func (v Version) Next(epoch uint64) Version {
	if epoch > v.Epoch {
		return Version{epoch, 1}
	}
	return Version{v.Epoch, v.N + 1}
}

// Object is an object, or the fact that it was deleted in a version: then Value is "".
type Object struct {
	Name    string  `json:"name"`
	Value   string  `json:"value,omitempty"`
	Version Version `json:"version"`
}

// Conflict is a change that did not win.
type Conflict struct {
	Object
	// Won is the value that is in force instead, "" if there is no such object.
	Won string `json:"won,omitempty"`
}

// Config is a server's copy. The zero value is empty.
type Config struct {
	Version   Version    `json:"version"`
	Common    Version    `json:"common"`
	Objects   []Object   `json:"objects,omitempty"` // by name; deleted ones included
	Conflicts []Conflict `json:"conflicts,omitempty"`
}

var objectName = regexp.MustCompile(`^(dn|user|group|option)/[A-Za-z0-9._-]{1,64}$`)

// Check reports what is wrong with an object's name or value, and what is allowed.
func Check(name, value string) error {
	switch {
	case !objectName.MatchString(name):
		return fmt.Errorf("an object is dn/NAME, user/NAME, group/NAME or option/NAME, with a name of at most 64 letters, digits, dots, hyphens and underlines, not %.80q", name)
	case len(value) > MaxValue || !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\n\r"):
		return fmt.Errorf("the value of %s is one line of valid UTF-8 with at most %d bytes", name, MaxValue)
	}
	return nil
}

func (c *Config) find(name string) (int, bool) {
	return slices.BinarySearchFunc(c.Objects, name, func(o Object, name string) int { return strings.Compare(o.Name, name) })
}

// Get returns an object's value; ok is false if there is none.
func (c *Config) Get(name string) (value string, ok bool) {
	if i, found := c.find(name); found && c.Objects[i].Value != "" {
		return c.Objects[i].Value, true
	}
	return "", false
}

// HasUsers reports whether there is a user: then clients need credentials.
func (c *Config) HasUsers() bool {
	return slices.ContainsFunc(c.Objects, func(o Object) bool { return o.Value != "" && strings.HasPrefix(o.Name, "user/") })
}

// ErrFull is what Room returns when there is no room for one more object.
var ErrFull = errors.New("the configuration is full")

// Room reports whether the object could be set.
func (c *Config) Room(name, value string) error {
	i, found := c.find(name)
	size := sizeOf(Object{Name: name, Value: value, Version: Version{Epoch: math.MaxUint32, N: math.MaxUint32}})
	for k, o := range c.Objects {
		if !found || k != i {
			size += sizeOf(o)
		}
	}
	switch {
	case !found && len(c.Objects) >= MaxObjects:
		return fmt.Errorf("%w: it has %d objects, deleted ones included", ErrFull, MaxObjects)
	case size > MaxSize && value != "":
		return fmt.Errorf("%w: its objects would have more than %d bytes", ErrFull, MaxSize)
	}
	return nil
}

// sizeOf is how long something is as JSON, with a comma.
func sizeOf(what any) int {
	data, err := json.Marshal(what)
	if err != nil {
		panic(err) // plain data
	}
	return len(data) + 1
}

// newest drops the oldest conflicts that are too many.
func newest(list []Conflict) []Conflict {
	size, from := 0, len(list)
	for from > 0 && len(list)-from < MaxConflicts {
		if size += sizeOf(list[from-1]); size > MaxConflictSize {
			break
		}
		from--
	}
	return list[from:]
}

// Put makes a change: the object has the value from this version on.
func (c *Config) Put(o Object) {
	i, found := c.find(o.Name)
	if found {
		c.Objects[i] = o
	} else {
		c.Objects = slices.Insert(c.Objects, i, o)
	}
	c.Version = o.Version
}

// Agree: both servers have this version.
func (c *Config) Agree() { c.Common = c.Version }

// Replace takes over the other server's configuration, whose version is higher. What was changed here since the common version, and is not so there, goes
// to the conflict record; those conflicts are returned.
func (c *Config) Replace(version Version, objects []Object) []Conflict {
	won := Config{Version: version, Common: version, Objects: objects}
	slices.SortFunc(won.Objects, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	var lost []Conflict
	for _, o := range c.Objects {
		if !c.Common.Below(o.Version) {
			continue
		}
		there, _ := won.Get(o.Name)
		if i, found := won.find(o.Name); found && won.Objects[i].Version == o.Version || there == o.Value {
			continue
		}
		lost = append(lost, Conflict{Object: o, Won: there})
	}
	won.Conflicts = newest(slices.Concat(c.Conflicts, lost))
	*c = won
	return lost
}

// Digest is the same for configurations with the same objects and values: 16 hexadecimal digits.
func (c *Config) Digest() string {
	h := sha256.New()
	for _, o := range c.Objects {
		if o.Value != "" {
			fmt.Fprintf(h, "%q %q\n", o.Name, o.Value)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// DigestOf is a digest of one value, for the trace: values may be secret.
func DigestOf(value string) string {
	if value == "" {
		return "deleted"
	}
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:4])
}

// Validate reports what cannot be in a configuration that was stored.
func (c *Config) Validate() error {
	if len(c.Objects) > MaxObjects {
		return fmt.Errorf("configuration: at most %d objects", MaxObjects)
	}
	for i, o := range c.Objects {
		if err := Check(o.Name, o.Value); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
		if i > 0 && c.Objects[i-1].Name >= o.Name {
			return fmt.Errorf("configuration: %s is not in order", o.Name)
		}
	}
	return nil
}
