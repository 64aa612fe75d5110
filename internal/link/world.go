package link

import (
	"time"

	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Clock is a world that can tell the time. Of all nodes only the switch is told it, which writes it on its events.
type Clock interface {
	// Now is the time on the run's clock.
	Now() time.Duration
}

// World is what a Mux needs of the world it runs in. The Mux calls it from within its own methods.
type World interface {
	// SendPacket gives a packet to the carrier. msg is nil unless the packet is Data; it is valid during the call only.
	SendPacket(to wire.ID, h Header, msg *wire.Message)
	// SetTimer arms or moves a timer; CancelTimer disarms it.
	SetTimer(t node.Timer, d time.Duration)
	CancelTimer(t node.Timer)
	// Persist makes value durable before it returns nil. It returns ErrConflict together with what is stored, if
	// another incarnation has written since this one started; and any other error, together with what is stored, if the store does not take
	// value (fault.ErrStore). While the store cannot be reached, it waits.
	Persist(value []byte) (stored []byte, err error)
	// Tracing reports whether records are wanted at all.
	Tracing() bool
	// Record takes a record of this node; the world stamps At. It is valid during the call only.
	Record(r *trace.Record)
}
