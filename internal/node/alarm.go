package node

import (
	"fmt"
	"slices"

	"hotpair/internal/wire"
)

// Alarm names a condition that an operator should know of. It is raised with one note (NoteAlarm), and cleared with another when the condition
// has ended; L3 demands that. A node that ends takes its alarms with it.
type Alarm uint8

// The alarms. The comment at each says who raises it, and whether it concerns a peer.
const (
	// SplitBrain: the Management Layer sees two primaries (X11).
	SplitBrain Alarm = iota + 1
	// NoBrain: the Management Layer sees no primary, and has none to name (X11).
	NoBrain
	// RoleFlapping: primaries change faster than haflip-detect-timeout (X11). Of the Management Layer.
	RoleFlapping
	// StoreFault: what the node wanted to make durable was not stored, since the store is full or read-only.
	StoreFault
	// StartedTwice: another process was started as Peer while one of it was there.
	StartedTwice
	// OptionsDiffer and VersionsDiffer: the T-Server Peer runs with other options, or as another version. Of a T-Server.
	OptionsDiffer
	VersionsDiffer
	// SyncWaits: calls have been in the way of T-Server synchronization with Peer for ha-sync-max-wait (X9). Of a T-Server.
	SyncWaits
)

var alarmNames = [...]string{
	"", SplitBrain: "split-brain", NoBrain: "no-brain", RoleFlapping: "role-flapping", StoreFault: "store", StartedTwice: "started-twice",
	OptionsDiffer: "options-differ", VersionsDiffer: "versions-differ", SyncWaits: "sync-waits",
}

// AlarmNames returns the names of all alarms.
func AlarmNames() []string { return slices.Clone(alarmNames[1:]) }

// String returns the alarm's name.
func (a Alarm) String() string {
	if int(a) < len(alarmNames) {
		return alarmNames[a]
	}
	return fmt.Sprintf("unknown(%d)", uint8(a))
}

// MarshalText implements encoding.TextMarshaler.
func (a Alarm) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Alarm) UnmarshalText(b []byte) error {
	i := slices.Index(alarmNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("unknown alarm %.40q", b)
	}
	*a = Alarm(i)
	return nil
}

// Alarms are the alarms that a node has raised, one of each kind. They are part of its canonical state. The zero value has none.
type Alarms uint16

// Raised reports whether the alarm is raised.
func (s Alarms) Raised(a Alarm) bool { return s&(1<<a) != 0 }

// Set raises the alarm, or clears it, if it is not so already; peer may be wire.None, and why is for readers.
func (s *Alarms) Set(a Alarm, raised bool, peer wire.ID, why string, out *Output) {
	if s.Raised(a) == raised {
		return
	}
	*s ^= 1 << a
	out.Note(AlarmNote(a, raised, peer, why))
}

// AlarmNote is the note that raises or clears an alarm, for those who keep account of their alarms in another way than Alarms.
func AlarmNote(a Alarm, raised bool, peer wire.ID, why string) Note {
	n := Note{Kind: NoteAlarm, Alarm: a, Peer: peer, Text: why}
	if raised {
		n.N = 1
	}
	return n
}
