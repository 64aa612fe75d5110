package parties

import (
	"hotpair/callmodel"
	"hotpair/internal/canon"
	"hotpair/internal/wire"
)

// MaxParties is the greatest number of parties of a call.
const MaxParties = 8

// Places is where the places begin that the switch's events do not take: no event of the switch causes as many for clients.
const Places = 16

// Party is a DN in a call.
type Party struct {
	DN     callmodel.DN
	Line   int32 // for the table's owner; it is no state
	State  callmodel.PartyState
	Role   callmodel.PartyRole
	Silent bool
}

// Call is the parties of a call. The zero value is no call. Nearly all calls are plain: what is rare hangs on a pointer.
type Call struct {
	Type callmodel.CallType
	n    uint8 // of two that are parties
	two  [2]Party
	rare *rare
}

// rare is what a plain call does not have.
type rare struct {
	main  callmodel.CallID // of a consult call: the one that it is about
	queue callmodel.DN     // the queue or routing point through which the call came last
	more  []Party
}

// Len returns the number of parties, 0 if there is no call.
func (c *Call) Len() int {
	if c.rare == nil {
		return int(c.n)
	}
	return int(c.n) + len(c.rare.more)
}

// At returns a party, in the order in which they came.
func (c *Call) At(i int) *Party {
	if i < int(c.n) {
		return &c.two[i]
	}
	return &c.rare.more[i-int(c.n)]
}

// Main returns the call that a consult call is about.
func (c *Call) Main() callmodel.CallID {
	if c.rare == nil {
		return callmodel.CallID{}
	}
	return c.rare.main
}

// Queue returns the queue or routing point through which the call came last.
func (c *Call) Queue() callmodel.DN {
	if c.rare == nil {
		return ""
	}
	return c.rare.queue
}

func (c *Call) extra() *rare {
	if c.rare == nil {
		c.rare = &rare{}
	}
	return c.rare
}

// Find returns the index of a DN's party, -1 if it has none.
func (c *Call) Find(dn callmodel.DN) int {
	for i := range c.Len() {
		if c.At(i).DN == dn {
			return i
		}
	}
	return -1
}

// Other returns the DN and role of the first party that is not i.
func (c *Call) Other(i int) (callmodel.DN, callmodel.PartyRole) {
	for k := range c.Len() {
		if k != i {
			return c.At(k).DN, c.At(k).Role
		}
	}
	return "", 0
}

// Waiting returns the index of the first party at which the call rings, waits or is routed; -1 if there is none.
func (c *Call) Waiting() int {
	for i := range c.Len() {
		if p := c.At(i); p.State == callmodel.PartyRinging || p.State == callmodel.PartyQueued || p.State == callmodel.PartyRouting {
			return i
		}
	}
	return -1
}

// Connected returns how many parties talk, those that have put the call on hold included.
func (c *Call) Connected() (n int) {
	for i := range c.Len() {
		if s := c.At(i).State; s == callmodel.PartyEstablished || s == callmodel.PartyHeld {
			n++
		}
	}
	return n
}

// Plain reports whether the call has two parties that ring or talk, and is no consultation: its state as a whole says it all.
func (c *Call) Plain() (state callmodel.CallState, plain bool) {
	if c.Len() != 2 || c.n != 2 || c.rare != nil {
		return 0, false
	}
	a, b := &c.two[0], &c.two[1]
	switch {
	case a.Role != callmodel.RoleOrigination || b.Role != callmodel.RoleDestination || a.Silent != (c.Type == callmodel.CallInbound) ||
		b.Silent != (c.Type == callmodel.CallOutbound):
		return 0, false
	case a.State == callmodel.PartyDialing && b.State == callmodel.PartyRinging:
		return callmodel.CallRinging, true
	case a.State == callmodel.PartyEstablished && b.State == callmodel.PartyEstablished:
		return callmodel.CallEstablished, true
	}
	return 0, false
}

// State returns the state of the call as a whole: established once anybody but the one who made it has answered.
func (c *Call) State() callmodel.CallState {
	if c.Connected() > 0 {
		return callmodel.CallEstablished
	}
	return callmodel.CallRinging
}

// MakePlain makes a plain call in a state.
func MakePlain(typ callmodel.CallType, from, to callmodel.DN, state callmodel.CallState) Call {
	c := Call{Type: typ, n: 2}
	c.two[0] = Party{DN: from, State: callmodel.PartyDialing, Role: callmodel.RoleOrigination, Silent: typ == callmodel.CallInbound}
	c.two[1] = Party{DN: to, State: callmodel.PartyRinging, Role: callmodel.RoleDestination, Silent: typ == callmodel.CallOutbound}
	if state == callmodel.CallEstablished {
		c.two[0].State, c.two[1].State = callmodel.PartyEstablished, callmodel.PartyEstablished
	}
	return c
}

// add appends a party. The array of two is filled first, so that a call that has become one of two again allocates nothing more.
func (c *Call) add(p Party) {
	if c.rare == nil || len(c.rare.more) == 0 {
		if int(c.n) < len(c.two) {
			c.two[c.n] = p
			c.n++
			return
		}
	}
	r := c.extra()
	r.more = append(r.more, p)
}

func (c *Call) remove(i int) {
	for ; i+1 < c.Len(); i++ {
		*c.At(i) = *c.At(i + 1)
	}
	if c.rare != nil && len(c.rare.more) > 0 {
		c.rare.more = c.rare.more[:len(c.rare.more)-1]
		return
	}
	c.n--
	c.two[c.n] = Party{}
}

// Equal reports whether two calls have the same parties in the same states.
func (c *Call) Equal(d *Call) bool {
	if c.Type != d.Type || c.Len() != d.Len() || c.Main() != d.Main() {
		return false
	}
	for i := range c.Len() {
		p, q := *c.At(i), *d.At(i)
		p.Line, q.Line = 0, 0
		if p != q {
			return false
		}
	}
	return true
}

// Table is calls by call reference.
type Table struct {
	calls []Call
	what  Happening // being told; here, so that nothing is allocated
}

// At returns the call of a reference; nil if there is none.
func (t *Table) At(ref uint32) *Call {
	if int(ref) >= len(t.calls) || t.calls[ref].n == 0 {
		return nil
	}
	return &t.calls[ref]
}

// Set puts a call at a reference.
func (t *Table) Set(ref uint32, c *Call) { *t.room(ref) = *c }

// room makes room for a reference.
func (t *Table) room(ref uint32) *Call {
	if int(ref) >= len(t.calls) {
		grown := make([]Call, callmodel.Grown(len(t.calls), ref))
		copy(grown, t.calls)
		t.calls = grown
	}
	return &t.calls[ref]
}

// Clear forgets the call of a reference.
func (t *Table) Clear(ref uint32) {
	if int(ref) < len(t.calls) {
		t.calls[ref] = Call{}
	}
}

// Snapshot appends the messages of a snapshot that tell of a call.
func (c *Call) Snapshot(list []wire.Message, id callmodel.CallID) []wire.Message {
	m := wire.Message{Kind: wire.SnapshotCall, Call: id, CallType: c.Type, CallState: c.State(), ThisDN: c.At(0).DN, OtherCall: c.Main()}
	m.OtherDN, _ = c.Other(0)
	list = append(list, m)
	if _, plain := c.Plain(); plain {
		return list
	}
	for i := range c.Len() {
		p := c.At(i)
		m := wire.Message{Kind: wire.SnapshotParty, Call: id, ThisDN: p.DN, PartyState: p.State, ThisRole: p.Role, Queue: c.Queue()}
		if p.Silent {
			m.DNType = callmodel.DNTrunk
		}
		list = append(list, m)
	}
	return list
}

// Read takes up a SnapshotCall or a SnapshotParty that follows it; false if it makes no sense.
func (c *Call) Read(m *wire.Message) bool {
	if m.Kind == wire.SnapshotCall {
		*c = MakePlain(m.CallType, m.ThisDN, m.OtherDN, m.CallState)
		if m.OtherCall != (callmodel.CallID{}) {
			c.extra().main = m.OtherCall
		}
		return true
	}
	if c.Find(m.ThisDN) >= 0 || c.Len() == MaxParties {
		return false
	}
	if m.Queue != "" {
		c.extra().queue = m.Queue
	}
	c.add(Party{DN: m.ThisDN, State: m.PartyState, Role: m.ThisRole, Silent: m.DNType == callmodel.DNTrunk})
	return true
}

// Bare is the call without its parties, which are to be read one by one.
func (c *Call) Bare() {
	r := c.rare
	*c = Call{Type: c.Type, rare: r}
}

// Append writes a call in canonical form.
func (c *Call) Append(b []byte) []byte {
	b = canon.Uint(b, c.Type)
	b = canon.Uint(b, c.Len())
	for i := range c.Len() {
		p := c.At(i)
		b = canon.String(b, p.DN)
		b = canon.Uint(b, p.State)
		b = canon.Uint(b, p.Role)
		b = canon.Bool(b, p.Silent)
	}
	main := c.Main()
	b = canon.Uint(b, main.Ref)
	b = canon.Uint(b, main.Born)
	return canon.String(b, c.Queue())
}

// Restore reads what Append has written.
func Restore(r *canon.Reader) Call {
	c := Call{Type: canon.Read[callmodel.CallType](r)}
	for n := canon.Read[int](r); n > 0 && r.Good(); n-- {
		c.add(Party{
			DN: callmodel.DN(r.String()), State: canon.Read[callmodel.PartyState](r), Role: canon.Read[callmodel.PartyRole](r), Silent: r.Bool(),
		})
	}
	main := callmodel.CallID{Ref: canon.Read[uint32](r), Born: canon.Read[uint64](r)}
	queue := callmodel.DN(r.String())
	if main != (callmodel.CallID{}) || queue != "" {
		c.extra().main, c.extra().queue = main, queue
	}
	return c
}
