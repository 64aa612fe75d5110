package natsworld

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"hotpair/internal/access"
	"hotpair/internal/config"
	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/relay"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// Options say how the world of one process is made.
type Options struct {
	Config config.Config
	Speed  float64
	Seed   uint64
	// URL of a NATS server that is already running; "" starts one in this process.
	URL string
	// Login is whom all nodes connect as where the server is not ours: a user that may do everything.
	Login Login
	// Probe looks at our own server; nil: nobody does.
	Probe *Probe
	Sink  trace.Sink
	// NewNode makes the nodes; nil means cast.New.
	NewNode func(wire.ID, *config.Config) node.Node
	// Tester: our own server has a user for a tester, who drives the pair (access.Tester).
	Tester bool
	// Tolerant takes a node that ended by itself for a fault that somebody injected.
	Tolerant bool
}

// ServerLog hears what a NATS server logs.
type ServerLog = server.Logger

// Probe looks at the NATS server of a world, and lets others in.
type Probe struct {
	// Keys are those of the pair's users (access.NewKeys), instead of fresh ones.
	Keys access.Keys
	// Log hears what the server logs, every message with it.
	Log ServerLog
	// Started is called when the server accepts connections at a URL.
	Started func(url string)
}

// local runs all nodes in this process.
type local struct {
	opt     Options
	pair    string
	merger  *trace.Merger
	relay   *relay.Relay
	server  *Server     // nil: a foreign one
	keys    access.Keys // of our own server's users
	dir     string      // of the embedded server's store
	port    int
	hosts   map[wire.ID]*Host
	resume  map[wire.ID]func()
	crashes chan Crash

	tellNATS func() // that the server's end is wanted
}

// NewWorld makes a world with all nodes in this process, on an embedded NATS server or on one that is already running.
func NewWorld(o Options) (*World, error) {
	if err := CheckSpeed(&o.Config, o.Speed); err != nil {
		return nil, err
	}
	l := &local{
		opt: o, pair: "pair", merger: trace.NewMerger(), hosts: map[wire.ID]*Host{}, resume: map[wire.ID]func(){}, crashes: make(chan Crash, 16),
	}
	if err := l.openNATS(); err != nil {
		_ = l.Close()
		return nil, err
	}
	clock := NewClock(o.Speed)
	return NewWorldOf(WorldOptions{
		Config: o.Config, Clock: clock, Sink: o.Sink, Merger: l.merger, Relay: l.relay, Driver: l, Pair: l.pair, Foreign: o.URL != "", Tolerant: o.Tolerant,
	}), nil
}

func (l *local) openNATS() error {
	if l.opt.URL != "" {
		// Other runs may use the same server.
		l.pair = "run" + strconv.FormatInt(time.Now().UnixNano(), 36) + strconv.Itoa(os.Getpid())
		return l.relayForeign()
	}
	if l.opt.Probe == nil {
		l.opt.Probe = &Probe{}
	}
	var err error
	if l.keys = l.opt.Probe.Keys; l.keys == nil {
		if l.keys, err = access.NewKeys(l.access()); err != nil {
			return err
		}
	}
	if l.dir, err = os.MkdirTemp("", "hotpair-nats-"); err != nil {
		return fmt.Errorf("NATS server: its store: %w", err)
	}
	if err := l.StartNATS(); err != nil {
		return err
	}
	l.relay = relay.New(relay.Options{Upstream: l.server.Addr(), Seed: l.opt.Seed})
	if l.opt.Probe.Started != nil {
		l.opt.Probe.Started(l.server.URL())
	}
	return nil
}

func (l *local) access() access.Options {
	return access.Options{Pair: l.pair, Clients: l.opt.Config.Clients, Tester: l.opt.Tester}
}

// login returns as whom a role connects.
func (l *local) login(role string) Login {
	if l.keys == nil {
		return l.opt.Login
	}
	return LoginOf(l.keys, role)
}

// relayForeign puts a relay in front of a foreign server, unless what passes there is encrypted.
func (l *local) relayForeign() error {
	u, err := url.Parse(l.opt.URL)
	if err != nil || u.Host == "" {
		return fmt.Errorf("NATS: a URL such as nats://127.0.0.1:4222 is wanted, not %q", l.opt.URL)
	}
	if u.Scheme != "nats" {
		return nil
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "4222")
	}
	c, err := net.DialTimeout("tcp", host, connectTime)
	if err != nil {
		return fmt.Errorf("NATS at %s: %w", redacted(l.opt.URL), err)
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(connectTime))
	info, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(info, "INFO ") {
		return fmt.Errorf("NATS at %s: this is no NATS server", redacted(l.opt.URL))
	}
	if !strings.Contains(info, `"tls_required":true`) {
		l.relay = relay.New(relay.Options{Upstream: host, Seed: l.opt.Seed})
	}
	return nil
}

// url returns where a node reaches NATS: through the relay, where there is one.
func (l *local) url(id wire.ID) (string, error) {
	if l.relay == nil {
		return l.opt.URL, nil
	}
	addr, err := l.relay.Listen(id)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "nats", Host: addr}
	if l.opt.URL != "" {
		foreign, err := url.Parse(l.opt.URL)
		if err != nil {
			return "", err
		}
		u.User = foreign.User
	}
	return u.String(), nil
}

// Outside implements Driver.
func (l *local) Outside(role string, id wire.ID) (string, Login, error) {
	if id == wire.None {
		if l.server != nil {
			return l.server.URL(), l.login(role), nil
		}
		return l.opt.URL, l.login(role), nil
	}
	u, err := l.url(id)
	return u, l.login(role), err
}

// Start implements Driver.
func (l *local) Start(ids []wire.ID, clock Clock) error {
	for _, id := range ids {
		h, err := l.newHost(id, clock)
		if err != nil {
			l.abandon(ids)
			return err
		}
		l.hosts[id] = h
	}
	for _, id := range ids {
		l.begin(id)
	}
	return nil
}

func (l *local) newHost(id wire.ID, clock Clock) (*Host, error) {
	u, err := l.url(id)
	if err != nil {
		return nil, err
	}
	var system *Login
	if l.keys != nil {
		of := LoginOf(l.keys, access.System)
		system = &of
	}
	return NewHost(context.Background(), HostOptions{
		Login: l.login(id.String()), System: system,
		ID: id, Config: l.opt.Config, URL: u, Pair: l.pair, Clock: clock, NewNode: l.opt.NewNode, Foreign: l.opt.URL != "",
		Records: func(records []trace.Record) error { l.merger.Add(records...); return nil },
	})
}

func (l *local) begin(id wire.ID) {
	h := l.hosts[id]
	h.Go()
	go func() {
		<-h.Done()
		// A node that was started once more was told to end: by that.
		if err := h.Err(); err != nil && !errors.Is(err, ErrSuperseded) {
			l.crash(Crash{id, h.Inc(), fmt.Errorf("node %s ended by itself: %w", id, err)})
		}
	}()
}

// Twin implements Driver.
func (l *local) Twin(id wire.ID, clock Clock) (uint64, func() error, error) {
	older := l.hosts[id]
	h, err := l.newHost(id, clock)
	if err != nil {
		return 0, nil, err
	}
	l.hosts[id] = h
	select {
	case <-older.Done():
	case <-time.After(connectTime):
		return 0, nil, fmt.Errorf("incarnation %d of %s did not end within %s", older.Inc(), id, connectTime)
	}
	if err := older.Err(); !errors.Is(err, ErrSuperseded) {
		return 0, nil, fmt.Errorf("incarnation %d of %s ended by itself: %w", older.Inc(), id, err)
	}
	older.Kill() // closes its connection
	return older.Inc(), func() error { l.begin(id); return nil }, nil
}

// abandon ends those that have not begun.
func (l *local) abandon(ids []wire.ID) {
	for _, id := range ids {
		if h := l.hosts[id]; h != nil {
			h.Kill()
			delete(l.hosts, id)
		}
	}
}

// SetStore implements Driver.
func (l *local) SetStore(f fault.Store) error {
	admin, url := l.login(access.Admin), l.opt.URL
	if l.server != nil {
		url = l.server.URL()
	}
	return SetStore(url, l.pair, &admin, f)
}

// Kill implements Driver.
func (l *local) Kill(id wire.ID) (uint64, error) {
	h := l.hosts[id]
	delete(l.hosts, id)
	delete(l.resume, id)
	h.Kill()
	return h.Inc(), nil
}

// Stop implements Driver.
func (l *local) Stop(id wire.ID) (uint64, error) {
	h := l.hosts[id]
	delete(l.hosts, id)
	h.Stop()
	return h.Inc(), nil
}

// Pause implements Driver.
func (l *local) Pause(id wire.ID) error {
	l.resume[id] = l.hosts[id].Pause()
	return nil
}

// Resume implements Driver.
func (l *local) Resume(id wire.ID) error {
	l.resume[id]()
	delete(l.resume, id)
	return nil
}

// Do implements Driver.
func (l *local) Do(id wire.ID, cmd *node.Command) error {
	l.hosts[id].Do(cmd)
	return nil
}

// SetOption implements Driver.
func (l *local) SetOption(id wire.ID, key, value string) error {
	return SetOption(&l.opt.Config, l.opt.Speed, id, key, value)
}

// StartNATS implements Driver.
func (l *local) StartNATS() error {
	s, err := StartServer(ServerOptions{
		Port: l.port, StoreDir: filepath.Join(l.dir, "jetstream"), Log: l.opt.Probe.Log,
		Config: access.ServerConfig(l.access(), l.keys, access.ServerOptions{}),
	})
	if err != nil {
		return err
	}
	l.server, l.port = s, s.Port()
	told := make(chan struct{})
	l.tellNATS = func() { close(told) }
	go func() {
		s.Wait()
		select {
		case <-told:
		default:
			l.crash(Crash{ID: wire.NATS, Err: errors.New("the NATS server ended by itself")})
		}
	}()
	return nil
}

// crash reports what ended by itself. One is enough for the world to tell.
func (l *local) crash(c Crash) {
	select {
	case l.crashes <- c:
	default:
	}
}

// EndNATS implements Driver. In one process, killing a server and stopping it are the same.
func (l *local) EndNATS(bool) error {
	l.shutdown()
	return nil
}

func (l *local) shutdown() {
	l.tellNATS()
	l.server.Shutdown()
	l.server = nil
}

// Crashed implements Driver.
func (l *local) Crashed() <-chan Crash { return l.crashes }

// Forget implements Driver.
func (l *local) Forget(id wire.ID) { delete(l.hosts, id) }

// Close implements Driver.
func (l *local) Close() error {
	// Nobody shall notice that the others are gone: all stand still before the first connection is closed.
	for _, h := range l.hosts {
		h.cancel()
	}
	for _, h := range l.hosts {
		h.started()
		<-h.done
	}
	for _, h := range l.hosts {
		h.Kill()
	}
	var err error
	if l.opt.URL != "" {
		err = l.deleteBucket()
	}
	if l.server != nil {
		l.shutdown()
	}
	if l.dir != "" {
		err = errors.Join(err, os.RemoveAll(l.dir))
	}
	return err
}

// deleteBucket leaves a foreign server as it was.
func (l *local) deleteBucket() error {
	nc, err := Connect(l.opt.URL, l.pair, &l.opt.Login)
	if err != nil {
		return nil // the server is gone, and the bucket with it as far as we can do anything
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := js.DeleteKeyValue(ctx, access.Bucket(l.pair)); err != nil && !errors.Is(err, jetstream.ErrBucketNotFound) {
		return fmt.Errorf("NATS: the bucket %s of this run is left behind: %w", access.Bucket(l.pair), err)
	}
	return nil
}
