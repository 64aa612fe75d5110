// Package wire holds the one message that nodes exchange, its kinds, and its JSON form, which is a public interface.
//
// A [Message] is a flat struct with a [Kind]: copying one allocates nothing, and an explorer can encode it without
// reflection. Which fields a kind uses is said at the kind; [Message.Validate] holds the sender to it.
//
// # Vocabulary
//
//   - ID: the name of a node: S the switch, A and B the T-Servers, M the Management Layer, C1, C2, … the clients.
//   - CTI link (S–A, S–B), HA link (A–B), control link (M–A, M–B), client link (C–A, C–B): see [LinkOf].
//
// It must not know what a message means to a node, nor how a session carries it (package link).
package wire
