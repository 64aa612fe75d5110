package simworld

import (
	"strconv"
	"time"

	"hotpair/hasync/mlayer"
	"hotpair/internal/fault"
	"hotpair/internal/wire"
)

const (
	// noticeTime is how long a disconnect notice takes: 2 ms were measured on NATS. It is not sent over a link, so that no fault of a link delays it.
	noticeTime = 2 * time.Millisecond
	// kickTime is how long it takes to have a connection closed (fence: kick).
	kickTime = 2 * time.Millisecond
)

// connect gives a host a connection to the carrier, whose name nobody ever had.
func (h *host) connect() {
	h.world.conns++
	h.conn = "sim/" + strconv.FormatUint(h.world.conns, 10)
	h.connected = true
}

// disconnected tells everybody whom the carrier reaches that a host's connection has ended.
func (w *World) disconnected(h *host) {
	conn := h.conn
	h.conn = ""
	if conn == "" || !w.opt.Config.DisconnectNotices || !w.nats {
		return
	}
	ref := int32(len(w.notices))
	w.notices = append(w.notices, conn)
	for _, other := range w.hosts {
		if other != nil && other != h && other.mux != nil && other.linked() {
			w.queue.Push(w.now+noticeTime, event{kind: evNotice, host: other.id, ref: ref, gen: w.natsGen})
		}
	}
}

// noticed ends the way of a notice.
func (w *World) noticed(h *host, e event) {
	switch {
	case h.mux == nil || !h.linked() || e.gen != w.natsGen:
	case h.frozen():
		h.inbox = append(h.inbox, e)
	default:
		h.mux.Gone(w.notices[e.ref])
	}
}

// fence has the connection of a peer closed, if the Management Layer is told to (fence: kick), and it is still the one that it knows.
func (h *host) fence(peer wire.ID) {
	w := h.world
	conn := h.mux.ConnOf(peer)
	if w.opt.Config.M.Fence != mlayer.Kick || conn == "" {
		return
	}
	w.notices = append(w.notices, conn)
	w.queue.Push(w.now+kickTime, event{kind: evKick, host: peer, ref: int32(len(w.notices) - 1)})
}

func (w *World) kick(h *host, e event) {
	if h.mux == nil || !w.nats || h.conn != w.notices[e.ref] {
		return
	}
	w.disconnected(h)
	if h.isolation == fault.Joined { // the end of its connection does not get through a black hole
		h.carrierDown()
		w.rejoin(h)
	}
}

// Now implements link.Clock.
func (h *host) Now() time.Duration { return h.world.now }
