// Package node is the contract between a participant of the protocol and the world that it is put into.
//
// A [Node] is a pure state machine: [Node.Step] takes one [Input] and appends what follows from it to an [Output]. A
// node has no goroutine, clock, lock, random source or I/O, and does not depend on the order of a map. That is
// what lets the same code run in virtual time, be explored exhaustively, and run as a process on NATS.
//
// # Vocabulary
//
//   - Port: a node's end of a link. A port is up or down; while it is up, messages arrive in order, exactly once.
//   - Timer: a named timer; setting one that is armed moves it, so there is one per name.
//   - Persist: durable state leaves by it, and is handed back at the next start. It is a barrier. Store does the same at the end of a step, and the node is told
//     what became of it, so that it can do then what depends on that.
//   - Note: a fact that a node states about itself for the trace. Monitors and scenarios judge by notes and messages.
//   - Incarnation: the durable number, from 1, of a node's start. The world counts it.
//
// It must not know any node, nor any world.
package node
