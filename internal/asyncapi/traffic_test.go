package asyncapi

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/natsworld"
	"hotpair/internal/wire"
	"hotpair/scenarios"
)

// TestTrafficIsDescribedAndAllowed runs whole scenarios, with an operator beside, and reads in NATS's own log what everybody publishes, subscribes to and gets: it
// stands in the description, and in the table of permissions.
func TestTrafficIsDescribedAndAllowed(t *testing.T) {
	d := load(t)
	seen := &kinds{names: map[string]int{}}
	var held atomic.Bool
	held.Store(true)
	t.Run("scenarios", func(t *testing.T) {
		for _, name := range []string{"client-resumes", "rolling-upgrade", "operator-switches-over"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				sc, err := scenarios.Load("../../scenarios/hotstandby/" + name + ".txtar")
				require.NoError(t, err)
				o := access.Options{Pair: "pair", Clients: sc.Config.Clients, Operators: []string{access.DefaultOperator}}
				keys, err := access.NewKeys(o)
				require.NoError(t, err)
				log := newServerLog(d, o, keys, seen)
				var operator sync.WaitGroup
				over := make(chan struct{})
				probe := &natsworld.Probe{Keys: keys, Log: log, Started: func(url string) {
					operator.Go(func() { lookAround(t, url, keys, over) })
				}}
				result, err := scenarios.Run(t.Context(), sc, scenarios.Options{World: scenarios.NATS, Probe: probe})
				close(over)
				require.NoError(t, err)
				operator.Wait()
				// Whether the scenario holds is for other tests: it may depend on how fast the machine is. What was said must be described in any case.
				require.NotEqual(t, scenarios.CouldNotTell, result.Verdict, "%v", result)
				log.verdict(t)
				held.Store(held.Load() && result.Verdict == scenarios.Held)
			})
		}
	})
	t.Logf("%d messages, of %d kinds", seen.total, len(seen.names))
	require.Greater(t, seen.total, 300)
	if !held.Load() {
		return // then not everything has to have been said
	}
	// That it has been looked at: the packets of sessions, and what clients, the pair and operators say.
	for _, name := range append(packetOrder[1:5], "BackupReady", "FullSyncDone", "CallNamed", "Appoint", "EventRinging", "EventReleased", "ResumeEvents",
		"EventResumed", "RegisterAddress", "status", "command.A.calls", "command.A.kick", "answer", "auditEntry", "started", "value") {
		require.NotZero(t, seen.names[name], name)
	}
}

// lookAround gives commands that do not disturb the scenario, again and again until it is over.
func lookAround(t *testing.T, url string, keys access.Keys, over <-chan struct{}) {
	login := natsworld.LoginOf(keys, access.OperatorRole(access.DefaultOperator))
	op, err := natsworld.OpenOperator(url, "pair", access.DefaultOperator, &login)
	if err != nil {
		t.Errorf("the operator cannot enter: %v", err)
		return
	}
	defer op.Close()
	for {
		select {
		case <-over:
			return
		case <-time.After(100 * time.Millisecond):
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		for _, id := range []wire.ID{wire.Switch, wire.A, wire.B, wire.MLayer} {
			_, _ = op.Status(ctx, id) // it may not run
		}
		_, _ = op.Do(ctx, wire.A, "calls", map[string]string{"limit": "5"})
		_, _ = op.Do(ctx, wire.B, "calls", nil)
		_, _ = op.Do(ctx, wire.A, "kick", map[string]string{"client": "C9"}) // there is none
		_, _ = op.Audit(ctx, 10)
		cancel()
	}
}

// kinds counts the messages that were held against the description.
type kinds struct {
	mu    sync.Mutex
	names map[string]int
	total int
}

func (k *kinds) saw(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.names[name]++
	k.total++
}

// serverLog reads the log of a NATS server.
type serverLog struct {
	d     *description
	seen  *kinds
	roles map[string]*access.Role // by public key

	mu      sync.Mutex
	lines   []string          // as they came: they are read afterwards, so that the server is not slowed down
	pending map[string]string // subject of what a connection publishes, until its payload comes
	wrong   []string
}

func newServerLog(d *description, o access.Options, keys access.Keys, seen *kinds) *serverLog {
	l := &serverLog{d: d, seen: seen, roles: map[string]*access.Role{}, pending: map[string]string{}}
	roles := access.Roles(o)
	for i := range roles {
		l.roles[keys[roles[i].Name].Public] = &roles[i]
	}
	return l
}

// A line of the trace: who, the direction, and a protocol message or a payload.
var (
	traced   = regexp.MustCompile(`(?s)^\S+ - (cid:\d+) - "[^"]*" - "[^/"]+/nkey:([A-Z0-9]+)" - (<<-|->>) (.*)$`)
	protocol = regexp.MustCompile(`^\[(H?PUB|SUB|H?MSG) (\S+) .*?(\d+)\]$`)
)

// Tracef hears of every protocol message.
func (l *serverLog) Tracef(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, text)
}

// read judges a line.
func (l *serverLog) read(text string) {
	line := traced.FindStringSubmatch(text)
	if line == nil {
		return // before the user is known, or of the server itself
	}
	conn, role, what := line[1], l.roles[line[2]], line[4]
	if role == nil {
		l.complain("a user that the table does not know: %s", line[0])
		return
	}
	if payload, ok := strings.CutPrefix(what, "MSG_PAYLOAD: ["); ok {
		if subject := l.pending[conn]; subject != "" && line[3] == "<<-" {
			delete(l.pending, conn)
			l.published(role, subject, strings.TrimSuffix(payload, "]"))
		}
		return
	}
	p := protocol.FindStringSubmatch(what)
	switch {
	case p == nil:
	case strings.HasSuffix(p[1], "PUB") && p[3] == "0":
		l.published(role, p[2], `""`)
	case strings.HasSuffix(p[1], "PUB"):
		l.pending[conn] = p[2]
	case p[1] == "SUB" && !role.MaySubscribe(p[2]):
		l.complain("%s subscribes to %s", role.Name, p[2])
	case strings.HasSuffix(p[1], "MSG") && !role.MaySubscribe(p[2]):
		l.complain("%s gets %s", role.Name, p[2])
	}
}

// published holds what a user has published against the table and the description.
func (l *serverLog) published(role *access.Role, subject, quoted string) {
	if !role.MayPublish(subject) {
		l.complain("%s publishes %s", role.Name, subject)
	}
	payload, err := strconv.Unquote(quoted)
	if err != nil {
		l.complain("a payload cannot be read: %s", quoted)
		return
	}
	if strings.HasPrefix(payload, "NATS/1.0") { // headers
		_, payload, _ = strings.Cut(payload, "\r\n\r\n")
	}
	name, err := l.d.identify(subject, []byte(payload))
	if err != nil {
		l.complain("%s: %v", role.Name, err)
		return
	}
	l.seen.saw(name)
}

func (l *serverLog) complain(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// verdict fails the test if anything was not allowed, or not described.
func (l *serverLog) verdict(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.NotEmpty(t, l.lines)
	for _, text := range l.lines {
		l.read(text)
	}
	if len(l.wrong) > 0 {
		require.Fail(t, "traffic that is not described, or not allowed", "%d times, such as\n%s", len(l.wrong), strings.Join(l.wrong[:min(len(l.wrong), 5)], "\n"))
	}
}

// Errorf and Warnf hear of what the server refuses.
func (l *serverLog) Errorf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line := fmt.Sprintf(format, v...); strings.Contains(line, "Violation") {
		l.complain("%s", line)
	}
}
func (l *serverLog) Warnf(string, ...any)   {}
func (l *serverLog) Noticef(string, ...any) {}
func (l *serverLog) Fatalf(string, ...any)  {}
func (l *serverLog) Debugf(string, ...any)  {}
