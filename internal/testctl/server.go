package testctl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"hotpair/internal/access"
	"hotpair/internal/monitor"
	"hotpair/internal/natsworld"
	"hotpair/internal/trace"
	"hotpair/internal/wire"
	"hotpair/scenarios"
)

// Request is what a tester asks for: exactly one of its fields, and an ID.
type Request struct {
	// ID, if it is not empty, makes a request safe to repeat: with the same ID as the one before, it is not carried out again, but answered the same. NATS may
	// lose an answer, and does when it was asked to die.
	ID string `json:"id,omitempty"`
	// Lines of the scenario language are carried out one after another, until one comes to nothing. The answer comes behind the last.
	Lines []string `json:"lines,omitempty"`
	// Door asks where a program connects that takes the place of a client: "C1".
	Door string `json:"door,omitempty"`
	// Verdict asks what the run has shown so far. Nothing is healed, and nothing ends.
	Verdict bool `json:"verdict,omitempty"`
	// Finish heals everything, waits until the pair is whole, draws the verdict, and ends the pair behind the answer: the exit status of hotpair up is the verdict's.
	Finish bool `json:"finish,omitempty"`
}

// Answer is what is answered. OK is true if all that was asked for came to be; with Finish and Verdict, if everything held.
type Answer struct {
	OK bool `json:"ok"`
	// Error says what did not.
	Error string `json:"error,omitempty"`
	// At is the time on the run's clock, in nanoseconds.
	At time.Duration `json:"at"`
	// Done is how many of the lines were carried out.
	Done    int      `json:"done,omitempty"`
	Door    *Door    `json:"door,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
}

// Door is where a program connects that takes the place of a client.
type Door struct {
	// URL leads through the relay, so that the program's links can be cut.
	URL string `json:"url"`
	// Pair stands in subjects, Role is the client; KeyFile holds the nkey seed of its user, Inbox is the prefix of the subjects on which it gets answers.
	Pair    string `json:"pair"`
	Role    string `json:"role"`
	KeyFile string `json:"keyFile"`
	Inbox   string `json:"inbox"`
}

// Verdict is what a run has shown.
type Verdict struct {
	Verdict scenarios.Verdict `json:"verdict"`
	Reason  string            `json:"reason,omitempty"`
	// Failed are the judgements that did not hold, Violations what must always hold and did not.
	Failed     []scenarios.Assertion `json:"failed,omitempty"`
	Violations []monitor.Violation   `json:"violations,omitempty"`
	Faults     []string              `json:"faults,omitempty"`
	// Metrics are those of hotpair run --json.
	Metrics any `json:"metrics"`
}

// MaxRequest is the greatest request that is read, in bytes.
const MaxRequest = 64 << 10

// maxListed bounds the failed judgements and the violations of an answer: a payload has its limit.
const maxListed = 100

// Server drives a session by requests.
type Server struct {
	session   *scenarios.Session
	responder *natsworld.Responder
	pair      string
	keyFile   func(role string) string
	finished  bool
	lastID    string
	last      *Answer // to the request lastID
}

// Serve begins to serve: requests come on access.TestSubject, and each record of the run is told on access.TestRecordsSubject. keyFile says in which file a
// role's key is.
func Serve(s *scenarios.Session, keyFile func(role string) string) (*Server, error) {
	door, err := s.RoleDoor(access.Admin)
	if err != nil {
		return nil, err
	}
	l := natsworld.Login{Role: door.Role, Seed: access.Secret(door.Seed)}
	v := &Server{session: s, pair: door.Pair, keyFile: keyFile}
	if v.responder, err = natsworld.NewResponder(door.URL, door.Pair, &l, access.TestSubject(door.Pair)); err != nil {
		return nil, err
	}
	if _, err := s.Listen(v.tell); err != nil {
		v.responder.Close()
		return nil, err
	}
	return v, nil
}

// tell publishes a record.
func (v *Server) tell(r *trace.Record) {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // a record can be encoded
	}
	v.responder.Publish(access.TestRecordsSubject(v.pair), b)
}

// Run answers requests until ctx ends, or a tester has asked to finish, and reports which of them it was. Whoever runs it ends the session.
func (v *Server) Run(ctx context.Context) (finished bool) {
	defer v.responder.Close()
	v.responder.Serve(ctx, func(request []byte) (answer []byte, more bool) {
		b, err := json.Marshal(v.answer(request))
		if err != nil {
			panic(err) // plain data
		}
		return b, !v.finished
	})
	return v.finished
}

// answer answers a request, or the same one once more.
func (v *Server) answer(request []byte) *Answer {
	var r Request
	err := read(request, &r)
	if err == nil && r.ID != "" && r.ID == v.lastID {
		return v.last
	}
	a := v.carryOut(&r, err)
	if err == nil {
		v.lastID, v.last = r.ID, a
	}
	return a
}

// carryOut does what a request asks for, if it could be read.
func (v *Server) carryOut(r *Request, err error) *Answer {
	a := &Answer{}
	switch {
	case err != nil:
	case len(r.Lines) > 0:
		err = v.lines(r.Lines, a)
	case r.Door != "":
		a.Door, err = v.door(r.Door)
	case r.Verdict:
		var res *scenarios.Result
		if res, err = v.session.SoFar(); err == nil {
			a.Verdict = verdict(res)
		}
	case r.Finish:
		var res *scenarios.Result
		if res, err = v.session.Converge(); err == nil {
			a.Verdict = verdict(res)
		}
		v.finished = true
	}
	if a.Verdict != nil && err == nil && a.Verdict.Verdict != scenarios.Held {
		err = errors.New(a.Verdict.Reason)
	}
	a.OK, a.At = err == nil, v.session.Now()
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// read decodes a request, which asks for exactly one thing.
func read(b []byte, r *Request) error {
	if len(b) > MaxRequest {
		return fmt.Errorf("request: at most %d bytes are read, not %d", MaxRequest, len(b))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return fmt.Errorf("request: JSON with one of lines, door, verdict and finish is wanted: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("request: there is something behind the JSON object")
	}
	asked := 0
	for _, is := range []bool{len(r.Lines) > 0, r.Door != "", r.Verdict, r.Finish} {
		if is {
			asked++
		}
	}
	if asked != 1 {
		return fmt.Errorf("request: exactly one of lines, door, verdict and finish is wanted, not %d of them", asked)
	}
	return nil
}

func (v *Server) lines(lines []string, a *Answer) error {
	for i, l := range lines {
		if err := v.session.Do(l); err != nil {
			return fmt.Errorf("line %d, %.200s: %w", i+1, l, err)
		}
		a.Done++
	}
	return nil
}

func (v *Server) door(client string) (*Door, error) {
	id, err := wire.ParseID(client)
	if err == nil && !id.IsClient() {
		err = fmt.Errorf("a door is a client's (C1), not that of %s", id)
	}
	if err != nil {
		return nil, err
	}
	d, err := v.session.ClientDoor(int(id-wire.Client(1)) + 1)
	if err != nil {
		return nil, err
	}
	return &Door{URL: d.URL, Pair: d.Pair, Role: d.Role, KeyFile: v.keyFile(d.Role), Inbox: d.Inbox()}, nil
}

func verdict(r *scenarios.Result) *Verdict {
	v := &Verdict{Verdict: r.Verdict, Reason: r.Reason, Violations: r.Violations, Faults: r.Faults, Metrics: r.Metrics}
	for _, a := range r.Assertions {
		if !a.OK && len(v.Failed) < maxListed {
			v.Failed = append(v.Failed, a)
		}
	}
	v.Violations = v.Violations[:min(len(v.Violations), maxListed)]
	v.Faults = v.Faults[:min(len(v.Faults), 10*maxListed)]
	return v
}
