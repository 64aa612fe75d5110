// Package access says who may do what at the NATS server of a pair: a user for each role, with the subjects that it needs and no others. From
// the same table come the users of our own servers, the configuration file for yours (hotpair nats-config), and the table in docs/security.md.
//
// It must not connect to anything, nor know what is said on the subjects.
package access
