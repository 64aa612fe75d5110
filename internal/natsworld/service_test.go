package natsworld

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/require"

	"hotpair/internal/access"
	"hotpair/internal/node"
	"hotpair/internal/operator"
	"hotpair/internal/status"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// operated is a whole pair, ready, and its operator.
type operated struct {
	*stage
	*Operator
	l *local
}

func newOperated(t *testing.T) *operated {
	t.Helper()
	o := &operated{stage: newStage(t, Options{})}
	o.l = o.driver.(*local) //nolint:forcetypeassert // a world of one process
	require.NoError(t, o.Boot(wire.Switch, wire.A, wire.MLayer, wire.Client(1)))
	o.await("A is there", noted(wire.A, node.NoteAnnounced, ""))
	require.NoError(t, o.Boot(wire.B)) // behind A, so that A stays primary (R7)
	o.await("readiness", noted(wire.MLayer, node.NotePairReady, "synchronized"))
	login := o.l.login(access.OperatorRole(access.DefaultOperator))
	op, err := OpenOperator(o.l.server.URL(), o.l.pair, access.DefaultOperator, &login)
	require.NoError(t, err)
	t.Cleanup(op.Close)
	o.Operator = op
	return o
}

// give gives a command, while the world goes on.
func (o *operated) give(id wire.ID, verb string, args map[string]string) operator.Answer {
	o.t.Helper()
	a, err := o.Do(o.t.Context(), id, verb, args)
	require.NoError(o.t, err)
	return a
}

func (o *operated) audit() []operator.Command {
	o.t.Helper()
	entries, err := o.Audit(o.t.Context(), 100)
	require.NoError(o.t, err)
	return operator.Merge(entries)
}

// TestOperatorsCommands: what an operator has nodes do is done, or refused with the reason, and the audit log tells who, when, what, and the outcome.
func TestOperatorsCommands(t *testing.T) {
	o := newOperated(t)
	require.Empty(t, o.audit())
	s, err := o.Status(t.Context(), wire.MLayer)
	require.NoError(t, err)
	require.True(t, s.Manager.Ready)
	require.Equal(t, wire.A, s.Manager.Named)

	before := time.Now()
	require.Equal(t, operator.Answer{Outcome: operator.Done}, o.give(wire.MLayer, "switchover", nil))
	o.await("B is primary", noted(wire.B, node.NoteRole, "primary"))
	refused := o.give(wire.MLayer, "switchover", map[string]string{"at": "once"})
	require.Equal(t, operator.Answer{Outcome: operator.Refused, Text: "switchover takes no argument but force=true"}, refused)
	o.await("readiness", noted(wire.MLayer, node.NotePairReady, "synchronized"))
	require.Equal(t, operator.Done, o.give(wire.A, "kick", map[string]string{"client": "C1"}).Outcome)
	o.await("C1 is out", port(wire.Client(1), trace.Down, wire.A))
	o.await("C1 is back", port(wire.Client(1), trace.Up, wire.A))
	require.Equal(t, operator.Done, o.give(wire.MLayer, "kick", map[string]string{"node": "A"}).Outcome)
	o.await("A's connection is closed", of(wire.A, trace.CarrierDown))
	o.await("A is back", of(wire.A, trace.CarrierUp))

	log := o.audit()
	require.Len(t, log, 4)
	for i, want := range []operator.Entry{
		{Node: wire.MLayer, Verb: "switchover", Outcome: operator.Done},
		{Node: wire.MLayer, Verb: "switchover", Args: map[string]string{"at": "once"}, Outcome: operator.Refused, Text: refused.Text},
		{Node: wire.A, Verb: "kick", Args: map[string]string{"client": "C1"}, Outcome: operator.Done},
		{Node: wire.MLayer, Verb: "kick", Args: map[string]string{"node": "A"}, Outcome: operator.Done},
	} {
		require.WithinRange(t, log[i].Time, before, time.Now())
		require.False(t, log[i].Ended.Before(log[i].Time))
		want.ID, want.Time, want.Operator, want.Inc = log[i].ID, log[i].Time, access.DefaultOperator, 1
		require.Equal(t, want, log[i].Entry)
	}
	require.NoError(t, o.Kill(wire.B))
	require.Eventually(t, func() bool { // when the server has seen the end of its connection
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := o.Status(ctx, wire.B)
		return errors.Is(err, ErrAbsent)
	}, patience, time.Millisecond)
}

// TestQueriesOfOperators: what changes nothing does not stand in the audit log; and the state is told to whoever listens when it changes.
func TestQueriesOfOperators(t *testing.T) {
	o := newOperated(t)
	var calls operator.Calls
	require.NoError(t, json.Unmarshal(o.give(wire.A, "calls", map[string]string{"limit": "5"}).Data, &calls))
	require.Equal(t, operator.Calls{}, calls)
	require.Contains(t, o.give(wire.A, "calls", map[string]string{"limit": "0"}).Text, "from 1 to 1000")
	require.Empty(t, o.audit())

	told := make(chan status.Status, 100)
	go func() { _ = o.Watch(t.Context(), func(s status.Status) { told <- s }) }()
	_, err := o.Status(t.Context(), wire.A)
	require.NoError(t, err)
	require.NoError(t, o.nc.Flush())
	o.give(wire.MLayer, "switchover", nil)
	o.await("B is primary", noted(wire.B, node.NoteRole, "primary"))
	for {
		select {
		case s := <-told:
			if s.Node == wire.B && s.TServer.Role == "primary" {
				require.Equal(t, uint64(2), s.TServer.Epoch)
				return
			}
		case <-time.After(patience):
			require.FailNow(t, "B does not tell")
		}
	}
}

// TestNoOperatorEndsANode: requests that make no sense are refused, and where an answer would be another one's word, none is given.
func TestNoOperatorEndsANode(t *testing.T) {
	o := newOperated(t)
	subject := func(id wire.ID, verb string) string {
		return access.CommandSubject(o.l.pair, access.DefaultOperator, id.String(), verb)
	}
	for _, text := range []string{"x", `{"args":{"force":true}}`, `{"verb":"switchover"}`, `{} {}`, `[]`, `{"args":{}`} {
		m, err := o.nc.Request(subject(wire.MLayer, "switchover"), []byte(text), patience)
		require.NoError(t, err)
		require.JSONEq(t, `{"outcome":"refused","text":"the request is not {\"args\":{\"KEY\":\"VALUE\",…}}"}`, string(m.Data), text)
	}
	m, err := o.nc.Request(subject(wire.A, "calls"), make([]byte, operator.MaxRequest+1), patience)
	require.NoError(t, err)
	require.Contains(t, string(m.Data), "at most 65536 are read")
	for _, reply := range []string{Subject(o.l.pair, wire.A, wire.B), "$KV.hotpair_pair.M.state", "_INBOX.pair.C1.x", "_INBOX.pair.operator-nobody.x"} {
		for _, to := range []string{"$SRV.PING", subject(wire.A, "status"), subject(wire.B, "kick"), subject(wire.MLayer, "status")} {
			require.NoError(t, o.nc.PublishRequest(to, reply, nil))
		}
	}
	for _, id := range []wire.ID{wire.A, wire.B, wire.MLayer, wire.Switch} {
		s, err := o.Status(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, uint64(1), s.Inc)
		require.True(t, s.Carrier)
		require.Zero(t, s.Dropped)
	}
}

// TestWhatCannotBeWrittenDownIsNotDone: without an audit log, no command that changes something is carried out.
func TestWhatCannotBeWrittenDownIsNotDone(t *testing.T) {
	o := newOperated(t)
	admin := o.l.login(access.Admin)
	nc, err := Connect(o.l.server.URL(), o.l.pair, &admin)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: access.AuditStream(o.l.pair), Subjects: []string{"something.else"}})
	require.NoError(t, err)
	a := o.give(wire.MLayer, "switchover", nil)
	require.Equal(t, operator.Refused, a.Outcome)
	require.Contains(t, a.Text, "what cannot be written down is not done")
	s, err := o.Status(t.Context(), wire.A)
	require.NoError(t, err)
	require.Equal(t, "primary", s.TServer.Role)
}

// TestServiceProtocol: every node answers discovery, both T-Servers each request of their own.
func TestServiceProtocol(t *testing.T) {
	o := newOperated(t)
	admin := o.l.login(access.Admin)
	nc, err := Connect(o.l.server.URL(), o.l.pair, &admin)
	require.NoError(t, err)
	defer nc.Close()
	ask := func(subject string, n int) (answers [][]byte) {
		t.Helper()
		inbox := nc.NewInbox()
		sub, err := nc.SubscribeSync(inbox)
		require.NoError(t, err)
		require.NoError(t, nc.PublishRequest(subject, inbox, nil))
		for range n {
			m, err := sub.NextMsg(patience)
			require.NoError(t, err)
			answers = append(answers, m.Data)
		}
		return answers
	}
	ids := map[string]string{}
	for range 3 { // each time all of them: nothing is shared out
		seen := map[string]bool{}
		for _, data := range ask("$SRV.PING", 5) {
			var p micro.Ping
			require.NoError(t, json.Unmarshal(data, &p))
			require.Equal(t, micro.PingResponseType, p.Type)
			require.Equal(t, ServiceName, p.Name)
			require.Regexp(t, `^\d+\.\d+\.\d+$`, p.Version)
			ids[p.Metadata["node"]] = p.ID
			seen[p.Metadata["node"]] = true
		}
		require.Len(t, seen, 5)
	}
	var info micro.Info
	require.NoError(t, json.Unmarshal(ask("$SRV.INFO.hotpair."+ids["M"], 1)[0], &info))
	require.Equal(t, micro.InfoResponseType, info.Type)
	var verbs []string
	for _, e := range info.Endpoints {
		require.Empty(t, e.QueueGroup)
		verbs = append(verbs, e.Name)
	}
	var want []string
	for _, c := range access.CommandsOf(wire.MLayer) {
		want = append(want, c.Verb)
	}
	require.Equal(t, want, verbs)

	o.give(wire.B, "calls", nil)
	o.give(wire.B, "calls", map[string]string{"limit": "x"})
	var stats micro.Stats
	require.NoError(t, json.Unmarshal(ask("$SRV.STATS."+ServiceName+"."+ids["B"], 1)[0], &stats))
	require.Equal(t, micro.StatsResponseType, stats.Type)
	for _, e := range stats.Endpoints {
		switch e.Name {
		case "calls":
			require.Equal(t, 2, e.NumRequests)
			require.Equal(t, 1, e.NumErrors)
			require.Contains(t, e.LastError, "calls takes limit=N")
		case access.StatusVerb:
			var s status.Status
			require.NoError(t, json.Unmarshal(e.Data, &s))
			require.Equal(t, "backup", s.TServer.Role)
		}
	}
	_, err = nc.Request("$SRV.PING.hotpair.nobody", nil, 50*time.Millisecond)
	require.ErrorIs(t, err, nats.ErrTimeout, fmt.Sprint(ids))
}
