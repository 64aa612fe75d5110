package access

import (
	"strings"

	"hotpair/internal/wire"
)

// Command is a command of operators: a verb, and a node that carries it out. The table of them is what operators may say, what nodes listen to, and
// what the description of the interface tells.
type Command struct {
	Node wire.ID
	Verb string
	// Changes something: it stands in the audit log, and what cannot be written down there is not done.
	Changes bool
	// Args are the arguments, as KEY or KEY=VALUE|VALUE, and Help says what it does.
	Args []string
	Help string
}

// Commands are all commands. Each node answers those of its own only.
var Commands = []Command{
	{wire.Switch, StatusVerb, false, nil, "its state"},
	{wire.A, StatusVerb, false, nil, "its state"},
	{wire.B, StatusVerb, false, nil, "its state"},
	{wire.MLayer, StatusVerb, false, nil, "its state"},
	{wire.A, "calls", false, []string{"limit=1..1000"}, "the tagged calls, which are in the way of readiness (X10)"},
	{wire.B, "calls", false, []string{"limit=1..1000"}, "the tagged calls, which are in the way of readiness (X10)"},
	{wire.A, "kick", true, []string{"client"}, "ends a client's session"},
	{wire.B, "kick", true, []string{"client"}, "ends a client's session"},
	{wire.A, "activate", true, confirmed, "makes the server the active one (P10)"},
	{wire.B, "activate", true, confirmed, "makes the server the active one (P10)"},
	{wire.A, "deactivate", true, confirmed, "keeps the server inactive until it is activated there (P10)"},
	{wire.B, "deactivate", true, confirmed, "keeps the server inactive until it is activated there (P10)"},
	{wire.A, "switchback", true, append([]string{"force=true"}, confirmed...), "gives the activity back to the primary, if it is fit (P10)"},
	{wire.A, "clients", false, nil, "the clients that have a session"},
	{wire.B, "clients", false, nil, "the clients that have a session"},
	{wire.A, "licences", false, nil, "what is licensed, and how much of it is in use (P2)"},
	{wire.B, "licences", false, nil, "what is licensed, and how much of it is in use (P2)"},
	{wire.A, "config-list", false, nil, "the shared configuration (P3)"},
	{wire.B, "config-list", false, nil, "the shared configuration (P3)"},
	{wire.A, "config-conflicts", false, nil, "changes that did not win when the two servers met (P3)"},
	{wire.B, "config-conflicts", false, nil, "changes that did not win when the two servers met (P3)"},
	{wire.A, "config-set", true, []string{"object", "value", "reason"}, "changes an object of the shared configuration (P3)"},
	{wire.B, "config-set", true, []string{"object", "value", "reason"}, "changes an object of the shared configuration (P3)"},
	{wire.MLayer, "switchover", true, []string{"force=true"}, "makes the other T-Server primary (R14, X10)"},
	{wire.MLayer, "kick", true, []string{"node=A|B"}, "has the connection of a T-Server closed"},
}

// confirmed are the arguments by which the audit log knows why something was done, and which state whoever did it had before them.
var confirmed = []string{"reason", "confirmed"}

// StatusVerb asks a node, of any kind, for its state.
const StatusVerb = "status"

// CommandsOf returns the commands that a node carries out.
func CommandsOf(id wire.ID) []Command {
	var list []Command
	for _, c := range Commands {
		if c.Node == id {
			list = append(list, c)
		}
	}
	return list
}

// FindCommand returns a node's command of a verb.
func FindCommand(id wire.ID, verb string) (Command, bool) {
	for _, c := range Commands {
		if c.Node == id && c.Verb == verb {
			return c, true
		}
	}
	return Command{}, false
}

// audits reports whether a node writes down what operators did.
func audits(id wire.ID) bool {
	for _, c := range Commands {
		if c.Node == id && c.Changes {
			return true
		}
	}
	return false
}

// ParseCommandSubject is the inverse of CommandSubject for a node's own commands.
func ParseCommandSubject(pair string, id wire.ID, subject string) (operator, verb string, ok bool) {
	rest, ok := strings.CutPrefix(subject, "hotpair."+pair+".operator.")
	if !ok {
		return "", "", false
	}
	part := strings.Split(rest, ".")
	if len(part) != 3 || part[1] != id.String() || CheckName(part[0]) != nil {
		return "", "", false
	}
	return part[0], part[2], true
}

// MayAnswer reports whether a node of a pair may answer there: operators and the admin have inboxes of their own, and nobody else asks.
func MayAnswer(pair, reply string) bool {
	return strings.HasPrefix(reply, Inbox(pair, "operator-")) || strings.HasPrefix(reply, Inbox(pair, Admin)+".")
}
