package hasync

import (
	"fmt"
	"iter"
	"strings"

	"hotpair/callmodel"
	"hotpair/internal/node"
)

// maxNamed is how many calls an alarm names.
const maxNamed = 5

// overdue watches how long a Backup Ready is outstanding at the primary (ha-sync-max-wait): nothing but calls that do not end keeps it waiting.
type overdue struct {
	armed  bool // overdueTimer runs
	is     bool // it has fired, and the Backup Ready is still outstanding
	raised bool // and the alarm tells so
}

func (e *Engine) settleOverdue(out *node.Output) {
	o := &e.overdue
	outstanding := e.primary.asked && e.opt.HASyncMaxWait > 0
	switch {
	case outstanding && !o.armed && !o.is:
		o.armed = true
		out.Set(node.Timer{Kind: overdueTimer}, e.opt.HASyncMaxWait)
	case !outstanding:
		if o.armed {
			out.Cancel(node.Timer{Kind: overdueTimer})
		}
		o.armed, o.is = false, false
	}
	if o.is == o.raised {
		return
	}
	o.raised = o.is
	why := "T-Server synchronization has ended"
	if o.is {
		why = e.inTheWay()
	}
	out.Note(node.AlarmNote(node.SyncWaits, o.is, e.self.Peer(), why))
}

// inTheWay says what Full Sync Done waits for.
func (e *Engine) inTheWay() string {
	if e.names.tagged == 0 {
		return fmt.Sprintf("the switch's events up to %d are waited for", e.primary.watermark)
	}
	var calls []string
	for id := range e.Tagged() {
		if calls = append(calls, id.String()); len(calls) == maxNamed {
			break
		}
	}
	text := "in the way: " + strings.Join(calls, ", ")
	if more := e.names.tagged - len(calls); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Tagged goes through the tagged calls and their ConnIDs, in the order of their references.
func (e *Engine) Tagged() iter.Seq2[callmodel.CallID, callmodel.ConnID] {
	return func(yield func(callmodel.CallID, callmodel.ConnID) bool) {
		for ref := range e.names.calls {
			c := &e.names.calls[ref]
			if e.names.isTagged(c) && !yield(callmodel.CallID{Ref: uint32(ref), Born: c.born}, c.connID) {
				return
			}
		}
	}
}

// Counts returns how many calls are held, and how many of them are tagged.
func (e *Engine) Counts() (held, tagged int) { return e.names.held, e.names.tagged }
