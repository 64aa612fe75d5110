package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"hotpair/internal/procworld"
)

func TestMain(m *testing.M) {
	procworld.Main()
	testscript.Main(m, map[string]func(){"hotpair": func() { os.Exit(run()) }})
}

// TestCommandLine runs the scripts under testdata/script: what each subcommand prints, and its exit status.
func TestCommandLine(t *testing.T) {
	scenarios, err := filepath.Abs("../../scenarios")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SCENARIOS", scenarios)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": checkStatus, "interrupt": interrupt,
		},
	})
}

// checkStatus: status N hotpair ARGS...: the command ends with that exit status.
func checkStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND [ARG...]")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = exitStatus(err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// interrupt: interrupt PATTERN COMMAND ARGS...: the command is interrupted, as by Ctrl-C, when it has printed a line that matches, and
// then ends with exit status 0.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt PATTERN COMMAND [ARG...]")
	}
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	stdout, stderr := newWatcher(re, ts.Stdout()), newWatcher(re, ts.Stderr())
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), stdout, stderr
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-stdout.seen:
	case <-stderr.seen:
	case err := <-ended:
		ts.Fatalf("%s ended (%v) before it printed %q", args[1], err, args[0])
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	ts.Check(<-ended)
}

// watcher passes on what a command prints, and tells once when it matches.
type watcher struct {
	to   io.Writer
	re   *regexp.Regexp
	text bytes.Buffer
	seen chan struct{}
	told bool
}

func newWatcher(re *regexp.Regexp, to io.Writer) *watcher {
	return &watcher{to: to, re: re, seen: make(chan struct{})}
}

func (w *watcher) Write(p []byte) (int, error) {
	w.text.Write(p)
	if !w.told && w.re.Match(w.text.Bytes()) {
		w.told = true
		close(w.seen)
	}
	return w.to.Write(p)
}
