package hotpairtest_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hotpair/internal/node"
	"hotpair/scenarios"
	"hotpair/scenarios/hotpairtest"
)

// fake is a test that may fail without the real one doing so.
type fake struct {
	testing.TB
	said     []string
	failed   bool
	cleanups []func()
}

func (f *fake) Helper() {}

func (f *fake) Cleanup(c func()) { f.cleanups = append(f.cleanups, c) }

func (f *fake) Errorf(format string, args ...any) {
	f.said, f.failed = append(f.said, fmt.Sprintf(format, args...)), true
}

func (f *fake) Error(args ...any) { f.Errorf("%s", fmt.Sprint(args...)) }

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fake) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

// fails runs a test that must fail, and returns what it said.
func fails(t *testing.T, o hotpairtest.Options, test func(p *hotpairtest.Pair)) string {
	t.Helper()
	f := &fake{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, c := range f.cleanups {
				c()
			}
		}()
		test(hotpairtest.Start(f, o))
	}()
	<-done
	require.True(t, f.failed, "it should have failed")
	return strings.Join(f.said, "\n")
}

// TestWhatIsWrongIsTold: a line that cannot be read, a judgement that does not hold, a command that is refused, a pattern that comes true though it must not, and
// what must always hold: each fails the test, and says what was done.
func TestWhatIsWrongIsTold(t *testing.T) {
	sim := hotpairtest.Options{World: hotpairtest.Sim}
	for name, c := range map[string]struct {
		options hotpairtest.Options
		test    func(p *hotpairtest.Pair)
		want    []string
	}{
		"a word":  {sim, func(p *hotpairtest.Pair) { p.Do("kil A") }, []string{`unknown verb "kil"; did you mean "kill"?`, "boot S A M"}},
		"a node":  {sim, func(p *hotpairtest.Pair) { p.Kill("C9") }, []string{"there is no C9"}},
		"await":   {sim, func(p *hotpairtest.Pair) { p.Await("B role=primary", time.Second) }, []string{"it is role=backup", "await B role=primary within=1s"}},
		"expect":  {sim, func(p *hotpairtest.Pair) { p.Expect("pair primary=B") }, []string{"it is primary=A"}},
		"not":     {sim, func(p *hotpairtest.Pair) { p.Kill("A"); p.ExpectNot("B role=primary", time.Minute) }, []string{"it came true"}},
		"never":   {sim, func(p *hotpairtest.Pair) { p.Never("pair primary=B"); p.Switchover(false); p.Wait(time.Second) }, []string{"never pair primary=B", "it came true"}},
		"refused": {sim, func(p *hotpairtest.Pair) { p.Release("c1") }, []string{`there is no call "c1"`}},
		"record": {sim, func(p *hotpairtest.Pair) {
			p.AwaitRecord("a dragon", time.Second, func(*hotpairtest.Record) bool { return false })
		}, []string{"no record within 1s: a dragon"}},
		"door": {sim, func(p *hotpairtest.Pair) { p.Door(1) }, []string{"in virtual time there is no NATS"}},
		"its own": {
			hotpairtest.Options{World: hotpairtest.NATS, Nodes: []string{"S", "C1"}, NoConverge: "nothing is there"},
			func(p *hotpairtest.Pair) { p.Door(1) },
			[]string{"this world runs it itself"},
		},
		"configuration": {hotpairtest.Options{Config: "trunks: 3"}, func(*hotpairtest.Pair) {}, []string{"unknown field"}},
		"world":         {hotpairtest.Options{World: "moon"}, func(*hotpairtest.Pair) {}, []string{`unknown world "moon"`}},
	} {
		t.Run(name, func(t *testing.T) {
			said := fails(t, c.options, c.test)
			for _, want := range c.want {
				require.Contains(t, said, want)
			}
		})
	}
}

// TestMonitorsJudgeAtTheEnd: what must always hold is judged over all that happened, though the test itself looks at nothing. Without X1 it does not (S2).
func TestMonitorsJudgeAtTheEnd(t *testing.T) {
	f := func(without node.Rules) (said string, failed bool) {
		s, err := scenarios.OpenSession(t.Context(), scenarios.SessionOptions{Options: scenarios.Options{Without: without}, Config: "addp-timeout: 30s"})
		require.NoError(t, err)
		for _, line := range []string{
			"boot S A M", "await A announced within=10s", "delay S->A 20s", "call c1 from=1001 to=1002", "boot B", "await B->A BackupReady within=10s", "wait 30s",
		} {
			require.NoError(t, s.Do(line), line)
		}
		soFar, err := s.SoFar()
		require.NoError(t, err)
		res, err := s.Finish()
		require.NoError(t, err)
		require.Equal(t, len(soFar.Violations) > 0, len(res.Violations) > 0)
		require.Error(t, s.Do("wait 1s"), "the session has ended")
		return res.Text(), res.Verdict != scenarios.Held
	}
	said, failed := f(node.Rules{})
	require.False(t, failed, said)
	said, failed = f(node.Off(node.X1))
	require.True(t, failed)
	require.Contains(t, said, "S2: ")
}

// TestLinesThatComeToNothing are told from those that cannot be read.
func TestLinesThatComeToNothing(t *testing.T) {
	p := hotpairtest.Start(t, hotpairtest.Options{World: hotpairtest.Sim})
	require.ErrorIs(t, p.Try("release c1"), scenarios.ErrLineFailed)
	err := p.Try("fly away")
	var unread *scenarios.Error
	require.True(t, errors.As(err, &unread))
	require.NoError(t, p.Try("! release c1"), "it is refused, as it must be")
	require.NoError(t, p.Try("# a comment"))
}
