// Package scenarios is the scenario language and its runner: one file, any world.
//
// A scenario is a txtar archive. Its comment is the script, one command a line; its files are config.yaml, the pair's
// configuration, and ladder.txt, the sequence chart that is expected.
//
//	# The backup fails while it waits for Full Sync Done.
//	rules: R10
//	source: Backup T-Server Fails During Synchronization
//	boot S A M
//	await A announced within=10s
//	# B synchronizes, and dies.
//	boot B
//	await B->A BackupReady within=5s
//	kill B
//	expect A sync=idle within=10s
//	! expect A->B FullSyncDone
//
// # Vocabulary
//
//   - verb: a command of the language; world verbs act on processes and the carrier, telephony verbs on the switch, M and
//     clients, judgement verbs say what must hold.
//   - act: a world or telephony verb that was carried out.
//   - pattern: what a judgement verb looks for: a message, or the state of a node, a link, a call or the pair.
//   - facts: what the runner knows of the system, from trace records alone, so that it is the same in every world.
//   - phase: the lines from one comment to the next.
//   - convergence: after the last line everything is healed and the pair must become whole again (L1).
//   - verdict: held, failed, or could not tell.
//
// It must not know how a world does what it does.
package scenarios
