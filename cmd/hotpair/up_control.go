package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"hotpair/internal/access"
	"hotpair/internal/testctl"
	"hotpair/scenarios"
)

// controlled starts a pair that programs drive over NATS, until one of them has finished, or Ctrl-C. Its verdict is the exit status.
func (f *upFlags) controlled(cmd *cobra.Command) error {
	if err := checkPort(f.port); err != nil {
		return err
	}
	text, err := f.configuration()
	if err != nil {
		return err
	}
	removeKeys, err := f.keysFolder()
	if err != nil {
		return err
	}
	defer removeKeys()
	// Not the command's context: at Ctrl-C the session still has to tell what it saw.
	ctx, cancel := context.WithCancel(context.WithoutCancel(cmd.Context()))
	defer cancel()
	s, err := scenarios.OpenSession(ctx, scenarios.SessionOptions{
		Options: scenarios.Options{World: scenarios.Processes, Speed: f.speed}, Name: "up", Config: string(text), Port: f.port, KeysDir: f.keys,
	})
	if err != nil {
		return err
	}
	res, err := f.drive(cmd, s)
	if res == nil { // nobody has finished
		if soFar, e := s.SoFar(); e == nil {
			res = soFar
		}
		cancel()
	}
	final, finishErr := s.Finish()
	if ctx.Err() == nil || res == nil {
		res = final
	}
	fmt.Fprintln(f.out, "all processes have ended")
	if err = errors.Join(err, finishErr); err != nil {
		return err
	}
	fmt.Fprint(f.out, res.Text())
	if res.Verdict != scenarios.Held {
		return status(res.Verdict)
	}
	return nil
}

// drive starts the nodes, and serves testers; it returns nil if none of them has finished.
func (f *upFlags) drive(cmd *cobra.Command, s *scenarios.Session) (*scenarios.Result, error) {
	if _, err := s.Listen(f.tell); err != nil {
		return nil, err
	}
	server, err := testctl.Serve(s, func(role string) string { return access.KeyFile(f.keys, role) })
	if err != nil {
		return nil, err
	}
	lines := []string{"boot S A M", "await A announced within=60s", "boot B", "await pair ready within=60s", "await M ready within=60s"}
	if cmd.Flags().Changed("erlangs") {
		lines = append(lines, fmt.Sprintf("load erlangs=%s hold=%s", strconv.FormatFloat(f.erlangs, 'g', -1, 64), f.hold))
	}
	for _, l := range lines {
		if err := s.Do(l); err != nil {
			return nil, fmt.Errorf("%s: %w", l, err)
		}
	}
	tester, err := s.RoleDoor(access.Tester)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(f.out, `
The pair runs, and waits for testers (docs/harness.md):

  NATS            %s
  key             %s
  requests        %s   {"lines":["kill A","await B role=primary within=10s"]}
  records         %s
  inbox prefix    %s

Ctrl-C ends it, and so does {"finish":true}.

`, tester.URL, access.KeyFile(f.keys, access.Tester), access.TestSubject(tester.Pair), access.TestRecordsSubject(tester.Pair), tester.Inbox())
	if !server.Run(cmd.Context()) {
		return nil, nil
	}
	return s.SoFar()
}
