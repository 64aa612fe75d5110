// Package operator holds what operators and nodes say to each other, as it stands in the payloads (JSON), and the entries of the audit log.
//
// It must not know how it is carried, nor do anything.
package operator

import (
	"encoding/json"
	"fmt"
	"time"

	"hotpair/internal/wire"
)

// MaxRequest is the greatest request that a node reads, in bytes.
const MaxRequest = 64 << 10

// Request is a command: the verb, the operator's name and the node stand in its subject.
type Request struct {
	Args map[string]string `json:"args,omitempty"`
}

// Outcome says what became of a command.
type Outcome string

// The outcomes. Asked stands in the audit log only, before the command is carried out: where no other entry of the same ID follows, the node died.
const (
	Asked   Outcome = "asked"
	Done    Outcome = "done"
	Refused Outcome = "refused"
)

// Answer is what a node says to a command.
type Answer struct {
	Outcome Outcome `json:"outcome"`
	// Text says why a command is refused, or anything that one should know beside its being done.
	Text string `json:"text,omitempty"`
	// Data is what was asked for.
	Data json.RawMessage `json:"data,omitempty"`
}

// Entry is an entry of the audit log.
type Entry struct {
	// ID is the same in the entries of one command.
	ID string `json:"id"`
	// Time is the wall clock's of the node that carries it out.
	Time     time.Time         `json:"time"`
	Operator string            `json:"operator"`
	Node     wire.ID           `json:"node"`
	Inc      uint64            `json:"inc"`
	Verb     string            `json:"verb"`
	Args     map[string]string `json:"args,omitempty"`
	Outcome  Outcome           `json:"outcome"`
	Text     string            `json:"text,omitempty"`
}

// Calls is what the command calls answers.
type Calls struct {
	// Held is how many calls the T-Server holds, Tagged how many of them are in the way of readiness (X10).
	Held   int    `json:"held"`
	Tagged int    `json:"tagged"`
	Calls  []Call `json:"calls,omitempty"`
}

// Call is a call in the way.
type Call struct {
	// Call is REF@BORN: the switch's call reference, and the number of the event that created it (X3).
	Call   string `json:"call"`
	ConnID string `json:"connId,omitempty"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	State  string `json:"state,omitempty"`
}

// Command is one command, put together from the entries of the log.
type Command struct {
	Entry
	// Ended is when the outcome was written; zero if there is none.
	Ended time.Time `json:"ended,omitzero"`
}

// Merge puts the entries of each command together, in the order of their beginnings.
func Merge(entries []Entry) []Command {
	var list []Command
	at := map[string]int{}
	for _, e := range entries {
		i, known := at[e.ID]
		switch {
		case !known:
			at[e.ID] = len(list)
			list = append(list, Command{Entry: e})
			if e.Outcome != Asked {
				list[len(list)-1].Ended = e.Time
			}
		case e.Outcome != Asked:
			list[i].Outcome, list[i].Text, list[i].Ended = e.Outcome, e.Text, e.Time
		}
	}
	for i := range list {
		if list[i].Outcome == Asked {
			list[i].Text = fmt.Sprintf("no outcome: %s, incarnation %d, has ended in between, or is still at it", list[i].Node, list[i].Inc)
		}
	}
	return list
}

// Clients answers the command clients, under peer arbitration.
type Clients struct {
	// Activity is what the server does for clients: inactive, open or active.
	Activity string   `json:"activity"`
	Clients  []string `json:"clients"`
}

// Licences answers the command licences (P2).
type Licences struct {
	// Licensed: there is a licence; otherwise there is no limit.
	Licensed bool     `json:"licensed"`
	Seats    uint64   `json:"seats"`
	InUse    uint64   `json:"inUse"`
	Features []string `json:"features,omitempty"`
	// GraceUsed is which part of licence-grace has passed since the primary was lost, 0 to 1.
	GraceUsed float64 `json:"graceUsed"`
	// Refuses is why a new login would be refused now, "" if it would not.
	Refuses string `json:"refuses,omitempty"`
}
