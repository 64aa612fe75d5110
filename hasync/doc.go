// Package hasync is the hot-standby protocol of one T-Server: roles and epochs, T-Server synchronization, and the
// normal HA mechanism that keeps the Connection IDs of both T-Servers the same.
//
// An [Engine] is the part of a T-Server that knows the pair. The T-Server (package tserver) tells it of its links, of its
// switch synchronization and of the calls; the engine names the calls, speaks with the other T-Server and with the
// Management Layer, and says when the T-Server is available. It is pure: what it does goes into a [node.Output].
//
// Rules speak of states, not of moments. Inputs therefore only change the engine's state, and [Engine.Settle], at the end
// of every step, does whatever the rules demand of the state as it then is.
//
// # Vocabulary
//
//   - Backup Ready (R4): the backup has read the switch; it carries the watermark W, the switch's event number at which
//     what it read is consistent (X1).
//   - tagged: a call that the primary held when Backup Ready came, or that the switch created at or before W, and whose
//     ConnID the backup has not acknowledged (R5, X1).
//   - Full Sync Done: the answer; reason synchronized when no tagged call is left (R6), start-up (R7) and link-down (R8, X4)
//     when the primary cannot synchronize.
//   - announced: EventLinkConnected is in force (R3, R9, R11, R13).
//   - known: the backup's incarnation has acknowledged a call's ConnID, or has itself told us of it (R12).
//   - early: a ConnID that the backup was told before its switch told it of the call (R12).
//   - readiness (X10): whether a switchover would cost nothing.
//
// It must not know the switch's messages, parties, clients, nor how time passes.
package hasync
