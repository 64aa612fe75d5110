package procworld

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hotpair/internal/fault"
	"hotpair/internal/trace"
)

const (
	// helloTime is how long a program may take to show that it has the hook.
	helloTime = 20 * time.Second
	// readyTime is how long a child may take until it is ready.
	readyTime = 30 * time.Second
	// stopTime is how long an orderly stop may take.
	stopTime = 15 * time.Second
)

// process is one child, as the runner sees it.
type process struct {
	name    string
	cmd     *exec.Cmd
	line    *line
	stderr  *tail
	records func(...trace.Record)
	ready   chan up       // one value, when it is ready
	gone    chan struct{} // closed when it has ended and all that it said was read
	err     error         // how it ended, valid when gone is closed

	mu   sync.Mutex
	told bool // it was told to end
	inc  uint64
}

// socketpair makes the two ends of a line.
func socketpair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	if err := unix.SetNonblock(fds[0], true); err != nil { // so that closing it ends a read
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "line"), os.NewFile(uintptr(fds[1]), "line"), nil
}

// start starts a child, and hands its records to add. It returns when the child has said hello.
func (d *driver) start(name string, add func(...trace.Record)) (*process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("process %s: %w", name, err)
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, fmt.Errorf("process %s: %w", name, err)
	}
	p := &process{
		name: name, line: newLine(ours), stderr: &tail{also: d.opt.Log}, records: add,
		ready: make(chan up, 1), gone: make(chan struct{}),
	}
	p.cmd = exec.Command(exe)
	p.cmd.Env = append(os.Environ(), childEnv+"="+name, parentEnv+"="+strconv.Itoa(os.Getpid()))
	p.cmd.ExtraFiles = []*os.File{theirs}
	p.cmd.Stderr = p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the runner, which cleans up
	dieWithParent(p.cmd.SysProcAttr)
	err = d.spawner.start(p.cmd)
	_ = theirs.Close()
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("process %s: %w", name, err)
	}
	return p, p.greet()
}

const noHook = "; does this program call procworld.Main() first in main, or in TestMain?"

// greet waits until the child has said hello.
func (p *process) greet() error {
	hello := make(chan struct{})
	go p.read(hello)
	select {
	case <-hello:
		return nil
	case <-p.gone:
		return fmt.Errorf("process %s ended at once: %w%s", p.name, p.err, noHook)
	case <-time.After(helloTime):
		p.kill()
		return fmt.Errorf("process %s did not answer%s", p.name, noHook)
	}
}

// read takes what the child says, until it ends.
func (p *process) read(hello chan struct{}) {
	defer close(p.gone)
	greeted, fatal, noStore := false, "", false
	for {
		var u up
		if err := p.line.receive(&u); err != nil {
			if !errors.Is(err, io.EOF) {
				fatal = err.Error()
				_ = p.cmd.Process.Kill()
			}
			break
		}
		switch {
		case u.Hello && !greeted:
			greeted = true
			close(hello)
		case u.Ready:
			p.setInc(u.Inc)
			p.ready <- u
		case u.Fatal != "":
			fatal, noStore = u.Fatal, u.NoStore
		}
		if len(u.Records) > 0 {
			p.records(u.Records...)
		}
	}
	_ = p.line.f.Close()
	err := p.cmd.Wait()
	switch {
	case noStore:
		p.err = storeError(fatal)
	case fatal != "":
		p.err = errors.New(fatal)
	case err != nil:
		p.err = fmt.Errorf("%w%s", err, p.stderr)
	default:
		p.err = errors.New("it ended without saying why")
	}
}

// storeError is a fault.ErrStore that a child told.
type storeError string

// Error implements error.
func (e storeError) Error() string { return string(e) }

// Is implements what errors.Is asks.
func (e storeError) Is(target error) bool { return target == fault.ErrStore }

func (p *process) setInc(inc uint64) {
	p.mu.Lock()
	p.inc = inc
	p.mu.Unlock()
}

func (p *process) incarnation() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inc
}

// expected notes that the process is told to end; wasTold tells.
func (p *process) expected() {
	p.mu.Lock()
	p.told = true
	p.mu.Unlock()
}

// unexpected takes expected back.
func (p *process) unexpected() {
	p.mu.Lock()
	p.told = false
	p.mu.Unlock()
}

func (p *process) wasTold() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told
}

// awaitReady waits until the process is ready.
func (p *process) awaitReady() (up, error) {
	select {
	case u := <-p.ready:
		return u, nil
	case <-p.gone:
		return up{}, fmt.Errorf("process %s: %w", p.name, p.err)
	case <-time.After(readyTime):
		p.kill()
		return up{}, fmt.Errorf("process %s was not ready within %s", p.name, readyTime)
	}
}

// endedByItself returns how the process ended, if nobody told it to; nil if it runs.
func (p *process) endedByItself() error {
	if p.wasTold() || !errors.Is(p.cmd.Process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
		return nil
	}
	<-p.gone
	return fmt.Errorf("process %s (pid %d) ended by itself: %w", p.name, p.cmd.Process.Pid, p.err)
}

// kill ends the process with SIGKILL and waits until all that it said was read.
func (p *process) kill() {
	p.expected()
	_ = p.cmd.Process.Kill() // an error means that it has ended
	<-p.gone
}

// stop asks the process to end, and waits for it.
func (p *process) stop() error {
	p.expected()
	if err := p.line.send(down{Stop: true}); err != nil {
		p.kill()
		return fmt.Errorf("process %s: %w", p.name, err)
	}
	select {
	case <-p.gone:
		return nil
	case <-time.After(stopTime):
		p.kill()
		return fmt.Errorf("process %s did not stop within %s and was killed", p.name, stopTime)
	}
}

// signal sends SIGSTOP or SIGCONT, and returns when the process is in the state that follows from it.
func (p *process) signal(s syscall.Signal, stopped bool) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("process %s: %w", p.name, err)
	}
	deadline := time.Now().Add(stopTime)
	for isStopped(p.cmd.Process.Pid) != stopped {
		if time.Now().After(deadline) {
			return fmt.Errorf("process %s: signal %s had no effect within %s", p.name, s, stopTime)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}
