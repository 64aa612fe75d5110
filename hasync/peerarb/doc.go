// Package peerarb decides which server of a pair is active when there is no Management Layer: client failover, rules P1 and P7 to P13 with their census.
//
// An [Arbiter] is the part of a T-Server that decides. The T-Server (package tserver) tells it of the HA link, of the sessions of clients and of
// System Administration's commands; the arbiter speaks with the other server's arbiter and says whether this server is active, and in which epoch. What
// an active server does, the engine of package hasync does as it does for a primary that a Management Layer has appointed.
//
// Rules speak of states, not of moments: inputs change the arbiter's state, and [Arbiter.Settle], at the end of every step, does what the rules demand
// of the state as it then is.
//
// # Vocabulary
//
//   - configured primary: A. It dials the secondary, B (P1). Only it takes a census, and only the secondary opens for logins.
//   - active: it serves clients and publishes; the seed's word for primary. Its epochs are odd at A, even at B (P13).
//   - open: it lets clients in and reports them, without an epoch (P9). A server that is neither is inactive, and refuses logins (P4).
//   - handshake: what each tells the other first when the link comes up. From the two alone both name the same holder (P11).
//   - holder: who has the activity on an open link. It passes on by hand-over only.
//   - deactivated: by System Administration, durably (P10). Handing over is no deactivation in this sense.
//   - window: the time from the first loss in which losses belong to one event; the census counts who was lost in it (P8, P9).
//
// It must not know the calls, the switch, credentials, nor how time passes.
package peerarb
