package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"hotpair/callmodel"
	"hotpair/internal/cast"
	"hotpair/internal/config"
	"hotpair/internal/link"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// ThroughputOptions say how long is measured.
type ThroughputOptions struct {
	Time   time.Duration // of each measurement
	Rounds int           // how often the pair and the plain programs take turns
	Report func(format string, args ...any)
}

// The switch makes calls from trunks in bursts: each call is three events of the switch and as many of the client. How many events may be under way
// is bounded, so that nothing overflows.
const (
	burstCalls = 20
	perCall    = 3
	window     = 3000 // events
	// pacedCalls is the size of a burst where latency is measured.
	pacedCalls = 3
)

// stream is what makes events arrive: burst orders so many calls, seen counts what the client got.
type stream struct {
	burst func(calls int) error
	seen  *atomic.Uint64
	wake  chan struct{} // receives when seen has grown
	sent  uint64
}

func newStream(burst func(int) error) *stream {
	return &stream{burst: burst, seen: &atomic.Uint64{}, wake: make(chan struct{}, 1)}
}

// got counts an event.
func (s *stream) got() {
	s.seen.Add(1)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// errStalled: events are lost, or somebody has died.
var errStalled = errors.New("no event arrives any more")

// flood orders as much as the window allows for a time, and returns the events per second.
func (s *stream) flood(ctx context.Context, d time.Duration) (float64, error) {
	begin, from := time.Now(), s.seen.Load()
	for time.Since(begin) < d {
		for s.sent+burstCalls*perCall-s.seen.Load() <= window {
			if err := s.burst(burstCalls); err != nil {
				return 0, err
			}
			s.sent += burstCalls * perCall
		}
		if err := s.progress(ctx); err != nil {
			return 0, err
		}
	}
	rate := float64(s.seen.Load()-from) / time.Since(begin).Seconds()
	return rate, s.drain(ctx)
}

func (s *stream) progress(ctx context.Context) error {
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Second):
		return fmt.Errorf("%w: %d of %d events have arrived", errStalled, s.seen.Load(), s.sent)
	}
}

func (s *stream) drain(ctx context.Context) error {
	for s.seen.Load() < s.sent {
		if err := s.progress(ctx); err != nil {
			return err
		}
	}
	return nil
}

// paced orders events at a rate, for a time, and returns how long each took from the order on.
func (s *stream) paced(ctx context.Context, rate float64, d time.Duration, arrived <-chan time.Time) (latencies Times, err error) {
	gap := time.Duration(pacedCalls * perCall / rate * float64(time.Second))
	n := int(d / gap)
	ordered := make([]time.Time, n)
	done := make(chan Times)
	go func() {
		var t Times
		for i := range n * pacedCalls * perCall {
			select {
			case at := <-arrived:
				t = append(t, at.Sub(ordered[i/(pacedCalls*perCall)]))
			case <-time.After(10 * time.Second):
				done <- t
				return
			}
		}
		done <- t
	}()
	begin := time.Now()
	for i := range n {
		if err := pause(ctx, time.Until(begin.Add(time.Duration(i)*gap))); err != nil {
			return nil, err
		}
		ordered[i] = time.Now()
		if err := s.burst(pacedCalls); err != nil {
			return nil, err
		}
		s.sent += pacedCalls * perCall
	}
	return <-done, s.drain(ctx)
}

// listener is the hotpair client, which counts what it gets.
type listener struct {
	node.Node
	got func()
}

// Step implements node.Node.
func (l *listener) Step(in *node.Input, out *node.Output) {
	l.Node.Step(in, out)
	if in.Kind == node.Receive && in.Msg.Kind.IsCallEvent() {
		l.got()
	}
}

// subject measures one of the two: what it does at full speed, and how long events take at half of it.
type subject struct {
	*stream
	arrived chan time.Time // times of arrival, while they are wanted
	timed   atomic.Bool
	rates   []float64
	late    Times
}

func newSubject(burst func(int) error) *subject {
	return &subject{stream: newStream(burst), arrived: make(chan time.Time, 1<<20)}
}

func (s *subject) event() {
	if s.timed.Load() {
		s.arrived <- time.Now()
	}
	s.got()
}

// Throughput measures how many events a second pass from the switch to a client, through a synchronized pair and through plain NATS programs.
func Throughput(ctx context.Context, o ThroughputOptions) (*Report, error) {
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	pairSide, stopPair, err := throughputPair(ctx)
	if err != nil {
		return nil, err
	}
	defer stopPair()
	plainSide, stopPlain, err := throughputPlain()
	if err != nil {
		return nil, err
	}
	defer stopPlain()
	for i := range o.Rounds {
		for name, s := range map[string]*subject{"pair": pairSide, "plain": plainSide} {
			rate, err := s.flood(ctx, o.Time)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if i > 0 || o.Rounds == 1 { // the first round warms up
				s.rates = append(s.rates, rate)
			}
			o.Report("round %d: %s: %.0f events/s", i+1, name, rate)
		}
	}
	for _, s := range []*subject{pairSide, plainSide} {
		s.timed.Store(true)
		if s.late, err = s.paced(ctx, median(pairSide.rates)/2, o.Time, s.arrived); err != nil {
			return nil, err
		}
	}
	return throughputReport(pairSide, plainSide), nil
}

func throughputReport(pairSide, plainSide *subject) *Report {
	r := &Report{Title: "Throughput: call events from the switch to a client, with flow control by what the client has got"}
	half := fmt.Sprintf("from the order to the client, at %.0f events/s", median(pairSide.rates)/2)
	r.add(
		Row{"synchronized pair", fmt.Sprintf("%.0f events/s", median(pairSide.rates)), "median; S, A, B, M and NATS are processes"},
		Row{"plain NATS programs", fmt.Sprintf("%.0f events/s", median(plainSide.rates)), "the same processes, hops and bytes"},
		Row{"ratio", fmt.Sprintf("%.2f", median(pairSide.rates)/median(plainSide.rates)), "target 0.35"},
		sample("latency, pair", pairSide.late, half),
		sample("latency, plain", plainSide.late, half),
	)
	return r
}

func median(rates []float64) float64 {
	t := make(Times, len(rates))
	for i, r := range rates {
		t[i] = time.Duration(r)
	}
	return float64(t.Quantile(0.5))
}

// throughputPair starts a pair; its client runs in this process, as the plain programs' client does.
func throughputPair(ctx context.Context) (*subject, func(), error) {
	c := realTime()
	c.Switch.Trunks, c.Switch.Extensions = 4000, 4000
	// With every core busy, an acknowledgement may take its time.
	c.A.HAPublishTimeout, c.B.HAPublishTimeout = 5*time.Second, 5*time.Second
	c.Link.AddpTimeout = 3 * time.Second
	p, err := startPair(options{Config: c})
	if err != nil {
		return nil, nil, err
	}
	s := newSubject(func(calls int) error {
		return p.order("burst", map[string]string{"calls": strconv.Itoa(calls)})
	})
	if err := p.boot(ctx, wire.Switch, wire.A, wire.B, wire.MLayer); err != nil {
		p.close()
		return nil, nil, err
	}
	h, err := natsworld.NewHost(ctx, natsworld.HostOptions{
		ID: wire.Client(1), Config: c, URL: p.NATSURL(), Pair: p.Pair(), Clock: natsworld.NewClock(1), Login: p.Login(wire.Client(1).String()),
		NewNode: func(id wire.ID, c *config.Config) node.Node { return &listener{cast.New(id, c), s.event} },
	})
	if err != nil {
		p.close()
		return nil, nil, err
	}
	stop := func() {
		h.Kill()
		p.close()
	}
	h.Go()
	if _, err := p.await(ctx, 0, "client at A", func(r *trace.Record) bool { return r.Kind == trace.Up && r.Node == wire.A && r.Peer.IsClient() }); err != nil {
		stop()
		return nil, nil, err
	}
	return s, stop, nil
}

// The plain programs: they pass on payloads of the same size and read none of them.
const (
	plainEvents = "plain.cti.%s"
	plainHA     = "plain.ha"
	plainClient = "plain.client"
)

// payloads are what the pair sends for a call, encoded as it does.
func payloads(from, to wire.ID, kinds ...wire.Kind) (all [][]byte) {
	const number = 1<<40 + 1234567
	for _, k := range kinds {
		m := wire.Message{Kind: k, Call: callmodel.CallID{Ref: 1234, Born: number}}
		if to != wire.B || from != wire.A {
			m.Seq = number
		}
		if from == wire.A {
			m.Epoch, m.ConnID = 1, 1<<40+1234567
		}
		if to == wire.B && from == wire.A {
			m.Num = 1234567
		}
		if k == wire.CallCreated || to.IsClient() {
			m.ThisDN, m.OtherDN, m.CallType = "1234", "T1234", callmodel.CallInbound
		}
		b, err := link.Encode(nil, link.Header{Kind: link.Data, FromInc: 1, ToInc: 1, Session: 1, Seq: 1234567, Index: 1234567}, &m)
		if err != nil {
			panic(err) // a packet of ours can be encoded
		}
		all = append(all, b)
	}
	return all
}

// plainSwitch publishes the events of as many calls as each line of its input says, to both.
func plainSwitch(nc *nats.Conn, in *bufio.Scanner) error {
	if err := ready(nc); err != nil {
		return err
	}
	events := payloads(wire.Switch, wire.A, wire.CallCreated, wire.CallAnswered, wire.CallReleased)
	a, b := fmt.Sprintf(plainEvents, "A"), fmt.Sprintf(plainEvents, "B")
	for in.Scan() {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		for _, payload := range events {
			for range n {
				if err := errors.Join(nc.Publish(a, payload), nc.Publish(b, payload)); err != nil {
					return err
				}
			}
		}
	}
	return in.Err()
}

// plainPrimary passes events on to the client, and tells the backup of each call.
func plainPrimary(nc *nats.Conn, in *bufio.Scanner) error {
	named := payloads(wire.A, wire.B, wire.CallNamed)[0]
	events := payloads(wire.A, wire.Client(1), wire.EventRinging, wire.EventEstablished)
	created := len(payloads(wire.Switch, wire.A, wire.CallCreated)[0])
	if _, err := nc.Subscribe(fmt.Sprintf(plainEvents, "A"), func(m *nats.Msg) {
		out := events[1] // EventReleased is a few bytes shorter
		if len(m.Data) == created {
			_ = nc.Publish(plainHA, named)
			out = events[0]
		}
		_ = nc.Publish(plainClient, out)
	}); err != nil {
		return err
	}
	if err := ready(nc); err != nil {
		return err
	}
	return untilEnd(in)
}

// plainBackup hears the switch and the primary.
func plainBackup(nc *nats.Conn, in *bufio.Scanner) error {
	for _, subject := range []string{fmt.Sprintf(plainEvents, "B"), plainHA} {
		if _, err := nc.Subscribe(subject, func(*nats.Msg) {}); err != nil {
			return err
		}
	}
	if err := ready(nc); err != nil {
		return err
	}
	return untilEnd(in)
}

// throughputPlain starts the plain programs on a NATS server of their own, which is a process as the pair's is.
func throughputPlain() (*subject, func(), error) {
	p, err := startPair(options{Config: config.Default()})
	if err != nil {
		return nil, nil, err
	}
	programs, stop, err := startParts(p, "plain-backup", "plain-primary", "plain-switch")
	if err != nil {
		p.close()
		return nil, nil, err
	}
	orders := programs[2].in
	s := newSubject(func(calls int) error {
		_, err := fmt.Fprintln(orders, calls)
		return err
	})
	if _, err = p.nc.Subscribe(plainClient, func(*nats.Msg) { s.event() }); err == nil {
		err = p.nc.Flush()
	}
	stopAll := func() {
		stop()
		p.close()
	}
	if err != nil {
		stopAll()
		return nil, nil, fmt.Errorf("NATS: %w", err)
	}
	return s, stopAll, nil
}
