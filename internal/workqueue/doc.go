// Package workqueue shares pieces of work among processes, on any number of machines, through JetStream: a worker that dies loses no piece, and each
// piece's result is counted once.
//
// The pieces stand in a stream with work-queue retention. A worker takes one, says from time to time that it is still at it, writes the result, and only
// then acknowledges the piece; if it dies, the piece is delivered again after a while. The results stand in a stream that takes one message of each
// subject, so that a piece which was done twice (its first worker died between the result and the acknowledgement) has one result all the same.
//
// # Vocabulary
//
//   - name: of the queue; several may be at one server.
//   - piece: a key, which is part of a subject, and what is to be done, as bytes.
//   - owner: who made the queue, puts pieces, collects results, and ends it; a worker ends when the queue is gone.
//
// It must not know what the work is.
package workqueue
