package natsworld

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/nats-io/nuid"
	"go.uber.org/zap"

	"hotpair/internal/access"
	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/operator"
	"hotpair/internal/status"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
)

// ServiceName is under which all nodes answer NATS's service protocol; which of them it is stands in the answer's metadata.
const ServiceName = "hotpair"

const (
	// operatorIDs is the first number of operators' commands: those of the world that runs the node are lower.
	operatorIDs = 1 << 40
	// maxAsked is how many commands may wait for a node's answer.
	maxAsked = 64
	// statusPause is the least time, on the wall clock, between two tellings of a state that changes.
	statusPause = 100 * time.Millisecond
)

// service is what a host does for those who are no nodes: it tells the node's state, answers NATS's service protocol, and hands the node
// operators' commands. Its subscriptions end in the channel of the messages, so that the host's goroutine handles all.
//
// The micro package of nats.go would answer whatever subject a request names, and what the server refuses ends a node: so only its types are used.
type service struct {
	id       string
	started  time.Time
	prefix   string // of the subjects of commands
	status   *status.Tracker
	told     uint64 // version of the state that was told
	telling  bool   // a telling is planned
	stats    map[string]*micro.EndpointStats
	next     uint64
	asked    map[uint64]*asked
	answered []*asked
}

// asked is a command that an operator has given.
type asked struct {
	id       string // in the audit log; "" if it does not stand there
	operator string
	verb     string
	args     map[string]string
	reply    string
	at       time.Time
	answer   operator.Answer
}

func newService(o *HostOptions) service {
	s := service{
		id: nuid.Next(), started: time.Now().UTC(), prefix: "hotpair." + o.Pair + ".operator.", status: status.New(o.ID),
		stats: map[string]*micro.EndpointStats{}, asked: map[uint64]*asked{},
	}
	for _, c := range access.CommandsOf(o.ID) {
		s.stats[c.Verb] = &micro.EndpointStats{Name: c.Verb, Subject: access.CommandSubject(o.Pair, "*", o.ID.String(), c.Verb)}
	}
	return s
}

func (h *Host) openService() error {
	h.service = newService(&h.opt)
	subjects := []string{"$SRV.>"}
	for _, c := range access.CommandsOf(h.opt.ID) {
		subjects = append(subjects, h.service.stats[c.Verb].Subject)
	}
	for _, subject := range subjects {
		// No queue group: a request to a T-Server is to that T-Server, and is not to be shared with the other one.
		if _, err := h.nc.ChanSubscribe(subject, h.msgs); err != nil {
			return fmt.Errorf("NATS: %w", err)
		}
	}
	return nil
}

// track takes a record of the node into its state, and looks for answers to operators.
func (h *Host) track(r *trace.Record, at time.Duration) {
	s := &h.service
	s.status.Record(r, at)
	if r.Kind != trace.Noted || r.Note.N < operatorIDs || (r.Note.Kind != node.NoteDone && r.Note.Kind != node.NoteRefused) {
		return
	}
	a, ok := s.asked[r.Note.N]
	if !ok {
		return
	}
	delete(s.asked, r.Note.N)
	switch {
	case r.Note.Kind == node.NoteRefused:
		a.answer = operator.Answer{Outcome: operator.Refused, Text: r.Note.Text}
	case r.Note.Text == a.verb:
		a.answer = operator.Answer{Outcome: operator.Done}
	case json.Valid([]byte(r.Note.Text)):
		a.answer = operator.Answer{Outcome: operator.Done, Data: json.RawMessage(r.Note.Text)}
	default:
		a.answer = operator.Answer{Outcome: operator.Done, Text: r.Note.Text}
	}
	s.answered = append(s.answered, a)
}

// Status tells the node's state. It waits for the host's goroutine: a host that stands still has none to tell.
func (h *Host) Status(ctx context.Context) (status.Status, error) {
	var s status.Status
	err := h.look(ctx, func() { s = h.statusNow() })
	return s, err
}

// Look has f see the state and the counters, as Status does.
func (h *Host) Look(ctx context.Context, f func(status.Status, *status.Counts)) error {
	return h.look(ctx, func() { f(h.statusNow(), h.service.status.Counts()) })
}

func (h *Host) look(ctx context.Context, f func()) error {
	seen := make(chan struct{})
	select {
	case h.calls <- func() { f(); close(seen) }:
	case <-ctx.Done():
		return fmt.Errorf("node %s does not answer: %w", h.opt.ID, ctx.Err())
	case <-h.ctx.Done():
		return fmt.Errorf("node %s has ended", h.opt.ID)
	}
	select {
	case <-seen:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("node %s does not answer: %w", h.opt.ID, ctx.Err())
	case <-h.ctx.Done():
		return fmt.Errorf("node %s has ended", h.opt.ID)
	}
}

func (h *Host) statusNow() status.Status {
	s := h.service.status.Status(h.opt.Clock.Now())
	s.Pair, s.Time = h.opt.Pair, time.Now().UTC()
	return s
}

// tellStatus tells the state when it has changed, and not too often. It is called when a step is over.
func (h *Host) tellStatus() {
	s := &h.service
	if s.told == s.status.Version() || s.telling {
		return
	}
	s.telling = true
	time.AfterFunc(statusPause, func() {
		h.later(func() {
			s.telling, s.told = false, s.status.Version()
			_ = h.nc.Publish(access.StatusSubject(h.opt.Pair, h.opt.ID.String()), mustJSON(h.statusNow()))
		})
	})
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // structs of ours
	}
	return data
}

// serve answers NATS's service protocol: $SRV.PING, INFO or STATS, to all, to those of a name, or to one.
func (h *Host) serve(m *nats.Msg) {
	part := strings.Split(m.Subject, ".")
	s := &h.service
	if len(part) < 2 || len(part) > 4 || len(part) > 2 && part[2] != ServiceName || len(part) > 3 && part[3] != s.id {
		return // to others
	}
	identity := micro.ServiceIdentity{
		Name: ServiceName, ID: s.id, Version: strconv.FormatUint(uint64(h.linkOpt.Version), 10) + ".0.0",
		Metadata: map[string]string{"pair": h.opt.Pair, "node": h.opt.ID.String(), "incarnation": strconv.FormatUint(h.inc, 10)},
	}
	var answer any
	switch part[1] {
	case micro.PingVerb.String():
		answer = micro.Ping{ServiceIdentity: identity, Type: micro.PingResponseType}
	case micro.InfoVerb.String():
		answer = h.info(identity)
	case micro.StatsVerb.String():
		answer = h.serviceStats(identity)
	default:
		return
	}
	h.respond(m.Reply, answer)
}

func (h *Host) info(identity micro.ServiceIdentity) micro.Info {
	info := micro.Info{
		ServiceIdentity: identity, Type: micro.InfoResponseType, Description: "node " + h.opt.ID.String() + " of the hotpair pair " + h.opt.Pair,
		Endpoints: []micro.EndpointInfo{},
	}
	for _, c := range access.CommandsOf(h.opt.ID) {
		info.Endpoints = append(info.Endpoints, micro.EndpointInfo{
			Name: c.Verb, Subject: h.service.stats[c.Verb].Subject, Metadata: map[string]string{"help": c.Help},
		})
	}
	return info
}

func (h *Host) serviceStats(identity micro.ServiceIdentity) micro.Stats {
	stats := micro.Stats{ServiceIdentity: identity, Type: micro.StatsResponseType, Started: h.service.started, Endpoints: []*micro.EndpointStats{}}
	for _, c := range access.CommandsOf(h.opt.ID) {
		e := *h.service.stats[c.Verb]
		if e.NumRequests > 0 {
			e.AverageProcessingTime = e.ProcessingTime / time.Duration(e.NumRequests)
		}
		if c.Verb == access.StatusVerb {
			e.Data = mustJSON(h.statusNow())
		}
		stats.Endpoints = append(stats.Endpoints, &e)
	}
	return stats
}

// respond answers, if it is an inbox of somebody who may ask: whatever else a request names, the server would refuse, or others would take for
// this node's word.
func (h *Host) respond(reply string, answer any) {
	if h.opt.Login.Role != "" && !access.MayAnswer(h.opt.Pair, reply) {
		h.log.Warn("no answer: it is to go to a subject that is no operator's inbox", zap.String("subject", reply))
		return
	}
	if reply == "" {
		return
	}
	// Without a connection, who asks hears nothing, and asks again.
	if err := h.nc.Publish(reply, mustJSON(answer)); errors.Is(err, nats.ErrMaxPayload) {
		_ = h.nc.Publish(reply, mustJSON(operator.Answer{Outcome: operator.Refused, Text: "the answer is greater than what NATS carries: ask for less"}))
	}
}

// operate takes an operator's command.
func (h *Host) operate(m *nats.Msg) {
	a := &asked{reply: m.Reply, at: time.Now()}
	var ok bool
	if a.operator, a.verb, ok = access.ParseCommandSubject(h.opt.Pair, h.opt.ID, m.Subject); !ok {
		h.badInput(wire.None, m.Subject, fmt.Errorf("the subject is not hotpair.<pair>.operator.<name>.%s.<command>", h.opt.ID))
		return
	}
	command, known := access.FindCommand(h.opt.ID, a.verb)
	args, err := parseRequest(m.Data)
	a.args = args
	switch {
	case !known:
		h.refuseOperator(a, fmt.Sprintf("%s has no command %.40q", h.opt.ID, a.verb))
	case err != nil:
		h.refuseOperator(a, err.Error())
	case a.verb == access.StatusVerb:
		a.answer = operator.Answer{Outcome: operator.Done, Data: mustJSON(h.statusNow())}
		h.answerOperator(a)
	case command.Changes && a.verb == "kick" && h.opt.ID == wire.MLayer && h.kicker == nil:
		h.refuseOperator(a, "kick: the Management Layer has no user in NATS's system account (--keys with system.nk, or --system-creds)")
	case len(h.service.asked) >= maxAsked:
		h.refuseOperator(a, fmt.Sprintf("%d commands wait for an answer; try again later", maxAsked))
	case command.Changes:
		a.id = nuid.Next()
		h.askAudited(a)
	default:
		h.command(a)
	}
}

func (h *Host) refuseOperator(a *asked, why string) {
	a.answer = operator.Answer{Outcome: operator.Refused, Text: why}
	h.answerOperator(a)
}

func parseRequest(data []byte) (map[string]string, error) {
	if len(data) > operator.MaxRequest {
		return nil, fmt.Errorf("the request has %d bytes, at most %d are read", len(data), operator.MaxRequest)
	}
	if len(data) == 0 {
		return nil, nil
	}
	var r operator.Request
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || d.InputOffset() != int64(len(bytes.TrimRight(data, " \t\r\n"))) {
		return nil, fmt.Errorf(`the request is not {"args":{"KEY":"VALUE",…}}`)
	}
	return r.Args, nil
}

// askAudited writes into the audit log that a command was given, and has it carried out behind that.
func (h *Host) askAudited(a *asked) {
	entry := h.entry(a, operator.Asked)
	go func() {
		err := h.audit(entry)
		h.later(func() {
			if err != nil {
				h.log.Error("a command was refused, since it cannot be written into the audit log", zap.String("operator", a.operator), zap.String("verb", a.verb), zap.Error(err))
				h.refuseOperator(a, "the audit log takes nothing, and what cannot be written down is not done: "+err.Error())
				return
			}
			h.command(a)
		})
	}()
}

// command hands the node a command; its answer comes as a note.
func (h *Host) command(a *asked) {
	s := &h.service
	s.next++
	id := operatorIDs + s.next
	s.asked[id] = a
	h.mux.Do(&node.Command{ID: id, Verb: a.verb, Args: a.args})
}

// answerOperators tells the answers that came in this step, behind its records.
func (h *Host) answerOperators() {
	for _, a := range h.service.answered {
		h.answerOperator(a)
	}
	h.service.answered = h.service.answered[:0]
}

func (h *Host) answerOperator(a *asked) {
	if e := h.service.stats[a.verb]; e != nil {
		e.NumRequests++
		e.ProcessingTime += time.Since(a.at)
		if a.answer.Outcome == operator.Refused {
			e.NumErrors++
			e.LastError = a.answer.Text
		}
	}
	if a.id == "" {
		h.respond(a.reply, a.answer)
		return
	}
	h.log.Info("an operator's command", zap.String("operator", a.operator), zap.String("verb", a.verb), zap.Any("args", public(a)),
		zap.String("outcome", string(a.answer.Outcome)), zap.String("why", a.answer.Text))
	entry := h.entry(a, a.answer.Outcome)
	go func() {
		if err := h.audit(entry); err != nil {
			h.log.Error("the outcome of a command is not in the audit log", zap.String("id", entry.ID), zap.Error(err))
			a.answer.Text = strings.TrimSpace(a.answer.Text + " (the outcome is not in the audit log: " + err.Error() + ")")
		}
		h.later(func() { h.respond(a.reply, a.answer) })
	}()
}

// public are the arguments of a command without what is secret.
func public(a *asked) map[string]string {
	return (&node.Command{Verb: a.verb, Args: a.args}).PublicArgs()
}

func (h *Host) entry(a *asked, outcome operator.Outcome) operator.Entry {
	return operator.Entry{
		ID: a.id, Time: time.Now().UTC(), Operator: a.operator, Node: h.opt.ID, Inc: h.inc, Verb: a.verb, Args: public(a), Outcome: outcome, Text: a.answer.Text,
	}
}

// auditTime bounds the writing of an entry, on the wall clock.
const auditTime = 2 * time.Second

// audit writes an entry into the log, which it makes where there is none. It may be called by any goroutine.
func (h *Host) audit(e operator.Entry) error {
	ctx, cancel := context.WithTimeout(h.ctx, auditTime)
	defer cancel()
	if err := writeAudit(ctx, h.store.js, h.opt.Pair, e); err != nil {
		return fmt.Errorf("%w: %w", fault.ErrStore, err)
	}
	return nil
}
