// Package explore visits every state that a model can reach, breadth first and in parallel, and says what is wrong with one, how it is reached in the
// fewest steps, and whether everything was seen.
//
// A [Model] is what can be stepped and encoded: its states are tuples of 32-bit words, and a [Stepper] lists the successors of one. What the words
// mean is the model's business: two-phase commit packs its variables into two of them, the pair's model (package pairmodel) has one word for each
// node, link and monitor, the number under which the component's canonical bytes are interned.
//
// States are kept exactly, word for word; nothing is hashed away. They lie in 256 shards by their hash. A level of the search is cut into batches; in
// the first half of a batch workers expand states, each into buffers of its own, one for each shard; in the second half each shard is filled by one
// worker. So no lock is taken, memory is read where it is warm, and the counts do not depend on the number of workers.
//
// # Vocabulary
//
//   - generated: successors that were computed, start states included; a state counts as often as a step leads to it.
//   - distinct: states that were kept.
//   - depth: of a state, the fewest steps from a start; of a search, the greatest depth of a state that was kept.
//   - prompt step: a step that needs no environment and is not later than it has to be; see [Steps.Prompt]. A cycle of prompt steps is one without
//     progress.
//   - bounded: the search stopped before every state was seen, and says why.
//
// It must not know what it searches.
package explore
