package mlayer

import (
	"fmt"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// command takes the operator's commands: switchover [force=true], and kick node=A|B.
func (l *Layer) command(cmd *node.Command, out *node.Output) {
	switch cmd.Verb {
	case "switchover":
		l.switchover(cmd, out)
	case "kick":
		l.kick(cmd, out)
	default:
		out.Refuse(cmd, fmt.Sprintf("the Management Layer knows no %q; it knows switchover and kick", cmd.Verb))
	}
}

func (l *Layer) switchover(cmd *node.Command, out *node.Output) {
	force := cmd.Args["force"] == "true"
	if len(cmd.Args) > 1 || (len(cmd.Args) == 1 && !force) {
		out.Refuse(cmd, "switchover takes no argument but force=true")
		return
	}
	if why := l.refuseSwitchover(force); why != "" {
		out.Refuse(cmd, "switchover: "+why)
		return
	}
	to := l.rec.Named.Peer()
	if l.view(l.rec.Named).waiting {
		l.stopWaiting(l.rec.Named, out)
		l.giveUp(l.rec.Named, out)
	}
	l.name(to, !force, "operator's command", out)
	out.Done(cmd)
}

// kick has the carrier close a T-Server's connection, as fence: kick does. What follows is what follows of a lost connection.
func (l *Layer) kick(cmd *node.Command, out *node.Output) {
	id, err := wire.ParseID(cmd.Args["node"])
	switch {
	case err != nil || !id.IsTServer() || len(cmd.Args) != 1:
		out.Refuse(cmd, "kick takes node=A or node=B, and nothing else")
	case !l.view(id).up:
		out.Refuse(cmd, fmt.Sprintf("kick: %s is not connected to the Management Layer", id))
	default:
		out.Note(node.Note{Kind: node.NoteFence, Peer: id, M: l.view(id).inc})
		out.Done(cmd)
	}
}
