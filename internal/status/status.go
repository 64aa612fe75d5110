package status

import (
	"time"

	"hotpair/internal/wire"
)

// Status is the state of a node, as it stands in payloads (JSON). Times without a date are on the run's clock, in seconds.
type Status struct {
	Pair string  `json:"pair"`
	Node wire.ID `json:"node"`
	// Inc is the incarnation, from 1.
	Inc uint64 `json:"inc"`
	// Time is the wall clock's, when the state was told.
	Time time.Time `json:"time"`
	// Up is how long the incarnation runs.
	Up float64 `json:"up"`
	// Carrier: the node's own connection to NATS is up.
	Carrier bool     `json:"carrier"`
	TServer *TServer `json:"tserver,omitempty"`
	Manager *Manager `json:"manager,omitempty"`
	Links   []Link   `json:"links,omitempty"`
	Alarms  []Alarm  `json:"alarms,omitempty"`
	// Events is how many events of calls were sent to clients, Dropped how many messages made no sense.
	Events  uint64 `json:"events"`
	Dropped uint64 `json:"dropped"`
}

// TServer is the state of a T-Server.
type TServer struct {
	Role  string `json:"role"`
	Epoch uint64 `json:"epoch"`
	CTI   string `json:"cti"`
	// Announced: EventLinkConnected is in force.
	Announced bool `json:"announced"`
	// Sync is T-Server synchronization: idle, awaiting, answered, tagging or done.
	Sync string `json:"sync"`
	// Ready is its readiness (X10), Why the reason; since when it is so, For tells.
	Ready bool    `json:"ready"`
	Why   string  `json:"why"`
	For   float64 `json:"for"`
	// Tagged is how many tagged calls are left (of a primary).
	Tagged uint64 `json:"tagged"`
	// Forecast is how long it will take until none is; it is absent as long as nothing is known.
	Forecast *float64 `json:"forecast,omitempty"`
	// Redundancy is how long it took, the last time, from readiness 0 to 1; it is absent until then.
	Redundancy *float64 `json:"redundancy,omitempty"`
	// Activity is, under peer arbitration, what the server does for clients: inactive, open or active; Sessions is how many have a session, Deactivated that
	// System Administration has deactivated it, Config the version of the shared configuration. They are absent under a Management Layer.
	Activity    string `json:"activity,omitempty"`
	Sessions    uint64 `json:"sessions,omitempty"`
	Deactivated bool   `json:"deactivated,omitempty"`
	Config      string `json:"config,omitempty"`
}

// Manager is the state of the Management Layer.
type Manager struct {
	// Epoch, Named and NamedInc are its record (R14); Named is empty while there is none. Reason is why it was written.
	Epoch    uint64  `json:"epoch"`
	Named    wire.ID `json:"named,omitempty"`
	NamedInc uint64  `json:"namedInc,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	// Ready is the pair's readiness (X10), Why the reason; since when it is so, For tells.
	Ready bool    `json:"ready"`
	Why   string  `json:"why"`
	For   float64 `json:"for"`
	// Named counts.
	Switchovers uint64 `json:"switchovers"`
	// Redundancy is how long it took, the last time, from readiness 0 of the pair to 1; it is absent until then.
	Redundancy *float64 `json:"redundancy,omitempty"`
}

// Link is a link that was up at some time, or is.
type Link struct {
	Peer wire.ID `json:"peer"`
	Up   bool    `json:"up"`
	// For is how long it has been so; Cause is why it is down.
	For   float64 `json:"for"`
	Cause string  `json:"cause,omitempty"`
	// Ups and Downs count.
	Ups   uint64 `json:"ups"`
	Downs uint64 `json:"downs"`
}

// Alarm is an alarm that is raised.
type Alarm struct {
	Alarm string  `json:"alarm"`
	Peer  wire.ID `json:"peer,omitempty"`
	Text  string  `json:"text,omitempty"`
	For   float64 `json:"for"`
}
