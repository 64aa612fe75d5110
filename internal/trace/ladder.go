package trace

import (
	"fmt"
	"slices"
	"strings"

	"hotpair/internal/wire"
)

// Ladder is the sequence chart of a run: the pair's named messages as they were sent, and what the world applied. It holds nothing
// that depends on time or load. The zero value is empty; it is a Sink.
type Ladder struct {
	steps []ladderStep
	// NoClients leaves out what T-Servers tell clients: under peer arbitration it is a matter of chance who of them comes first.
	NoClients bool

	closed bool // the script is over: what heals afterwards is not part of the ladder
}

type ladderStep struct {
	from, to wire.ID // None: the world's
	text     string
}

// Record implements Sink.
func (l *Ladder) Record(r *Record) {
	l.closed = l.closed || r.Kind == Applied && r.Node == wire.World && r.Text == "converge"
	switch {
	case l.closed:
	case l.NoClients && r.Peer.IsClient():
	case r.Kind == Sent && r.Msg.Kind.IsLadder():
		l.steps = append(l.steps, ladderStep{r.Node, r.Peer, label(r.Msg)})
	case r.Kind == Applied:
		if text := appliedText(r); text != "" {
			l.steps = append(l.steps, ladderStep{text: text})
		}
	}
}

func appliedText(r *Record) string {
	switch {
	case r.Peer != wire.None:
		return fmt.Sprintf("%s %s->%s", r.Text, r.Node, r.Peer)
	case !strings.HasPrefix(r.Text, "do "):
		return r.Text + " " + r.Node.String()
	}
	command := strings.TrimPrefix(r.Text, "do ")
	switch verb, _, _ := strings.Cut(command, " "); verb {
	case "load", "load-stop", "call", "answer", "release", "release-all", "agent", "register":
		return "" // call traffic
	case "activate", "deactivate", "login", "logout", "switchback", "kick":
		return command + " " + r.Node.String()
	case "config-set":
		return "" // the messages tell, and values may be secret
	}
	return command
}

// label names a message with what distinguishes it.
func label(m *wire.Message) string {
	var b strings.Builder
	b.WriteString(m.Kind.String())
	switch m.Kind {
	case wire.BackupReady:
		fmt.Fprintf(&b, " num=%d", m.Num)
	case wire.FullSyncDone:
		fmt.Fprintf(&b, " num=%d reason=%s", m.Num, m.Reason)
	case wire.Appoint:
		fmt.Fprintf(&b, " epoch=%d primary=%s", m.Epoch, m.Node)
		if m.Normal {
			b.WriteString(" normal")
		}
	case wire.RoleTaken:
		fmt.Fprintf(&b, " epoch=%d role=%s %s", m.Epoch, m.Role, m.Outcome)
	case wire.PeerHandshake:
		state := "inactive"
		if m.Role == wire.Primary {
			state = "active"
		}
		fmt.Fprintf(&b, " %s own=%d", state, m.Num)
		if m.Deactivated {
			b.WriteString(" deactivated")
		}
	case wire.PeerDeactivated:
		fmt.Fprintf(&b, " %t", m.Deactivated)
	case wire.ActivateRequest, wire.ActivateWithdrawn, wire.ClientReport:
		fmt.Fprintf(&b, " num=%d", m.Num)
	case wire.HandOver:
		fmt.Fprintf(&b, " %s", m.Text)
	case wire.PeerFailed:
		fmt.Fprintf(&b, " failed=%s", m.Node)
	}
	return b.String()
}

// column is the width of a node's column.
const column = 8

// String draws the ladder: a column per node, an arrow per message, and beside it who sent what to whom.
func (l *Ladder) String() string {
	ids := l.nodes()
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, "%-*s", column, id)
	}
	head := strings.TrimRight(b.String(), " ")
	b.Reset()
	b.WriteString(head + "\n")
	for _, s := range l.steps {
		b.WriteString(s.lane(ids))
		b.WriteString("  " + s.line() + "\n")
	}
	return b.String()
}

func (s *ladderStep) line() string {
	if s.from == wire.None {
		return "* " + s.text
	}
	return fmt.Sprintf("%s->%s %s", s.from, s.to, s.text)
}

// lane draws the lifelines, and the arrow between two of them.
func (s *ladderStep) lane(ids []wire.ID) string {
	from, to := slices.Index(ids, s.from), slices.Index(ids, s.to)
	left, right := min(from, to), max(from, to)
	row := []byte(strings.Repeat(" ", max(column*(len(ids)-1)+1, 0)))
	for i := range ids {
		row[i*column] = '|'
	}
	if s.from == wire.None {
		return string(row)
	}
	for i := left*column + 1; i < right*column; i++ {
		row[i] = '-'
	}
	if from < to {
		row[right*column-1] = '>'
	} else {
		row[left*column+1] = '<'
	}
	return string(row)
}

// nodes lists who sends or receives, clients first, then M, A, B and the rest.
func (l *Ladder) nodes() []wire.ID {
	var ids []wire.ID
	for _, s := range l.steps {
		for _, id := range []wire.ID{s.from, s.to} {
			if id != wire.None && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	rank := func(id wire.ID) int {
		switch {
		case id.IsClient():
			return int(id) - 2*int(wire.MaxID)
		case id == wire.MLayer:
			return -1
		}
		return int(id)
	}
	slices.SortFunc(ids, func(a, b wire.ID) int { return rank(a) - rank(b) })
	return ids
}

// Links returns, per direction of a link, the messages in their order, and under "world" what the world applied.
func (l *Ladder) Links() map[string][]string { return ParseLadder(l.String()) }

// ParseLadder reads a drawn ladder back into what Links returns. Lines that it cannot read are kept under "unreadable".
func ParseLadder(text string) map[string][]string {
	links := map[string][]string{}
	for i, line := range strings.Split(text, "\n") {
		at := strings.LastIndex(line, "  ")
		switch {
		case strings.TrimSpace(line) == "" || i == 0:
			continue
		case at < 0:
			links["unreadable"] = append(links["unreadable"], line)
			continue
		}
		words := strings.TrimSpace(line[at:])
		if act, ok := strings.CutPrefix(words, "* "); ok {
			links["world"] = append(links["world"], act)
			continue
		}
		ends, what, _ := strings.Cut(words, " ")
		links[ends] = append(links[ends], what)
	}
	return links
}
