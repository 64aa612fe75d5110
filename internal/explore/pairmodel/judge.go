package pairmodel

import (
	"fmt"
	"slices"

	"hotpair/callmodel"
	"hotpair/hasync"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver"
)

// see takes what a step showed. It returns what is wrong, "" if nothing is.
func (w *watch) see(m *Model, list []byte) (wrong string) {
	r := canon.NewReader(list)
	n := func() uint64 { return canon.Read[uint64](r) }
	call := func() callmodel.CallID { return callmodel.CallID{Ref: uint32(n()), Born: n()} }
	for left := len(list); left > 0 && r.Good(); {
		kind, at := uint8(n()), int(n())
		if kind == 0 {
			break
		}
		what := w.one(m, kind, at, n, call)
		if wrong == "" {
			wrong = what
		}
		if r.Err() == nil {
			break
		}
	}
	return wrong
}

func (w *watch) one(m *Model, kind uint8, at int, n func() uint64, call func() callmodel.CallID) string {
	if kind == sawAlarm {
		alarm := node.Alarm(n())
		if raised := n() == 1; raised != w.alarms[at].Raised(alarm) {
			w.alarms[at] ^= 1 << alarm
		}
		return ""
	}
	if kind == sawRecord {
		return w.reigns(reign{at: aAt + int(n()), epoch: n(), inc: n()})
	}
	if at != aAt && at != bAt {
		w.alarms[at] = 0 // M has ended
		return ""
	}
	i := at - aAt
	v := &w.server[i]
	switch kind {
	case sawStart:
		*v = watched{running: true, inc: n(), role: wire.Backup}
	case sawEnd:
		w.ended(i, m)
		w.alarms[at] = 0
	case sawRole:
		return w.role(i, wire.Role(n()), n(), m)
	case sawHAUp:
		v.newSession()
		v.linked = true
		if inc := n(); inc != v.peerInc {
			v.peerInc, v.known = inc, nil
		}
	case sawHADown:
		v.newSession()
		v.linked = false
	case sawFailure:
		inc := n()
		v.failed = v.awaiting != 0 && (inc == 0 || inc == v.peerInc)
	case sawReady:
		v.backupReady(n(), n())
	case sawNamed:
		v.knows(pairing{call(), callmodel.ConnID(n())})
	case sawNamedAck:
		v.acknowledged(n())
	case sentNamed:
		v.sent = append(v.sent, sending{n(), pairing{call(), callmodel.ConnID(n())}})
	case sentReady:
		v.awaiting = n()
	case sentDone:
		return v.done(ids[at], n(), wire.Reason(n()), n())
	case sawDone:
		if num := n(); num == v.awaiting {
			v.answered, v.awaiting = true, 0
		}
	case sawCall:
		return w.call(i, pairing{call(), callmodel.ConnID(n())}, m)
	case sawGone:
		v.gone(call())
	case sawCTI:
		if v.synced = n() == 1; !v.synced {
			v.asked, v.tagged, v.awaiting = false, nil, 0
		}
	case sawReadiness:
		v.ready = n() == 1
	case sawAnnounced:
		v.announced = true
		if v.role == wire.Backup && !v.answered && !v.failed && !v.alone && m.config.A.HASyncDlyLnkConn {
			return fmt.Sprintf("S4: backup %s announces EventLinkConnected, and neither was its Backup Ready answered (R9) nor has its primary failed (R11)", ids[at])
		}
	case sawWithdrawn:
		v.announced = false
	case sawAlone:
		v.alone = true
	case sawPrimary:
		v.alone = false
	case sawTold:
		return w.hear(n(), pairing{call(), callmodel.ConnID(n())}, n() == 1)
	case sawSettled:
		failed := v.failed && v.role == wire.Backup && v.synced && !v.announced
		v.failed, v.answered = false, false
		if failed {
			return fmt.Sprintf("S4: %s does not announce EventLinkConnected at once though its primary failed while it waited (R11)", ids[at])
		}
	}
	return ""
}

func (w *watch) other(i int) *watched { return &w.server[1-i] }

// role is S1, and S5's part about who takes over.
func (w *watch) role(i int, role wire.Role, epoch uint64, m *Model) string {
	v := &w.server[i]
	switch was := v.role; {
	case was == wire.Primary && role == wire.Backup:
		w.stepsDown(i, m)
	case role == wire.Primary && (was != wire.Primary || epoch != v.epoch): // also one that never heard of who had replaced it
		if w.heir != 1+i || w.other(i).running && w.other(i).role == wire.Primary {
			w.told = nil
			w.fresh = max(w.fresh, epoch)
		}
		w.heir = 0
	}
	v.role, v.epoch, v.awaiting, v.alone = role, epoch, 0, false
	v.asked, v.tagged = false, nil
	if role != wire.Primary {
		return ""
	}
	for _, p := range v.calls {
		w.named(i, p, m)
	}
	return w.reigns(reign{epoch, aAt + i, v.inc})
}

// reigns is S1: an epoch names one incarnation of one T-Server.
func (w *watch) reigns(r reign) string {
	for _, p := range w.primaries {
		if p.epoch == r.epoch && (p.at != r.at || p.inc != r.inc) {
			return fmt.Sprintf("S1: epoch %d has two primaries: %s and %s", r.epoch, ids[p.at], ids[r.at])
		}
	}
	w.primaries = append(w.primaries, r)
	slices.SortFunc(w.primaries, func(a, b reign) int { return int(int64(a.epoch) - int64(b.epoch)) })
	w.primaries = slices.Compact(w.primaries)
	return ""
}

func (w *watch) stepsDown(i int, m *Model) {
	v, other := &w.server[i], w.other(i)
	w.heir = 0
	if v.ready && other.ready && m.config.A.HAPublish == hasync.Replicated {
		w.heir = 1 + (1 - i)
	} else if !other.running || other.role != wire.Primary {
		w.told = nil // nobody has to go on with it: whoever is primary next begins anew
	}
}

func (w *watch) ended(i int, m *Model) {
	if w.server[i].running && w.server[i].role == wire.Primary {
		w.stepsDown(i, m)
	}
	if w.heir == 1+i {
		w.heir, w.told = 0, nil
	}
	w.server[i] = watched{}
}

// hear is S5: what clients have heard of a call does not change if the pair was ready.
func (w *watch) hear(epoch uint64, p pairing, over bool) string {
	if epoch < w.fresh {
		return ""
	}
	at := slices.IndexFunc(w.told, func(t pairing) bool { return t.call == p.call })
	wrong := ""
	if at >= 0 && w.told[at].connID != p.connID {
		wrong = fmt.Sprintf("S5: clients see the ConnID of call %s change from %s to %s, and readiness was 1 when the primary failed", p.call, w.told[at].connID, p.connID)
	}
	if at >= 0 {
		w.told = slices.Delete(w.told, at, at+1)
	}
	if !over {
		w.told = append(w.told, p)
		sortPairings(w.told)
	}
	return wrong
}

// named: unless events wait (X7), what a primary has named it has as good as told: it does not change any more.
func (w *watch) named(i int, p pairing, m *Model) {
	v := &w.server[i]
	if m.config.A.HAPublish == hasync.Replicated || v.role != wire.Primary || v.epoch < w.fresh || p.connID == 0 {
		return
	}
	if !slices.ContainsFunc(w.told, func(t pairing) bool { return t.call == p.call }) {
		w.told = append(w.told, p)
		sortPairings(w.told)
	}
}

// call: a T-Server holds a call, or names it. S5: a ConnID names one call for ever.
func (w *watch) call(i int, p pairing, m *Model) string {
	v := &w.server[i]
	v.calls = put(v.calls, p)
	w.named(i, p, m)
	if v.asked && p.call.Born <= v.askedW && !has(v.known, p) && !slices.Contains(v.tagged, p.call) {
		v.tagged = append(v.tagged, p.call) // X1
		slices.SortFunc(v.tagged, compareCalls)
	}
	if p.connID == 0 {
		return ""
	}
	for _, n := range w.names {
		if n.connID == p.connID && n.call != p.call {
			return fmt.Sprintf("S5: ConnID %s names two calls, %s and %s", p.connID, n.call, p.call)
		}
	}
	if !has(w.names, p) {
		w.names = append(w.names, p)
		sortPairings(w.names)
	}
	return ""
}

// put sets the ConnID of a call.
func put(list []pairing, p pairing) []pairing {
	for i := range list {
		if list[i].call == p.call {
			list[i].connID = p.connID
			return list
		}
	}
	list = append(list, p)
	sortPairings(list)
	return list
}

func has(list []pairing, p pairing) bool { return slices.Contains(list, p) }

func (v *watched) newSession() {
	v.awaiting, v.asked, v.tagged, v.sent = 0, false, nil, nil
}

// backupReady is S2: what is to be tagged (R5).
func (v *watched) backupReady(num, watermark uint64) {
	v.asked, v.tagged = false, nil
	if v.role != wire.Primary || !v.synced {
		return
	}
	v.asked, v.askedNum, v.askedW = true, num, watermark
	for _, p := range v.calls {
		if p.connID == 0 || !has(v.known, p) {
			v.tagged = append(v.tagged, p.call)
		}
	}
	slices.SortFunc(v.tagged, compareCalls)
}

func (v *watched) knows(p pairing) {
	v.known = put(v.known, p)
	v.tagged = slices.DeleteFunc(v.tagged, func(c callmodel.CallID) bool { return c == p.call })
}

func (v *watched) acknowledged(num uint64) {
	for len(v.sent) > 0 && v.sent[0].num <= num {
		v.knows(v.sent[0].pairing)
		v.sent = v.sent[1:]
	}
}

func (v *watched) gone(c callmodel.CallID) {
	is := func(p pairing) bool { return p.call == c }
	v.calls, v.known = slices.DeleteFunc(v.calls, is), slices.DeleteFunc(v.known, is)
	v.tagged = slices.DeleteFunc(v.tagged, func(t callmodel.CallID) bool { return t == c })
}

// done is S2: Full Sync Done (synchronized) is sent only when every tagged call is released or acknowledged, and the watermark is reached.
func (v *watched) done(who wire.ID, num uint64, reason wire.Reason, seq uint64) string {
	asked, tagged := v.asked && v.askedNum == num, v.tagged
	w := v.askedW
	v.asked, v.tagged, v.askedNum, v.askedW = false, nil, 0, 0
	switch {
	case reason != wire.Synchronized:
	case !asked:
		return fmt.Sprintf("S2: %s answers Backup Ready %d, which is not outstanding", who, num)
	case len(tagged) > 0:
		return fmt.Sprintf("S2: %s sends Full Sync Done (synchronized) while %d tagged calls are neither released nor acknowledged, the first being %s", who, len(tagged), tagged[0])
	case seq < w:
		return fmt.Sprintf("S2: %s sends Full Sync Done (synchronized) before it has processed the switch's events up to the watermark", who)
	}
	return ""
}

func engineOf(n node.Node) *hasync.Engine {
	if s, ok := n.(*tserver.Server); ok {
		return s.Engine()
	}
	return nil
}

// check holds S3 against the state that is expanded and, if it is at rest and no call is in progress, L1 and L3.
func (s *stepper) check(rest bool) {
	key := [3]uint32{s.from[aAt], s.from[bAt], s.from[nodes+haLink]}
	wrong, known := s.checks[key]
	if !known {
		wrong = s.sameConnIDs()
		s.checks[key] = wrong
	}
	if wrong == "" && rest && envWord(s.from[envAt]).progress() == 0 {
		wrong = s.whole()
	}
	if wrong != "" {
		s.out.Wrong(wrong)
	}
}

// sameConnIDs is S3: a primary has named every call (R12); synchronized, and no CallNamed for it on its way, a call that both hold has the same ConnID at both.
func (s *stepper) sameConnIDs() string {
	link := s.link[haLink]
	a, b := &s.node[aAt].facts, &s.node[bAt].facts
	for i, f := range []*facts{a, b} {
		for _, p := range f.calls {
			if f.role == wire.Primary && p.connID == 0 {
				return fmt.Sprintf("S3: %s is primary, and has not named call %s (R12)", ids[aAt+i], p.call)
			}
		}
	}
	if !a.server || !b.server || !link.up[0] || !link.up[1] {
		return ""
	}
	for _, q := range link.queue {
		if len(q) > 0 && q[len(q)-1] == downNotice {
			return ""
		}
	}
	backup := b
	if a.role == wire.Backup {
		backup = a
	}
	if a.epoch != b.epoch || a.role == b.role || backup.sync != "done" {
		return ""
	}
	for _, p := range a.calls {
		for _, q := range b.calls {
			if p.call == q.call && p.connID != q.connID && !s.named(p.call) {
				return fmt.Sprintf("S3: A and B are synchronized, and call %s is %s at A and %s at B", p.call, p.connID, q.connID)
			}
		}
	}
	return ""
}

func (s *stepper) named(c callmodel.CallID) bool {
	for _, q := range s.link[haLink].queue {
		for _, id := range q {
			if m := &s.m.msgs.At(id).msg; m.Kind == wire.CallNamed && m.Call == c {
				return true
			}
		}
	}
	return false
}

// whole is L1 and L3.
func (s *stepper) whole() string {
	a, b := &s.node[aAt].facts, &s.node[bAt].facts
	p, q := a, b
	if b.role == wire.Primary {
		p, q = b, a
	}
	switch {
	case p.role != wire.Primary || q.role != wire.Backup || p.epoch != q.epoch || !p.announced || !q.announced:
		return fmt.Sprintf("L1: nothing can happen any more, and A is %s of epoch %d (announced %t), B is %s of epoch %d (announced %t)",
			a.role, a.epoch, a.announced, b.role, b.epoch, b.announced)
	case !a.ready || !b.ready:
		return fmt.Sprintf("L1: nothing can happen any more, no call is in progress, and the pair is not synchronized: readiness of A is %t, of B %t", a.ready, b.ready)
	}
	w := s.m.watches.At(s.from[watchAt])
	for i, alarms := range w.alarms {
		for k, name := range node.AlarmNames() {
			if alarms.Raised(node.Alarm(k + 1)) {
				return fmt.Sprintf("L3: nothing can happen any more, and the alarm %s of %s is raised", name, ids[i])
			}
		}
	}
	return ""
}
