package natsworld

import (
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"hotpair/internal/wire"
)

// complaintsPerSecond is how many messages of one sender that made no sense are told singly, in the trace and in the log, in a second of the wall clock. The others are
// counted: whoever sends nonsense must not fill them.
const complaintsPerSecond = 20

// limits bounds what others can make a host do.
type limits struct {
	rate    float64 // messages a second of one client; 0: no limit
	clients map[wire.ID]*bucket
	senders map[wire.ID]*complaints
}

// bucket holds what a client may still send: it fills with the rate, up to two seconds' worth.
type bucket struct {
	tokens  float64
	at      time.Duration // of the last message, on the monotonic clock
	dropped uint64
}

// complaints counts what is told of one sender.
type complaints struct {
	second int64
	told   int
	untold uint64
}

// allow takes a message of a client, and reports whether it is to be read. It is the first thing that is done with it, and cheap: a client that floods
// the host must not keep it from hearing the others.
func (l *limits) allow(from wire.ID, now time.Duration) bool {
	if l.rate == 0 {
		return true
	}
	b := l.clients[from]
	if b == nil {
		if l.clients == nil {
			l.clients = map[wire.ID]*bucket{}
		}
		b = &bucket{tokens: 2 * l.rate, at: now}
		l.clients[from] = b
	}
	b.tokens = min(b.tokens+l.rate*(now-b.at).Seconds(), 2*l.rate)
	b.at = now
	if b.tokens < 1 {
		b.dropped++
		return false
	}
	b.tokens--
	return true
}

// complain reports whether a message that makes no sense is to be told, and how many were not told before it.
func (l *limits) complain(from wire.ID, now time.Duration) (tell bool, untold uint64) {
	c := l.senders[from]
	if c == nil {
		if l.senders == nil {
			l.senders = map[wire.ID]*complaints{}
		}
		c = &complaints{}
		l.senders[from] = c
	}
	if second := int64(now / time.Second); second != c.second {
		c.second, c.told = second, 0
	}
	if c.told == complaintsPerSecond {
		c.untold++
		return false, 0
	}
	untold, c.untold = c.untold, 0
	c.told++
	return true, untold
}

// flooded drops a message of a client that sends more than it may. Its session ends by that, since a number is missing.
func (h *Host) flooded(from wire.ID, subject string) {
	h.badInput(from, subject, fmt.Errorf("more than client-rate, %g messages a second: dropped unread", h.limits.rate))
}

// badInput records and logs that something made no sense, if that was not done often enough for this sender in this second.
func (h *Host) badInput(from wire.ID, subject string, err error) {
	tell, untold := h.limits.complain(from, time.Duration(monotonic()))
	if !tell {
		h.service.status.Dropped()
		return
	}
	why := subject + ": " + err.Error()
	if len(why) > maxReason {
		why = strings.ToValidUTF8(why[:maxReason], "") + "…"
	}
	if untold > 0 {
		why += fmt.Sprintf(" (and %d more before)", untold)
	}
	h.log.Warn("dropped a message", zap.String("what", why))
	h.mux.BadInput(from, why)
}
