package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Follower is an outside subscriber: it hears what T-Servers send a client, knows docs/nats.md, and follows the rules that stand there for clients. It
// reads payloads by itself and shares no code with the nodes. It may be used by several goroutines.
type Follower struct {
	now func() time.Duration
	sub *nats.Subscription

	mu    sync.Mutex
	top   map[string]Event // by T-Server: its event with the greatest number
	watch *Watch
	epoch uint64
	at    Number // of the event that was seen last
	begun bool
	from  string // the T-Server whose EventResumed is awaited

	keep    bool
	events  []Event
	last    Event
	count   uint64
	ids     map[call]name
	renames []Rename
	gaps    []Gap
	tally   Tally
}

// Number is an event's number (s, k).
type Number struct {
	Seq uint64
	Sub uint32
}

func (n Number) after(m Number) bool { return n.Seq > m.Seq || n.Seq == m.Seq && n.Sub > m.Sub }

// Event is an event of a call, and when it arrived.
type Event struct {
	Number
	At   time.Duration // on the run clock
	From string        // the T-Server
	Kind string
	// Epoch is the sender's.
	Epoch uint64
}

// Gap is what a primary, in its epoch, could not tell any more (X8), and said so: the events behind a number, up to another one.
type Gap struct {
	Behind, UpTo Number
	Epoch        uint64
}

// Rename says that a call has another ConnID in one epoch than it had in an earlier one.
type Rename struct{ Before, After uint64 }

// name is what a call was called last, and when.
type name struct {
	connID string
	epoch  uint64
}

// Tally counts what a follower met.
type Tally struct {
	Repeated   int // told again, and ignored because of their numbers, as documented
	OldEpoch   int // ignored because of their epoch
	Resumed    int // times that a primary told what was missed
	Incomplete int // of them, times that it did not know all of it
	Unreadable int // payloads
}

type call struct {
	Ref  uint32 `json:"ref"`
	Born uint64 `json:"born"`
}

// payload is what a follower reads of a packet.
type payload struct {
	Pkt string `json:"pkt"`
	Msg *struct {
		Kind     string `json:"kind"`
		Epoch    uint64 `json:"epoch"`
		Seq      uint64 `json:"seq"`
		Sub      uint32 `json:"sub"`
		Call     call   `json:"call"`
		ConnID   string `json:"connId"`
		Role     string `json:"role"`
		Complete bool   `json:"complete"`
	} `json:"msg"`
}

// Follow subscribes to what a pair's T-Servers send a client. now stamps what arrives; keep keeps all events, not only the last ones.
func Follow(nc *nats.Conn, pair, client string, keep bool, now func() time.Duration) (*Follower, error) {
	f := &Follower{now: now, keep: keep, top: map[string]Event{}, ids: map[call]name{}}
	var err error
	if f.sub, err = nc.Subscribe(fmt.Sprintf("hotpair.%s.client.*.%s", pair, client), f.hear); err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	if err := f.sub.SetPendingLimits(-1, -1); err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	return f, nc.Flush()
}

// hear takes a payload.
func (f *Follower) hear(m *nats.Msg) {
	at := f.now()
	var p payload
	err := json.Unmarshal(m.Data, &p)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.tally.Unreadable++
		return
	}
	if p.Pkt != "data" || p.Msg == nil {
		return
	}
	if p.Msg.Epoch < f.epoch {
		f.tally.OldEpoch++
		return
	}
	f.epoch = p.Msg.Epoch
	f.take(strings.Split(m.Subject, ".")[3], &p, at)
}

// take follows rules 5 and 6 of docs/nats.md, Being a client.
func (f *Follower) take(from string, p *payload, at time.Duration) {
	m := p.Msg
	number := Number{m.Seq, m.Sub}
	switch m.Kind {
	case "EventServerInfo", "EventLinkConnected":
		switch {
		case !f.begun && m.Seq > 0:
			f.begun, f.at = true, number
		case f.begun && m.Kind == "EventServerInfo" && m.Role == "primary":
			f.from = from // the client asks it for what it missed
		}
	case "EventResumed":
		if f.from != from {
			return
		}
		f.from = ""
		f.tally.Resumed++
		if !m.Complete {
			f.tally.Incomplete++
			f.gaps = append(f.gaps, Gap{f.at, number, m.Epoch})
			f.at = number
		}
	case "EventPartyInfo":
		f.called(m.Call, m.ConnID)
	case "EventDialing", "EventRinging", "EventEstablished", "EventReleased", "EventAbandoned":
		f.arrived(Event{Number: number, At: at, From: from, Kind: m.Kind, Epoch: m.Epoch})
		switch {
		case f.from == from:
		case !f.begun || !number.after(f.at):
			f.tally.Repeated++
		default:
			f.called(m.Call, m.ConnID)
			f.news(Event{Number: number, At: at, From: from, Kind: m.Kind, Epoch: m.Epoch})
		}
	}
}

// called checks that a call is called what it was.
func (f *Follower) called(c call, connID string) {
	if was, known := f.ids[c]; known && was.connID != connID {
		f.renames = append(f.renames, Rename{was.epoch, f.epoch})
	}
	if f.keep {
		f.ids[c] = name{connID, f.epoch}
	}
}

// Renames returns the calls whose ConnID changed, one by one.
func (f *Follower) Renames() []Rename {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.renames
}

// Gaps returns what could not be told.
func (f *Follower) Gaps() []Gap {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gaps
}

// news is an event that the client acts on.
func (f *Follower) news(e Event) {
	f.at, f.last = e.Number, e
	f.count++
	if f.keep {
		f.events = append(f.events, e)
	}
	if w := f.watch; w != nil && e.From == w.tserver {
		f.watch = nil
		w.acted <- e
	}
}

// arrived: whatever the client does with it, an event has come.
func (f *Follower) arrived(e Event) {
	if e.after(f.top[e.From].Number) {
		f.top[e.From] = e
	}
	if w := f.watch; w != nil && e.From == w.tserver && !w.came && e.after(f.top[w.old].Number) {
		w.came = true
		w.first <- e
	}
}

// Watch waits for the first new event of a T-Server, whose number is beyond whatever the other one has published.
type Watch struct {
	old, tserver string
	came         bool
	first, acted chan Event
}

// Watch begins to watch for the T-Server that succeeds another one.
func (f *Follower) Watch(old, tserver string) *Watch {
	w := &Watch{old: old, tserver: tserver, first: make(chan Event, 1), acted: make(chan Event, 1)}
	f.mu.Lock()
	f.watch = w
	f.mu.Unlock()
	return w
}

// Wait returns the first new event that arrived, and the first that the client acts on: behind what it has missed.
func (w *Watch) Wait(within time.Duration) (first, acted Event, err error) {
	alarm := time.NewTimer(within)
	defer alarm.Stop()
	for range 2 {
		select {
		case e := <-w.first:
			first = e
		case e := <-w.acted:
			acted = e
		case <-alarm.C:
			return first, acted, fmt.Errorf("no new event of %s within %s of the end of %s", w.tserver, within, w.old)
		}
	}
	return first, acted, nil
}

// Count returns how many events were seen, and the last of them.
func (f *Follower) Count() (uint64, Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count, f.last
}

// LastOf returns the event of a T-Server that has the greatest number.
func (f *Follower) LastOf(tserver string) Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.top[tserver]
}

// Events returns what was kept.
func (f *Follower) Events() []Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.events
}

// Counts returns what was met.
func (f *Follower) Counts() Tally {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tally
}
