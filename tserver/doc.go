// Package tserver is the T-Server node: it reads the switch and follows it, keeps the calls, and serves clients; what
// concerns the pair is done by the engine of package hasync.
//
// # Vocabulary
//
//   - switch synchronization (R2): after its CTI link came up, the T-Server asks for a snapshot; when it has arrived as a
//     whole, the T-Server's calls are reconciled with it.
//   - registration: a client asks for the events of a DN, or of all DNs.
//   - event number (s, k) (X8): s is the switch's event number, k the place among the events that follow from it.
//
// It must not know how messages are carried, nor how time passes.
package tserver
