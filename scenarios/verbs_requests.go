package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/parties"
	"hotpair/internal/wire"
	"hotpair/tserver/client"
)

// requestVerbs are the requests of clients: request, which makes any, and shorter words for the usual ones.
func requestVerbs() []*verb {
	keys := []string{"to", "text", "mode", "data", "num", "connid", "second", "repeat"}
	general := &verb{
		name: "request", group: telephony, keys: keys, nowait: true,
		parse: func(a *args) (step, error) { return parseRequest(a, "") },
		usage: "request CLIENT KIND [DN] [to=DN] [data=KEY:VALUE,...] [text=WORD] [mode=MODE] [num=N] [connid=ID] [second=ID] [repeat=false] [nowait]",
		help: "A client makes a request: MakeCall, AnswerCall, ReleaseCall, ... It fails if the request is refused, or nobody can tell what became of it; with nowait it is not\n" +
			"waited for. The calls are those at the DN, as the request needs them, unless their ConnIDs are given. mode is the agent's work mode.",
	}
	all := []*verb{general}
	for _, short := range shortRequests {
		all = append(all, &verb{
			name: short.verb, group: telephony, keys: keys, nowait: true,
			parse: func(a *args) (step, error) { return parseRequest(a, short.kind) },
			usage: short.verb + " CLIENT DN " + short.usage + "[nowait]", help: "request CLIENT " + short.kind + ": " + short.help,
		})
	}
	return all
}

var shortRequests = []struct{ verb, kind, usage, help string }{
	{"dial", "MakeCall", "to=DN [data=KEY:VALUE,...] ", "calls a DN."},
	{"pick-up", "AnswerCall", "", "answers the call that rings."},
	{"hang-up", "ReleaseCall", "", "leaves its call."},
	{"hold", "HoldCall", "", "puts its call on hold."},
	{"retrieve", "RetrieveCall", "", "takes it up again."},
	{"alternate", "AlternateCall", "", "puts its call on hold and takes up the other one."},
	{"consult", "InitiateTransfer", "to=DN [data=KEY:VALUE,...] ", "puts its call on hold and calls somebody about it."},
	{"transfer", "CompleteTransfer", "", "joins the two calls and leaves."},
	{"conference", "CompleteConference", "", "joins the two calls and stays."},
	{"hand-over", "SingleStepTransfer", "to=DN ", "hands its call over to somebody whose telephone rings."},
	{"invite", "SingleStepConference", "to=DN ", "takes somebody into its call."},
	{"redirect", "RedirectCall", "to=DN ", "sends the call that rings elsewhere."},
	{"route", "RouteCall", "to=DN ", "sends the call that waits at a routing point somewhere."},
	{"attach", "AttachUserData", "data=KEY:VALUE,... ", "attaches data to its call."},
	{"agent-login", "AgentLogin", "text=ID [mode=manual-in] ", "an agent logs in."},
	{"agent-logout", "AgentLogout", "", "the agent logs out."},
	{"agent-ready", "AgentReady", "[mode=manual-in] ", "the agent takes calls."},
	{"agent-not-ready", "AgentNotReady", "[mode=after-call-work] ", "the agent takes no calls."},
}

// requestStep is a request of a client.
type requestStep struct {
	client wire.ID
	kind   wire.Kind
	args   map[string]string
	wait   bool
}

// requestKeys are the keys of the verbs, and what the client calls them.
var requestKeys = map[string]string{
	"to": "otherDN", "text": "text", "mode": "workMode", "data": "data", "num": "num", "connid": "connId", "second": "transferConnId", "repeat": "repeat",
}

func parseRequest(a *args, kind string) (step, error) {
	id, err := a.node()
	switch {
	case err != nil:
		return nil, err
	case !id.IsClient():
		return nil, fmt.Errorf("clients make requests, not %s", id)
	}
	if kind == "" {
		if kind, err = a.word("a request, such as MakeCall,"); err != nil {
			return nil, err
		}
	}
	s := requestStep{client: id, args: map[string]string{"kind": kind}, wait: true}
	for len(a.words) > 0 {
		w := a.words[0]
		a.words = a.words[1:]
		if w == "nowait" {
			s.wait = false
			s.args["wait"] = "false"
			continue
		}
		if s.args["thisDN"] != "" {
			return nil, fmt.Errorf("one DN is wanted, and not %q beside %s", w, s.args["thisDN"])
		}
		s.args["thisDN"] = w
	}
	for _, k := range slices.Sorted(maps.Keys(a.keys)) {
		name, ok := requestKeys[k]
		if !ok {
			return nil, fmt.Errorf("%s: no such argument", k)
		}
		s.args[name] = a.keys[k]
	}
	m, err := client.ParseRequest(s.args)
	s.kind = m.Kind
	return s, err
}

// outcomeTime is how long, on the run's clock, the outcome of a request may take, failovers included.
const outcomeTime = 40 * time.Second

func (s requestStep) run(r *runner) error {
	args := maps.Clone(s.args)
	if err := s.resolve(r, args); err != nil {
		return err
	}
	c := command{to: s.client, verb: "request", args: args, within: outcomeTime}
	return c.run(r)
}

// resolve finds the calls at the DN that the request is about, as soon as the client can know of them.
func (s requestStep) resolve(r *runner, args map[string]string) error {
	need := s.needs()
	if need == nil || args["connId"] != "" {
		return nil
	}
	found := func() bool {
		first, second := need(&r.facts.parties, callmodel.DN(args["thisDN"]))
		one, both := r.facts.seenBy(s.client, first), r.facts.seenBy(s.client, second)
		if one == 0 || second.Born != 0 && both == 0 {
			return false
		}
		args["connId"] = one.String()
		if both != 0 && args["transferConnId"] == "" {
			args["transferConnId"] = both.String()
		}
		return true
	}
	ok, err := r.runUntil(r.world.Now()+answerTime+r.slack(), found)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: %s has no call for %s, as far as %s has seen", errFailed, args["thisDN"], s.kind, s.client)
	}
	return nil
}

// finder finds the calls of a DN that a request is about.
type finder func(t *parties.Tracker, dn callmodel.DN) (first, second callmodel.CallID)

// needs returns how the calls of a request are found; nil if it is about none.
func (s requestStep) needs() finder {
	one := func(states ...callmodel.PartyState) finder {
		return func(t *parties.Tracker, dn callmodel.DN) (callmodel.CallID, callmodel.CallID) {
			return at(t, dn, states...), callmodel.CallID{}
		}
	}
	active := []callmodel.PartyState{
		callmodel.PartyEstablished, callmodel.PartyDialing, callmodel.PartyRinging, callmodel.PartyBusy, callmodel.PartyHeld, callmodel.PartyQueued,
		callmodel.PartyRouting,
	}
	switch s.kind {
	case wire.RequestAnswerCall, wire.RequestRedirectCall:
		return one(callmodel.PartyRinging)
	case wire.RequestHoldCall, wire.RequestInitiateTransfer, wire.RequestInitiateConference, wire.RequestSingleStepTransfer, wire.RequestSingleStepConference,
		wire.RequestDeleteFromConference:
		return one(callmodel.PartyEstablished)
	case wire.RequestRetrieveCall:
		return one(callmodel.PartyHeld)
	case wire.RequestRouteCall:
		return one(callmodel.PartyRouting)
	case wire.RequestReleaseCall, wire.RequestAttachUserData, wire.RequestUpdateUserData, wire.RequestDeletePair, wire.RequestDeleteUserData:
		return one(active...)
	case wire.RequestAlternateCall:
		return func(t *parties.Tracker, dn callmodel.DN) (callmodel.CallID, callmodel.CallID) {
			return at(t, dn, callmodel.PartyEstablished), at(t, dn, callmodel.PartyHeld)
		}
	case wire.RequestCompleteTransfer, wire.RequestCompleteConference:
		return func(t *parties.Tracker, dn callmodel.DN) (main, consult callmodel.CallID) {
			t.With(dn, func(id callmodel.CallID, c *parties.Call, _ int) {
				if c.Main().Born != 0 {
					main, consult = c.Main(), id
				}
			})
			return main, consult
		}
	}
	return nil
}

// at returns the call of a DN that is in the first of the states in which one is.
func at(t *parties.Tracker, dn callmodel.DN, states ...callmodel.PartyState) (found callmodel.CallID) {
	for _, s := range states {
		t.With(dn, func(id callmodel.CallID, c *parties.Call, i int) {
			if c.At(i).State == s {
				found = id
			}
		})
		if found.Born != 0 {
			return found
		}
	}
	return found
}

// seenBy returns the ConnID under which a client has seen a call, 0 if it has not.
func (f *facts) seenBy(id wire.ID, call callmodel.CallID) callmodel.ConnID {
	return f.node(id).saw[call]
}

// isDN reports whether the switch has a DN of this name.
func (p *parser) isDN(name string) bool {
	return p.s.Config.Switch.HasDN(callmodel.DN(name))
}
