package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"hotpair/hasync/pairconf"
	"hotpair/internal/wire"
)

func failoverVerbs() []*verb {
	ofClients := func(name, help string) *verb {
		return &verb{
			name: name, group: failover, usage: name + " CLIENT|SITE", help: help,
			parse: func(a *args) (step, error) {
				ids, err := a.nodeOrSite()
				switch {
				case err != nil:
					return nil, err
				case a.config.HasM():
					return nil, errNoPeer
				case !ids[0].IsClient():
					return nil, fmt.Errorf("clients log in and out, not %s", ids[0])
				}
				var all commands
				for _, id := range ids {
					all = append(all, command{to: id, verb: name})
				}
				return all, nil
			},
		}
	}
	return []*verb{
		{
			name: "activate", group: failover, usage: "activate A|B [nowait]", nowait: true, parse: parseActivate,
			help: "System Administration activates a server (P10): it clears its deactivation, and the server gets the activity. With nowait nobody waits until it has it.",
		},
		{
			name: "deactivate", group: failover, usage: "deactivate A|B",
			help: "System Administration deactivates a server (P10), until it is activated there.",
			parse: func(a *args) (step, error) {
				id, err := a.peerServer()
				return command{to: id, verb: "deactivate"}, err
			},
		},
		{
			name: "switchback", group: failover, usage: "switchback [force]", parse: parseSwitchback,
			help: "System Administration gives the activity back to A (P10). It is refused, with the reason, while A is not fit, unless forced.",
		},
		{
			name: "configure", group: failover, usage: "configure A|B KIND/NAME=VALUE", parse: parseConfigure,
			help: "Changes an object of the shared configuration (P3): dn, user, group or option. Without a value it is deleted. The value of a user is its password.",
		},
		{
			name: "kick", group: failover, usage: "kick A|B CLIENT", parse: parseKick,
			help: "An operator ends a client's session. It may come back.",
		},
		ofClients("login", "Clients look for the active server again."),
		ofClients("logout", "Clients end their sessions in order, and look for no other."),
	}
}

var errNoPeer = errors.New("this is for client failover: arbitration: peer in config.yaml")

// peerServer reads A or B, under peer arbitration.
func (a *args) peerServer() (wire.ID, error) {
	id, err := a.node()
	switch {
	case err != nil:
		return id, err
	case a.config.HasM():
		return id, errNoPeer
	case !id.IsTServer():
		return id, fmt.Errorf("the servers are A and B, not %s", id)
	}
	return id, nil
}

// commands are several commands, one after the other.
type commands []command

func (c commands) run(r *runner) error {
	for i := range c {
		if err := c[i].run(r); err != nil {
			return err
		}
	}
	return nil
}

func parseActivate(a *args) (step, error) {
	id, err := a.peerServer()
	c := command{to: id, verb: "activate"}
	if len(a.words) == 1 && a.words[0] == "nowait" {
		a.words, c.nowait = nil, true
	}
	return c, err
}

func parseSwitchback(a *args) (step, error) {
	c := command{to: wire.A, verb: "switchback"}
	if a.config.HasM() {
		return nil, errNoPeer
	}
	if len(a.words) == 1 && a.words[0] == "force" {
		a.words = nil
		c.args = map[string]string{"force": "true"}
	}
	return c, nil
}

func parseConfigure(a *args) (step, error) {
	id, err := a.peerServer()
	if err != nil {
		return nil, err
	}
	w, err := a.word("KIND/NAME=VALUE")
	if err != nil {
		return nil, err
	}
	name, value, ok := strings.Cut(w, "=")
	if !ok {
		return nil, fmt.Errorf("KIND/NAME=VALUE is wanted, not %.40q", w)
	}
	if user, isUser := strings.CutPrefix(name, "user/"); isUser && value != "" {
		value = pairconf.Key(user, value)
	}
	return command{to: id, verb: "config-set", args: map[string]string{"object": name, "value": value}}, pairconf.Check(name, value)
}

func parseKick(a *args) (step, error) {
	id, err := a.peerServer()
	if err != nil {
		return nil, err
	}
	client, err := a.node()
	if err == nil && !client.IsClient() {
		err = fmt.Errorf("a client is wanted, not %s", client)
	}
	return command{to: id, verb: "kick", args: map[string]string{"client": client.String()}}, err
}
