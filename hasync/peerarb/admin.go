package peerarb

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// asked is an activate command that waits for the holder's hand-over; zero if there is none.
type asked struct {
	id   uint64
	verb string
}

// Activate is System Administration's command at this server (P10): it clears the deactivation; on an open link the holder is asked, without a link the
// server becomes active at once. It is answered when the server is active, or when that cannot come of it.
func (a *Arbiter) Activate(cmd *node.Command, out *node.Output) {
	if why := a.notNow(); why != "" {
		out.Refuse(cmd, cmd.Verb+": "+why)
		return
	}
	if a.state == Active {
		out.Done(cmd)
		return
	}
	a.asked = asked{id: cmd.ID, verb: cmd.Verb}
	d := a.dur
	d.Off = false
	ask := func(out *node.Output) { out.Send(a.peer(), wire.AskActivity) }
	switch {
	case !a.link.told || a.link.holder == a.self || a.opt.Without.Has(node.P11HandOver):
		wasOff := a.dur.Off
		a.activateAs(d, "P10", out, func(out *node.Output) {
			if wasOff {
				a.tellDeactivated(out)
			}
		})
	case a.dur.Off:
		a.store(d, out, func(out *node.Output) {
			a.tellDeactivated(out)
			ask(out)
		}, func(out *node.Output) { a.unask(notStored, out) })
	default:
		ask(out)
	}
}

// Deactivate is System Administration's command (P10): the server stays inactive until it is activated here. A holder hands over first, unless the other
// one is deactivated, too.
func (a *Arbiter) Deactivate(cmd *node.Command, out *node.Output) {
	if why := a.notNow(); why != "" {
		out.Refuse(cmd, cmd.Verb+": "+why)
		return
	}
	if a.dur.Off {
		out.Done(cmd)
		return
	}
	d := a.dur
	d.Off = true
	done := node.Note{Kind: node.NoteDone, N: cmd.ID, Text: cmd.Verb}
	refused := node.Note{Kind: node.NoteRefused, N: cmd.ID, Text: cmd.Verb + ": " + notStored}
	refuse := func(out *node.Output) { out.Note(refused) }
	if a.link.told && a.link.holder == a.self && !a.link.peerOff {
		a.handOverAs(d, "P10", out, func(out *node.Output) { out.Note(done) }, refuse)
		return
	}
	a.store(d, out, func(out *node.Output) {
		a.deactivate("P10", out)
		a.tellDeactivated(out)
		out.Note(done)
	}, refuse)
}

// notNow says why no command is taken now, "" if one is.
func (a *Arbiter) notNow() string {
	switch {
	case !a.carrier:
		return "its own connection is lost"
	case !a.Settled() && !a.opt.Without.Has(node.P11Handshake):
		return "the link to " + a.peer().String() + " is just being opened; try again"
	case a.noStore:
		return "the store takes nothing"
	case a.asked.id != 0:
		return "an earlier command waits for " + a.peer().String()
	}
	return ""
}

// settleDeactivated states whether the server is deactivated, when that has changed.
func (a *Arbiter) settleDeactivated(out *node.Output) {
	if a.notedOff == a.dur.Off {
		return
	}
	a.notedOff = a.dur.Off
	n := uint64(0)
	if a.dur.Off {
		n = 1
	}
	out.Note(node.Note{Kind: node.NoteDeactivated, N: n})
}

func (a *Arbiter) tellDeactivated(out *node.Output) {
	if a.link.told {
		out.Send(a.peer(), wire.PeerDeactivated).Deactivated = a.dur.Off
	}
}

// answer: the server is active, so the command that waited for it is carried out.
func (a *Arbiter) answer(out *node.Output) {
	if a.asked.id != 0 {
		out.Note(node.Note{Kind: node.NoteDone, N: a.asked.id, Text: a.asked.verb})
		a.asked = asked{}
	}
}

// unask: nothing can come any more of what was asked.
func (a *Arbiter) unask(why string, out *node.Output) {
	if a.asked.id != 0 {
		out.Note(node.Note{Kind: node.NoteRefused, N: a.asked.id, Text: a.asked.verb + ": " + why})
		a.asked = asked{}
	}
}
