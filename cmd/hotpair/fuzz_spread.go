package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"hotpair/internal/workqueue"
	"hotpair/scenarios/fuzz"
)

// spreadFlags are the flags of hotpair fuzz over several machines.
type spreadFlags struct {
	url      string
	workers  int
	worker   bool
	campaign string
	piece    uint64
	ackWait  time.Duration
	child    bool
}

func (s *spreadFlags) flags(fl *pflag.FlagSet) {
	fl.StringVar(&s.url, "nats", "", "URL of a NATS server with JetStream, through which workers share the seeds")
	fl.IntVar(&s.workers, "workers", 0, "with --nats: how many workers are started here, as processes; others may join")
	fl.BoolVar(&s.worker, "worker", false, "with --nats: work for the campaign of that name, on one core, until it ends")
	fl.StringVar(&s.campaign, "campaign", "", "with --nats: its name (default: the number of this process)")
	fl.Uint64Var(&s.piece, "piece", fuzz.DefaultPiece, "with --nats: how many seeds a worker takes at a time")
	fl.DurationVar(&s.ackWait, "ack-wait", workqueue.DefaultAckWait, "with --nats: how long a worker may be silent before its seeds are given to another one")
	fl.BoolVar(&s.child, "child", false, "end with standard input")
	_ = fl.MarkHidden("child")
}

func (s *spreadFlags) check(fl *pflag.FlagSet) error {
	for _, name := range []string{"workers", "worker", "campaign", "piece", "ack-wait"} {
		if s.url == "" && fl.Changed(name) {
			return fmt.Errorf("--%s is for campaigns over NATS: give --nats URL", name)
		}
	}
	switch {
	case s.url == "":
		return nil
	case s.workers < 0:
		return fmt.Errorf("--workers: from 0, not %d", s.workers)
	case s.piece < 1:
		return errors.New("--piece: at least one seed")
	case s.ackWait < 100*time.Millisecond:
		return fmt.Errorf("--ack-wait: at least 100ms, not %s", s.ackWait)
	case s.worker && s.campaign == "":
		return errors.New("--worker: say for which --campaign")
	case s.worker && (fl.Changed("seeds") || fl.Changed("for") || fl.Changed("workers") || fl.Changed("without")):
		return errors.New("--worker takes its seeds from the campaign: --seeds, --for, --workers and --without do not go with it")
	case fl.Changed("for") && !fl.Changed("seeds"):
		return errors.New("--nats: say which --seeds are shared; --for is the time that they may take")
	}
	if s.campaign == "" {
		s.campaign = strconv.Itoa(os.Getpid())
	}
	return nil
}

func (s *spreadFlags) options() workqueue.Options {
	return workqueue.Options{URL: s.url, Name: s.campaign, AckWait: s.ackWait}
}

// work is a worker's life.
func (s *spreadFlags) work(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if s.child {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	q, err := workqueue.Join(ctx, s.options())
	if err != nil {
		return err
	}
	defer q.Close()
	return fuzz.Serve(ctx, q)
}

// endTime is how long the end of a campaign may take at the server.
const endTime = 10 * time.Second

// run owns a campaign, and starts its workers here.
func (s *spreadFlags) run(ctx context.Context, c *fuzz.Campaign, log io.Writer) (sum *fuzz.Summary, err error) {
	q, err := workqueue.Make(ctx, s.options())
	if err != nil {
		return nil, err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		defer cancel()
		err = errors.Join(err, q.End(ending))
	}()
	children, err := s.start(log)
	defer children.end()
	if err != nil {
		return nil, err
	}
	if s.workers == 0 {
		fmt.Fprintf(log, "campaign %s waits for workers: hotpair fuzz --nats URL --worker --campaign %s\n", s.campaign, s.campaign)
	}
	return c.Spread(ctx, q, s.piece)
}

// children are worker processes. Each ends with its standard input, so that none is left behind whatever becomes of this process.
type children struct {
	list  []*exec.Cmd
	stdin []io.Closer
}

func (s *spreadFlags) start(log io.Writer) (*children, error) {
	c := &children{}
	self, err := os.Executable()
	for range s.workers {
		if err != nil {
			return c, fmt.Errorf("worker: %w", err)
		}
		var in io.WriteCloser
		cmd := exec.Command(self, "fuzz", "--nats", s.url, "--worker", "--child", "--campaign", s.campaign)
		cmd.Stderr = log
		if in, err = cmd.StdinPipe(); err == nil {
			if err = cmd.Start(); err == nil {
				c.list, c.stdin = append(c.list, cmd), append(c.stdin, in)
			}
		}
	}
	if err != nil {
		err = fmt.Errorf("worker: %w", err)
	}
	return c, err
}

func (c *children) end() {
	for _, in := range c.stdin {
		_ = in.Close()
	}
	for _, cmd := range c.list {
		_ = cmd.Wait() // one that was killed has lost nothing
	}
}
