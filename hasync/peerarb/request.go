package peerarb

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// request is P9's, for one HA session.
type request struct {
	num         uint64 // of the last request, sent or received
	outstanding bool   // at the configured primary
}

// sendRequest: the configured primary asks the secondary to open for logins, once per window.
func (a *Arbiter) sendRequest(out *node.Output) {
	a.window.asked = true
	a.request.num++
	a.request.outstanding = true
	out.Send(a.peer(), wire.ActivateRequest).Num = a.request.num
	out.Set(node.Timer{Kind: reportTimer}, a.opt.ActivationReportTimeout)
}

// endRequest: what was asked is void. The numbers go on for as long as the link is up.
func (a *Arbiter) endRequest(out *node.Output) {
	if a.request.outstanding {
		a.request.outstanding = false
		out.Cancel(node.Timer{Kind: reportTimer})
	}
	if !a.link.up {
		a.request.num = 0
	}
}

// requestOver: no report came in time, so the request is withdrawn.
func (a *Arbiter) requestOver(out *node.Output) {
	a.request.outstanding = false
	if a.opt.Without.Has(node.RequestWithdrawn) {
		return
	}
	out.Send(a.peer(), wire.ActivateWithdrawn).Num = a.request.num
	if a.window.expired {
		a.closeWindow(out)
	}
}

// clientReported: one client that got to the secondary is enough: the primary hands over. Reports of a request that is withdrawn are ignored.
func (a *Arbiter) clientReported(m *wire.Message, out *node.Output) {
	counts := a.request.outstanding && m.Num == a.request.num || a.opt.Without.Has(node.ReportNumber)
	if counts && a.link.holder == a.self && !a.noStore {
		out.Note(node.Note{Kind: node.NoteCensus, Text: "P9: reported", Peer: m.Node, N: uint64(a.lost()), M: uint64(a.window.base)})
		a.handOver("P9", out)
	}
}

// activateRequested: the secondary opens for logins, unless System Administration has deactivated it.
func (a *Arbiter) activateRequested(m *wire.Message, out *node.Output) {
	if a.self != wire.B || !a.link.told || a.link.holder == a.self {
		a.Bad("only a configured primary that is the holder asks the secondary to open", out)
		return
	}
	a.request.num = m.Num
	if (!a.dur.Off || a.opt.Without.Has(node.OpenDeactivated)) && a.state == Inactive {
		a.become(Open, "P9", out)
	}
}

// requestWithdrawn: the secondary closes, and drops who came.
func (a *Arbiter) requestWithdrawn(m *wire.Message, out *node.Output) {
	if a.state == Open && m.Num == a.request.num {
		a.deactivate("P9: the request is withdrawn", out)
	}
}

// report tells the primary of a client that got here.
func (a *Arbiter) report(id wire.ID, out *node.Output) {
	m := out.Send(a.peer(), wire.ClientReport)
	m.Num, m.Node, m.Sessions = a.request.num, id, uint64(len(a.sessions))
}
