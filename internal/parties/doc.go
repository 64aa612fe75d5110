// Package parties keeps the parties of calls as the switch's events change them, and says which events for clients follow from each of them, in which order.
// What follows from the switch alone is thus the same at the switch, at both T-Servers and at the monitors (X8).
//
// # Vocabulary
//
//   - party: a DN in a call, with its state and role. State belongs to the party, not to the call.
//   - place: k of an event's number (s, k), among the events that follow from the switch's event s.
//   - silent: a party that no event is told of: a trunk, or the destination of a call that found it busy. Its place stays empty.
//   - plain: a call of two parties that ring or talk, as nearly all are.
//
// It must not know ConnIDs, clients, T-Servers, nor the rules by which the switch decides.
package parties
