// Package arbmodel is client failover (arbitration: peer) as a model for package explore: two real arbiters (package peerarb), the link between them,
// clients in two groups that log in wherever they are let in, and an environment that cuts, crashes and commands.
//
// What happens by itself happens at any time; faults and commands are bounded, heals are not. A client tries both servers in turn and so finds either
// first; what it is told about where to go makes no difference here. Both servers hear at once of the other's CTI link.
//
// It must not know rules but those that it judges: one active server on an open link, one per epoch, one holder that both name; no session at a server that
// is neither active nor open (S7); and where all is healed and nothing can happen any more, one active server, and every client there (L2).
package arbmodel
