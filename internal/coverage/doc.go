// Package coverage counts what a run has exercised: rules of the protocol, transitions of states, refusals, alarms and faults. It reads trace
// records, as monitors do, and judges nothing; what was never seen in a campaign is what the campaign says nothing about.
//
// # Vocabulary
//
//   - point: something that can be seen to happen, such as "R9 announced"; it has a group, and a name that begins with the rule where it belongs to one.
//
// It must not know worlds, nor scenarios.
package coverage
