package hasync

import (
	"fmt"
	"strings"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// Shared lists the options that should be the same at both T-Servers, since either can become primary: KEY=VALUE, separated by spaces, as the first
// PeerState of an HA session carries them.
func (o *Options) Shared() string {
	return fmt.Sprintf("connect-tout=%s ha-publish=%s ha-publish-timeout=%s ha-sync-batch=%d ha-sync-dly-lnk-conn=%t ha-sync-method=%s resume-buffer=%d",
		o.ConnectTout, o.HAPublish, o.HAPublishTimeout, o.HASyncBatch, o.HASyncDlyLnkConn, o.HASyncMethod, o.ResumeBuffer)
}

// differences says which of the options that both know are not the same. What only one of them knows is of another version, and tells nothing.
func differences(own, peers string) string {
	theirs := map[string]string{}
	for _, option := range strings.Fields(peers) {
		key, value, _ := strings.Cut(option, "=")
		theirs[key] = value
	}
	var list []string
	for _, option := range strings.Fields(own) {
		key, value, _ := strings.Cut(option, "=")
		if other, known := theirs[key]; known && other != value {
			list = append(list, fmt.Sprintf("%s is %s, and the peer's %s", key, value, other))
		}
	}
	return strings.Join(list, "; ")
}

// peerTold takes what a PeerState says beside the peer's state: its version of the protocol, and, the first one of a session, its options.
func (e *Engine) peerTold(m *wire.Message) {
	p := &e.peer
	if p.version = max(m.Version, 1); m.Text != "" {
		p.differs = differences(e.opt.Shared(), m.Text)
	}
}

// spoken is the version of the protocol that both T-Servers know; 1 until the peer has told its own.
func (e *Engine) spoken() uint32 {
	return max(1, min(e.opt.ProtocolVersion, e.peer.version))
}

// settleAlarms raises an alarm while the peer has other options, or is of another version, and clears it when they agree again or the HA link is down.
// The two work together all the same.
func (e *Engine) settleAlarms(out *node.Output) {
	if e.peer.differs != e.notedDiffers {
		e.notedDiffers = e.peer.differs
		out.Note(node.AlarmNote(node.OptionsDiffer, e.peer.differs != "", e.self.Peer(), e.peer.differs))
	}
	if e.peer.version != e.notedVersion {
		was, own := e.notedVersion, e.opt.ProtocolVersion
		e.notedVersion = e.peer.version
		if raised := e.peer.version != 0 && e.peer.version != own; raised || was != 0 && was != own {
			why := ""
			if raised {
				why = fmt.Sprintf("protocol-version is %d, and the peer's %d", own, e.peer.version)
			}
			out.Note(node.AlarmNote(node.VersionsDiffer, raised, e.self.Peer(), why))
		}
	}
}

// tellProgress (since version 3) tells the backup how many tagged calls are in its way.
func (e *Engine) tellProgress(out *node.Output) {
	if e.spoken() < 3 || !e.peer.up || !e.primary.asked || e.role != wire.Primary {
		return
	}
	m := e.sendPeer(wire.SyncProgress, out)
	m.Num, m.Calls = e.primary.num, uint64(e.names.tagged)
}

// syncProgress: the backup knows what it waits for.
func (e *Engine) syncProgress(m *wire.Message) {
	if e.backup.phase == syncAwaiting && m.Num == e.backup.num {
		e.backup.inTheWay = m.Calls
	}
}
