package procworld

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"go.uber.org/zap"

	"hotpair/internal/fault"
	"hotpair/internal/natsworld"
	"hotpair/internal/trace"
)

// The environment by which a program knows that it is a child, and whose.
const (
	childEnv  = "HOTPAIR_CHILD"
	parentEnv = "HOTPAIR_PARENT"
)

// lineFD is the descriptor that a child inherits.
const lineFD = 3

// Main is the hook: to be called first in main, and in TestMain of tests that use the world of processes. In a child it runs the node and
// does not return; elsewhere it does nothing.
func Main() {
	if os.Getenv(childEnv) == "" {
		return
	}
	if parent, err := strconv.Atoi(os.Getenv(parentEnv)); err != nil || os.Getppid() != parent {
		os.Exit(1) // the runner died before the kernel knew that this child is to die with it
	}
	l := newLine(os.NewFile(lineFD, "line"))
	if err := child(l); err != nil {
		_ = l.send(up{Fatal: err.Error(), NoStore: errors.Is(err, fault.ErrStore)}) // if nobody listens, nobody is to be told
		fmt.Fprintln(os.Stderr, "hotpair:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child does what the first line says, until the line ends.
func child(l *line) error {
	if err := l.send(up{Hello: true}); err != nil {
		return err
	}
	var d down
	if err := l.receive(&d); err != nil {
		return ignoreEOF(err)
	}
	switch {
	case d.Node != nil:
		return childNode(l, d.Node)
	case d.NATS != nil:
		return childNATS(l, d.NATS)
	}
	return errors.New("the first line says neither node nor nats")
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func childNATS(l *line, spec *natsSpec) error {
	s, err := natsworld.StartServer(natsworld.ServerOptions{Port: spec.Port, StoreDir: spec.StoreDir, Config: spec.Config})
	if err != nil {
		return err
	}
	if err := l.send(up{Ready: true, Port: s.Port()}); err != nil {
		return err
	}
	for {
		var d down
		if err := l.receive(&d); err != nil {
			return ignoreEOF(err) // the runner is gone: what it started goes at once
		}
		if d.Stop {
			s.Shutdown()
			return nil
		}
	}
}

func childNode(l *line, spec *nodeSpec) error {
	log, err := zap.NewProduction(zap.IncreaseLevel(zap.WarnLevel))
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	o := natsworld.HostOptions{
		ID: spec.ID, Config: spec.Config, URL: spec.URL, Pair: spec.Pair, Clock: spec.Clock, Log: log, Login: spec.Login, System: &spec.System,
		Records: func(records []trace.Record) error { return l.send(up{Records: records}) },
	}
	if spec.Marks {
		o.Only = func(r *trace.Record) bool { return IsMark(r, spec.MarkCalls) }
	}
	h, err := natsworld.NewHost(context.Background(), o)
	if err != nil {
		return err
	}
	if err := l.send(up{Ready: true, Inc: h.Inc()}); err != nil {
		return err
	}
	commands, ended := listen(l)
	for {
		select {
		case d := <-commands:
			switch {
			case d.Go:
				h.Go()
			case d.Do != nil:
				h.Do(d.Do)
			case d.Stop:
				h.Stop()
				return nil
			}
		case err := <-ended:
			return err // the runner is gone: nothing is said
		case <-h.Done():
			return h.Err()
		}
	}
}

// listen reads what comes down the line, until it ends.
func listen(l *line) (commands chan down, ended chan error) {
	commands, ended = make(chan down), make(chan error, 1)
	go func() {
		for {
			var d down
			if err := l.receive(&d); err != nil {
				ended <- ignoreEOF(err)
				return
			}
			commands <- d
		}
	}()
	return commands, ended
}
