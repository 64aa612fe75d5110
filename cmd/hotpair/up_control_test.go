package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
)

// controlledPair is a pair that hotpair up --control runs.
type controlledPair struct {
	t         *testing.T
	url, keys string
	ended     chan error
	interrupt context.CancelFunc
	mu        sync.Mutex
	printed   strings.Builder
}

var natsLine = regexp.MustCompile(`^  NATS +(nats://\S+)$`)

func upControl(t *testing.T, args ...string) *controlledPair {
	ctx, cancel := context.WithCancel(context.Background())
	p := &controlledPair{t: t, keys: t.TempDir(), ended: make(chan error, 1), interrupt: cancel}
	out, in := io.Pipe()
	cmd := rootCommand()
	cmd.SetArgs(append([]string{"up", "--control", "--port", "0", "--speed", "5", "--keys", p.keys}, args...))
	cmd.SetOut(in)
	go func() {
		p.ended <- cmd.ExecuteContext(ctx)
		_ = in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		_, _ = io.Copy(io.Discard, out)
	})
	lines, ready := bufio.NewScanner(out), make(chan bool)
	go func() {
		for lines.Scan() {
			p.mu.Lock()
			p.printed.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			if m := natsLine.FindStringSubmatch(lines.Text()); m != nil {
				p.url = m[1]
			}
			if strings.HasPrefix(lines.Text(), "Ctrl-C ends it") {
				close(ready)
			}
		}
	}()
	select {
	case <-ready:
	case err := <-p.ended:
		t.Fatalf("it ended: %v", err)
	}
	return p
}

func (p *controlledPair) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.String()
}

// end waits for the end of the command, and returns its exit status.
func (p *controlledPair) end() int {
	p.t.Helper()
	select {
	case err := <-p.ended:
		var s status
		if errors.As(err, &s) {
			return int(s)
		}
		require.NoError(p.t, err)
		return statusHeld
	case <-time.After(time.Minute):
		p.t.Fatal("it goes on")
	}
	return -1
}

// TestControlExample builds the example program and lets it drive a pair: it knows NATS and JSON only.
func TestControlExample(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "control")
	built, err := exec.Command("go", "build", "-o", bin, "../../scenarios/examples/control").CombinedOutput()
	require.NoError(t, err, string(built))
	p := upControl(t)
	said, err := exec.Command(bin, p.url, access.KeyFile(p.keys, access.Tester)).CombinedOutput()
	require.NoError(t, err, string(said))
	require.Regexp(t, `(?s)^A calls the call 0000\w{12}\nA is dead, and B is primary\nheld: 1 switchover, 0 ConnIDs changed under clients' eyes, out of service for \S+\n$`, string(said))
	require.Equal(t, statusHeld, p.end())
	require.Eventually(t, func() bool { return strings.Contains(p.text(), "all processes have ended\nheld ") }, time.Minute, time.Millisecond, p.text())
}

// ask makes a request as a role, and returns the answer.
func (p *controlledPair) ask(role, request string) string {
	p.t.Helper()
	return p.askWithin(time.Minute, role, request)
}

// askWithin is ask, for which the answer may be lost.
func (p *controlledPair) askWithin(d time.Duration, role, request string) string {
	p.t.Helper()
	key, err := nats.NkeyOptionFromSeed(access.KeyFile(p.keys, role))
	require.NoError(p.t, err)
	nc, err := nats.Connect(p.url, key, nats.CustomInboxPrefix(access.Inbox("pair", role)), nats.ReconnectWait(10*time.Millisecond))
	require.NoError(p.t, err)
	defer nc.Close()
	m, err := nc.Request(access.TestSubject("pair"), []byte(request), d)
	if err != nil {
		return err.Error()
	}
	return string(m.Data)
}

// TestControlSaysWhatIsWrong: what cannot be read, what comes to nothing, and who may not; a failed judgement is the exit status.
func TestControlSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := upControl(t, "--clients", "2")
	for request, want := range map[string]string{
		`kill A`:                            `JSON with one of lines, door, verdict and finish is wanted`,
		`{}`:                                `exactly one of lines, door, verdict and finish is wanted, not 0`,
		`{"lines":["wait 1s"],"door":"C1"}`: `not 2 of them`,
		`{"verdict":true} {}`:               `there is something behind the JSON object`,
		`{"line":"kill A"}`:                 `unknown field`,
		`{"lines":["kil A"]}`:               `line 1, kil A: up:`,
		`{"lines":["# x","release c9"]}`:    `"done":1`,
		`{"door":"A"}`:                      `a door is a client's (C1), not that of A`,
		`{"door":"C3"}`:                     `there is no such node with 2 clients`,
		`{"door":"C2"}`:                     `"role":"C2","keyFile":"` + access.KeyFile(p.keys, "C2"),
	} {
		require.Contains(t, p.ask(access.Tester, request), want, request)
	}
	require.Contains(t, p.ask(access.Tester, `{"lines":["`+strings.Repeat("x", 70_000)+`"]}`), "at most 65536 bytes are read")
	// The answer to this may be lost. Asked again, it is not done again.
	killed := `{"id":"1","lines":["kill NATS","wait 5s","boot NATS"]}`
	p.askWithin(5*time.Second, access.Tester, killed)
	require.Contains(t, p.ask(access.Tester, killed), `"done":3`)
	held := p.ask(access.Tester, `{"verdict":true}`)
	require.Contains(t, held, `"ok":true`)
	require.Equal(t, 1, strings.Count(held, `"kill NATS"`))
	// Who is primary after NATS has returned is a matter of who read the switch first (R7), and none of this test's business.
	require.Contains(t, p.ask(access.Tester, `{"lines":["expect S calls=99"]}`), `it is calls=0`)
	require.Contains(t, p.ask(access.Tester, `{"verdict":true}`), `"verdict":"failed"`)
	p.interrupt()
	require.Equal(t, statusFailed, p.end())
}

// TestControlIsGuarded: nobody but the tester and the admin may drive a pair.
func TestControlIsGuarded(t *testing.T) {
	for _, r := range access.Roles(access.Options{Pair: "pair", Clients: 1, Tester: true}) {
		may := r.Name == access.Tester || r.Name == access.Admin
		require.Equal(t, may, r.MayPublish(access.TestSubject("pair")), r.Name)
		require.Equal(t, may, r.MaySubscribe(access.TestRecordsSubject("pair")), r.Name)
	}
	for _, r := range access.Roles(access.Options{Pair: "pair", Clients: 1}) {
		require.NotEqual(t, access.Tester, r.Name, "a pair that serves has none")
	}
}
