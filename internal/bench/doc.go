// Package bench measures a pair that runs as processes on NATS, at the speed of the wall clock: how long clients hear nothing when the primary is
// killed, how many events a second pass, and whether anything is lost over many kills. Beside each figure it measures, in the same run, something that
// is not ours: bare NATS programs that do no more than what must be done, and other products.
//
// What a client gets is seen by [Follower], which knows NATS and docs/nats.md, and none of the code of the nodes. Nothing here is asserted but that
// no event is lost or repeated; speed is printed.
package bench
