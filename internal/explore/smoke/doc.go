// Package smoke searches the states that the real nodes can reach, breadth first: every order of messages on different
// links, every moment of a timer, crashes and commands within a budget.
//
// Nodes run on ideal ports, which deliver in order, exactly once, or go down. A state is the canonical bytes of all
// nodes, the messages under way, the armed timers and what is left of the budget; restoring a node from its bytes is
// part of every transition, so the search is also the proof that nodes have no other state.
//
// # Vocabulary
//
//   - action: what can happen next: a message arrives, a port goes up or down, a timer fires, the environment acts.
//   - budget: how many calls, crashes and commands the environment may still spend.
//   - rest: a state in which nothing can happen any more but by the environment.
//
// It must not know rules; what must hold is given to it.
package smoke
