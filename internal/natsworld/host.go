package natsworld

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
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
	// Foreign: the NATS server is not ours; whether it sends disconnect notices has to be found out.
	Foreign bool
	// Login says as whom it connects.
	Login Login
	// System is a user of the system account, for the Management Layer (fence: kick); nil is the one of our own open servers.
	System *Login
	// NewNode makes the node; nil means cast.New.
	NewNode func(wire.ID, *config.Config) node.Node
	// Only drops the records for which it reports false, after they were numbered; nil keeps them all.
	Only func(*trace.Record) bool
	// noticeTime is how long a foreign server gets to show that it sends disconnect notices; 0 means 5 s.
	noticeTime time.Duration
	// Log may be nil.
	Log *zap.Logger
}

// Host runs one incarnation of a node. One goroutine owns its link layer; the methods may be called by others.
type Host struct {
	opt   HostOptions
	inc   uint64
	peers []wire.ID
	nc    *nats.Conn
	sub   *nats.Subscription
	store *store
	mux   *link.Mux
	log   *zap.Logger

	linkOpt link.Options

	conn string // the name of the connection, as the node's goroutine knows it

	msgs   chan *nats.Msg
	calls  chan func()
	ctx    context.Context // ends when the host is to end
	cancel context.CancelFunc
	done   chan struct{}
	refuse context.CancelCauseFunc // ends the attempts to begin, since the server refuses what the node needs
	goOnce sync.Once
	err    error // why the host ended by itself, valid when done is closed

	timers  timers
	batch   []trace.Record
	packets []packet
	payload []byte // of packets
	stored  []byte

	subjects map[wire.ID]string // to peers
	senders  map[string]wire.ID // by subject, of peers
	msg      wire.Message       // that is being received
	probe    string             // the connection whose end shows that there are notices
	kicker   *kicker            // nil unless this host can fence
	service  service
	limits   limits
	fences   []string

	// The node may be started once more (twin.go).
	announced string // the subject on which starts are announced
	inbox     string // of the last word of older ones
	older     uint64 // that has ended because of this one, before it began
	heir      string // where a later one wants this one's last word
	asking    bool   // the store for the latest incarnation
	askAgain  bool
}

// packet waits for the records of its step.
type packet struct {
	subject  string
	from, to int // in Host.payload
}

const (
	inboxSize   = 1 << 16
	connectTime = 20 * time.Second
	// reconnectWait is how long, on the wall clock, a host waits between two attempts to reach NATS.
	reconnectWait = 50 * time.Millisecond
	// stopTime is how long an orderly stop may take; behind it, the host is killed. Without a server or a store there is nobody to say goodbye to.
	stopTime = 2 * time.Second
	// maxReason bounds what a record quotes of a message that made no sense, in bytes.
	maxReason = 1200
)

// Subject returns the subject of one direction of a link.
func Subject(pair string, from, to wire.ID) string {
	return fmt.Sprintf("hotpair.%s.%s.%s.%s", pair, wire.LinkOf(from, to), from, to)
}

// NewHost connects, takes the node's next incarnation and reads its durable state. The node does not start before Go.
func NewHost(ctx context.Context, o HostOptions) (*Host, error) {
	h := &Host{
		opt: o, log: o.Log,
		msgs: make(chan *nats.Msg, inboxSize), calls: make(chan func(), 1024), done: make(chan struct{}),
		subjects: map[wire.ID]string{}, senders: map[string]wire.ID{},
	}
	if h.log == nil {
		h.log = zap.NewNop()
	}
	if h.opt.NewNode == nil {
		h.opt.NewNode = cast.New
	}
	if h.opt.noticeTime == 0 {
		h.opt.noticeTime = noticeTime
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
	ctx, h.refuse = context.WithCancelCause(ctx)
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	err := h.begin(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, nats.ErrPermissionViolation) {
		err = fmt.Errorf("NATS: %w", cause)
	}
	return err
}

// begin does what open says, until ctx ends.
func (h *Host) begin(ctx context.Context) (err error) {
	if h.nc, err = Connect(h.opt.URL, h.opt.Pair, &h.opt.Login, h.connectOptions()...); err != nil {
		return err
	}
	if err := h.prepare(ctx); err != nil {
		return err
	}
	if err := h.announce(); err != nil {
		return err
	}
	// One subscription, so that messages of all links keep the order in which the server got them.
	if h.sub, err = h.nc.ChanSubscribe(fmt.Sprintf("hotpair.%s.*.*.%s", h.opt.Pair, h.opt.ID), h.msgs); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	if err := h.openNotices(); err != nil {
		return err
	}
	if err := h.openService(); err != nil {
		return err
	}
	if err := h.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	h.conn = ownConn(h.nc)
	return h.stillLatest(ctx)
}

// prepareTime bounds one attempt at the store: a request or its answer may be lost, and is then made again.
const prepareTime = 4 * time.Second

// prepare takes the node's next incarnation and reads its durable state. An attempt that was cut short may have taken an incarnation that
// nobody will be. A client waits for the bucket, which others make.
func (h *Host) prepare(ctx context.Context) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, prepareTime)
		err := h.tryPrepare(attempt)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errNoBucket) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(storeRetry):
		}
	}
}

func (h *Host) tryPrepare(ctx context.Context) (err error) {
	if h.store, err = openStore(ctx, h.nc, h.opt.Pair, h.opt.ID); err != nil {
		return err
	}
	if err = h.store.nextIncarnation(ctx, h.opt.ID); err != nil {
		return err
	}
	h.inc = h.store.inc
	h.stored, err = h.store.claim(ctx)
	return err
}

func (h *Host) connectOptions() []nats.Option {
	return []nats.Option{
		nats.Name("hotpair " + h.opt.Pair + " " + h.opt.ID.String()),
		nats.Timeout(connectTime),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectWait/2, reconnectWait/2),
		nats.ReconnectBufSize(-1), // what was not sent at once is stale
		nats.PingInterval(h.opt.Config.CarrierPing),
		nats.MaxPingsOutstanding(config.CarrierPings),
		nats.IgnoreDiscoveredServers(), // the relay is in front of this one only
		nats.DisconnectErrHandler(func(*nats.Conn, error) { h.later(func() { h.carrierDown("disconnected") }) }),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			// The subscription is in force when the server has answered what was sent behind it.
			if err := nc.FlushTimeout(connectTime); err == nil {
				h.later(h.carrierUp)
			}
		}),
		nats.ClosedHandler(func(nc *nats.Conn) {
			err := nc.LastError()
			if err == nil {
				err = nats.ErrConnectionClosed
			}
			h.later(func() { h.end(fmt.Errorf("NATS has closed its connection for good: %w", err)) })
		}),
		nats.ErrorHandler(func(nc *nats.Conn, _ *nats.Subscription, err error) { h.natsError(nc, err) }),
	}
}

// natsError takes what the NATS client tells beside the calls.
func (h *Host) natsError(nc *nats.Conn, err error) {
	h.log.Warn("NATS", zap.Error(err))
	switch {
	case errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `for Publish to "_INBOX.`):
		// An answer to somebody who may ask, and named an inbox that is not his.
	case errors.Is(err, nats.ErrPermissionViolation):
		// Publish has returned nil for what the server refuses: a node that may not speak must not believe that it does.
		h.refuse(err)
		h.later(func() { h.end(fmt.Errorf("NATS: %w", err)) })
	case errors.Is(err, nats.ErrSlowConsumer) && nc.IsConnected():
		// Messages were dropped: no port can be trusted.
		h.later(func() { h.carrierDown("slow consumer"); h.carrierUp() })
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
func (h *Host) Err() error { return h.err }

// Go starts the node.
func (h *Host) Go() {
	h.goOnce.Do(func() {
		h.linkOpt = h.opt.Config.LinkOptions(h.opt.ID)
		h.limits.rate = float64(h.opt.Config.ClientRate)
		n := h.opt.NewNode(h.opt.ID, &h.opt.Config)
		h.peers = cast.Peers(h.opt.ID, &h.opt.Config)
		for _, p := range h.peers {
			h.subjects[p] = Subject(h.opt.Pair, h.opt.ID, p)
			h.senders[Subject(h.opt.Pair, p, h.opt.ID)] = p
		}
		h.mux = link.New(h.opt.ID, h.inc, h.peers, n, h, h.linkOpt)
		h.timers.init()
		h.startKicker()
		go h.loop()
		if h.opt.Foreign && h.opt.Config.DisconnectNotices {
			go h.checkNotices()
		}
	})
}

// Do hands the node a command.
func (h *Host) Do(cmd *node.Command) { h.later(func() { h.mux.Do(cmd) }) }

// Pause makes the host stand still, as SIGSTOP does, until resume or its end; what comes meanwhile waits. When it returns, the host stands
// still, or waits for the store, which is no different to those around it.
func (h *Host) Pause() (resume func()) {
	wake, still := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.later(func() {
		close(still)
		select {
		case <-wake:
		case <-h.ctx.Done():
		}
	})
	select {
	case <-still:
	case <-h.ctx.Done():
	case <-time.After(storeTimeout):
	}
	return func() { once.Do(func() { close(wake) }) }
}

// Kill ends the host; its node says nothing.
func (h *Host) Kill() {
	h.started()
	h.cancel()
	<-h.done
	h.nc.Close()
}

// Stop ends the host in an orderly way: its node says goodbye, if that is possible within a few seconds.
func (h *Host) Stop() {
	if !h.started() {
		h.Kill()
		return
	}
	finished := make(chan struct{})
	h.later(func() {
		h.mux.Stop()
		h.flush()
		if h.nc.IsConnected() {
			_ = h.nc.FlushTimeout(stopTime)
		}
		close(finished)
		// Behind its goodbye it does nothing more.
		h.cancel()
		runtime.Goexit()
	})
	select {
	case <-finished:
	case <-h.done:
	case <-time.After(2 * stopTime):
	}
	h.Kill()
}

// started reports whether Go was called; if not, it cannot be any more.
func (h *Host) started() bool {
	started := true
	h.goOnce.Do(func() {
		started = false
		close(h.done)
	})
	return started
}

func (h *Host) loop() {
	defer close(h.done)
	defer h.cancel()
	defer func() {
		if p := recover(); p != nil {
			// An invariant of this node is broken; the others go on, and the world tells.
			h.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			h.log.Error("node ends", zap.Error(h.err))
		}
	}()
	h.mux.StartAt(h.stored, h.opt.Clock.Now())
	h.noticeOlder(h.older)
	h.flush()
	for h.ctx.Err() == nil {
		select {
		case m := <-h.msgs:
			h.receive(m)
			h.receiveMore()
		case f := <-h.calls:
			f()
		case <-h.timers.wake.C:
			h.timers.wakeAt = 0
		case <-h.ctx.Done():
			return
		}
		h.fireTimers()
		h.flush()
	}
}

// together is how many messages are handled, at most, before timers are looked at and packets leave.
const together = 16

// receiveMore handles what has arrived meanwhile, as long as its packets are few.
func (h *Host) receiveMore() {
	for n := 1; n < together && len(h.msgs) > 0 && len(h.calls) == 0; n++ {
		h.receive(<-h.msgs)
	}
}

// end ends the host because of an error, at once: nothing more is recorded or sent. It is called by the host's goroutine, which it ends.
func (h *Host) end(err error) {
	h.err = err
	h.log.Error("node ends", zap.Error(err))
	runtime.Goexit()
}

// carrierDown: what arrived over the connection comes before its end.
func (h *Host) carrierDown(why string) {
	for n := len(h.msgs); n > 0; n-- {
		h.receive(<-h.msgs)
	}
	h.log.Info("own connection is down", zap.String("why", why))
	h.mux.CarrierDown()
}

func (h *Host) carrierUp() {
	h.log.Info("own connection is up")
	h.conn = ownConn(h.nc)
	h.mux.CarrierUp()
	h.askLatest() // an impatient operator may have started the node once more meanwhile
}

// receive decodes a message of the carrier. What makes no sense is recorded with its place, and dropped.
func (h *Host) receive(m *nats.Msg) {
	from, ok := h.senders[m.Subject]
	switch {
	case ok && from.IsClient() && !h.limits.allow(from, time.Duration(monotonic())):
		h.flooded(from, m.Subject)
		return
	case ok:
	case strings.HasPrefix(m.Subject, "$SYS."):
		h.noticed(m)
		return
	case m.Subject == h.announced:
		h.startedAgain(m)
		return
	case m.Subject == h.inbox:
		h.noticeOlder(h.lastWord(m))
		return
	case strings.HasPrefix(m.Subject, "$SRV."):
		h.serve(m)
		return
	case strings.HasPrefix(m.Subject, h.service.prefix):
		h.operate(m)
		return
	default:
		h.badInput(wire.None, m.Subject, h.strange(m.Subject))
		return
	}
	p, err := link.DecodeInto(&h.msg, m.Data, from, h.opt.ID, h.linkOpt.Version)
	if err != nil {
		h.badInput(from, m.Subject, err)
		return
	}
	h.mux.Packet(from, p.Header, p.Msg)
}

// strange tells what is wrong with a subject that is not hotpair.<pair>.<link>.<from>.<self>, from a peer.
func (h *Host) strange(subject string) error {
	parts := strings.Split(subject, ".")
	if len(parts) != 5 {
		return errors.New("the subject is not hotpair.<pair>.<link>.<from>.<to>")
	}
	from, err := wire.ParseID(parts[3])
	if err != nil {
		return err
	}
	l := wire.LinkOf(from, h.opt.ID)
	if l == wire.NoLink || l.String() != parts[2] {
		return fmt.Errorf("%s and %s have no %s link", from, h.opt.ID, parts[2])
	}
	return fmt.Errorf("there is no %s: clients is %d in the configuration", from, h.opt.Config.Clients)
}

// flush writes the records of what was done, and then sends the packets.
func (h *Host) flush() {
	if len(h.batch) > 0 {
		if err := h.writeRecords(); err != nil {
			h.end(fmt.Errorf("its records cannot be written: %w", err))
		}
		h.batch = h.batch[:0]
	}
	for i := range h.packets {
		// An error means that the connection is down, which is told by its handler; the packet is lost.
		p := &h.packets[i]
		_ = h.nc.Publish(p.subject, h.payload[p.from:p.to])
	}
	h.packets, h.payload = h.packets[:0], h.payload[:0]
	h.carryOutFences()
	h.answerOperators()
	h.tellStatus()
}

func (h *Host) writeRecords() error {
	if h.opt.PublishTrace {
		for i := range h.batch {
			data, err := json.Marshal(&h.batch[i])
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
