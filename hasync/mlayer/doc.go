// Package mlayer is the Management Layer node: it watches both T-Servers, names the primary, switches them over, and
// takes the operator's commands.
//
// # Vocabulary
//
//   - record (R14): epoch, T-Server, incarnation, and whether a normal command named it. It is M's intent, durable before M
//     acts on it, and compared when it is set, so that two Ms are safe.
//   - named: the T-Server, in one incarnation, that the record names. It is appointed when it has been told.
//   - old: the other T-Server, which is told first; the named one is appointed after its answer, its loss, or connect-tout.
//   - learning: after its start, and after its own connection came back, M decides nothing until both T-Servers have told their
//     state or connect-tout is over (R1, X12).
//
// Rules speak of states: every step ends with settle, which does what the rules demand of the state as it then is.
//
// It must not know calls, the switch, nor how a T-Server synchronizes.
package mlayer
