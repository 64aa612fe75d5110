// Package monitor judges traces: small machines over records that hold what must always hold, S1 to S8, L1 to L3, X13, and that the
// trace itself is whole.
//
// Monitors judge by causal order only. Records come in an order in which every receive stands behind its send, so what was read so
// far is always a state that the system could have been seen in; "in flight" is what was sent and not received in it. They do not trust what
// a node says about a rule where they can tell from its messages.
//
// # Vocabulary
//
//   - violation: what is wrong in one sentence, and the records that show it.
//   - view: what the records say of one T-Server so far.
//   - input: a record with which a step of a node begins: a receive, a port that went up or down.
//
// It must not know worlds, scenarios, nor which rules were switched off: what must hold must hold always.
package monitor
