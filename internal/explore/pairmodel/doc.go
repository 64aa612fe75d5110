// Package pairmodel is the hot-standby pair as a model for package explore: the real nodes (switch, both T-Servers, Management Layer) on ideal ports,
// the faults and commands that a [Budget] allows, and what must hold, S1 to S5, L1 and L3.
//
// A state is a tuple of numbers, one for each node, each link, the watch (what the monitors have to remember) and the environment. The numbers stand for
// canonical bytes that are interned; a step of a node is computed once for each (node, input) and remembered, since nodes are pure.
//
// # What can happen, and when
//
// A message at the head of a queue arrives; a link that is down at both ends comes up; an armed timer fires, at any time; a node that does not run is
// started; the environment spends its budget: calls begin and end, T-Servers and the Management Layer crash, links are cut, an operator commands. M's crash
// may fall between what it makes durable and what it does next (the barrier of node.Output.Persist).
//
// # What is left out, and why that is sound
//
//   - A cold start is settled first: one order of it, to the end, before faults begin. Its other orders are those of a restart.
//   - Numbers are renamed (epochs, event numbers, incarnations, ConnIDs, and the numbers of messages that are answered): nodes only compare them, so states
//     that differ by a renaming that keeps what is compared behave alike (see renaming.go). A test explores without it, and compares.
//   - A snapshot arrives as a whole: its parts change nothing but the buffer in which they are gathered, which nobody looks at before the end, and which a
//     link that goes down empties.
//   - A client that is always connected and hears at once stands for all clients: what it hears is judged (S5), it sends nothing after its registration.
//   - What that client has registered changes nothing of the rest, so the pair speaks the first version of the protocol, in which registrations do not travel; but in
//     the configuration registrations it does.
//   - Options that only make alarms or look for silence are off: haflip-detect-timeout, kpl-interval, cleanup-idle-timeout, ha-sync-max-wait.
//
// # Vocabulary
//
//   - at rest: nothing can happen any more but by the environment. L1 and L3 must hold then, if no call is in progress.
//   - watch: the monitors' memory, as a component of the state.
//   - goal: something that must happen sometimes, so that nothing holds only because nothing happens.
//
// It must not know rules but those that it judges.
package pairmodel
