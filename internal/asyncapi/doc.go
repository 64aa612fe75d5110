// Package asyncapi writes docs/asyncapi.yaml, the description of the pair's interface on NATS: every subject and every payload, with examples. Most
// of it follows from what nodes hold each other to: kinds and fields of messages (internal/wire), links, commands and permissions (internal/access). The
// rest, which only people can say, is in base.yaml (what is not packets) and fields.yaml (what each field means).
//
// Its tests hold the file to that, and real traffic to the file. HOTPAIR_UPDATE=1 go test ./internal/asyncapi writes it.
package asyncapi
