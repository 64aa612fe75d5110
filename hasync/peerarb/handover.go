package peerarb

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// handOver passes the activity to the other server (P11): this one deactivates itself, drops its clients, notes the other as last active and tells it to
// activate. The link is open, and this server the holder.
func (a *Arbiter) handOver(why string, out *node.Output) { a.handOverAs(a.dur, why, out, nil, nil) }

// handOverAs makes d durable with it.
func (a *Arbiter) handOverAs(d Durable, why string, out *node.Output, then, otherwise func(out *node.Output)) {
	if d.Highest = a.highest; !a.opt.Without.Has(node.P11Noted) {
		d.Last = a.peer()
	}
	a.store(d, out, func(out *node.Output) {
		a.deactivate(why, out)
		a.link.holder = a.peer()
		m := out.Send(a.peer(), wire.HandOver)
		m.Epoch, m.Deactivated, m.Text = a.highest, a.dur.Off, why
		a.unask("it has handed over meanwhile", out)
		if then != nil {
			then(out)
		}
	}, otherwise)
}

// handedOver: this server is the holder now. If it is deactivated, it hands back, unless the other is, too (settleHolder).
func (a *Arbiter) handedOver(m *wire.Message, out *node.Output) {
	if !a.link.told || a.link.holder == a.self {
		a.Bad("only the holder hands over", out)
		return
	}
	a.link.holder, a.link.peerOff = a.self, m.Deactivated
	a.highest = max(a.highest, m.Epoch)
	if !a.dur.Off && !a.noStore {
		a.activate(m.Text, out)
	}
}
