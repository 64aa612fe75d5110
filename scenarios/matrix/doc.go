// Package matrix writes the fault matrix: one scenario for each step of the synchronization and each fault in it, and for pairs of faults at once.
// Its tests run all of them in virtual time, some of them on NATS and as processes, and, when they are asked to, all of them as processes.
//
// # Vocabulary
//
//   - Moment: a step of the synchronization, from the start of the backup to the failover, at which a fault falls.
//   - Fault: what is done to a node or a link, and how it is healed.
//   - Case: one moment, one or two faults, and how long they last; written as a scenario.
//
// No case has a ladder: what happens after a fault depends on who was faster. The monitors judge, and the pair becomes whole in the end (L1).
//
// It must not know how a scenario is run.
package matrix
