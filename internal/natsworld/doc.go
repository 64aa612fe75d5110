// Package natsworld is real time on NATS: it runs a node's link layer on a connection to a NATS server, keeps its durable state in
// JetStream KV, and, as a world, runs all nodes of a pair in one process. It is the only importer of nats.go.
//
// # Vocabulary
//
//   - host: what one incarnation of a node runs on: one connection, one wildcard subscription, one goroutine.
//   - run clock: the time that nodes, timers and scenarios know: the wall clock's, times the speed.
//   - carrier: the host's connection to NATS.
//   - bucket: the KV bucket of a pair, with each node's incarnation counter and durable state.
//
// It must not know what nodes mean by their messages.
package natsworld
