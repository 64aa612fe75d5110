package arbmodel

import (
	"fmt"
	"slices"
	"strings"
)

// Config is a configuration with a name.
type Config struct {
	Name string
	Options
}

// String says what the configuration has.
func (c Config) String() string {
	s := fmt.Sprintf("%d clients in two groups", c.Clients)
	if c.Cold {
		s += ", cold start"
	}
	var kinds []string
	for k, name := range map[Kinds]string{
		Split: "link cut", Flap: "link flaps", Group: "group cut off", Crash: "server crashes", Carrier: "server cut off", CTI: "CTI link lost",
	} {
		if c.Kinds&k != 0 {
			kinds = append(kinds, name)
		}
	}
	if c.Faults > 0 {
		slices.Sort(kinds)
		s += fmt.Sprintf(", %d faults of: %s", c.Faults, strings.Join(kinds, ", "))
	}
	if c.Commands > 0 {
		s += fmt.Sprintf(", %d commands of System Administration", c.Commands)
	}
	return s
}

// Configs are the configurations of client failover.
func Configs() []Config {
	return []Config{
		{"peer-cold-start", Options{Clients: 4, Cold: true}},
		{"peer-cold-start-split", Options{Clients: 4, Cold: true, Faults: 1, Kinds: Split}},
		{"peer-split", Options{Clients: 4, Faults: 1, Kinds: Split, Commands: 1}},
		{"peer-split-crash", Options{Clients: 4, Faults: 2, Kinds: Split | Crash, Commands: 1}},
		{"peer-group", Options{Clients: 4, Faults: 1, Kinds: Group, Commands: 1}},
		{"peer-split-group", Options{Clients: 4, Faults: 2, Kinds: Split | Group}},
		{"peer-servers", Options{Clients: 2, Faults: 2, Kinds: Flap | Crash | Carrier | CTI}},
	}
}
