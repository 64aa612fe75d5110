// Package relay stands between nodes and NATS and does to the carrier what a scenario says: it cuts, delays and loses what passes on one
// direction of one link, or a node's whole connection. It reads NATS's frames, so that it can act per subject; it knows
// the subjects hotpair.<pair>.<link>.<from>.<to> and leaves all others alone.
//
// # Vocabulary
//
//   - upstream: the NATS server.
//   - frame: what a client sends at once: a control line, with a payload behind PUB and HPUB.
//   - direction: from one node to another. It is acted upon where it is published, and nowhere else.
//
// It must not know what payloads mean.
package relay
