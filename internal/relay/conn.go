package relay

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

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

	server  atomic.Pointer[net.TCPConn]
	writing sync.Mutex // of what is written to the server; a server that does not read holds it

	// Of the goroutine that reads from the client.
	out  []byte // frames that wait to be written together
	held map[direction]chan held

	heldBytes atomic.Int64
}

// held is a frame that waits for its time.
type held struct {
	due   time.Time
	frame []byte
}

const (
	// maxHeld is how many frames of one direction may wait; then the node's whole connection does.
	maxHeld = 1 << 16
	// maxHeldBytes is how many bytes of one connection may wait; a node that sends more is cut off.
	maxHeldBytes = 256 << 20
	// together is how many bytes of frames are written at once.
	together = 64 << 10
)

// close ends the connection at both ends.
func (c *conn) close() {
	c.once.Do(func() {
		close(c.gone)
		_ = c.client.Close()
		if server := c.server.Load(); server != nil {
			_ = server.Close()
		}
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
	server, err := dial(upstream)
	if err != nil {
		return // the node tries again
	}
	c.server.Store(server)
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
	c.toServer(server)
}

func dial(addr string) (*net.TCPConn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil //nolint:forcetypeassert // what "tcp" dials
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

// source reads from the client. Before it waits for more, what was read so far is passed on.
type source struct {
	c      *conn
	server net.Conn
}

func (s source) Read(b []byte) (int, error) {
	if err := s.c.flush(s.server); err != nil {
		return 0, err
	}
	return s.c.client.Read(b)
}

// toServer passes on frame by frame. Frames that nothing is done to are written together, as long as more of them have arrived.
func (c *conn) toServer(server net.Conn) {
	in := bufio.NewReaderSize(source{c, server}, 64<<10)
	var frame []byte
	for {
		var dir direction
		var err error
		frame, dir, err = readFrame(in, frame)
		if errors.Is(err, errNonsense) {
			c.relay.log.Error("a connection is closed", zap.Stringer("node", c.id), zap.Error(err))
		}
		if err != nil {
			return
		}
		if !c.swallowing.Load() && !c.holdBack(dir, frame, server) {
			c.out = append(c.out, frame...)
		}
		if len(c.out) > together && c.flush(server) != nil {
			return
		}
	}
}

// flush writes what waits to be written together.
func (c *conn) flush(server net.Conn) error {
	if len(c.out) == 0 {
		return nil
	}
	err := c.write(server, c.out)
	c.out = c.out[:0]
	return err
}

func (c *conn) write(server net.Conn, b []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := server.Write(b)
	return err
}

// holdBack loses, delays or doubles a frame, if its direction is impaired, and reports whether it has taken care of it. Frames of a direction keep their
// order, except for those that others overtake: as long as one of them waits, those behind it do.
func (c *conn) holdBack(dir direction, frame []byte, server net.Conn) bool {
	if dir == (direction{}) {
		return false
	}
	f := c.relay.draw(dir)
	if f.lost {
		return true
	}
	if f.twice {
		frame = append(append([]byte(nil), frame...), frame...)
	}
	if f.late > 0 {
		c.overtaken(frame, f.delay+f.late, server)
		return true
	}
	queue := c.held[dir]
	if queue == nil {
		if f.delay == 0 {
			if f.twice {
				c.out = append(c.out, frame...)
			}
			return f.twice
		}
		queue = make(chan held, maxHeld)
		if c.held == nil {
			c.held = map[direction]chan held{}
		}
		c.held[dir] = queue
		c.relay.wg.Add(1)
		go c.release(queue, server)
	}
	c.keep(frame)
	select {
	case queue <- held{time.Now().Add(f.delay), append([]byte(nil), frame...)}:
	case <-c.gone:
	}
	return true
}

// keep counts what waits.
func (c *conn) keep(frame []byte) {
	if c.heldBytes.Add(int64(len(frame))) > maxHeldBytes {
		c.relay.log.Error("a connection is closed: too much of it is delayed", zap.Stringer("node", c.id), zap.Int("bytes", maxHeldBytes))
		c.close()
	}
}

// overtaken passes a frame on later, whatever else passes meanwhile.
func (c *conn) overtaken(frame []byte, after time.Duration, server net.Conn) {
	c.keep(frame)
	frame = append([]byte(nil), frame...)
	c.relay.wg.Add(1)
	go func() {
		defer c.relay.wg.Done()
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.gone:
			return
		}
		if !c.swallowing.Load() {
			_ = c.write(server, frame) // an error means that the connection is at its end
		}
		c.heldBytes.Add(-int64(len(frame)))
	}()
}

// release passes on the frames of one direction when their time has come.
func (c *conn) release(queue chan held, server net.Conn) {
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
			if !c.swallowing.Load() && c.write(server, h.frame) != nil {
				return
			}
			c.heldBytes.Add(-int64(len(h.frame)))
		case <-c.gone:
			return
		}
	}
}
