// Package forecast tells when the calls that are in the way of redundancy will have ended (X10).
//
// A node has no clock and publishes only how many tagged calls are left; whoever watches it, a run of a scenario or an operator's tool, knows the
// time as well. Existing calls are waited out, so that the time to redundancy is the longest residual life among them. How long the calls in
// progress live is estimated from those that have ended since the Backup Ready.
package forecast
