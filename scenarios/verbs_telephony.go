package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"hotpair/callmodel"
	"hotpair/internal/node"
	"hotpair/internal/wire"
	"hotpair/switchsim"
)

func telephonyVerbs() []*verb {
	named := func(name, help string) *verb {
		return &verb{
			name: name, group: telephony, usage: name + " CALL", help: help,
			parse: func(a *args) (step, error) {
				call, err := a.word("a call's name")
				return command{to: wire.Switch, verb: name, args: map[string]string{"name": call}}, err
			},
		}
	}
	release := named("release", "Ends a call, or all calls.")
	release.usage, release.parse = "release CALL | all", parseRelease
	return []*verb{
		{
			name: "load", group: telephony, parse: parseLoad, keys: loadKeys,
			usage: "load erlangs=N|calls-per-hour=N hold=exp:MEAN|const:TIME|lognormal:MEAN,DEVIATION|list:TIME,TIME,...|file:NAME.times [ring=5s] [inbound=0.5] [seed=1]\n" +
				"      [name=NAME] [group=TRUNK-GROUP] [curve=FACTOR,FACTOR,... [day=24h] [start=TIME]]\n" +
				"      [queue=QUEUE [patience=exp:MEAN|...]] [transfers=SHARE] [conferences=SHARE] [consult-transfers=SHARE]\n" +
				"      [consult-conferences=SHARE] | load stop [name=NAME]",
			help: "Generates calls between idle lines: Poisson arrivals, each rings and is then held. A call that finds no idle line is blocked.\n" +
				"Loads with different names go on side by side. group is one of the switch's trunk-groups, whose trunks inbound calls then take.\n" +
				"curve divides the day into slots as long as each other, and multiplies the rate in each; the load begins at the time start of the day.\n" +
				"queue is where the calls go, to wait for an agent, or to be given up when their patience, drawn as a holding time, is over. Of all that are\n" +
				"answered, a share is handed over half-way to an idle extension in a single step (transfers), or takes one in (conferences); or it is put on hold, and\n" +
				"an idle extension is consulted about it for half of the time that is left, and then takes it over, or joins it (consult-transfers, consult-conferences).\n" +
				"list are measured times, each as likely as the others; file:NAME.times takes them from a file of the archive, with a time on each line.\n" +
				"load stop ends the arrivals of one load, or of all; their calls end in their time.",
		},
		{
			name: "call", group: telephony, usage: "call NAME from=DN to=DN", keys: []string{"from", "to"}, parse: parseCall,
			help: "Begins a call from an extension or a trunk (T1) to an extension. It rings until it is answered, and lasts until it is released.",
		},
		named("answer", "Answers a call; instead of its name, the DN where it rings, such as a trunk, may be given."),
		release,
		named("stuck", "Ends a call whose release is reported to nobody. Its heal is to read the switch again: link down, link up."),
		{
			name: "link", group: telephony, usage: "link A|B down|up|silent", parse: parseLink,
			help: "Drops a CTI link at the switch, restores it, or keeps it up and says nothing on it.",
		},
		{
			name: "agent", group: telephony, usage: "agent DN ready|not-ready|logged-out", parse: parseAgent,
			help: "Changes the state of the agent at an extension.",
		},
		{
			name: "register", group: telephony, usage: "register CLIENT DN", parse: parseRegister,
			help: "Lets a client register a DN at both T-Servers.",
		},
		{
			name: "switchover", group: telephony, usage: "switchover [force]", parse: parseSwitchover,
			help: "The operator's command to M. It is refused at readiness 0 unless forced.",
		},
	}
}

// command is a command for a node.
type command struct {
	to   wire.ID
	verb string
	args map[string]string

	within time.Duration // how long the node may take to answer, on the run's clock; 0 is answerTime
	nowait bool          // whatever it answers
}

// answerTime is how long, on the run's clock, a node may take to answer a command.
const answerTime = 10 * time.Second

func (c command) run(r *runner) error {
	r.commandID++
	id := r.commandID
	r.answer = answer{id: id}
	cmd := &node.Command{ID: id, Verb: c.verb, Args: c.args}
	if err := r.act(func() error { return r.world.Do(c.to, cmd) }); err != nil || c.nowait {
		return err
	}
	within := max(c.within, answerTime)
	answered, err := r.runUntil(r.world.Now()+within+r.slack(), func() bool { return r.answer.done })
	switch {
	case err != nil:
		return err
	case !answered:
		return fmt.Errorf("%w: %s did not answer within %s", errFailed, c.to, within)
	case r.answer.refused != "":
		return fmt.Errorf("%w: refused: %s", errFailed, r.answer.refused)
	}
	if c.verb == "stuck" {
		r.lostReleases = true
	}
	if c.verb == "call" {
		r.facts.nameCall(c.args["name"])
	}
	return nil
}

// answer is what a node said to the command that was given last.
type answer struct {
	id      uint64
	done    bool
	refused string
}

func (a *answer) note(n *node.Note) {
	if n.N != a.id || (n.Kind != node.NoteDone && n.Kind != node.NoteRefused) {
		return
	}
	a.done = true
	if n.Kind == node.NoteRefused {
		a.refused = n.Text
	}
}

// statelessVerbs are the switch's commands whose arguments are right or wrong whatever went before.
var statelessVerbs = []string{"load", "call", "agent"}

// try gives a command to a switch that nothing happened to. What even that one refuses is an error of the scenario.
func (p *parser) try(c command) error {
	if c.to != wire.Switch || !slices.Contains(statelessVerbs, c.verb) {
		return nil
	}
	if p.idle == nil {
		p.idle = switchsim.New(p.s.Config.Switch)
	}
	do := func(verb string, args map[string]string) error {
		var out node.Output
		p.idle.Step(&node.Input{Kind: node.Do, Cmd: &node.Command{ID: 1, Verb: verb, Args: args}}, &out)
		for i := range out.Notes {
			if out.Notes[i].Kind == node.NoteRefused {
				return errors.New(out.Notes[i].Text)
			}
		}
		return nil
	}
	return errors.Join(do(c.verb, c.args), do("load-stop", nil), do("release-all", nil))
}

// copyKeys copies the key=value arguments.
func (a *args) copyKeys() map[string]string {
	m := make(map[string]string, len(a.keys)+1)
	for k, v := range a.keys {
		m[k] = v
	}
	return m
}

var loadKeys = []string{
	"erlangs", "calls-per-hour", "hold", "ring", "inbound", "seed", "name", "group", "curve", "day", "start", "queue", "patience", "transfers", "conferences",
	"consult-transfers", "consult-conferences",
}

func parseLoad(a *args) (step, error) {
	if len(a.words) == 1 && a.words[0] == "stop" {
		for _, k := range loadKeys {
			if _, given := a.keys[k]; given && k != "name" {
				return nil, fmt.Errorf("load stop takes name=NAME, not %s", k)
			}
		}
		a.words = nil
		return command{to: wire.Switch, verb: "load-stop", args: a.copyKeys()}, nil
	}
	if a.keys["erlangs"] == "" && a.keys["calls-per-hour"] == "" || a.keys["hold"] == "" {
		return nil, errors.New("erlangs and hold are wanted; calls-per-hour may stand for erlangs")
	}
	return command{to: wire.Switch, verb: "load", args: a.copyKeys()}, nil
}

func parseCall(a *args) (step, error) {
	name, err := a.word("a name for the call")
	if err != nil {
		return nil, err
	}
	if a.keys["from"] == "" || a.keys["to"] == "" {
		return nil, errors.New("from and to are wanted")
	}
	m := a.copyKeys()
	m["name"] = name
	return command{to: wire.Switch, verb: "call", args: m}, nil
}

func parseRelease(a *args) (step, error) {
	name, err := a.word("a call's name, or all,")
	if name == "all" {
		return command{to: wire.Switch, verb: "release-all"}, err
	}
	return command{to: wire.Switch, verb: "release", args: map[string]string{"name": name}}, err
}

func parseLink(a *args) (step, error) {
	peer, err := a.node()
	if err != nil {
		return nil, err
	}
	if !peer.IsTServer() {
		return nil, fmt.Errorf("CTI links are those of A and B, not of %s", peer)
	}
	state, err := a.word("down, up or silent")
	if err == nil && state != "down" && state != "up" && state != "silent" {
		err = fmt.Errorf("a CTI link is down, up or silent, not %q", state)
	}
	return command{to: wire.Switch, verb: "link", args: map[string]string{"peer": peer.String(), "state": state}}, err
}

func parseAgent(a *args) (step, error) {
	dn, err := a.word("a DN")
	if err != nil {
		return nil, err
	}
	state, err := a.word("the agent's state")
	if err == nil {
		var s callmodel.AgentState
		err = s.UnmarshalText([]byte(state))
	}
	return command{to: wire.Switch, verb: "agent", args: map[string]string{"dn": dn, "state": state}}, err
}

func parseRegister(a *args) (step, error) {
	id, err := a.node()
	if err != nil {
		return nil, err
	}
	if !id.IsClient() {
		return nil, fmt.Errorf("clients register DNs, not %s", id)
	}
	dn, err := a.word("a DN")
	return command{to: id, verb: "register", args: map[string]string{"dn": dn}}, err
}

func parseSwitchover(a *args) (step, error) {
	c := command{to: wire.MLayer, verb: "switchover"}
	if len(a.words) == 1 && a.words[0] == "force" {
		a.words = nil
		c.args = map[string]string{"force": "true"}
	}
	return c, nil
}
