package scenarios

import (
	"errors"
	"fmt"

	"hotpair/internal/wire"
)

func failoverVerbs() []*verb {
	atServer := func(name, help string) *verb {
		return &verb{
			name: name, group: failover, usage: name + " A|B", help: help,
			parse: func(a *args) (step, error) {
				id, err := a.peerServer()
				return command{to: id, verb: name}, err
			},
		}
	}
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
		atServer("activate", "System Administration activates a server (P10): it clears its deactivation, and the server gets the activity."),
		atServer("deactivate", "System Administration deactivates a server (P10), until it is activated there."),
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
