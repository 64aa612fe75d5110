package live

import (
	"context"
	"fmt"
	"sync"

	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/tserver/client"
)

// Client is a client of a pair. Its methods may be called by several goroutines.
type Client struct {
	opt  Options
	host *natsworld.Host
	id   wire.ID

	mu      sync.Mutex
	status  Status
	changed chan struct{} // closed when the status changes
	streams []*stream
	ended   error // why nothing follows
	tasks   map[uint64]func(*client.Client, *node.Output)
	lastID  uint64
	waiting map[uint64]chan answered // by reference ID
	asked   []*asked

	slots chan struct{} // of requests under way
}

// Status is what a client knows of the pair.
type Status struct {
	// Primary is A or B, "" if the client knows of none, or has lost it. Epoch is the highest that it has seen.
	Primary string
	Epoch   uint64
	// Connected tells whether there is a connection to A and to B, Available whether they have announced EventLinkConnected.
	Connected, Available [2]bool
	// Refused is why the last login was refused, at A and at B; "" if it was not, or there is none (Options.Login).
	Refused [2]string
}

// Ready reports whether there is a primary that is connected and available.
func (s Status) Ready() bool {
	return s.Primary == "A" && s.Available[0] || s.Primary == "B" && s.Available[1]
}

// Dial connects to NATS and to both T-Servers, or with Options.Login to the one that lets it in, and returns when there is a primary in service, or with an error when ctx
// ends: it wraps the context's, and says why logins were refused.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if o.Pair == "" {
		o.Pair = "pair"
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	id, err := o.id()
	if err != nil {
		return nil, err
	}
	l, err := o.login()
	if err != nil {
		return nil, err
	}
	cfg, err := o.config(id)
	if err != nil {
		return nil, err
	}
	c := &Client{
		opt: o, id: id, changed: make(chan struct{}), slots: make(chan struct{}, maxUnderWay),
		tasks: map[uint64]func(*client.Client, *node.Output){}, waiting: map[uint64]chan answered{},
	}
	c.host, err = natsworld.NewHost(ctx, natsworld.HostOptions{
		ID: id, Config: cfg, URL: o.URL, Pair: o.Pair, Clock: natsworld.NewClock(o.Speed), Login: l, Foreign: true,
		NewNode: func(id wire.ID, _ *config.Config) node.Node {
			n := client.New(id, node.Rules{}).RegisterOnly(o.Register...)
			if o.Login != nil {
				n.LogIn(cfg.Login)
			}
			n.SetObserver(c)
			return &bridge{n, c}
		},
	})
	if err != nil {
		return nil, err
	}
	c.host.Go()
	go func() {
		<-c.host.Done()
		err := c.host.Err()
		if err == nil {
			err = ErrClosed
		}
		c.end(err)
	}()
	if err := c.AwaitReady(ctx); err != nil {
		why := c.Status().whyRefused()
		c.Close()
		return nil, fmt.Errorf("no primary is in service%s: %w", why, err)
	}
	return c, nil
}

// whyRefused lists why logins were refused.
func (s Status) whyRefused() (list string) {
	for i, why := range s.Refused {
		if why != "" {
			list += fmt.Sprintf("; %s refused the login: %s", wire.A+wire.ID(i), why)
		}
	}
	return list
}

// Close says goodbye to the T-Servers, and ends everything. Requests under way end with ErrUnknown, iterators with ErrClosed.
func (c *Client) Close() {
	c.end(ErrClosed)
	c.host.Stop()
}

// end ends whatever waits. The first reason counts.
func (c *Client) end(err error) {
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return
	}
	c.ended = err
	streams, waiting := c.streams, c.waiting
	c.waiting = map[uint64]chan answered{}
	c.status = Status{Epoch: c.status.Epoch}
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	for _, s := range streams {
		s.end(err)
	}
	for _, w := range waiting {
		close(w)
	}
}

// Status returns what the client knows of the pair now.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// AwaitReady waits until there is a primary that is connected and available.
func (c *Client) AwaitReady(ctx context.Context) error {
	for {
		c.mu.Lock()
		ready, ended, changed := c.status.Ready(), c.ended, c.changed
		c.mu.Unlock()
		switch {
		case ended != nil:
			return ended
		case ready:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// do has the client's goroutine call f, within a step of the node. It reports false if nothing is done any more.
func (c *Client) do(f func(*client.Client, *node.Output)) bool {
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return false
	}
	c.lastID++
	id := c.lastID
	c.tasks[id] = f
	c.mu.Unlock()
	c.host.Do(&node.Command{ID: id, Verb: task})
	return true
}

// task is the verb of a command that stands for a function.
const task = "task"

// bridge is the node, and what the library wants to know of its steps. Its methods are called by the host's goroutine.
type bridge struct {
	*client.Client
	c *Client
}

// Step implements node.Node.
func (b *bridge) Step(in *node.Input, out *node.Output) {
	if in.Kind == node.Do && in.Cmd.Verb == task {
		b.c.mu.Lock()
		f := b.c.tasks[in.Cmd.ID]
		delete(b.c.tasks, in.Cmd.ID)
		b.c.mu.Unlock()
		f(b.Client, out)
	} else {
		before := len(out.Notes)
		b.Client.Step(in, out)
		for i := before; i < len(out.Notes); i++ {
			switch n := &out.Notes[i]; n.Kind {
			case node.NoteResumed:
				b.c.tell(&Event{Name: "EventRestoreConnection", Server: n.Peer.String(), Epoch: b.Epoch(), Complete: n.Text == "complete"})
			case node.NoteSession:
				b.c.session(n, in, b.Epoch())
			}
		}
		if in.Kind == node.Receive {
			b.c.registered(in.Peer, in.Msg)
		}
	}
	b.c.follow(b.Client)
}

// session: a session begins, or is over, or a login was refused (P4-P6).
func (c *Client) session(n *node.Note, in *node.Input, epoch uint64) {
	e := Event{Name: wire.EventLoggedOut.String(), Server: n.Peer.String(), Epoch: epoch, Text: n.Text}
	refused := ""
	switch {
	case n.N == 1:
		e.Name = wire.EventLoggedIn.String()
	case in.Kind == node.Receive && in.Msg.Kind == wire.EventLoginRefused:
		e.Name, refused = wire.EventLoginRefused.String(), n.Text
	}
	c.change(func(s *Status) { s.Refused[n.Peer-wire.A] = refused })
	c.tell(&e)
}

// follow notes what the node knows.
func (c *Client) follow(n *client.Client) {
	c.change(func(s *Status) {
		s.Primary, s.Epoch = "", n.Epoch()
		if p := n.Primary(); p != wire.None {
			s.Primary = p.String()
		}
	})
}

func (c *Client) change(f func(*Status)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.status
	if f(&c.status); c.status != was && c.ended == nil {
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

// Event implements client.Observer.
func (c *Client) Event(from wire.ID, m *wire.Message) {
	e := eventOf(from, m)
	c.tell(&e)
}

// PrimaryChanged implements client.Observer.
func (c *Client) PrimaryChanged(primary wire.ID, epoch uint64) {
	c.tell(&Event{Name: "EventPrimaryChanged", Server: primary.String(), Epoch: epoch})
}

// Link implements client.Observer.
func (c *Client) Link(server wire.ID, connected bool) {
	c.change(func(s *Status) { s.Available[server-wire.A] = connected })
	name := wire.EventLinkDisconnected
	if connected {
		name = wire.EventLinkConnected
	}
	c.tell(&Event{Name: name.String(), Server: server.String(), Epoch: c.Status().Epoch})
}

// Server implements client.Observer.
func (c *Client) Server(server wire.ID, connected bool) {
	name := "EventServerConnected"
	if !connected {
		name = "EventServerDisconnected"
	}
	c.change(func(s *Status) {
		s.Connected[server-wire.A] = connected
		if !connected {
			s.Available[server-wire.A] = false
		}
	})
	c.tell(&Event{Name: name, Server: server.String(), Epoch: c.Status().Epoch})
}
