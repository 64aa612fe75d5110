// Package callmodel holds the vocabulary of telephony that every other package shares: Connection IDs, the
// identity of a call at the switch, directory numbers, and the states of calls, agents and CTI links.
//
// # Vocabulary
//
//   - ConnID: the Connection ID, the name that a T-Server gives a call.
//   - CallID: the identity of a call at the switch: its call reference, which the switch reuses, together with
//     the number of the event that created it, which it never reuses (rule X3).
//   - DN: a directory number, the address of an extension, an ACD queue or a trunk.
//
// It must not know how anything is carried, stored or decided; it imports nothing of hotpair's.
package callmodel
