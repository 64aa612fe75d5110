// Package live is the Go library for clients of a pair, over NATS. A [Client] is connected to both T-Servers, follows the primary by its epoch, registers its DNs
// again and goes on where it was after a failover, by itself: what its user sees are the events of its DNs, each once and in order, and that another
// T-Server is primary now.
//
//	c, err := live.Dial(ctx, live.Options{URL: "nats://127.0.0.1:4222", Name: "C1", KeyFile: "hotpair-nats/keys/C1.nk"})
//	...
//	defer c.Close()
//	events := c.Events(ctx)
//	err = c.Register(ctx, "1001")
//	connID, err := c.MakeCall(ctx, "1001", "1002", callmodel.Pair{Key: "customer", Value: "4711"})
//	for e, err := range events {
//		...
//	}
//
// Where the pair decides by itself who is active, a client has a session at one server, and logs in to it ([Options.Login]); the library finds the active one, also after a failover.
//
// # Outcomes
//
// A request without an error was carried out, once. Otherwise the error says which it is: [ErrNotDone]: it was not carried out and will not be, so that it
// can be made again; [ErrUnknown]: it may have been, since the context ended or nobody can tell any more. A failover in between changes nothing about that: the
// library asks the new primary what became of the request, and makes it again if it was not carried out and [Options.NoRepeat] does not forbid it (X13).
//
// # Vocabulary
//
//   - EventLinkConnected, EventLinkDisconnected: a T-Server is available, or has lost the switch.
//   - EventServerConnected, EventServerDisconnected: this library's connection to a T-Server is up, or lost.
//   - EventLoggedIn, EventLoggedOut, EventLoginRefused: a session at a server begins, is over, or was refused; Text says why.
//   - EventPrimaryChanged: another T-Server is primary from here on.
//   - EventRestoreConnection: the events that were missed in between follow, or, if Complete is false, are not known any more, and EventPartyInfo and
//     EventAddressInfo tell the present state instead.
//
// What it does is done by the pure node hotpair/tserver/client; this package must not know how T-Servers agree, nor what a message looks like on the wire.
package live
