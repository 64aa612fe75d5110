// Package switchsim is the switch node: a telephony switch (PBX) with extensions and trunks, two-party calls, generated
// traffic, and a CTI link to each T-Server.
//
// # Vocabulary
//
//   - call reference: the switch's own number of a call. The lowest free one is used next, so references are reused.
//   - event number: numbers every event of the switch; it never repeats, across restarts too, because its upper bits are the
//     switch's durable start number.
//   - snapshot: everything that the switch holds at one event number. Its transfer takes the option sync-time; live events
//     for that T-Server wait behind it.
//   - line: an extension or a trunk. A line carries one call at a time.
//   - silent: a CTI link that is up and on which nothing is said.
//
// It must not know ConnIDs, roles, epochs, nor that its two CTI links belong to a pair.
package switchsim
