package node

import (
	"fmt"
	"strings"
)

// Rule is a rule of protocol.md, or a guard, that can be switched off, to show what it is for (--without).
type Rule uint8

// Rules is a set of rules and guards that are switched off. The zero value switches nothing off; sets can be compared.
type Rules [2]uint64

// The rules that can be switched off.
const (
	// X1 off: the watermark of a Backup Ready is ignored.
	X1 Rule = iota
	// X2 off: ha-sync-method transfer waits calls out, as drain does.
	X2
	// X3 off: a call is identified by its call reference alone.
	X3
	// X4 off: a primary that loses its CTI link while calls are tagged does not answer.
	X4
	// X5 off: a new HA session does not mean Backup Ready again.
	X5
	// X6 off: naming a primary does not raise the epoch, and lower epochs are not ignored.
	X6
	// X7 off: an event does not wait until the backup has acknowledged what it shows.
	X7
	// X8 off: a client that changes over does not say what it saw last, and takes every event for a new one.
	X8
	// X13 off: the switch takes requests of any epoch, carries out a request as often as it comes, and says of no event whose request has caused it.
	X13
	rulesEnd
)

var ruleNames = []string{"X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X13"}

// ruleOff says what is done without each rule.
var ruleOff = []string{
	"the watermark of a Backup Ready is ignored",
	"ha-sync-method transfer waits calls out, as drain does",
	"a call is identified by its call reference alone",
	"a primary that loses its CTI link while calls are tagged does not answer",
	"a new HA session does not mean Backup Ready again",
	"naming a primary does not raise the epoch, and lower epochs are not ignored",
	"an event does not wait until the backup has acknowledged what it shows",
	"a client that changes over does not say what it saw last, and takes every event for a new one",
	"the switch takes requests of any epoch, carries out a request as often as it comes, and says of no event whose request has caused it",
}

// RuleNames returns the names of all rules and guards that can be switched off.
func RuleNames() (names []string) {
	for _, g := range Guards() {
		names = append(names, g.Name)
	}
	return names
}

// ParseRule reads the name of one rule or guard.
func ParseRule(s string) (Rule, error) {
	for _, g := range Guards() {
		if strings.EqualFold(g.Name, s) {
			return g.Is, nil
		}
	}
	return 0, fmt.Errorf("no rule %.40q can be switched off; %s can", s, strings.Join(RuleNames(), ", "))
}

// String returns the rule's name.
func (r Rule) String() string { return Off(r).String() }

// Off is the set of these rules.
func Off(rules ...Rule) (r Rules) {
	for _, rule := range rules {
		r[rule/64] |= 1 << (rule % 64)
	}
	return r
}

// Has reports whether the rule is switched off.
func (r Rules) Has(rule Rule) bool { return r[rule/64]>>(rule%64)&1 != 0 }

// With returns the set with those of another one.
func (r Rules) With(o Rules) Rules { return Rules{r[0] | o[0], r[1] | o[1]} }

// None reports whether nothing is switched off.
func (r Rules) None() bool { return r == Rules{} }

// String lists what is switched off, separated by commas.
func (r Rules) String() string {
	var names []string
	for _, g := range Guards() {
		if r.Has(g.Is) {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, ",")
}

// MarshalText implements encoding.TextMarshaler.
func (r Rules) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rules) UnmarshalText(b []byte) error {
	*r = Rules{}
	for _, s := range strings.FieldsFunc(string(b), func(c rune) bool { return c == ',' || c == ' ' }) {
		rule, err := ParseRule(s)
		if err != nil {
			return err
		}
		*r = r.With(Off(rule))
	}
	return nil
}
