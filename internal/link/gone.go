package link

import (
	"slices"

	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// rememberEnded is how many connections that have ended a Mux remembers: those whose Hello may still be under way. A notice overtakes a burst of
// messages, not as many deaths.
const rememberEnded = 64

// ended is a ring of the connections that have ended last.
type ended struct {
	conns [rememberEnded]string
	next  int
}

// Gone tells that a connection to the carrier has ended: the carrier's disconnect notice. Every session over it is lost at once. Its last messages
// may still be under way, since the notice overtakes them; they are of a closed session then, and dropped, and its Hello opens nothing any more. A
// connection that no session names is no news.
func (m *Mux) Gone(conn string) {
	if conn == "" || m.hasEnded(conn) {
		return
	}
	m.ended.conns[m.ended.next] = conn
	m.ended.next = (m.ended.next + 1) % rememberEnded
	for i := range m.ports {
		p := &m.ports[i]
		if p.offered && p.offeredConn == conn {
			p.offered = false
		}
		if p.up && p.conn == conn {
			m.down(p, node.CauseGone)
			m.call(p)
		}
	}
}

func (m *Mux) hasEnded(conn string) bool {
	return conn != "" && slices.Contains(m.ended.conns[:], conn)
}

// ConnOf returns the connection over which the last session with a peer was, "" if it is not known or has ended: what the carrier is asked to
// close (fence: kick).
func (m *Mux) ConnOf(peer wire.ID) string {
	if p := m.port(peer); p != nil && !m.hasEnded(p.conn) {
		return p.conn
	}
	return ""
}
