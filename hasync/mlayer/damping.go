package mlayer

import (
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// lost: the control link to a T-Server is down. With X11 M waits and looks again before it takes the T-Server for failed; not so after a goodbye, which
// leaves nothing to wait for, nor where it is the old primary that M waits for already (R14).
func (l *Layer) lost(in *node.Input, out *node.Output) {
	v := l.view(in.Peer)
	*v = view{inc: v.inc}
	if l.opt.Autorestart && in.Cause != node.CauseGoodbye {
		out.Note(node.Note{Kind: node.NoteRestart, Peer: in.Peer})
	}
	if l.opt.DisconnectSwitchoverTimeout == 0 || l.opt.Without.Has(node.LookAgain) || in.Cause == node.CauseGoodbye || (l.awaiting && in.Peer == l.rec.Named.Peer()) {
		l.giveUp(in.Peer, out)
		return
	}
	v.waiting = true
	out.Set(node.Timer{Kind: lossTimer, Key: uint32(in.Peer)}, l.opt.DisconnectSwitchoverTimeout)
}

// back: the control link to a T-Server is up. If it is the one that M waits for, nothing has happened; another incarnation shows that the one that
// was lost has failed.
func (l *Layer) back(in *node.Input, out *node.Output) {
	v := l.view(in.Peer)
	if v.waiting {
		l.stopWaiting(in.Peer, out)
		if v.inc != in.Inc {
			l.giveUp(in.Peer, out)
		}
	}
	*v = view{up: true, inc: in.Inc}
}

// giveUp takes a T-Server for failed, and tells the other one (R11).
func (l *Layer) giveUp(id wire.ID, out *node.Output) {
	v := l.view(id)
	if l.view(id.Peer()).up {
		m := out.Send(id.Peer(), wire.PeerFailed)
		m.Epoch, m.Node, m.Inc = l.rec.Epoch, id, v.inc
	}
	*v = view{}
}

func (l *Layer) stopWaiting(id wire.ID, out *node.Output) {
	l.view(id).waiting = false
	out.Cancel(node.Timer{Kind: lossTimer, Key: uint32(id)})
}

// cutOff: M's own carrier is down. It draws no conclusion from its links, and no wait runs: it learns anew when the carrier is back, for at least as
// long as it waits for one that it has lost.
func (l *Layer) cutOff(out *node.Output) {
	for _, id := range []wire.ID{wire.A, wire.B} {
		if l.view(id).waiting {
			l.stopWaiting(id, out)
		}
	}
	l.stopAwaiting(out)
	if l.learning {
		out.Cancel(node.Timer{Kind: learnTimer})
	}
	l.t, l.learning = [2]view{}, true
}
