package tserver

import (
	"fmt"
	"slices"
	"strings"

	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// The licence's timers.
const (
	licenceTimer node.TimerKind = 72 + iota // a tick of licence-grace, at the secondary
	expiryTimer                             // the licence, or a feature, expires, at the primary; the key is the feature's place + 1, 0 for the licence
)

// graceTicks is into how many parts licence-grace is cut: how many are used up is stored, so that a restart gains no time.
const graceTicks = 8

// licence is what is licensed (P2): configured at the primary, told to the secondary.
type licence struct {
	f *failover
	licenceState
	ticking bool // licenceTimer is armed
}

// licenceState is the licence as a server knows it, and stores it.
type licenceState struct {
	// Known: the secondary was told of it once; the primary knows it.
	Known bool `json:"known"`
	// Seats is how many clients may have a session at once; 0 when it is not valid any more.
	Seats    uint64   `json:"seats"`
	Features []string `json:"features,omitempty"`
	// Used is how many ticks of licence-grace have passed since the primary was lost.
	Used uint8 `json:"used,omitempty"`
}

func (l *licence) primary() bool { return l.f.s.self == wire.A }

func (l *licence) options() *LicenceOptions { return &l.f.s.opt.Licence }

// begin: the primary reads its licence; the secondary goes on with what it was told.
func (l *licence) begin(stored *licenceState, in *node.Input, out *node.Output) {
	o := l.options()
	if !o.Licensed() {
		return
	}
	if !l.primary() {
		if stored != nil {
			l.licenceState = *stored
		}
		l.note("as the primary has told", out)
		return
	}
	l.licenceState = licenceState{Known: true, Seats: o.Seats}
	if o.Expires > 0 {
		l.expire(0, in, out, func() { l.Seats = 0 })
	}
	for i, f := range o.Features {
		l.Features = append(l.Features, f.Name)
		if f.Expires > 0 {
			l.expire(uint32(i+1), in, out, func() { l.drop(f.Name) })
		}
	}
	l.note("as configured", out)
}

// expire sets the timer for an expiry, or lets it be if it is over. That is the only use that a node makes of a time.
func (l *licence) expire(key uint32, in *node.Input, out *node.Output, over func()) {
	at := l.options().Expires
	if key > 0 {
		at = l.options().Features[key-1].Expires
	}
	if in.At >= at {
		over()
		return
	}
	out.Set(node.Timer{Kind: expiryTimer, Key: key}, at-in.At)
}

func (l *licence) drop(feature string) {
	l.Features = slices.DeleteFunc(slices.Clone(l.Features), func(f string) bool { return f == feature })
}

func (l *licence) note(why string, out *node.Output) {
	out.Note(node.Note{Kind: node.NoteSeats, N: l.Seats, Text: why})
}

// tell shares the licence with the secondary, when the link is up and at every change (P2).
func (l *licence) tell(out *node.Output) {
	if !l.primary() || !l.options().Licensed() || !l.f.s.engine.PeerUp() {
		return
	}
	m := out.Send(wire.B, wire.LicenceState)
	m.Epoch, m.Seats, m.Text = l.f.s.engine.Epoch(), l.Seats, strings.Join(l.Features, " ")
}

// told: the secondary has what the primary has.
func (l *licence) told(m *wire.Message, out *node.Output) {
	if l.primary() {
		l.f.arb.Bad("the primary has its licence from nobody", out)
		return
	}
	was := l.licenceState
	l.licenceState = licenceState{Known: true, Seats: m.Seats, Features: strings.Fields(m.Text)}
	l.stopTicking(out)
	if !was.Known || was.Seats != l.Seats || was.Used != 0 || !slices.Equal(was.Features, l.Features) {
		l.f.store(nil, nil)
	}
	l.note("as the primary has told", out)
}

// linkDown: from now on the secondary serves the primary's seats for licence-grace.
func (l *licence) settle(out *node.Output) {
	alone := !l.primary() && l.Known && l.options().Licensed() && !l.f.s.engine.PeerUp()
	switch {
	case alone && !l.ticking && l.Used < graceTicks:
		l.ticking = true
		out.Set(node.Timer{Kind: licenceTimer}, l.options().Grace/graceTicks)
	case !alone:
		l.stopTicking(out)
	}
}

func (l *licence) stopTicking(out *node.Output) {
	if l.ticking {
		l.ticking = false
		out.Cancel(node.Timer{Kind: licenceTimer})
	}
}

func (l *licence) fired(t node.Timer, out *node.Output) bool {
	switch t.Kind {
	case licenceTimer:
		l.ticking = false
		l.Used = min(l.Used+1, graceTicks)
		l.f.store(nil, nil)
	case expiryTimer:
		if t.Key == 0 {
			l.Seats = 0
			l.note("it has expired", out)
		} else if i := int(t.Key) - 1; i < len(l.options().Features) {
			l.drop(l.options().Features[i].Name)
		}
		l.tell(out)
	default:
		return false
	}
	return true
}

// refuse says why a client gets no seat, "" if it does: sessions stay whatever comes, new logins are refused.
func (l *licence) refuse(feature string, sessions int) string {
	switch {
	case !l.options().Licensed():
		return ""
	case !l.Known:
		return "licence: the primary has not told of any yet"
	case l.Seats == 0:
		return "licence: it has expired"
	case l.Used >= graceTicks && !l.f.s.opt.Without.Has(node.LicenceGrace):
		return "licence: licence-grace is over, and the primary is not back"
	case feature != "" && !slices.Contains(l.Features, feature):
		return fmt.Sprintf("licence: the feature %s is not licensed, or has expired", feature)
	case uint64(sessions) >= l.Seats && !l.f.s.opt.Without.Has(node.LicenceSeats):
		return fmt.Sprintf("licence: all %d seats are taken", l.Seats)
	}
	return ""
}

func (l *licence) append(b []byte) []byte {
	b = canon.Bool(b, l.Known)
	b = canon.Uint(b, l.Seats)
	b = canon.String(b, strings.Join(l.Features, " "))
	b = canon.Uint(b, l.Used)
	return canon.Bool(b, l.ticking)
}

func (l *licence) restore(r *canon.Reader) {
	l.licenceState = licenceState{Known: r.Bool(), Seats: canon.Read[uint64](r)}
	if text := r.String(); text != "" {
		l.Features = strings.Fields(text)
	}
	l.Used = canon.Read[uint8](r)
	l.ticking = r.Bool()
}
