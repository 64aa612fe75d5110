package scenarios

import (
	"fmt"
	"strings"

	"hotpair/internal/config"
	"hotpair/internal/natsworld"
	"hotpair/internal/procworld"
	"hotpair/internal/simworld"
	"hotpair/internal/trace"
)

// The worlds.
const (
	// Sim is virtual time.
	Sim = "sim"
	// NATS is real time in one process, on an embedded NATS server or on one that is already running.
	NATS = "nats"
	// Processes is real time with an operating-system process per node, and one for NATS.
	Processes = "processes"
)

// WorldNames returns the names of the worlds.
func WorldNames() []string { return []string{Sim, NATS, Processes} }

func newWorld(o Options, c config.Config, sink trace.Sink) (World, error) {
	if o.NATSURL != "" && o.World != NATS {
		return nil, fmt.Errorf("a NATS server that is already running is for the world %s, not for %s", NATS, o.World)
	}
	n := natsworld.Options{Config: c, Speed: o.Speed, Seed: o.Seed, URL: o.NATSURL, Probe: o.Probe, Sink: sink}
	p := procworld.Options{Config: c, Speed: o.Speed, Seed: o.Seed, Sink: sink, Log: o.Log}
	if o.session != nil { // others may kill processes, too
		n.Tester, n.Tolerant = true, true
		p.Tester, p.Tolerant, p.Port, p.KeysDir = true, true, o.session.Port, o.session.KeysDir
	}
	switch o.World {
	case Sim:
		return simworld.New(simworld.Options{Config: c, Seed: o.Seed, Sink: sink, NewNode: o.newNode, Busy: o.Busy}), nil
	case NATS:
		return natsworld.NewWorld(n)
	case Processes:
		return procworld.New(p)
	}
	return nil, fmt.Errorf("unknown world %q: there are %s", o.World, strings.Join(WorldNames(), ", "))
}
