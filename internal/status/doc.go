// Package status says how a node is: it follows the node's trace records, and tells the state that follows from them, for operators, for
// metrics and for health checks.
//
// It must not know where records come from, nor what is done with the state.
package status
