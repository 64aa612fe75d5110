package scenarios

import (
	"time"

	"hotpair/internal/fault"
	"hotpair/internal/node"
	"hotpair/internal/wire"
)

// World is what a scenario runs in. All its methods are called from one goroutine; records reach the sink that the
// world was made with on that goroutine, from within these methods, in causal order.
//
// A method that applies something writes an Applied record (trace.Applied: Node, Peer, and Text as named at the method) and, where an
// incarnation ends, an Ended record (Text killed or stopped). A verb that a world cannot perform returns an error that wraps ErrCannot.
type World interface {
	// Boot starts nodes that do not run, all at once; wire.NATS among them is the carrier itself. Applied: "boot".
	Boot(ids ...wire.ID) error
	// Kill ends a node as kill -9 does. Applied: "kill".
	Kill(id wire.ID) error
	// Stop ends a node in an orderly way: it says goodbye. Applied: "stop".
	Stop(id wire.ID) error
	// Twin starts another process of a node that runs; the older one ends (Text superseded) before the later one begins. Applied: "twin". While the store
	// takes nothing it fails as Boot does, and the older one stays.
	Twin(id wire.ID) error
	// Pause and Resume act as SIGSTOP and SIGCONT. Applied: "pause", "resume".
	Pause(id wire.ID) error
	Resume(id wire.ID) error
	// Impair sets the state of one direction of a link. Applied: the impairment's String, Node from, Peer to.
	Impair(from, to wire.ID, i fault.Impairment) error
	// Isolate cuts a node off from the carrier, or joins it again. Applied: the isolation's String.
	Isolate(id wire.ID, i fault.Isolation) error
	// SetOption sets an option of T-Server A or B from its next start on. Applied: "option KEY=VALUE".
	SetOption(id wire.ID, key, value string) error
	// Store gives the durable store a fault, or ends it. Applied: the state's String, Node NATS. While it takes nothing, Boot fails with an error
	// that wraps fault.ErrStore, and what nodes persist is answered with node.StoreFailed.
	Store(f fault.Store) error
	// Do hands a running node a command. It answers with a note that carries the command's ID. Applied: "do" and the command's String.
	Do(id wire.ID, cmd *node.Command) error

	// Now is the time on the run's clock.
	Now() time.Duration
	// Run lets the world go on until done reports true (asked after each record and before the first) or the run's clock reads until,
	// and reports whether done did. An error means that the world itself broke.
	Run(until time.Duration, done func() bool) (bool, error)
	// Close ends whatever runs.
	Close() error
}
