// Package trace holds the records of a run: what each node received, sent and stated about itself, and which
// faults and commands the world applied. One format comes out of every world.
//
// # Vocabulary
//
//   - Record: one thing that happened at one node, or that the world did.
//   - (Node, Inc, Index): which record of which incarnation of which node; Index counts from 1 without holes.
//   - Send and receive: a receive names the Index of its send, so that a trace from several processes can be put
//     into causal order.
//   - Ladder: the sequence chart of the pair's named messages.
//
// It must not know what a record means for the protocol: that is the monitors' and the scenario's affair.
package trace
