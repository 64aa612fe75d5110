package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// transcript is what clients act on, a line an event, and what becomes of their requests: the file events.txt of a scenario. ConnIDs are numbered by their
// first appearance, and event numbers are left out, so that it is the same whichever T-Server is primary.
type transcript struct {
	heard map[wire.ID]wire.Message // the last message that each client received
	names map[callmodel.ConnID]string
	lines map[wire.ID][]string // by client
}

func (t *transcript) record(r *trace.Record) {
	if !r.Node.IsClient() {
		return
	}
	if t.heard == nil { // a client may say something before it has heard anything: that its request was not sent, for want of a primary
		t.heard, t.names, t.lines = map[wire.ID]wire.Message{}, map[callmodel.ConnID]string{}, map[wire.ID][]string{}
	}
	switch {
	case r.Kind == trace.Received:
		t.heard[r.Node] = *r.Msg
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteActed:
		if m := t.heard[r.Node]; m.Kind.String() == r.Note.Text {
			t.lines[r.Node] = append(t.lines[r.Node], t.line(&m))
		}
	case r.Kind == trace.Noted && r.Note.Kind == node.NoteAnswered && r.Note.Text != "done":
		t.lines[r.Node] = append(t.lines[r.Node], "request "+r.Note.Text)
	}
}

// name returns the number of a ConnID.
func (t *transcript) name(id callmodel.ConnID) string {
	n, ok := t.names[id]
	if !ok {
		n = "#" + strconv.Itoa(len(t.names)+1)
		t.names[id] = n
	}
	return n
}

// line is an event: the DN, its name, and its attributes.
func (t *transcript) line(m *wire.Message) string {
	words := []string{fmt.Sprintf("%-5s %s", m.ThisDN, m.Kind)}
	add := func(key string, value fmt.Stringer, is bool) {
		if is {
			words = append(words, key+"="+value.String())
		}
	}
	if m.ConnID != 0 {
		words = append(words, t.name(m.ConnID))
	}
	add("type", m.CallType, m.CallType != 0)
	for _, dn := range [...]struct {
		key string
		dn  callmodel.DN
	}{{"other", m.OtherDN}, {"third", m.ThirdDN}, {"queue", m.Queue}} {
		if dn.dn != "" {
			words = append(words, dn.key+"="+string(dn.dn))
		}
	}
	add("role", m.ThisRole, m.ThisRole != 0)
	add("other-role", m.OtherRole, m.OtherRole != 0)
	add("cause", m.Cause, m.Cause != 0)
	if m.PreviousConnID != 0 {
		words = append(words, "previous="+t.name(m.PreviousConnID))
	}
	if m.TransferConnID != 0 {
		words = append(words, "consult="+t.name(m.TransferConnID))
	}
	add("agent", m.Agent, m.Agent != 0)
	add("mode", m.WorkMode, m.WorkMode != 0)
	if m.Text != "" {
		words = append(words, "id="+m.Text)
	}
	if m.Data != "" {
		words = append(words, "data="+strings.ReplaceAll(m.Data.String(), " ", ","))
	}
	if m.RefID != 0 {
		words = append(words, "ref")
	}
	return strings.Join(words, " ")
}

// String lists the clients' lines, one client after the other.
func (t *transcript) String() string {
	var clients []wire.ID
	for id := range t.lines {
		clients = append(clients, id)
	}
	slices.Sort(clients)
	var b strings.Builder
	for _, id := range clients {
		for _, l := range t.lines[id] {
			fmt.Fprintf(&b, "%s %s\n", id, l)
		}
	}
	return b.String()
}

// checkEvents compares the clients' events with those that are expected.
func (r *runner) checkEvents() string {
	got := r.events.String()
	if !r.sc.hasEvents || r.opt.Update || r.sc.events == got {
		return ""
	}
	want := strings.Split(strings.TrimSuffix(r.sc.events, "\n"), "\n")
	for i, l := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
		if i >= len(want) || want[i] != l {
			wanted := "nothing more"
			if i < len(want) {
				wanted = want[i]
			}
			return fmt.Sprintf("events.txt, line %d: wanted %s\n  got    %s\nall of it:\n%s", i+1, wanted, l, got)
		}
	}
	return fmt.Sprintf("events.txt: %q is wanted, and does not come", want[strings.Count(got, "\n")])
}
