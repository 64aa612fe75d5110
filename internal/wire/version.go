package wire

import (
	"reflect"
	"strings"
)

// Versions of the protocol. A node speaks the lesser of its own and its peer's version, which the two tell each other in PeerState. What is not
// marked as later is of version 1.
const (
	// FirstVersion is what every node speaks: packets of later versions say so.
	FirstVersion = 1
	// Version is what a node speaks unless its option protocol-version says otherwise. It has added the kind RegistrationTold.
	Version = 2
	// MaxVersion is the latest version that this program speaks: the one that is being prepared, so that a rolling upgrade can be tried. It adds the
	// kind SyncProgress and the field calls.
	MaxVersion = 3
)

// Unknown is the kind of a message that came in a packet of a later version than the reader's, and that it cannot make sense of. Its number in the
// session counts, and nothing else of it. Nobody sends it. Text is what its kind is called.
const Unknown Kind = 255

// later are the fields that version 3 has added, the only ones that are not of the first version.
const later = fCalls

// Since returns the version of the protocol that has brought the kind.
func (k Kind) Since() uint32 {
	switch k {
	case SyncProgress:
		return 3
	case RegistrationTold:
		return 2
	}
	return FirstVersion
}

// Needs returns the least version of the protocol in which the message can be said.
func (m *Message) Needs() uint32 {
	if m.Calls != 0 {
		return 3
	}
	return m.Kind.Since()
}

// ReadAs makes of a message what a node of this version knows of it, and reports whether it knows the kind at all.
func (m *Message) ReadAs(version uint32) bool {
	if m.Kind == Unknown || m.Kind.Since() > version {
		return false
	}
	if version < MaxVersion {
		m.clear(later)
	}
	return true
}

// Trim drops the fields that the message's kind does not have: a later version may have given them to it.
func (m *Message) Trim() {
	if m.Kind < kindEnd {
		m.clear(m.fields() &^ (shapes[m.Kind].need | shapes[m.Kind].may))
	}
}

// clear makes fields zero. It is not for what is done with every message.
func (m *Message) clear(what field) {
	if what == 0 {
		return
	}
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		for bit, known := range fieldNames {
			if name == known && what&(1<<bit) != 0 {
				v.Field(i).SetZero()
			}
		}
	}
}
