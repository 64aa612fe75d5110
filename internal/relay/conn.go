package relay

import (
	"bufio"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hotpair/internal/wire"
)

// conn is one connection of a node through the relay.
type conn struct {
	relay  *Relay
	id     wire.ID
	client net.Conn
	hole   bool // it began as a black hole

	swallowing atomic.Bool
	once       sync.Once
	gone       chan struct{}

	mu     sync.Mutex // of what is written to the server
	server net.Conn
	held   map[direction]chan held
}

// held is a frame that waits for its time.
type held struct {
	due   time.Time
	frame []byte
}

// maxHeld is how many frames of one direction may wait; then the node's whole connection does.
const maxHeld = 1 << 16

func jitter(rng *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(most) + 1))
}

// close ends the connection at both ends.
func (c *conn) close() {
	c.once.Do(func() {
		close(c.gone)
		_ = c.client.Close()
		c.mu.Lock()
		if c.server != nil {
			_ = c.server.Close()
		}
		c.mu.Unlock()
	})
}

func (c *conn) swallow() { c.swallowing.Store(true) }

// serve passes on what both ends send, until one of them is gone.
func (c *conn) serve(upstream string) {
	defer c.close()
	if c.hole {
		c.swallow()
		c.discard()
		return
	}
	server, err := net.Dial("tcp", upstream)
	if err != nil {
		return // the node tries again
	}
	c.mu.Lock()
	c.server = server
	c.mu.Unlock()
	select {
	case <-c.gone: // meanwhile
		_ = server.Close()
		return
	default:
	}
	c.relay.wg.Add(1)
	go func() {
		defer c.relay.wg.Done()
		defer c.close()
		c.toClient(server)
	}()
	c.toServer()
}

// discard reads what comes to a black hole.
func (c *conn) discard() {
	buf := make([]byte, 4096)
	for {
		if _, err := c.client.Read(buf); err != nil {
			return
		}
	}
}

func (c *conn) toClient(server net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if c.swallowing.Load() {
			continue
		}
		if _, err := c.client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// toServer passes on frame by frame. Frames that nothing is done to are written together, as long as more of them have arrived.
func (c *conn) toServer() {
	in := bufio.NewReaderSize(c.client, 64<<10)
	var frame, out []byte
	for {
		var dir direction
		var err error
		frame, dir, err = readFrame(in, frame)
		if err != nil {
			return
		}
		if !c.swallowing.Load() && !c.holdBack(dir, frame) {
			out = append(out, frame...)
		}
		if len(out) > 0 && (in.Buffered() == 0 || len(out) > 64<<10) {
			if !c.write(out) {
				return
			}
			out = out[:0]
		}
	}
}

func (c *conn) write(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.server.Write(b)
	return err == nil
}

// holdBack loses or delays a frame, if its direction is impaired, and reports whether it did. Frames of a direction keep their order: as
// long as one of them waits, those behind it do.
func (c *conn) holdBack(dir direction, frame []byte) bool {
	if dir == (direction{}) {
		return false
	}
	lost, i := c.relay.fate(dir)
	if lost {
		return true
	}
	queue := c.held[dir]
	if queue == nil {
		if i.Delay == 0 {
			return false
		}
		queue = make(chan held, maxHeld)
		if c.held == nil {
			c.held = map[direction]chan held{}
		}
		c.held[dir] = queue
		c.relay.wg.Add(1)
		go c.release(queue)
	}
	select {
	case queue <- held{time.Now().Add(i.Delay), append([]byte(nil), frame...)}:
	case <-c.gone:
	}
	return true
}

// release passes on the frames of one direction when their time has come.
func (c *conn) release(queue chan held) {
	defer c.relay.wg.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case h := <-queue:
			timer.Reset(time.Until(h.due))
			select {
			case <-timer.C:
			case <-c.gone:
				return
			}
			if !c.swallowing.Load() && !c.write(h.frame) {
				return
			}
		case <-c.gone:
			return
		}
	}
}
