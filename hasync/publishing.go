package hasync

import (
	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// replicating (X7): there is a backup that counts on having acknowledged what clients see.
func (e *Engine) replicating() bool {
	p := &e.primary
	return e.role == wire.Primary && e.peer.up && (p.asked || p.sent) && e.opt.HAPublish == Replicated && !e.opt.Without.Has(node.X7)
}

// Unreplicated returns the number of the CallNamed that the backup has to acknowledge before an event that shows the call may be
// published (X7); 0 if there is nothing to wait for. A call that waits to be released (drain) was never told, so nothing is outstanding for it.
func (e *Engine) Unreplicated(id callmodel.CallID) uint64 {
	p := &e.primary
	if p.named == p.namedAcked || !e.replicating() {
		return 0
	}
	if c := e.names.lookup(id, false); c == nil || e.names.isKnown(c) {
		return 0
	}
	return p.named
}

// Guessed reports whether the call has a ConnID that a backup has invented, and nobody else knows (R2).
func (e *Engine) Guessed(id callmodel.CallID) bool {
	c := e.names.lookup(id, false)
	return e.role == wire.Backup && c != nil && c.connID != 0 && !e.names.isKnown(c)
}

// MayPublish reports whether what waits for the acknowledgement of this CallNamed may be published now (X7).
func (e *Engine) MayPublish(num uint64) bool { return num <= e.primary.namedAcked || !e.replicating() }
