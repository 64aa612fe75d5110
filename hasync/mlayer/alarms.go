package mlayer

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// settleAlarms raises and clears the alarms of X11. While M learns, it does not know enough for either.
func (l *Layer) settleAlarms(out *node.Output) {
	if l.learning {
		return
	}
	seen := 0
	for i := range l.t {
		if v := &l.t[i]; v.told && v.role == wire.Primary {
			seen++
		}
	}
	l.alarms.Set(node.SplitBrain, seen == len(l.t), wire.None, brainText[seen], out)
	if l.coming() {
		l.alarms.Set(node.NoBrain, false, wire.None, "one is named, and there", out)
	} else {
		l.alarms.Set(node.NoBrain, seen == 0, wire.None, brainText[seen], out)
	}
	l.watchFlapping(out)
}

var brainText = [...]string{"there is no primary, and none to name", "there is one primary", "both say that they are primary"}

// coming reports whether the named one is there, or M waits for it (X11), so that there will be a primary.
func (l *Layer) coming() bool {
	if l.rec.Named == wire.None {
		return false
	}
	v := l.view(l.rec.Named)
	return v.waiting || v.up && (!v.told || v.inc == l.rec.Inc)
}

// watchFlapping: two changes of the primary within haflip-detect-timeout are flapping. What counts is who was seen in force, so that what another M
// does counts as well.
func (l *Layer) watchFlapping(out *node.Output) {
	if l.rec.Named == wire.None || l.rec.Named == l.office || !l.inForce() {
		return
	}
	before := l.office
	l.office = l.rec.Named
	if before == wire.None || l.opt.HaflipDetectTimeout == 0 {
		return
	}
	if l.changed {
		why := "the primary changed twice within " + l.opt.HaflipDetectTimeout.String()
		l.alarms.Set(node.RoleFlapping, true, wire.None, why, out)
	}
	l.changed = true
	out.Set(node.Timer{Kind: flipTimer}, l.opt.HaflipDetectTimeout)
}
