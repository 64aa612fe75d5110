package relay

import "hotpair/internal/wire"

// Conns returns how many connections of a node the relay has accepted and still holds.
func (r *Relay) Conns(id wire.ID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns[id])
}
