// Package fuzz searches at random: a seed draws a mix of faults, options and traffic, and becomes a scenario, which is run in virtual time with all
// monitors live; then everything is healed and the pair must become whole. What fails is shrunk to the smallest scenario that fails through the same
// monitor.
//
// # Vocabulary
//
//   - program: a scenario as data: settings of config.yaml, and events at their times. A seed draws one, and a shrinker makes smaller ones of it.
//   - profile: what the programs of a campaign have in common, such as the kinds of faults; the zero value leaves everything to the seed.
//   - kind: a kind of episode: a fault and its heal, a command, a call.
//   - failure: the first violation of a run, named after its monitor; L1 where the pair does not become whole.
//   - campaign: many seeds, on several goroutines.
//
// The same seed of the same profile is the same program, and the same run, byte for byte, on every machine.
//
// It must not know nodes: it writes scenarios, and reads verdicts and records.
package fuzz
