package client

import (
	"fmt"
	"math/rand/v2"
	"time"

	"hotpair/hasync/pairconf"
	"hotpair/internal/canon"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// The timers of a client that logs in.
const (
	attemptTimer node.TimerKind = 64 + iota // login-timeout: the attempt has failed
	retryTimer                              // the next attempt
)

// LoginOptions are the options of clients under peer arbitration, where a client has a session at one server and looks for the active one by itself (P6).
// Times are in the run's clock.
type LoginOptions struct {
	// User is whom the client logs in as; "" is the client's name. At most 64 bytes.
	User string `yaml:"user"`
	// Password is the user's; it is not sent.
	Password string `yaml:"password"`
	// Feature is a licensed feature that the client needs (P2); "" needs none.
	Feature string `yaml:"login-feature"`
	// Timeout is the option login-timeout: how long an attempt may take; above 0 and at most 1h, default 3s.
	Timeout time.Duration `yaml:"login-timeout"`
	// Backoff and BackoffMax are the options login-backoff and login-backoff-max: a client waits before it tries again, up to Backoff after the first
	// attempt, twice as long after each further one, up to BackoffMax; above 0 and at most 1h, default 500ms and 5s.
	Backoff    time.Duration `yaml:"login-backoff"`
	BackoffMax time.Duration `yaml:"login-backoff-max"`
	// Jitter is the option login-jitter: how long exactly it waits is drawn, evenly from 0, so that many clients do not come at once. Default true; without
	// it nothing is drawn.
	Jitter bool `yaml:"login-jitter"`
	// KnowsBoth is the option login-knows-both: the client knows both servers from the beginning. Otherwise it knows the configured primary, and the
	// other one when it was told (P5). Default true.
	KnowsBoth bool `yaml:"login-knows-both"`
}

// DefaultLoginOptions returns the defaults.
func DefaultLoginOptions() LoginOptions {
	return LoginOptions{Timeout: 3 * time.Second, Backoff: 500 * time.Millisecond, BackoffMax: 5 * time.Second, Jitter: true, KnowsBoth: true}
}

// maxUser is the greatest length of a user's name, in bytes.
const maxUser = 64

// Validate reports the first option that is out of range, with what is allowed.
func (o *LoginOptions) Validate() error {
	switch {
	case len(o.User) > maxUser:
		return fmt.Errorf("a user's name has at most %d bytes, not %d", maxUser, len(o.User))
	case o.Timeout <= 0 || o.Timeout > time.Hour:
		return fmt.Errorf("login-timeout is above 0 and at most 1h, not %s", o.Timeout)
	case o.Backoff <= 0 || o.Backoff > time.Hour:
		return fmt.Errorf("login-backoff is above 0 and at most 1h, not %s", o.Backoff)
	case o.BackoffMax < o.Backoff || o.BackoffMax > time.Hour:
		return fmt.Errorf("login-backoff-max is from login-backoff to 1h, not %s", o.BackoffMax)
	}
	return nil
}

// phase is how far a client is with its login.
type phase uint8

const (
	resting    phase = iota // it wants no session, or its own connection is lost
	waiting                 // for the next attempt: retryTimer is armed
	connecting              // to a server: attemptTimer is armed
	asking                  // the server for a session: attemptTimer is armed
	loggedIn
)

// login is a client's search for the active server (P6); nil under a Management Layer, where clients are connected to both.
type login struct {
	opt LoginOptions

	inc      uint64 // own incarnation
	phase    phase
	wants    bool // a session
	at       wire.ID
	knows    [2]bool
	attempts uint8 // that failed since the last session, up to maxAttempts
	draws    rand.PCG
	why      string // what the server said before the session ended
}

// maxAttempts is how many attempts are counted: the wait does not grow any more then.
const maxAttempts = 16

// LogIn makes the client one that logs in, before it is started. The options are valid.
func (c *Client) LogIn(o LoginOptions) *Client {
	if o.User == "" {
		o.User = c.self.String()
	}
	c.login = &login{opt: o, at: wire.A, wants: true, knows: [2]bool{true, o.KnowsBoth}}
	return c
}

// stepLogin handles what concerns the login; it reports false if there is more to an input.
func (c *Client) stepLogin(in *node.Input, out *node.Output) bool {
	l := c.login
	switch in.Kind {
	case node.Start:
		c.startLogin(in.Inc, out)
	case node.PortUp:
		if l.phase == connecting && in.Peer == l.at {
			c.sendLogin(in.Inc, out)
		}
		return true
	case node.PortDown:
		if in.Peer == l.at {
			c.serverLost(in.Cause.String(), out)
		}
	case node.CarrierDown:
		c.endSession("its own connection is lost", out)
		c.rest(out)
	case node.CarrierUp:
		if l.wants {
			c.tryLater(out)
		}
	case node.Fired:
		c.loginTimer(in.Timer, out)
	case node.Receive:
		return c.answered(in, out)
	case node.Do:
		return c.loginCommand(in.Cmd, out)
	}
	return false
}

// startLogin: both links are down until the client dials one.
func (c *Client) startLogin(inc uint64, out *node.Output) {
	l := c.login
	l.inc = inc
	if l.opt.Jitter {
		l.draws = *rand.NewPCG(uint64(c.self), inc)
	}
	out.Shut(wire.A)
	out.Shut(wire.B)
	c.want(true, out)
	c.try(out)
}

func (c *Client) want(session bool, out *node.Output) {
	c.login.wants = session
	n := uint64(0)
	if session {
		n = 1
	}
	out.Note(node.Note{Kind: node.NoteWants, N: n})
}

// try begins an attempt.
func (c *Client) try(out *node.Output) {
	l := c.login
	l.phase = connecting
	out.Unshut(l.at)
	out.Set(node.Timer{Kind: attemptTimer}, l.opt.Timeout)
}

func (c *Client) sendLogin(serverInc uint64, out *node.Output) {
	l := c.login
	l.phase = asking
	m := out.Send(l.at, wire.Login)
	m.Epoch, m.Text, m.Feature = c.epoch, l.opt.User, l.opt.Feature
	m.Proof = pairconf.Proof(pairconf.Key(l.opt.User, l.opt.Password), l.at, serverInc, c.self, l.inc)
}

// answered handles a server's answer to the login, or the end of the session. Of a server at which the client has no session it takes nothing else.
func (c *Client) answered(in *node.Input, out *node.Output) bool {
	l, m := c.login, in.Msg
	if in.Peer != l.at {
		return true
	}
	switch m.Kind {
	case wire.EventLoggedIn, wire.EventLoginRefused, wire.EventLoggedOut: // by a server that may be of a higher epoch than the one that lets it in next (X6, P13)
		c.epoch = max(c.epoch, m.Epoch)
	}
	switch {
	case m.Kind == wire.EventLoggedIn && l.phase == asking:
		c.beginSession(m, out)
	case m.Kind == wire.EventLoginRefused && l.phase == asking:
		out.Note(node.Note{Kind: node.NoteSession, Peer: l.at, Text: m.Text})
		c.failed(out)
	case m.Kind == wire.EventLoggedOut && l.phase == loggedIn:
		l.why = m.Text
	default:
		return l.phase != loggedIn
	}
	return true
}

func (c *Client) beginSession(m *wire.Message, out *node.Output) {
	l := c.login
	l.phase, l.attempts, l.why = loggedIn, 0, ""
	out.Cancel(node.Timer{Kind: attemptTimer})
	if m.Node.IsTServer() {
		l.knows[m.Node-wire.A] = true // P5
	}
	c.server(l.at, true)
	out.Note(node.Note{Kind: node.NoteSession, Peer: l.at, N: 1})
	c.registerAll(l.at, out)
}

// serverLost: the link to the server that the client has, or wants, a session at went down.
func (c *Client) serverLost(why string, out *node.Output) {
	l := c.login
	switch l.phase {
	case loggedIn:
		if l.why != "" {
			why = l.why
		}
		c.endSession(why, out)
		c.failed(out)
	case connecting, asking:
		c.failed(out)
	}
}

func (c *Client) endSession(why string, out *node.Output) {
	l := c.login
	if l.phase != loggedIn {
		return
	}
	l.why = ""
	c.server(l.at, false)
	out.Note(node.Note{Kind: node.NoteSession, Peer: l.at, Text: why})
}

// failed: the next attempt is at the other server, if the client knows it.
func (c *Client) failed(out *node.Output) {
	l := c.login
	out.Cancel(node.Timer{Kind: attemptTimer})
	out.Shut(l.at)
	if other := l.at.Peer(); l.knows[other-wire.A] && !c.without.Has(node.LoginTurns) {
		l.at = other
	}
	c.tryLater(out)
}

// tryLater waits before the next attempt, so that clients who lost a server together do not come to the other one together.
func (c *Client) tryLater(out *node.Output) {
	l := c.login
	l.phase = waiting
	most := min(l.opt.Backoff<<l.attempts, l.opt.BackoffMax)
	l.attempts = min(l.attempts+1, maxAttempts)
	if l.opt.Jitter {
		most = 1 + time.Duration(rand.New(&l.draws).Int64N(int64(most)))
	}
	out.Set(node.Timer{Kind: retryTimer}, most)
}

// rest ends every attempt.
func (c *Client) rest(out *node.Output) {
	l := c.login
	out.Cancel(node.Timer{Kind: attemptTimer})
	out.Cancel(node.Timer{Kind: retryTimer})
	out.Shut(l.at)
	l.phase, l.attempts = resting, 0
}

func (c *Client) loginTimer(t node.Timer, out *node.Output) {
	switch {
	case t.Kind == attemptTimer && (c.login.phase == connecting || c.login.phase == asking):
		c.failed(out)
	case t.Kind == retryTimer && c.login.phase == waiting:
		c.try(out)
	}
}

// loginCommand: login and logout; a client is logged in from its start, unless it is told otherwise.
func (c *Client) loginCommand(cmd *node.Command, out *node.Output) bool {
	l := c.login
	switch {
	case cmd.Verb != "login" && cmd.Verb != "logout":
		return false
	case len(cmd.Args) > 0:
		out.Refuse(cmd, cmd.Verb+" takes no argument")
	case cmd.Verb == "login" && l.wants:
		out.Refuse(cmd, "it is logged in, or is trying to")
	case cmd.Verb == "logout" && !l.wants:
		out.Refuse(cmd, "it is logged out")
	case cmd.Verb == "login":
		c.want(true, out)
		c.try(out)
		out.Done(cmd)
	default:
		c.want(false, out)
		if l.phase >= asking { // the server may have let it in, and would take it for lost
			out.Send(l.at, wire.Logout).Epoch = c.epoch
		}
		c.endSession("it logged out", out)
		c.rest(out)
		out.Done(cmd)
	}
	return true
}

func (l *login) append(b []byte) []byte {
	if l == nil {
		return b
	}
	b = canon.Uint(b, l.inc)
	b = canon.Uint(b, l.phase)
	b = canon.Bool(b, l.wants)
	b = canon.Uint(b, l.at)
	b = canon.Bool(b, l.knows[0])
	b = canon.Bool(b, l.knows[1])
	b = canon.Uint(b, l.attempts)
	b = canon.String(b, l.why)
	if l.opt.Jitter {
		drawn, err := l.draws.MarshalBinary()
		if err != nil {
			panic(err) // it never fails
		}
		b = canon.String(b, drawn)
	}
	return b
}

func (l *login) restore(r *canon.Reader) {
	if l == nil {
		return
	}
	l.inc = canon.Read[uint64](r)
	l.phase = canon.Read[phase](r)
	l.wants = r.Bool()
	l.at = canon.Read[wire.ID](r)
	if l.phase > loggedIn || !l.at.IsTServer() {
		r.Fail("phase of a login, or server")
		l.phase, l.at = resting, wire.A
	}
	l.knows[0], l.knows[1] = r.Bool(), r.Bool()
	l.attempts = canon.Read[uint8](r)
	l.why = r.String()
	if l.opt.Jitter && r.Good() {
		if err := l.draws.UnmarshalBinary(r.Bytes()); err != nil {
			r.Fail("random generator")
		}
	}
}
