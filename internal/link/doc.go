// Package link makes ports out of a weak carrier. A port delivers in order, exactly once, or goes down at both ends;
// a carrier may lose, delay, and say nothing.
//
// A [Mux] wraps one node: it keeps a session with each peer, keyed by both incarnations and a number that the dialing
// end counts; numbers the messages of each direction; closes the session at a gap, at an unknown session or at
// silence; and hands the node nothing but ports. It is as pure as the nodes: the world gives it packets and timers
// and takes its packets and timers.
//
// # Vocabulary
//
//   - Packet: what a carrier carries: a [Header], and a message if it is Data.
//   - Dialing end, accepting end: see wire.Dials. The handshake is Hello, HelloAck, Confirm: three steps, so that a
//     late Hello of a dead incarnation opens nothing.
//   - Poll: what an end sends that has heard nothing for addp-timeout (ADDP); silence for as long again means lost.
//
// It must not know any node, nor any kind of message.
package link
