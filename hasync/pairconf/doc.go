// Package pairconf is the configuration that a pair shares under peer arbitration (P3): objects with names and values, in versions (epoch, n), changed at
// the active server, at the other one in real time, and compared when the two meet.
//
// A [Config] is one server's copy. It is pure; what makes it durable and carries it is the T-Server's affair.
//
// # Vocabulary
//
//   - object: KIND/NAME with a value: dn/1001, user/alice, group/sales, option/greeting. An empty value means that there is no such object.
//   - version: (epoch, n): the epoch of the active server that made the change, and a count within it.
//   - common: the last version that both servers are known to have had.
//   - conflict: a change that was made since the common version on the side whose configuration did not win.
//
// It must not know what the objects mean, nor links.
package pairconf
