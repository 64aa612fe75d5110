package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
	"hotpair/tserver/client"
)

// ScaleOptions say how large a site is measured.
type ScaleOptions struct {
	Extensions, Clients int
	// Rates are the calls per second that are tried, in ascending order, until one is not carried. The highest rate is then looked for by halving what is between that and the last one
	// that was, until they are Resolution calls per second apart.
	Rates      []int
	Resolution int
	// Time is how long each rate is measured, when it has settled, and Tries how often, until it is within the limit: other programs on the machine can make any
	// measurement worse, and none better.
	Time  time.Duration
	Tries int
	// Limit of the latency that 99 of 100 events do not exceed.
	Limit  time.Duration
	Report func(format string, args ...any)
}

// Validate reports the first option that is out of range.
func (o *ScaleOptions) Validate() error {
	switch {
	case o.Clients < 1 || o.Clients > wire.MaxClients:
		return fmt.Errorf("there are 1 to %d clients, not %d", wire.MaxClients, o.Clients)
	case o.Extensions < 2*o.Clients || o.Extensions > 100_000:
		return fmt.Errorf("there are at least two DNs for each client, and at most 100000, not %d", o.Extensions)
	case len(o.Rates) == 0 || !slices.IsSorted(o.Rates) || o.Rates[0] < 1:
		return errors.New("rates are calls per second, from 1, in ascending order")
	case o.Resolution < 1:
		return fmt.Errorf("the resolution is 1 call per second at least, not %d", o.Resolution)
	case o.Time < time.Second || o.Limit <= 0 || o.Tries < 1:
		return errors.New("each rate is measured once at least, for a second at least, and the limit is above 0")
	}
	return nil
}

const (
	// scaleHold and scaleRing are how long a call of the site is held, and rings.
	scaleHold = time.Second
	scaleRing = 100 * time.Millisecond
	// settled is how long a new rate is left alone before it is measured.
	settled = scaleHold + scaleRing + time.Second
)

// site is a pair with many clients, each a session of its own on NATS, which have all DNs between them.
type site struct {
	*pair
	o     ScaleOptions
	hosts []*natsworld.Host

	mu       sync.Mutex
	happened map[uint64]time.Duration // at the switch, by event number
	arrivals []landing
	timed    atomic.Bool
	links    atomic.Int64 // of clients that are up
}

// landing is an event at a client.
type landing struct {
	seq uint64
	at  time.Duration
}

// station is a client's node, which tells when events arrive, and how many of its links are up.
type station struct {
	node.Node
	s  *site
	up int64
}

// linked takes note of a link that comes up or goes down.
func (n *station) linked(in *node.Input) {
	was := n.up
	switch in.Kind {
	case node.PortUp:
		n.up++
	case node.PortDown:
		n.up--
	case node.CarrierDown:
		n.up = 0
	}
	n.s.links.Add(n.up - was)
}

// Step implements node.Node.
func (n *station) Step(in *node.Input, out *node.Output) {
	n.linked(in)
	if in.Kind == node.Receive && in.Msg.Kind.IsCallEvent() && n.s.timed.Load() {
		now := n.s.Now()
		n.s.mu.Lock()
		n.s.arrivals = append(n.s.arrivals, landing{in.Msg.Seq, now})
		n.s.mu.Unlock()
	}
	n.Node.Step(in, out)
}

// Scale finds the highest rate of calls that a site carries before the latency from the switch to the clients passes a limit.
func Scale(ctx context.Context, o ScaleOptions) (*Report, error) {
	if o.Report == nil {
		o.Report = func(string, ...any) {}
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	s, err := openSite(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	r := &Report{Title: fmt.Sprintf("Scale: %d DNs, %d client sessions; latency from the switch to the clients, limit p99 %s", o.Extensions, o.Clients, o.Limit)}
	carried := map[int]*measured{}
	best, least, err := highest(o.Rates, o.Resolution, func(rate int) (bool, error) {
		m, err := s.try(ctx, rate)
		if err != nil {
			return false, err
		}
		m.rows(r, rate)
		if m.within(rate, o.Limit) {
			carried[rate] = m
			return true, nil
		}
		return false, s.calm(ctx)
	})
	if err != nil {
		return r, err
	}
	note := fmt.Sprintf("%d events/s at the clients, 3 of the switch for each call", 6*best)
	if least > 0 {
		note += fmt.Sprintf("; %d calls/s are not carried", least)
	} else {
		note += "; no rate that was tried is not carried"
	}
	r.add(Row{"highest rate", fmt.Sprintf("%d calls/s", best), note})
	if m := carried[best]; m != nil {
		r.add(Row{"  latency there", m.latency, ""})
		r.add(m.used("  cores, memory there"))
	}
	return r, nil
}

// highest looks for the highest rate that is carried: it climbs rates until one is not, and then halves what is between, until they are no more than resolution apart. It returns the highest
// rate that was carried, 0 if none was, and the lowest one above it that was not, 0 if all were.
func highest(rates []int, resolution int, carries func(rate int) (bool, error)) (best, least int, err error) {
	for _, rate := range rates {
		ok, err := carries(rate)
		if err != nil {
			return best, least, err
		}
		if !ok {
			least = rate
			break
		}
		best = rate
	}
	for least-best > resolution {
		rate := (best + least) / 2
		ok, err := carries(rate)
		switch {
		case err != nil:
			return best, least, err
		case ok:
			best = rate
		default:
			least = rate
		}
	}
	return best, least, nil
}

// calm ends the load after a rate that was too high, and waits until what was left behind is done: the pair is synchronized again if it was not any more, and every client is connected to both T-Servers.
func (s *site) calm(ctx context.Context) error {
	if err := s.order("load-stop", nil); err != nil {
		return err
	}
	for left := patience; ; left -= settled {
		if err := pause(ctx, settled); err != nil {
			return err
		}
		links := s.links.Load()
		if s.ready() && links == int64(2*s.o.Clients) {
			return nil
		}
		if left <= 0 {
			return fmt.Errorf("%s after a rate that was too high, %d of %d links of clients are up, and the pair is ready: %t", patience, links, 2*s.o.Clients, s.ready())
		}
	}
}

func openSite(ctx context.Context, o ScaleOptions) (*site, error) {
	c := realTime()
	c.Clients = o.Clients
	c.Switch.Extensions, c.Switch.Trunks = o.Extensions, 0
	// With every core busy, whatever waits for an answer may wait long.
	c.Link.AddpTimeout, c.A.HAPublishTimeout, c.B.HAPublishTimeout = 10*time.Second, 5*time.Second, 5*time.Second
	s := &site{o: o, happened: map[uint64]time.Duration{}}
	var err error
	if s.pair, err = startPair(options{Config: c, calls: true, sink: s.mark}); err != nil {
		return nil, err
	}
	if err = s.boot(ctx, wire.Switch, wire.A, wire.B, wire.MLayer); err == nil {
		err = s.connect(ctx, &c)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// mark takes what the switch tells of its calls, and reports whether that was all of it.
func (s *site) mark(r *trace.Record) (taken bool) {
	if r.Kind != trace.Noted || r.Note.Kind != node.NoteCall {
		return false
	}
	if s.timed.Load() && r.Note.Text != "blocked" { // which is no event
		s.mu.Lock()
		s.happened[r.Note.N] = r.At
		s.mu.Unlock()
	}
	return true
}

// connect lets all clients in, some at a time, and waits until they have registered their DNs.
func (s *site) connect(ctx context.Context, c *config.Config) error {
	s.hosts = make([]*natsworld.Host, s.o.Clients)
	errs := make([]error, s.o.Clients)
	registered := make(chan struct{}, 2*s.o.Extensions)
	var wg sync.WaitGroup
	turns := make(chan struct{}, 16)
	share := s.o.Extensions / s.o.Clients
	for i := range s.o.Clients {
		id := wire.Client(i + 1)
		var dns []callmodel.DN
		for k := range share {
			dns = append(dns, callmodel.DN(strconv.Itoa(c.Switch.FirstDN+i*share+k)))
		}
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			s.hosts[i], errs[i] = natsworld.NewHost(ctx, natsworld.HostOptions{
				ID: id, Config: *c, URL: s.NATSURL(), Pair: s.Pair(), Clock: natsworld.NewClock(1), Login: s.Login(id.String()),
				NewNode: func(id wire.ID, c *config.Config) node.Node {
					n := client.New(id, c.Without).RegisterOnly(dns...)
					return &station{Node: &registrations{n, registered}, s: s}
				},
			})
			if errs[i] == nil {
				s.hosts[i].Go()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	alarm := time.NewTimer(patience)
	defer alarm.Stop()
	for n := range 2 * share * s.o.Clients {
		select {
		case <-registered:
		case <-ctx.Done():
			return ctx.Err()
		case <-alarm.C:
			return fmt.Errorf("only %d of %d registrations within %s", n, 2*share*s.o.Clients, patience)
		}
	}
	return nil
}

// registrations counts what the T-Servers have agreed to.
type registrations struct {
	node.Node
	agreed chan struct{}
}

// Step implements node.Node.
func (r *registrations) Step(in *node.Input, out *node.Output) {
	if in.Kind == node.Receive && in.Msg.Kind == wire.EventRegistered {
		select {
		case r.agreed <- struct{}{}:
		default:
		}
	}
	r.Node.Step(in, out)
}

func (s *site) close() {
	for _, h := range s.hosts {
		if h != nil {
			h.Kill()
		}
	}
	s.pair.close()
}

// measured is what a rate came to.
type measured struct {
	latency         quantiles
	wanted, arrived int
	calls           int                // a second
	cores           map[string]float64 // used by each process
	memory          map[string]uint64  // resident, bytes
}

// within reports whether the rate was there, but for a fifth, and all events arrived, 99 of 100 of them in time.
func (m *measured) within(rate int, limit time.Duration) bool {
	return m.latency.P99 <= millis(limit) && m.arrived == m.wanted && 5*m.calls >= 4*rate && m.wanted > 0
}

// try sets a rate going, waits until it has settled, and measures until it is within the limit, or has been tried often enough; the last measurement counts.
func (s *site) try(ctx context.Context, rate int) (m *measured, err error) {
	if err := s.setRate(ctx, rate); err != nil {
		return nil, err
	}
	for range s.o.Tries {
		if m, err = s.measure(ctx); err != nil {
			return nil, err
		}
		s.o.Report("%d calls/s: %s, %d of %d events", rate, m.latency, m.arrived, m.wanted)
		if m.within(rate, s.o.Limit) {
			break
		}
	}
	return m, nil
}

func (s *site) setRate(ctx context.Context, rate int) error {
	args := map[string]string{
		"calls-per-hour": strconv.Itoa(3600 * rate), "hold": "const:" + scaleHold.String(), "ring": scaleRing.String(), "inbound": "0", "seed": strconv.Itoa(rate),
	}
	if err := s.order("load", args); err != nil {
		return err
	}
	return pause(ctx, settled)
}

func (s *site) measure(ctx context.Context) (*measured, error) {
	s.mu.Lock()
	s.happened, s.arrivals = map[uint64]time.Duration{}, nil
	s.mu.Unlock()
	s.timed.Store(true)
	from := s.Now() // what was before may have arrived unseen
	before, begin := s.usage(), time.Now()
	if err := pause(ctx, s.o.Time); err != nil {
		return nil, err
	}
	after, took := s.usage(), time.Since(begin)
	end := s.Now()
	if err := pause(ctx, max(time.Second, 4*s.o.Limit)); err != nil { // what is under way arrives
		return nil, err
	}
	s.timed.Store(false)
	m := s.judge(from, end)
	m.calls = int(float64(m.calls) / took.Seconds())
	m.cores, m.memory = map[string]float64{}, map[string]uint64{}
	for name, u := range after {
		m.cores[name] = (u.cpu - before[name].cpu).Seconds() / took.Seconds()
		m.memory[name] = u.memory
	}
	return m, nil
}

// judge joins what happened at the switch between two times with what arrived: two events at clients for each of the switch's.
func (s *site) judge(from, end time.Duration) *measured {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &measured{}
	seen := map[uint64]int{}
	var late Times
	for _, a := range s.arrivals {
		if at, known := s.happened[a.seq]; known && at >= from && at <= end {
			late = append(late, a.at-at)
			seen[a.seq]++
		}
	}
	for seq, at := range s.happened {
		if at >= from && at <= end {
			m.wanted += 2
			m.arrived += min(seen[seq], 2)
		}
	}
	m.calls = m.wanted / 6
	m.latency = sample("", late, "").Value.(quantiles)
	return m
}

func (m *measured) rows(r *Report, rate int) {
	r.add(Row{fmt.Sprintf("%d calls/s", rate), m.latency, fmt.Sprintf("%d calls/s measured; %d of %d events arrived", m.calls, m.arrived, m.wanted)})
	r.add(m.used("  cores, memory"))
}

// used is what the processes used.
func (m *measured) used(name string) Row {
	total := 0.0
	text := ""
	for _, process := range slices.Sorted(maps.Keys(m.cores)) {
		total += m.cores[process]
		text += fmt.Sprintf("%s %.2f (%d MB)  ", process, m.cores[process], m.memory[process]>>20)
	}
	return Row{name, fmt.Sprintf("%.2f cores", total), text}
}

// usage is what a process has used.
type usage struct {
	cpu    time.Duration
	memory uint64
}

// usage looks at all processes, this one, in which the clients are, included.
func (s *site) usage() map[string]usage {
	all := map[string]usage{"clients": usageOf(os.Getpid())}
	for _, id := range []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer, wire.NATS} {
		all[id.String()] = usageOf(s.Pid(id))
	}
	return all
}
