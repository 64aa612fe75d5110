// Package validate holds the simulator against what teletraffic theory says must come out of it, whoever simulates: Erlang's B and Little's law for the
// traffic, and for the pair the length of the synchronization phase, the ConnIDs at risk, and what transfer saves over drain. The real nodes run in
// virtual time, with a client; nothing of them is modelled here.
//
// # Vocabulary
//
//   - truth: what theory says, computed by formulas that know nothing of the simulator.
//   - run: one world, from its start; runs have different seeds and are independent of each other.
//   - batch: one of the equal parts of a long run, whose means are taken for independent (batch means).
//   - check: a truth, what was measured, and whether the two agree at the stated significance.
//
// The same parameters give the same figures, on every machine and with any number of cores.
package validate
