// Package testctl lets programs in any language drive a pair that is under test: JSON requests and answers over NATS (docs/harness.md). What they ask for are lines of
// the scenario language, which a session carries out.
//
// It must not know what a line does, nor how it is carried out.
package testctl
