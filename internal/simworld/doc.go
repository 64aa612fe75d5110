// Package simworld is the world of virtual time: all nodes in one goroutine, a carrier that is only a queue of events, and
// faults that are drawn from a seed. The same seed gives the same run, byte for byte, on every machine.
//
// # Vocabulary
//
//   - host: what a node runs on: its link layer, its timers, its inbox while it is frozen (paused, or without a processor on a busy machine).
//   - flight: a packet under way.
//   - latency: how long a packet is under way on a healthy link.
//
// It must not know what nodes mean by their messages; it carries them.
package simworld
