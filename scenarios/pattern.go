package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// pattern is what a judgement looks for: a message, or a state.
type pattern struct {
	text string

	// A message.
	kind      wire.Kind // 0: it is a state
	from, to  wire.ID
	anyClient bool // from or to, whichever is None, is any client

	// A state.
	subject subject
	id      wire.ID // of a node
	link    [2]wire.ID
	call    string

	conds []cond
}

type subject uint8

const (
	ofNode subject = iota + 1
	ofLink
	ofPair
	ofCall
)

// cond compares one key with a value.
type cond struct {
	key, op, value string
}

func (p *pattern) message() bool { return p.kind != 0 }

var (
	messageKeys = []string{"num", "epoch", "reason", "role", "outcome", "node", "normal", "announced", "ready"}
	tserverKeys = []string{"activity", "sessions", "refused", "seats", "config", "configEpoch", "conflicts", "holder", "deactivated", "running", "inc", "role", "epoch", "cti", "sync", "announced", "ready", "tagged", "calls", "unnamed", "alarm", "raised", "alarms"}
	mlayerKeys  = []string{"running", "inc", "named", "epoch", "ready", "restarts", "alarm", "raised", "alarms"}
	switchKeys  = []string{"running", "inc", "calls", "alarm", "raised", "alarms"}
	clientKeys  = []string{"session", "running", "inc", "epoch", "acted", "ignored", "incomplete", "done", "not-done", "unknown", "alarm", "raised", "alarms"}
	pairKeys    = []string{"active", "clients", "sameConfig", "primary", "ready", "changed", "switchovers", "alarms"}
	callKeys    = []string{"up", "held", "same", "kept"}
	ops         = []string{"!=", ">=", "<=", "=", ">", "<"} // longer ones first
)

// parsePattern reads all remaining words.
func parsePattern(a *args) (pattern, error) {
	first, err := a.word("a pattern")
	if err != nil {
		return pattern{}, err
	}
	p := pattern{text: strings.Join(append([]string{first}, a.words...), " ")}
	var keys []string
	switch {
	case strings.Contains(first, "->"):
		err = p.parseMessage(a, first)
		keys = p.kind.Fields(messageKeys)
	case first == "pair":
		p.subject, keys = ofPair, pairKeys
	case first == "call":
		p.subject, keys = ofCall, callKeys
		p.call, err = a.word("a call's name")
	case strings.Contains(first, "-"):
		return p, p.parseLink(a, first)
	default:
		p.subject = ofNode
		p.id, err = a.parseNode(first)
		keys = nodeKeys(p.id)
	}
	if err != nil {
		return p, err
	}
	return p, p.parseConds(a, keys)
}

func nodeKeys(id wire.ID) []string {
	switch {
	case id.IsTServer():
		return tserverKeys
	case id == wire.MLayer:
		return mlayerKeys
	case id == wire.Switch:
		return switchKeys
	case id.IsClient():
		return clientKeys
	}
	return []string{"running"}
}

func (p *pattern) parseMessage(a *args, ends string) error {
	left, right, _ := strings.Cut(ends, "->")
	end := func(w string) (wire.ID, error) {
		if w == "C*" {
			p.anyClient = true
			return wire.None, nil
		}
		return a.parseNode(w)
	}
	var err error
	if p.from, err = end(left); err != nil {
		return err
	}
	if p.to, err = end(right); err != nil {
		return err
	}
	f, t := p.from, p.to
	if f == wire.None {
		f = wire.Client(1)
	}
	if t == wire.None {
		t = wire.Client(1)
	}
	if wire.LinkOf(f, t) == wire.NoLink {
		return fmt.Errorf("%s and %s have no link", left, right)
	}
	name, err := a.word("a message")
	if err != nil {
		return err
	}
	if p.kind, err = wire.ParseKind(name); err != nil || p.kind == 0 {
		return fmt.Errorf("unknown message %q%s", name, nearest(name, wire.Kinds()))
	}
	return p.kind.Check(f, t)
}

func (p *pattern) parseLink(a *args, ends string) error {
	ways, err := a.parseDirections(ends)
	if err != nil {
		return err
	}
	p.subject, p.link = ofLink, [2]wire.ID{ways[0].from, ways[0].to}
	state, err := a.word("up, down or half-open")
	if err == nil && !slices.Contains([]string{linkUp, linkDown, linkHalfOpen}, state) {
		err = fmt.Errorf("a link is up, down or half-open, not %q", state)
	}
	p.conds = []cond{{"state", "=", state}}
	return err
}

func (p *pattern) parseConds(a *args, keys []string) error {
	for _, w := range a.words {
		c := cond{key: w, op: "=", value: "true"}
		for _, op := range ops {
			if key, value, ok := strings.Cut(w, op); ok {
				c = cond{key, op, value}
				break
			}
		}
		if len(keys) == 0 {
			return fmt.Errorf("unknown key %q: %s is looked for without keys", c.key, p.kind)
		}
		if !slices.Contains(keys, c.key) {
			return fmt.Errorf("unknown key %q%s", c.key, nearest(c.key, keys))
		}
		if err := c.check(); err != nil {
			return err
		}
		p.conds = append(p.conds, c)
	}
	a.words = nil
	if len(p.conds) == 0 && !p.message() {
		return fmt.Errorf("a state is wanted: %s", strings.Join(keys, ", "))
	}
	return nil
}

// values lists what keys that are no numbers may be compared with.
var values = map[string][]string{
	"role": {"backup", "primary"}, "cti": {"down", "synchronizing", "synchronized"},
	"sync": {"idle", "awaiting", "answered", "tagging", "done"}, "reason": {"synchronized", "start-up", "link-down"},
	"outcome": {"taken", "handed-over", "not-handed-over"}, "named": {"A", "B", "none"}, "node": {"A", "B"},
	"primary": {"A", "B", "none", "both"}, "active": {"A", "B", "none", "both"}, "holder": {"A", "B", "none"}, "session": {"A", "B", "none"},
	"activity": {"inactive", "open", "active"}, "deactivated": booleans, "sameConfig": booleans, "running": booleans, "announced": booleans, "normal": booleans, "ready": {"true", "false", "1", "0"},
	"up": booleans, "same": booleans, "kept": booleans, "alarm": node.AlarmNames(), "raised": node.AlarmNames(),
}

var booleans = []string{"true", "false"}

func (c *cond) check() error {
	allowed, ok := values[c.key]
	if !ok {
		if _, err := strconv.ParseUint(c.value, 10, 64); err != nil {
			return fmt.Errorf("%s is a whole number from 0, not %q", c.key, c.value)
		}
		return nil
	}
	if !slices.Contains(allowed, c.value) {
		return fmt.Errorf("%s is %s, not %q", c.key, strings.Join(allowed, ", "), c.value)
	}
	if c.op != "=" && c.op != "!=" {
		return errors.New(c.key + " is compared with = or != only")
	}
	switch {
	case c.key == "ready" && c.value == "1":
		c.value = "true"
	case c.key == "ready" && c.value == "0":
		c.value = "false"
	}
	return nil
}

// holds compares what is with what is wanted.
func (c *cond) holds(is string) bool {
	if c.key == "alarm" || c.key == "raised" { // of several
		return slices.Contains(strings.Split(is, ","), c.value) == (c.op == "=")
	}
	switch c.op {
	case "=":
		return is == c.value
	case "!=":
		return is != c.value
	}
	x, err := strconv.ParseUint(is, 10, 64)
	y, err2 := strconv.ParseUint(c.value, 10, 64)
	if err != nil || err2 != nil {
		return false
	}
	switch c.op {
	case ">=":
		return x >= y
	case "<=":
		return x <= y
	case ">":
		return x > y
	}
	return x < y
}

// matches reports whether the record is the sending of the message that is looked for.
func (p *pattern) matches(r *trace.Record) bool {
	if !p.message() || r.Kind != trace.Sent || r.Msg.Kind != p.kind {
		return false
	}
	end := func(want, is wire.ID) bool { return want == is || (want == wire.None && p.anyClient && is.IsClient()) }
	if !end(p.from, r.Node) || !end(p.to, r.Peer) {
		return false
	}
	for i := range p.conds {
		if c := &p.conds[i]; !c.holds(messageValue(r.Msg, c.key)) {
			return false
		}
	}
	return true
}

func messageValue(m *wire.Message, key string) string {
	switch key {
	case "num":
		return strconv.FormatUint(m.Num, 10)
	case "epoch":
		return strconv.FormatUint(m.Epoch, 10)
	case "reason":
		return m.Reason.String()
	case "role":
		return m.Role.String()
	case "outcome":
		return m.Outcome.String()
	case "node":
		return m.Node.String()
	case "normal":
		return strconv.FormatBool(m.Normal)
	case "announced":
		return strconv.FormatBool(m.Announced)
	case "ready":
		return strconv.FormatBool(m.Ready)
	}
	panic("scenarios: no message has a value " + key)
}
