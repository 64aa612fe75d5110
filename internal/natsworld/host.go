package natsworld

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/goccy/go-json"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"hotpair/internal/cast"
	"hotpair/internal/config"
	"hotpair/internal/link"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// HostOptions say what runs on a host.
type HostOptions struct {
	ID     wire.ID
	Config config.Config
	// URL of the NATS server, Pair the name that stands in subjects and in the bucket's name.
	URL, Pair string
	Clock     Clock
	// Records takes the records of a step before the step's messages leave; nil means that no trace is wanted. An error ends the host.
	Records func([]trace.Record) error
	// PublishTrace sends the records to TraceSubject: the best effort of a node that was started by hand.
	PublishTrace bool
	// NewNode makes the node; nil means cast.New.
	NewNode func(wire.ID, *config.Config) node.Node
	// Log may be nil.
	Log *zap.Logger
}

// Host runs one incarnation of a node. One goroutine owns its link layer; the methods may be called by others.
type Host struct {
	opt   HostOptions
	inc   uint64
	nc    *nats.Conn
	sub   *nats.Subscription
	store *store
	mux   *link.Mux
	log   *zap.Logger

	msgs   chan *nats.Msg
	calls  chan func()
	ctx    context.Context // ends when the host is to end
	cancel context.CancelFunc
	done   chan struct{}
	goOnce sync.Once
	err    error // why the host ended, valid when done is closed

	timers  timers
	batch   []trace.Record
	packets []packet
	stored  []byte
}

// packet waits for the records of its step.
type packet struct {
	subject string
	data    []byte
}

const (
	inboxSize   = 1 << 16
	connectTime = 10 * time.Second
	// reconnectWait is how long, on the wall clock, a host waits between two attempts to reach NATS.
	reconnectWait = 50 * time.Millisecond
	// A black hole is noticed after three unanswered pings.
	pingInterval = 250 * time.Millisecond
	maxPings     = 2
)

// errEnded is why a host ended that was told to.
var errEnded = errors.New("ended")

// Subject returns the subject of one direction of a link.
func Subject(pair string, from, to wire.ID) string {
	return fmt.Sprintf("hotpair.%s.%s.%s.%s", pair, wire.LinkOf(from, to), from, to)
}

// NewHost connects, takes the node's next incarnation and reads its durable state. The node does not start before Go.
func NewHost(ctx context.Context, o HostOptions) (*Host, error) {
	h := &Host{
		opt: o, log: o.Log,
		msgs: make(chan *nats.Msg, inboxSize), calls: make(chan func(), 1024), done: make(chan struct{}),
	}
	if h.log == nil {
		h.log = zap.NewNop()
	}
	if h.opt.NewNode == nil {
		h.opt.NewNode = cast.New
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if err := h.open(ctx); err != nil {
		h.cancel()
		if h.nc != nil {
			h.nc.Close()
		}
		return nil, fmt.Errorf("node %s: %w", o.ID, err)
	}
	return h, nil
}

func (h *Host) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	var err error
	if h.nc, err = nats.Connect(h.opt.URL, h.connectOptions()...); err != nil {
		return fmt.Errorf("NATS at %s: %w", h.opt.URL, err)
	}
	if h.store, err = openStore(ctx, h.nc, h.opt.Pair, h.opt.ID); err != nil {
		return err
	}
	if h.inc, err = h.store.nextIncarnation(ctx, h.opt.ID); err != nil {
		return err
	}
	if h.stored, err = h.store.read(ctx); err != nil {
		return err
	}
	// One subscription, so that messages of all links keep the order in which the server got them.
	if h.sub, err = h.nc.ChanSubscribe(fmt.Sprintf("hotpair.%s.*.*.%s", h.opt.Pair, h.opt.ID), h.msgs); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	if err := h.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	return nil
}

func (h *Host) connectOptions() []nats.Option {
	return []nats.Option{
		nats.Name("hotpair " + h.opt.Pair + " " + h.opt.ID.String()),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectWait/2, reconnectWait/2),
		nats.ReconnectBufSize(-1), // what was not sent at once is stale
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(maxPings),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { h.later(func() { h.carrierDown("disconnected") }) }),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			// The subscription is in force when the server has answered what was sent behind it.
			if err := nc.FlushTimeout(connectTime); err == nil {
				h.later(h.carrierUp)
			}
		}),
		nats.ErrorHandler(func(nc *nats.Conn, _ *nats.Subscription, err error) {
			h.log.Warn("NATS", zap.Error(err))
			if errors.Is(err, nats.ErrSlowConsumer) && nc.IsConnected() {
				// Messages were dropped: no port can be trusted.
				h.later(func() { h.carrierDown("slow consumer"); h.carrierUp() })
			}
		}),
	}
}

// later hands f to the host's goroutine.
func (h *Host) later(f func()) {
	select {
	case h.calls <- f:
	case <-h.ctx.Done():
	}
}

// Inc returns the incarnation.
func (h *Host) Inc() uint64 { return h.inc }

// Done is closed when the host has ended; then Err tells why: nil if it was told to.
func (h *Host) Done() <-chan struct{} { return h.done }

// Err returns why the host ended. It is valid when Done is closed.
func (h *Host) Err() error {
	if errors.Is(h.err, errEnded) {
		return nil
	}
	return h.err
}

// Go starts the node.
func (h *Host) Go() {
	h.goOnce.Do(func() {
		n := h.opt.NewNode(h.opt.ID, &h.opt.Config)
		h.mux = link.New(h.opt.ID, h.inc, cast.Peers(h.opt.ID, &h.opt.Config), n, h, h.opt.Config.Link)
		h.timers.init()
		go h.loop()
	})
}

// Do hands the node a command.
func (h *Host) Do(cmd *node.Command) { h.later(func() { h.mux.Do(cmd) }) }

// Pause makes the host stand still, as SIGSTOP does, until Resume or its end; what comes meanwhile waits.
func (h *Host) Pause() (resume func()) {
	wake := make(chan struct{})
	var once sync.Once
	h.later(func() {
		select {
		case <-wake:
		case <-h.ctx.Done():
		}
	})
	return func() { once.Do(func() { close(wake) }) }
}

// Kill ends the host; its node says nothing.
func (h *Host) Kill() {
	h.cancel()
	h.wait()
	h.nc.Close()
}

// Stop ends the host in an orderly way: its node says goodbye.
func (h *Host) Stop() {
	finished := make(chan struct{})
	h.later(func() {
		h.mux.Stop()
		h.flush()
		_ = h.nc.FlushTimeout(connectTime) // without a server nobody hears the goodbye
		close(finished)
	})
	select {
	case <-finished:
	case <-h.done:
	}
	h.Kill()
}

// wait waits for the goroutine, if it was started.
func (h *Host) wait() {
	started := true
	h.goOnce.Do(func() { started = false })
	if started {
		<-h.done
	}
}

func (h *Host) loop() {
	defer close(h.done)
	h.mux.Start(h.stored)
	h.flush()
	for h.ctx.Err() == nil {
		select {
		case m := <-h.msgs:
			h.receive(m)
		case f := <-h.calls:
			f()
		case <-h.timers.wake.C:
		case <-h.ctx.Done():
			h.err = errEnded
			return
		}
		h.fireTimers()
		h.flush()
	}
	if h.err == nil {
		h.err = errEnded
	}
}

// end ends the host because of an error.
func (h *Host) end(err error) {
	if h.err == nil {
		h.err = err
	}
	h.log.Error("node ends", zap.Error(err))
	h.cancel()
}

func (h *Host) carrierDown(why string) {
	h.log.Info("own connection is down", zap.String("why", why))
	h.mux.CarrierDown()
}

func (h *Host) carrierUp() {
	h.log.Info("own connection is up")
	h.mux.CarrierUp()
}

// receive decodes a message of the carrier. What makes no sense is recorded with its place, and dropped.
func (h *Host) receive(m *nats.Msg) {
	from, err := h.sender(m.Subject)
	if err != nil {
		h.badInput(wire.None, m.Subject, err)
		return
	}
	p, err := link.Decode(m.Data, from, h.opt.ID)
	if err != nil {
		h.badInput(from, m.Subject, err)
		return
	}
	h.mux.Packet(from, p.Header, p.Msg)
}

// sender reads hotpair.<pair>.<link>.<from>.<self>.
func (h *Host) sender(subject string) (wire.ID, error) {
	parts := splitSubject(subject)
	if len(parts) != 5 {
		return wire.None, errors.New("the subject is not hotpair.<pair>.<link>.<from>.<to>")
	}
	from, err := wire.ParseID(parts[3])
	if err != nil {
		return wire.None, err
	}
	l := wire.LinkOf(from, h.opt.ID)
	if l == wire.NoLink || l.String() != parts[2] {
		return wire.None, fmt.Errorf("%s and %s have no %s link", from, h.opt.ID, parts[2])
	}
	return from, nil
}

func (h *Host) badInput(from wire.ID, subject string, err error) {
	h.log.Warn("dropped a message", zap.String("subject", subject), zap.Error(err))
	h.mux.BadInput(from, subject+": "+err.Error())
}

// flush writes the records of what was done, and then sends the packets.
func (h *Host) flush() {
	if len(h.batch) > 0 {
		if err := h.writeRecords(); err != nil {
			h.end(fmt.Errorf("its records cannot be written: %w", err))
			return
		}
		h.batch = h.batch[:0]
	}
	for i := range h.packets {
		// An error means that the connection is down, which is told by its handler; the packet is lost.
		_ = h.nc.Publish(h.packets[i].subject, h.packets[i].data)
	}
	h.packets = h.packets[:0]
}

func (h *Host) writeRecords() error {
	if h.opt.PublishTrace {
		for i := range h.batch {
			data, err := json.MarshalNoEscape(&h.batch[i])
			if err != nil {
				return fmt.Errorf("trace: %w", err)
			}
			_ = h.nc.Publish(TraceSubject(h.opt.Pair, h.opt.ID), data) // best effort
		}
	}
	if h.opt.Records == nil {
		return nil
	}
	return h.opt.Records(h.batch)
}

// TraceSubject returns where a node that was started by hand sends its records.
func TraceSubject(pair string, id wire.ID) string {
	return fmt.Sprintf("hotpair.%s.trace.%s", pair, id)
}
